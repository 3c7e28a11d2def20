"""ANALYSE: what changed in an incident over the last days: the disease, then its areas, readings
and the work; of each the largest change first.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import msgspec

from twinward.core.days import days_up_to
from twinward.decision.assessment.course import (
    GROWTH_DAYS,
    growth_of,
    growth_since_turn,
    is_clear,
    say_trend,
)
from twinward.decision.assessment.proportions import (
    growth_per_day,
    rate_ratio,
    scatter_of,
    turning_point,
)
from twinward.decision.assessment.situation import (
    CaseSeen,
    Figure,
    Situation,
    figure,
    known_series,
    new_by_day,
    recent_cases,
    series,
)
from twinward.library.texts import say, say_name

GROWN, MOST_AREAS = "IncidentDeveloped", 3
TURNS = {
    "ResponseLevelSet",
    "PlanAdopted",
    "IncidentDeveloped",
    "IncidentReopened",
    "IncidentClosed",
    "IncidentOpened",
}


class TrendChange(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is different. `sure`: the interval leaves no change out."""

    about: str
    sure: bool
    says: str
    figure: Figure | None = None
    events: tuple[int, ...] = ()


class Analysis(msgspec.Struct, frozen=True, kw_only=True):
    incident: str
    as_of: str
    since: str
    model: str
    changes: list[TrendChange]


def analyse(picture: Situation, days: int = 7) -> Analysis:
    """What changed in the last `days` days against as many before them."""
    since = picture.now - timedelta(days=days)
    groups = (
        [*_count_changes(picture, days), *_growth(picture)],
        _area_changes(picture, days),
        _reading_changes(picture, since),
        _work_changes(picture, since),
    )
    ranked = [(n, one) for n, group in enumerate(groups) for one in group]
    ranked.sort(key=lambda pair: (not pair[1].sure, pair[0], -_size(pair[1])))
    found = [one for _, one in ranked]
    turns = list(_turns(picture, since))
    return Analysis(
        incident=picture.incident,
        as_of=picture.now.isoformat(),
        since=since.isoformat(),
        model=say("model.analyse"),
        changes=found + turns[::-1],
    )


def _turns(picture: Situation, since: datetime) -> Iterator[TrendChange]:
    """What changed the incident as a whole; the areas it grew into in one line."""
    fresh = [turn for turn in picture.turns if turn.type in TURNS and turn.at >= since]
    grown = [turn for turn in fresh if turn.type == GROWN]
    if len(grown) > MOST_AREAS:
        names = [picture.name(turn.more) for turn in grown]
        says = say("change.grew", n=len(names), areas=names[:MOST_AREAS])
        events = tuple(turn.seq for turn in grown)
        yield TrendChange(about=GROWN, sure=True, says=says, events=events[-8:])
        fresh = [turn for turn in fresh if turn.type != GROWN]
    for turn in fresh:
        says = say("change.turn", says=turn.says, at=picture.clock_of(turn.at))
        yield TrendChange(about=turn.type, sure=True, says=says, events=(turn.seq,))


def _size(change: TrendChange) -> float:
    value = change.figure.value if change.figure else 0.0
    return (
        abs(math.log(value))
        if change.figure and change.figure.unit == "times" and value > 0
        else abs(value)
    )


def _count_changes(picture: Situation, days: int) -> list[TrendChange]:
    by_day = new_by_day(picture)
    now = sum(series(by_day, picture.anchor, days))
    before = sum(series(by_day, picture.anchor - timedelta(days=days), days))
    if now + before == 0:
        return []
    gaps = [day for day in days_up_to(picture.anchor, 2 * days) if day not in by_day]
    gaps = [day for day in gaps if picture.counted and day > min(by_day)]
    if set(days_up_to(picture.anchor, days)) <= set(gaps):
        return []  # of a week that nobody has told of there is no ratio to the one before
    seqs = [case.seq for case in recent_cases(picture, days)]
    what = say("change.new_infections")
    spread = scatter_of(known_series(picture, picture.anchor, 2 * days))
    found = [_ratio("new infections", what, now, before, days, seqs, _say_gaps(gaps), spread)]
    unknown = [case for case in recent_cases(picture, days) if not case.known]
    unknown_before = [case for case in recent_cases(picture, days, days) if not case.known]
    if len(unknown) + len(unknown_before) and any(case.known for case in picture.cases):
        about, what = "cases nobody had named as a contact", say("change.unnamed")
        seqs = [case.seq for case in unknown]
        found.append(_ratio(about, what, len(unknown), len(unknown_before), days, seqs))
    return found


def _say_gaps(gaps: list[date]) -> str:
    runs: list[list[date]] = []
    for day in sorted(gaps):
        if runs and day - runs[-1][-1] == timedelta(days=1):
            runs[-1].append(day)
        else:
            runs.append([day])
    spans = [f"{run[0]}" if len(run) == 1 else f"{run[0]} – {run[-1]}" for run in runs]
    return say("change.gaps", days=spans) if spans else ""


