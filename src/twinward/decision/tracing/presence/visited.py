"""Who was where: passed through (from fixes) and stayed (from visits), and who stayed long; for
one or for everyone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.clock import format_time, from_us
from twinward.core.errors import InputError, RefusedError
from twinward.core.ports import Visits
from twinward.decision.tracing.presence.areas import AskedAreas, require_open
from twinward.decision.tracing.presence.crowds import Counts, can_count, count_crowds
from twinward.decision.tracing.scoped_lake import ScopedLake, check_limit

HOUR_US = 3_600_000_000


class AreaCount(msgspec.Struct, frozen=True, kw_only=True):
    """Persons in one area: `passed_through` have a fix in it, `stayed` have a visit in it."""

    area: str
    passed_through: int
    stayed: int


class Presence(msgspec.Struct, frozen=True, kw_only=True):
    """One person in one area."""

    subject: str
    area: str
    passed_through: bool
    stayed: bool
    first_at: str
    last_at: str
    hours: float


class VisitedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Two answers with two names: who passed through, and who stayed. `people` is how many are
    known at all.
    """

    window: tuple[str, str]
    people: int
    passed_through: int
    stayed: int
    areas: list[AreaCount]
    presences: list[Presence]


class Dwell(msgspec.Struct, frozen=True, kw_only=True):
    """One stay over the limit, inside the window."""

    subject: str
    area: str
    hours: float
    start: str
    end: str


class DwellAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Stays over `over_h` hours: the longest of every person and area first by length."""

    window: tuple[str, str]
    over_h: float
    subjects: int
    stays: int
    dwells: list[Dwell]


def check_areas(lake: ScopedLake, areas: AskedAreas) -> None:
    """RefusedError when an area lies outside what the activation opens."""
    if lake.whole_city or lake.areas is None:
        return
    closed = require_open(areas, lake.areas.locate, lake.opened)
    if closed:
        raise RefusedError(
            f"activation {lake.scope.activation} does not open {', '.join(closed[:5])}",
            f"it opens {', '.join(lake.scope.areas)}",
            code="area_not_open",
        )


def list_visited(
    lake: ScopedLake,
    areas: AskedAreas,
    start: datetime,
    end: datetime,
    subject: str | None,
    limit: int | None,
) -> VisitedAnswer:
    """Persons in the areas during [start, end); `subject` None asks for everyone."""
    check_limit(limit)
    check_areas(lake, areas)
    a, b = lake.window(start, end)
    if (
        subject is None
        and limit == 0
        and can_count(lake, areas, lake.lake.visit_index().per_degree)
    ):
        return tell_visited(lake, areas, (start, end), count_crowds(lake, areas, a, b), None, [])
    if subject is None:
        windows = np.tile(np.array([[a, b - 1]]), (len(areas.boxes), 1))
        fixes, visits = lake.fixes_in(areas.boxes, windows), lake.visits_in(areas.boxes, windows)
    else:
        who = lake.subject(subject)
        fixes, visits = lake.subject_fixes(who, a, b), lake.subject_visits(who, a, b)
        lake.require_own_data(len(fixes) + len(visits), subject)
    people = lake.lake.subject_count()
    rows, area = areas.find_inside(fixes.lon, fixes.lat)
    inside = (fixes.time_us[rows] >= a) & (fixes.time_us[rows] < b)
    through = (
        fixes.subject[rows[inside]],
        area[inside],
        fixes.time_us[rows[inside]],
        fixes.time_us[rows[inside]],
    )
    rows, area, begin, finish = clipped(visits, areas, a, b)
    within = (visits.subject[rows], area, begin, finish)
    counts = [count_persons(one[0], one[1], people, len(areas)) for one in (through, within)]
    found = (
        []
        if limit == 0
        else presences(lake, areas, spans(*through, len(areas)), spans(*within, len(areas)), limit)
    )
    return tell_visited(lake, areas, (start, end), (counts[0], counts[1]), subject, found)


def tell_visited(
    lake: ScopedLake,
    areas: AskedAreas,
    window: tuple[datetime, datetime],
    counts: tuple[Counts, Counts],
    subject: str | None,
    found: list[Presence],
) -> VisitedAnswer:
    """Counts of those who passed and of those who stayed, with the names of the areas."""
    return VisitedAnswer(
        window=(format_time(window[0]), format_time(window[1])),
        people=lake.lake.subject_count() if subject is None else 1,
        passed_through=counts[0][0],
        stayed=counts[1][0],
        areas=[
            AreaCount(
                area=code, passed_through=int(counts[0][1][row]), stayed=int(counts[1][1][row])
            )
            for row, code in enumerate(areas.codes)
        ],
        presences=found,
    )


Spans = tuple[
    NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]
]  # subject, area, first_us, last_us


def count_persons(
    subject: NDArray[Any], area: NDArray[Any], people: int, areas: int
) -> tuple[int, NDArray[np.int64]]:
    """(distinct persons, distinct persons of each area); one byte for each person, area by area."""
    total, marks = np.zeros(people, np.bool_), np.zeros(people, np.bool_)
    total[subject] = True
    order = np.argsort(area, kind="stable")
    starts = np.searchsorted(area[order], np.arange(areas + 1))
    by_area = np.zeros(areas, np.int64)
    for number in np.flatnonzero(np.diff(starts)):
        who = subject[order[starts[number] : starts[number + 1]]]
        marks[who] = True
        by_area[number] = (
            np.count_nonzero(marks) if len(who) > people // 16 else len(np.unique(who))
        )
        marks[who] = False
    return int(np.count_nonzero(total)), by_area


def clipped(
    visits: Visits, areas: AskedAreas, from_us_: int, to_us_: int
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """(row, area, start, end) of visits whose mean lies in an area, cut to the window."""
    rows, area = areas.find_inside(visits.lon, visits.lat)
    start, end = (
        np.maximum(visits.start_us[rows], from_us_),
        np.minimum(visits.end_us[rows], to_us_),
    )
    touch = (start <= end) & (visits.start_us[rows] < to_us_)
    return rows[touch], area[touch], start[touch], end[touch]


def spans(
    subject: NDArray[Any], area: NDArray[Any], start: NDArray[Any], end: NDArray[Any], areas: int
) -> Spans:
    """First start and last end of every (subject, area)."""
    key = subject.astype(np.int64) * areas + area
    order = np.argsort(key, kind="stable")
    key = key[order]
    begins = (
        np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
        if len(key)
        else np.empty(0, np.int64)
    )
    first = np.minimum.reduceat(start[order], begins) if len(begins) else np.empty(0, np.int64)
    last = np.maximum.reduceat(end[order], begins) if len(begins) else np.empty(0, np.int64)
    return key[begins] // areas, key[begins] % areas, first, last


def presences(
    lake: ScopedLake, areas: AskedAreas, passed: Spans, stayed: Spans, limit: int | None
) -> list[Presence]:
    """Every person and area, those who stayed longest first."""
    n = len(areas)
    keys = [one[0] * n + one[1] for one in (passed, stayed)]
    both = np.union1d(*keys)
    first, last = (
        np.full(len(both), np.iinfo(np.int64).max),
        np.full(len(both), np.iinfo(np.int64).min),
    )
    marks, hours = np.zeros((2, len(both)), np.bool_), np.zeros(len(both))
    for kind, (key, one) in enumerate(zip(keys, (passed, stayed), strict=True)):
        at = np.searchsorted(both, key)
        marks[kind, at] = True
        first[at], last[at] = np.minimum(first[at], one[2]), np.maximum(last[at], one[3])
        if kind:
            hours[at] = (one[3] - one[2]) / HOUR_US
    order = np.lexsort((both, -hours))[:limit]
    names = lake.lake.name_subjects(both[order] // n) if len(order) else []
    return [
        Presence(
            subject=name,
            area=areas.codes[both[row] % n],
            passed_through=bool(marks[0, row]),
            stayed=bool(marks[1, row]),
            first_at=format_time(from_us(int(first[row]))),
            last_at=format_time(from_us(int(last[row]))),
            hours=round(float(hours[row]), 2),
        )
        for name, row in zip(names, order, strict=True)
    ]


def list_dwells(
    lake: ScopedLake,
    areas: AskedAreas,
    start: datetime,
    end: datetime,
    over_h: float,
    limit: int | None,
) -> DwellAnswer:
    """Stays in the areas that last more than `over_h` hours inside [start, end)."""
    if not 0 <= over_h <= 24 * 366:
        raise InputError(f"{over_h} hours cannot be asked for", "use 0 to 8784", code="bad_hours")
    check_limit(limit)
    check_areas(lake, areas)
    a, b = lake.window(start, end)
    windows = np.tile(np.array([[a, b - 1]]), (len(areas.boxes), 1))
    visits = lake.visits_in(areas.boxes, windows)
    rows, area, begin, finish = clipped(visits, areas, a, b)
    long = finish - begin > over_h * HOUR_US
    rows, area, begin, finish = rows[long], area[long], begin[long], finish[long]
    order = np.lexsort((visits.subject[rows], begin - finish))[:limit]
    names = lake.lake.name_subjects(visits.subject[rows[order]]) if len(order) else []
    return DwellAnswer(
        window=(format_time(start), format_time(end)),
        over_h=over_h,
        subjects=len(np.unique(visits.subject[rows])),
        stays=len(rows),
        dwells=[
            Dwell(
                subject=name,
                area=areas.codes[area[row]],
                hours=round(float(finish[row] - begin[row]) / HOUR_US, 2),
                start=format_time(from_us(int(begin[row]))),
                end=format_time(from_us(int(finish[row]))),
            )
            for name, row in zip(names, order, strict=True)
        ],
    )
