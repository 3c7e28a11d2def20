"""Builds one screen as of one instant, from one consistent picture of both twins."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from datetime import date, datetime
from typing import Any

import msgspec

from twinward.core.ports import R, Table, area_of
from twinward.service.console.basemap import Ground
from twinward.service.console.dashboard_tables import (
    DashboardRows,
    list_areas,
    list_departments,
    list_incidents,
    list_late,
    sum_days,
    sum_figures,
)
from twinward.service.console.dashboard_view import CityRow, Dashboard, RestrictionRow, Span
from twinward.service.incidents.queries import OPEN_TASKS, concerns, is_own_task
from twinward.service.platform import Caller, Platform, snapshot_of
from twinward.twins.city.rows import RESTRICTIONS
from twinward.twins.emergency.access.rows import ACTIVATIONS
from twinward.twins.emergency.incidents.rows import INCIDENTS
from twinward.twins.emergency.plans.rows import PLANS_IN_FORCE
from twinward.twins.emergency.reports.rows import AFFECTED_PLACES, CASES, COUNTS
from twinward.twins.emergency.tasks.rows import TASKS

KEPT_SCREENS = 96
SOURCE_ROWS = 200


class Dashboards:
    """Answers a screen at an instant; a hundred consoles that ask for the same one cost as much
    as one.
    """

    def __init__(self, platform: Platform, ground: Ground) -> None:
        self.platform = platform
        self.ground = ground
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[Any, ...], bytes] = OrderedDict()
        self._places: tuple[int, list[tuple[str, str, str]]] = (-1, [])

    def get(self, at: datetime | None, caller: Caller) -> bytes:
        """The screen as JSON, with what concerns the caller."""
        with self._lock, self.platform.store.read() as reader:
            seq = reader.last_seq()
            minute = None if at else self.platform.clock.now().replace(second=0, microsecond=0)
            mine = "" if caller.areas == ("all",) and caller.department is None else caller.name
            key = (at, seq, minute, mine)
            if key not in self._kept:
                self._kept[key] = msgspec.json.encode(self.build(reader, at, seq, caller))
                if len(self._kept) > KEPT_SCREENS:
                    self._kept.popitem(last=False)
            return self._kept[key]

    def build(self, reader: Any, at: datetime | None, seq: int, caller: Caller) -> Dashboard:
        picture = self.take(reader, at, caller)
        ground = self.ground
        curve = sum_days(picture.incidents, picture.day)
        areas = list_areas(ground, picture)
        departments = list_departments(self.platform, picture)
        in_force = [
            row
            for row in picture.activations
            if row.opened_at <= picture.now and row.is_open(picture.now)
        ]
        return Dashboard(
            at=at,
            as_of=picture.now,
            seq=seq,
            last_event_at=last_event_at(reader, seq) if at is None else None,
            city=CityRow(
                name=ground.name,
                root=ground.areas.root,
                timezone=ground.timezone,
                residents=ground.residents,
                kind=ground.kind,
            ),
            span=span_of(reader, seq),
            mode="emergency"
            if in_force or any(r.status == "open" for r in picture.incidents)
            else "peacetime",
            figures=sum_figures(picture, curve, areas),
            areas=areas,
            curve=curve,
            incidents=list_incidents(self.platform, picture),
            departments=departments,
            late=list_late(ground, picture),
            restrictions=[
                RestrictionRow(measure=name, areas=count)
                for name, count in sorted(
                    Counter(row.measure for row in picture.restrictions).items()
                )
            ],
            sources=name_sources(reader, picture.incidents),
        )

    def take(self, reader: Any, at: datetime | None, caller: Caller) -> DashboardRows:
        snapshot = snapshot_of(self.platform, reader, at)
        now = at or self.platform.clock.now()
        day = self.ground.day_of(now)

        def mine(table: Table[R]) -> list[R]:
            return [
                row
                for row in snapshot.list_rows(table)
                if concerns(self.platform, caller, area_of(table, row))
            ]

        tasks = snapshot.list_rows(TASKS, status=OPEN_TASKS)
        return DashboardRows(
            now=now,
            day=day,
            incidents=sorted(mine(INCIDENTS), key=lambda row: row.opened_at, reverse=True),
            tasks=[row for row in tasks if is_own_task(self.platform, caller, row)],
            restrictions=mine(RESTRICTIONS),
            plans={row.id: row for row in snapshot.list_rows(PLANS_IN_FORCE)},
            activations=snapshot.list_rows(ACTIVATIONS),
            places=self.count_places(reader, day, caller),
        )

    def count_places(self, reader: Any, day: date, caller: Caller) -> dict[str, int]:
        """The caller's places first reported on or before the day, by area of the first level: the
        map's points count alike.
        """
        total = reader.count(AFFECTED_PLACES)
        if self._places[0] != total:
            rows = reader.list_rows(AFFECTED_PLACES)
            at_depth = self.ground.areas.at_depth
            self._places = (
                total,
                [(row.first_day, at_depth(row.area, 1), row.area) for row in rows],
            )
        until = day.isoformat()
        everywhere = caller.areas == ("all",)
        return Counter(
            above
            for first, above, area in self._places[1]
            if first <= until and (everywhere or concerns(self.platform, caller, area))
        )


def name_sources(reader: Any, incidents: list[Any]) -> list[str]:
    """Who reported the latest numbers: the sources of the last counts, else of the last cases."""
    if not incidents:
        return []
    rows = reader.list_rows(COUNTS, order="-day", limit=SOURCE_ROWS) or reader.list_rows(
        CASES, limit=SOURCE_ROWS
    )
    return sorted({row.source for row in rows})


def span_of(reader: Any, seq: int) -> Span | None:
    first = reader.events_after(0, 1)
    last = last_event_at(reader, seq)
    return (
        Span(first=first[0].occurred_at, last=max(last, first[0].occurred_at))
        if first and last
        else None
    )


def last_event_at(reader: Any, seq: int) -> datetime | None:
    found = reader.events_after(seq - 1, 1) if seq else []
    return found[0].occurred_at if found else None
