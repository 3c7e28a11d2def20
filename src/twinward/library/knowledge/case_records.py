"""Case records: what a closed incident was like and what worked, and which of them are like
another incident.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import msgspec

from twinward.core.errors import UNREADABLE, InputError
from twinward.library.texts import say, say_name

MOST_DAYS = 120
YEAR_D = 365.25
# what counts how much, and the difference at which a feature is half as alike; ours
WEIGHTS = {"growth": 3.0, "size": 2.0, "residents": 1.0, "season": 1.0, "settings": 2.0}
GROWTH_SCALE, LOG_SCALE, SEASON_SCALE_D = 0.1, math.log(3), 60.0


class Worked(msgspec.Struct, frozen=True, kw_only=True):
    """A measure put in force on a day of the incident, and the growth of reports a day before
    and after, with the 90 % interval of what came after.
    """

    measure: str
    day: int
    growth_before: float
    growth_after: float
    after_low: float | None = None
    after_high: float | None = None

    @property
    def change(self) -> float:
        return self.growth_after - self.growth_before


class CaseRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One incident as experience: `counts` are new reports by day since its first, `growth` that
    of its first days.
    """

    incident: str
    hazard: str
    area_name: str
    residents: int
    first_day: date
    days: int
    total: int
    growth: float | None
    counts: tuple[int, ...]
    settings: dict[str, int]
    level: str | None
    rounds: int
    plans: tuple[str, ...]
    orders: int
    late: int
    worked: tuple[Worked, ...]
    lessons: tuple[str, ...]
    closed: bool
    synthetic_orders: int = 0  # orders that a rehearsal's responders answered: nothing is learned


class Like(msgspec.Struct, frozen=True, kw_only=True):
    """A record, how alike it is (0 to 1), why, and what worked there: measures after which
    growth fell.
    """

    record: str
    title: str
    alike: float
    because: tuple[str, ...]
    worked: tuple[str, ...]
    lessons: tuple[str, ...]
    note: str = ""


def find_like(one: CaseRecord, records: Sequence[CaseRecord], most: int = 3) -> list[Like]:
    """The closed records of the same hazard that are most like `one`, at the age that it has
    now.
    """
    family = one.hazard.partition("/")[0]
    others = [
        r
        for r in records
        if r.closed and r.incident != one.incident and r.hazard.partition("/")[0] == family
    ]
    found = [compare(one, other) for other in others]
    return sorted(found, key=lambda like: (-like.alike, like.record))[:most]


def compare(one: CaseRecord, other: CaseRecord) -> Like:
    """Gower's mean of the likenesses of features that both have (Gower 1971, Biometrics 27:857)."""
    age = min(one.days, MOST_DAYS)
    size, other_size = sum(one.counts[:age]), sum(other.counts[:age])
    parts: dict[str, tuple[float, str]] = {}
    if one.growth is not None and other.growth is not None:
        text = say("like.growth", there=other.growth, here=one.growth)
        parts["growth"] = (closeness(one.growth - other.growth, GROWTH_SCALE), text)
    text = say("like.size", there=other_size, day=age, here=size)
    parts["size"] = (closeness(math.log1p(size) - math.log1p(other_size), LOG_SCALE), text)
    if one.residents and other.residents:
        text = say("like.residents", there=other.residents, here=one.residents)
        parts["residents"] = (closeness(math.log(one.residents / other.residents), LOG_SCALE), text)
    apart = abs((one.first_day - other.first_day).days) % YEAR_D
    apart = min(apart, YEAR_D - apart)
    parts["season"] = (
        closeness(apart, SEASON_SCALE_D),
        say("like.season", there=say_day(other.first_day), here=say_day(one.first_day)),
    )
    if one.settings and other.settings:
        parts["settings"] = (
            overlap(one.settings, other.settings),
            say("like.settings", there=top(other.settings), here=top(one.settings)),
        )
    weight = sum(WEIGHTS[name] for name in parts)
    alike = sum(WEIGHTS[name] * part for name, (part, _) in parts.items()) / weight
    because = [text for _, text in sorted(parts.values(), key=lambda part: -part[0])]
    return Like(
        record=other.incident,
        title=say(
            "like.title",
            hazard=other.hazard,
            area=other.area_name,
            day=other.first_day,
            days=other.days,
        ),
        alike=round(alike, 3),
        because=tuple(because),
        worked=tuple(tell(w) for w in what_worked(other)),
        lessons=other.lessons,
        note=say("like.synthetic", n=other.synthetic_orders, of=other.orders)
        if other.synthetic_orders
        else "",
    )


def closeness(difference: float, scale: float) -> float:
    """1 where there is no difference, a half at `scale`."""
    return math.exp(-math.log(2) * abs(difference) / scale)


def overlap(one: dict[str, int], other: dict[str, int]) -> float:
    """The shared part of two distributions."""
    of, of_other = sum(one.values()), sum(other.values())
    return sum(min(count / of, other.get(name, 0) / of_other) for name, count in one.items())


def top(settings: dict[str, int]) -> str:
    return say_name(max(settings, key=lambda name: settings[name]))


def say_day(day: date) -> str:
    """A day of the year."""
    return say("like.day", day=day)


def what_worked(record: CaseRecord) -> list[Worked]:
    """Measures after which reports fell: growth went down and the whole interval of what came
    after lies below nought. The greatest fall first. After is not because: several start together.
    """
    fell = [
        one
        for one in record.worked
        if one.change < 0 and one.after_high is not None and one.after_high < 0
    ]
    return sorted(fell, key=lambda one: one.change)


def tell(one: Worked) -> str:
    name, before, after = say_name(one.measure), one.growth_before, one.growth_after
    if one.after_low is None or one.after_high is None:
        return say("like.worked", measure=name, day=one.day, before=before, after=after)
    return say(
        "like.worked_between",
        measure=name,
        day=one.day,
        before=before,
        after=after,
        low=one.after_low,
        high=one.after_high,
    )


def read_records(path: Path) -> list[CaseRecord]:
    """Records that another workspace wrote; InputError when the file is none of these."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[CaseRecord])
    except (OSError, *UNREADABLE) as error:
        raise InputError(
            f"{path.name} holds no case records: {error}",
            "write it with `library cases --export`",
            code="bad_records",
        ) from error
