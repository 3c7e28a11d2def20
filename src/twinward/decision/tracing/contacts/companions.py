"""Who shared several places with a person: companions, from overlapping stays at more than one
place.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.clock import format_time, from_us
from twinward.core.geography import M_PER_DEGREE, turn_degrees
from twinward.decision.tracing.kernels import pairs
from twinward.decision.tracing.scoped_lake import ScopedLake, check_limit, check_radius


class Companion(msgspec.Struct, frozen=True, kw_only=True):
    """One other who stayed at `places` different places together with the subject, on `days`
    days.
    """

    subject: str
    places: int
    meetings: int
    days: int
    minutes: float
    first_at: str
    last_at: str


class CompanionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    subject: str
    window: tuple[str, str]
    companions: list[Companion]
    counts: dict[str, int]


def list_companions(
    lake: ScopedLake,
    subject: str,
    start: datetime,
    end: datetime,
    *,
    radius_m: float = 50.0,
    min_places: int = 2,
    min_minutes: float = 15.0,
    limit: int | None = None,
) -> CompanionAnswer:
    """Others whose stays overlap the subject's at `min_places` or more different places, most
    places first.
    """
    check_radius(radius_m, min_minutes)
    check_limit(limit)
    a, b = lake.window(start, end)
    who = lake.subject(subject)
    mine = lake.subject_visits(who, a, b)
    lake.require_own_data(len(mine), subject)
    table, other, _ = meet_at_stays(lake, who, a, b, radius_m, round(min_minutes * 6e7))
    visits = lake.lake.visit_index()
    at = table[:, 1].astype(np.int64)
    place = place_numbers(visits.lon[at], visits.lat[at], radius_m)
    people, group = np.unique(other, return_inverse=True)

    def distinct(values: NDArray[Any]) -> NDArray[Any]:
        return np.bincount(
            np.unique(np.stack([group, values], axis=1), axis=0)[:, 0], minlength=len(people)
        )

    if not len(people):
        places = days = np.empty(0, np.int64)
    else:
        places, days = distinct(place), distinct((table[:, 2] // 86_400_000_000).astype(np.int64))
    minutes = np.bincount(group, (table[:, 3] - table[:, 2]) / 6e7, minlength=len(people))
    chosen = np.flatnonzero(places >= min_places)
    chosen = chosen[np.lexsort((people[chosen], -minutes[chosen], -places[chosen]))]
    names = lake.lake.name_subjects(people[chosen[:limit]]) if len(chosen) else []
    out = []
    for name, i in zip(names, chosen, strict=False):
        rows = table[group == i]
        out.append(
            Companion(
                subject=name,
                places=int(places[i]),
                meetings=len(rows),
                days=int(days[i]),
                minutes=round(float(minutes[i]), 1),
                first_at=format_time(from_us(int(rows[:, 2].min()))),
                last_at=format_time(from_us(int(rows[:, 3].max()))),
            )
        )
    return CompanionAnswer(
        subject=subject,
        window=(format_time(start), format_time(end)),
        companions=out,
        counts={"met": len(people), "companions": len(chosen)},
    )


def meet_at_stays(
    lake: ScopedLake, who: int, from_us_: int, to_us_: int, radius_m: float, least_us: int
) -> tuple[NDArray[Any], NDArray[np.int64], int]:
    """Overlaps of a person's stays in the window with stays of others, the others, and how many
    these are.

    An overlap is (row, own row, from_us, to_us); rows are those of the visit index. Only what the
    scope opens.
    """
    v = lake.lake.visit_index()
    window_s = (max(from_us_, lake.from_us) // 1_000_000, -(-min(to_us_, lake.to_us) // 1_000_000))
    columns = (
        v.cells,
        v.cell_start,
        v.longest_s,
        v.by_subject,
        v.subject_start,
        v.subject,
        v.start_s,
        v.end_s,
    )
    table, others, distinct = pairs.meet_in_index(
        (*columns, v.lon, v.lat),
        v.per_degree,
        who,
        window_s,
        float(radius_m),
        -(-least_us // 1_000_000),
    )
    if not lake.whole_city:
        rows, at = table[:, 0].astype(np.int64), table[:, 1].astype(np.int64)
        opened = lake.is_open(v.lon[rows], v.lat[rows]) & lake.is_open(v.lon[at], v.lat[at])
        table, others = table[opened], others[opened]
        distinct = len(np.unique(others))
    return table, others, int(distinct)


def place_numbers(lon: NDArray[Any], lat: NDArray[Any], radius_m: float) -> NDArray[np.int64]:
    """The same number for points at one place: within the radius of the first of them."""
    points, back = np.unique(np.stack([lon, lat], axis=1), axis=0, return_inverse=True)
    number = np.full(len(points), -1)
    for i in range(len(points)):
        if number[i] < 0:
            x = turn_degrees(points[:, 0] - points[i, 0]) * np.cos(np.radians(points[i, 1]))
            near = np.hypot(x, points[:, 1] - points[i, 1]) * M_PER_DEGREE <= max(radius_m, 30.0)
            number[near & (number < 0)] = i
    return np.asarray(number[back.ravel()])
