"""Scores of warnings against what came, with the base rate beside the accuracy."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

import msgspec

from twinward.library.hazards.hazard import LEVELS

Cell = tuple[str, date]  # an area and a day


class Scores(msgspec.Struct, frozen=True, kw_only=True):
    """Of one 2 x 2 table; a share whose denominator is 0 is None. `never_warn` is the accuracy of
    whoever never warns.
    """

    hits: int
    false_alarms: int
    misses: int
    correct: int
    base_rate: float | None
    accuracy: float | None
    never_warn: float | None
    pod: float | None
    far: float | None
    csi: float | None
    ets: float | None
    pss: float | None
    hss: float | None


def score_table(hits: int, false_alarms: int, misses: int, correct: int) -> Scores:
    """Hit rate, false alarm ratio, critical success index, equitable threat score, Peirce and
    Heidke skill scores (Jolliffe and Stephenson 2012, chapter 3).
    """
    a, b, c, d = hits, false_alarms, misses, correct
    n = a + b + c + d

    def share(top: float, bottom: float) -> float | None:
        return top / bottom if bottom else None

    by_chance = (a + b) * (a + c) / n if n else 0.0
    right_by_chance = (((a + b) * (a + c)) + (c + d) * (b + d)) / n if n else 0.0
    pod, pofd = share(a, a + c), share(b, b + d)
    return Scores(
        hits=a,
        false_alarms=b,
        misses=c,
        correct=d,
        base_rate=share(a + c, n),
        accuracy=share(a + d, n),
        never_warn=share(b + d, n),
        pod=pod,
        far=share(b, a + b),
        csi=share(a, a + b + c),
        ets=share(a - by_chance, a + b + c - by_chance),
        pss=None if pod is None or pofd is None else pod - pofd,
        hss=share(a + d - right_by_chance, n - right_by_chance),
    )


class ReachedLevel(msgspec.Struct, frozen=True, kw_only=True):
    """When an incident of a hazard reached a level in an area."""

    hazard: str
    area: str
    level: str
    at: datetime
    areas: tuple[str, ...] = ()


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one warning: hit, false_alarm, or open while its window runs."""

    warning: str
    hazard: str
    grade: str
    office: str
    verdict: str
    first_at: datetime | None
    lead_h: float | None


def judge_warning(
    *,
    warning: str,
    hazard: str,
    grade: str,
    office: str,
    areas: tuple[str, ...],
    issued_at: datetime,
    starts_at: datetime,
    ends_at: datetime,
    over: bool,
    seen: Iterable[ReachedLevel],
) -> Verdict:
    """A hit where an incident of the hazard reached the grade in one of the areas within the
    window; `lead_h` counts from the issue.
    """
    came = [
        one.at
        for one in seen
        if one.hazard == hazard
        and starts_at <= one.at < ends_at
        and LEVELS.index(one.level) >= LEVELS.index(grade)  # type: ignore[arg-type]
        and any(meets(area, place) for area in areas for place in (one.area, *one.areas))
    ]
    first = min(came, default=None)
    return Verdict(
        warning=warning,
        hazard=hazard,
        grade=grade,
        office=office,
        verdict="hit" if first else "false_alarm" if over else "open",
        first_at=first,
        lead_h=(first - issued_at).total_seconds() / 3600 if first else None,
    )


def meets(one: str, other: str) -> bool:
    """Whether one area lies in the other."""
    return one.startswith(other) or other.startswith(one)


def score_cells(warned: set[Cell], came: set[Cell], every: int) -> Scores:
    """The table over areas and days: `every` counts them all."""
    hits = len(warned & came)
    false_alarms, misses = len(warned - came), len(came - warned)
    return score_table(hits, false_alarms, misses, max(every - hits - false_alarms - misses, 0))