def _ratio(
    about: str,
    what: str,
    now: int,
    before: int,
    days: int,
    seqs: list[int],
    more: str = "",
    spread: float = 1.0,
) -> TrendChange:
    """How many times as many; of nought there is no ratio. `spread`: times a Poisson count's."""
    _, low, high = rate_ratio(now, before, spread)
    if before:
        ratio = now / before
        said = say("change.ratio", what=what, now=now, days=days, before=before, ratio=ratio)
        told = figure(about, ratio, "times", said + more, seqs, low=low, high=high)
    else:
        said = say("change.from_none", what=what, now=now, days=days)
        told = figure(about, float(now), "persons", said + more, seqs)
    return TrendChange(
        about=about, sure=low > 1 or high < 1, says=told.says, figure=told, events=told.events
    )


def _growth(picture: Situation) -> list[TrendChange]:
    by_day = new_by_day(picture)
    if not by_day:
        return []
    length = min(2 * GROWTH_DAYS, (picture.anchor - min(by_day)).days + 1)
    if length < 1:
        return []
    seqs = [case.seq for case in recent_cases(picture, GROWTH_DAYS)]
    found = []
    growth = growth_of(picture)
    if growth:
        slope, low, high = growth
        steady = is_clear(growth) and growth_since_turn(picture) is None
        says = say_trend(picture, growth) + (_doubling(slope) if steady else "")
        told = figure("growth", slope, "per day", says, seqs, low=low, high=high)
        found.append(
            TrendChange(
                about="growth", sure=is_clear(growth), says=says, figure=told, events=told.events
            )
        )
    counts = known_series(picture, picture.anchor, length)
    turn = turning_point(counts)
    if turn:
        day = picture.anchor - timedelta(days=turn[0] - 1)
        says = _say_bend(day, counts[: -turn[0]], counts[-turn[0] :])
        told = figure("turn", float(turn[0]), "days ago", says, cases_from(picture, day))
        found.append(
            TrendChange(about="turn", sure=True, says=says, figure=told, events=told.events)
        )
    return found


def _say_bend(day: date, before: list[float], after: list[float]) -> str:
    """When the growth changed, and from what to what where both parts are long enough to say."""
    was, now = growth_per_day(before), growth_per_day(after)
    if was is None or now is None:
        return say("change.bend", day=day)
    return say("change.bend_from", day=day, before=math.expm1(was[0]), after=math.expm1(now[0]))


def cases_from(picture: Situation, day: date) -> list[int]:
    return [
        case.seq
        for case in picture.cases
        if case.reported_at.astimezone(picture.now.tzinfo).date() >= day
    ]


def _doubling(slope: float) -> str:
    if abs(slope) < 1e-3:
        return ""
    days = math.log(2) / abs(slope)
    return say("change.doubling", days=days) if slope > 0 else say("change.halving", days=days)


def _area_changes(picture: Situation, days: int) -> list[TrendChange]:
    """The areas whose counts changed beyond chance, at most five."""

    def by_area(cases: list[CaseSeen]) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for case in cases:
            found.setdefault(case.area, []).append(case.seq)
        return found

    now, before = by_area(recent_cases(picture, days)), by_area(recent_cases(picture, days, days))
    found = []
    for area in {*now, *before}:
        change = _ratio(
            f"in {picture.name(area)}",
            say("change.in_area", area=picture.name(area)),
            len(now.get(area, [])),
            len(before.get(area, [])),
            days,
            now.get(area, []),
        )
        if change.sure:
            found.append(change)
    return sorted(found, key=_size, reverse=True)[:5]


def _reading_changes(picture: Situation, since: datetime) -> list[TrendChange]:
    """Measured figures of a hazard: the latest against the latest before the window."""
    found = []
    for name, area in sorted({(one.figure, one.area) for one in picture.readings}):
        of = sorted(
            (one for one in picture.readings if (one.figure, one.area) == (name, area)),
            key=lambda r: r.at,
        )
        old = [one for one in of if one.at < since]
        first = old[-1] if old else of[0]
        if first is not of[-1] and first.value != of[-1].value:
            says = say(
                "change.reading",
                figure=say_name(name),
                area=picture.name(area),
                value=of[-1].value,
                before=first.value,
            )
            told = figure(name, of[-1].value - first.value, "change", says, [of[-1].seq, first.seq])
            found.append(
                TrendChange(about=name, sure=True, says=says, figure=told, events=told.events)
            )
    return found


def _work_changes(picture: Situation, since: datetime) -> list[TrendChange]:
    done = [t for t in picture.tasks if t.done_at and t.done_at >= since]
    fresh = [t for t in picture.tasks if t.created_at >= since]
    late = [t for t in picture.tasks if t.is_late(picture.now)]
    found = []
    for word, code, some in (
        ("tasks created", "change.created", fresh),
        ("tasks done", "change.done", done),
        ("tasks late now", "change.late", late),
    ):
        if some:
            says = say(code, n=len(some))
            told = figure(
                word,
                float(len(some)),
                "tasks",
                says,
                [picture.task_events.get(t.id, 0) for t in some],
            )
            found.append(
                TrendChange(about=word, sure=True, says=says, figure=told, events=told.events)
            )
    return found
