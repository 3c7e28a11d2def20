"""Who shared several places with a person: companions, from overlapping stays at more than one place."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.clock import format_time, from_us
from twinward.core.ports import Visits
from twinward.decision.tracing.contacts import stay_places
from twinward.decision.tracing.kernels import pairs
from twinward.decision.tracing.opened import OpenedLake, boxes_around, check_radius


class Companion(msgspec.Struct, frozen=True, kw_only=True):
    """One other who stayed at `places` different places together with the subject, on `days` days."""

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
    lake: OpenedLake,
    subject: str,
    start: datetime,
    end: datetime,
    *,
    radius_m: float = 50.0,
    min_places: int = 2,
    min_minutes: float = 15.0,
    limit: int | None = None,
) -> CompanionAnswer:
    """Others whose stays overlap the subject's at `min_places` or more different places, most places first."""
    check_radius(radius_m, min_minutes)
    a, b = lake.window(start, end)
    who = lake.subject(subject)
    mine = lake.subject_visits(who, a, b)
    lake.require_own_data(len(mine), subject)
    table, other = meet_at_stays(lake, who, mine, radius_m, round(min_minutes * 6e7))
    place = stay_places(mine, radius_m)[table[:, 1].astype(np.int64)]
    people, group = np.unique(other, return_inverse=True)

    def distinct(values: NDArray[Any]) -> NDArray[Any]:
        return np.bincount(np.unique(np.stack([group, values], axis=1), axis=0)[:, 0], minlength=len(people))

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
    lake: OpenedLake, who: int, mine: Visits, radius_m: float, least_us: int
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Overlaps of a person's stays with stays of others, and the others: see `kernels.pairs.visit_overlaps`."""
    windows = np.stack([mine.start_us, mine.end_us], axis=1)
    others = lake.visits_in(boxes_around(mine.lon, mine.lat, radius_m), windows)
    table = pairs.visit_overlaps(columns_of(mine), columns_of(others), float(radius_m), least_us)
    other = others.subject[table[:, 0].astype(np.int64)].astype(np.int64)
    return table[other != who], other[other != who]


def columns_of(visits: Visits) -> tuple[NDArray[Any], ...]:
    """What the overlap kernel takes."""
    return visits.start_us, visits.end_us, np.radians(visits.lon), np.radians(visits.lat)
