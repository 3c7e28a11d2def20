"""Warnings scored afterwards: hits, false alarms, misses, lead time, base rate beside accuracy."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from twinward.core.ports import Reader
from twinward.decision.risk.scores import (
    Cell,
    ReachedLevel,
    Scores,
    Verdict,
    judge_warning,
    meets,
    score_cells,
)
from twinward.service.platform import Caller, Platform
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.incidents.rows import INCIDENTS
from twinward.twins.emergency.warnings.rows import WARNINGS, IssuedWarning

KINDS = ("HazardReported", "ResponseLevelSet")
PAGE = 5000


class HazardScores(msgspec.Struct, frozen=True, kw_only=True):
    """One hazard, or one office's warnings of it, over areas and days."""

    hazard: str
    office: str
    areas: int
    days: int
    table: Scores
    lead_h: tuple[float, float, float] | None  # least, median, most


class WarningScores(msgspec.Struct, frozen=True, kw_only=True):
    """Every warning with its verdict, and the tables by hazard and by office. An office that never
    warns has the misses of its hazard like every other.
    """

    at: datetime
    warnings: list[Verdict]
    scores: list[HazardScores]
    unit: str = "an area of incidents on one day"


def score_warnings(platform: Platform, caller: Caller, hazard: str | None = None) -> WarningScores:
    """Scores all warnings that came into force; what is still open is shown and not counted."""
    platform.policy.require(caller, "see_situation")
    now, root = platform.clock.now(), platform.reference.areas.root
    mine = platform.policy.jurisdiction(caller)
    with platform.store.read() as rows:
        stored = [
            row
            for row in rows.list_rows(WARNINGS, order="proposed_at")
            if row.issued_at is not None
            and hazard in (None, row.hazard)
            and any(mine.concerns(area) for area in row.areas)
        ]
        seen = list(list_seen(platform, rows))
    verdicts = [verdict_of(row, now, seen, root) for row in stored]
    scores: list[HazardScores] = []
    for name in sorted({row.hazard for row in stored} | ({hazard} if hazard else set())):
        of = [row for row in stored if row.hazard == name]
        offices = sorted({row.issued_by for row in of})
        for office in ("", *offices):
            some = [row for row in of if office in ("", row.issued_by)]
            scores.append(score_hazard(platform, name, office, some, of, seen, now, verdicts))
    return WarningScores(at=now, warnings=verdicts, scores=scores)


def plain(row: IssuedWarning, root: str) -> tuple[str, ...]:
    """Its areas; the city as a whole is the beginning of every code."""
    return tuple("" if area == root else area for area in row.areas)


def verdict_of(row: IssuedWarning, now: datetime, seen: list[ReachedLevel], root: str) -> Verdict:
    end = row.ended_at or row.ends_at
    assert row.issued_at is not None
    return judge_warning(
        warning=row.id,
        hazard=row.hazard,
        grade=row.grade,
        office=row.issued_by,
        areas=plain(row, root),
        issued_at=row.issued_at,
        starts_at=row.starts_at,
        ends_at=end,
        over=now >= end,
        seen=seen,
    )


def list_seen(platform: Platform, rows: Reader) -> Iterator[ReachedLevel]:
    """When which level was reached: by what was measured, or by an incident's figures; a level that
    only follows a warning is no event.
    """
    at = 0
    incidents: dict[str, Any] = {one.id: one for one in rows.list_rows(INCIDENTS)}
    while page := rows.events_after(at, PAGE, types=KINDS):
        for event in page:
            fact = event.fact
            if isinstance(fact, m.HazardReported):
                known = platform.reference.library.find_hazard(fact.hazard)
                level = known.level_for({fact.figure: fact.value})[0] if known else None
                if level is not None:
                    yield ReachedLevel(
                        hazard=fact.hazard, area=fact.area, level=level, at=event.occurred_at
                    )
            elif isinstance(fact, m.ResponseLevelSet) and fact.level is not None:
                row = incidents.get(fact.incident)
                if row is not None and "warning_grade" not in fact.because:
                    yield ReachedLevel(
                        hazard=row.hazard,
                        area=row.area,
                        level=fact.level,
                        at=event.occurred_at,
                        areas=row.affected,
                    )
        at = page[-1].seq


def score_hazard(
    platform: Platform,
    hazard: str,
    office: str,
    some: list[IssuedWarning],
    every: list[IssuedWarning],
    seen: list[ReachedLevel],
    now: datetime,
    verdicts: list[Verdict],
) -> HazardScores:
    """The table of areas and days from the first warning or event of the hazard to today."""
    known = platform.reference.library.find_hazard(hazard)
    depth = known.incident_level if known is not None else 1
    areas = [one for one in platform.reference.areas.by_code if depth_of(platform, one) == depth]
    mine = [one for one in seen if one.hazard == hazard]
    starts = [row.starts_at for row in every] + [one.at for one in mine]
    first = platform.reference.day_of(min(starts, default=now))
    days = max((platform.reference.day_of(now) - first).days + 1, 1)
    warned: set[Cell] = set()
    root = platform.reference.areas.root
    for row in some:
        end = min(row.ended_at or row.ends_at, now)
        homes = [home for home in areas if any(meets(home, area) for area in plain(row, root))]
        warned |= {(home, day) for home in homes for day in days_of(platform, row.starts_at, end)}
    came = {
        (home, platform.reference.day_of(one.at))
        for one in mine
        for home in areas
        if meets(home, one.area)
    }
    ids = {row.id for row in some}
    leads = sorted(v.lead_h for v in verdicts if v.warning in ids and v.lead_h is not None)
    return HazardScores(
        hazard=hazard,
        office=office,
        areas=len(areas),
        days=days,
        table=score_cells(warned, came, len(areas) * days),
        lead_h=(leads[0], leads[len(leads) // 2], leads[-1]) if leads else None,
    )


def days_of(platform: Platform, start: datetime, end: datetime) -> list[date]:
    if end <= start:
        return []
    first = platform.reference.day_of(start)
    last = platform.reference.day_of(end - timedelta(microseconds=1))
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def depth_of(platform: Platform, area: str) -> int:
    return len(platform.reference.areas.path(area)) - 1
