"""Builds one screen as of one instant, from one consistent picture of both twins."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from datetime import date, datetime

import msgspec

from twinward.core.language import FIRST, READER
from twinward.core.ports import R, Reader, Table, area_of
from twinward.service.console.basemap import Basemap
from twinward.service.console.bulletins import list_differences
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
from twinward.service.incidents.incident_course import OPEN_TASKS
from twinward.service.incidents.plan_status import proposed_plan
from twinward.service.platform import Caller, Platform, snapshot_of
from twinward.service.visibility import concerns, is_own_task
from twinward.twins.city.rows import RESTRICTIONS
from twinward.twins.emergency.access.rows import ACTIVATIONS
from twinward.twins.emergency.incidents.rows import INCIDENTS
from twinward.twins.emergency.plans.rows import PLANS_IN_FORCE
from twinward.twins.emergency.reports.rows import AFFECTED_PLACES, BULLETINS, CASES, COUNTS
from twinward.twins.emergency.tasks.rows import TASKS
from twinward.twins.snapshot import Snapshot

KEPT_SCREENS = 96
SOURCE_ROWS = 200
IMPLIED = "/implied-zero"
SOURCE_TITLES = "source-titles.json"  # source -> its titles, as an outbreak's config has them


class Dashboards:
    """Answers a screen at an instant; a hundred consoles that ask for the same one cost as much
    as one.
    """

    def __init__(self, platform: Platform, ground: Basemap) -> None:
        self.platform = platform
        self.ground = ground
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[object, ...], bytes] = OrderedDict()
        self._places: tuple[int, list[tuple[str, str, str]]] = (-1, [])

    def get(self, at: datetime | None, caller: Caller) -> bytes:
        """The screen as JSON, with what concerns the caller."""
        with self._lock, self.platform.store.read() as reader:
            seq = reader.last_seq()
            minute = None if at else self.platform.clock.now().replace(second=0, microsecond=0)
            mine = "" if caller.areas == ("all",) and caller.department is None else caller.name
            key = (at, seq, minute, mine, READER.get().language)
            if key not in self._kept:
                self._kept[key] = msgspec.json.encode(self.build(reader, at, seq, caller))
                if len(self._kept) > KEPT_SCREENS:
                    self._kept.popitem(last=False)
            return self._kept[key]

    def build(self, reader: Reader, at: datetime | None, seq: int, caller: Caller) -> Dashboard:
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
        seq = seq if at is None else seq_at(reader, seq, at)
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
            sources=name_sources(self.platform, picture.told_by),
            bulletins=list_differences(
                picture.bulletins, curve, picture.root, picture.day, ground.areas.name
            ),
        )

    def take(self, reader: Reader, at: datetime | None, caller: Caller) -> DashboardRows:
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
        incidents = sorted(mine(INCIDENTS), key=lambda row: row.opened_at, reverse=True)
        return DashboardRows(
            now=now,
            day=day,
            incidents=incidents,
            tasks=[row for row in tasks if is_own_task(self.platform, caller, row)],
            restrictions=mine(RESTRICTIONS),
            plans={row.id: row for row in snapshot.list_rows(PLANS_IN_FORCE)},
            proposed={
                row.id: proposed_plan(self.platform, snapshot, row, now) for row in incidents
            },
            activations=snapshot.list_rows(ACTIVATIONS),
            places=self.count_places(reader, snapshot, day, caller),
            bulletins=snapshot.list_rows(BULLETINS),
            root=self.ground.areas.root,
            told_by=who_told(snapshot),
        )

    def count_places(
        self, reader: Reader, snapshot: Snapshot, day: date, caller: Caller
    ) -> dict[str, int]:
        """The caller's places first reported on or before the day, by area of the first level: the
        map's points count alike.
        """
        if snapshot.at is not None:
            return self.count_places_then(snapshot, day, caller)
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

    def count_places_then(self, snapshot: Snapshot, day: date, caller: Caller) -> dict[str, int]:
        """The same of an instant of the past, by what had been published then."""
        tops = self.ground.areas.at_depth
        return Counter(
            tops(row.area, 1)
            for row in snapshot.list_rows(AFFECTED_PLACES)
            if row.first_day <= day.isoformat() and concerns(self.platform, caller, row.area)
        )


def who_told(snapshot: Snapshot) -> set[str]:
    """The sources of the counts of the last day counted, else of the cases."""
    counts = snapshot.list_rows(COUNTS)
    last = max((row.day for row in counts), default="")
    return {row.source for row in counts if row.day == last} or {
        row.source for row in snapshot.list_rows(CASES, limit=SOURCE_ROWS)
    }


def name_sources(platform: Platform, told_by: set[str]) -> list[str]:
    """Who reported the latest numbers, as people know them; zeros that follow from a list's silence
    are no source of their own.
    """
    titles = read_titles(platform)
    names = {source.removesuffix(IMPLIED) for source in told_by}
    return sorted({titles.get(name, name) for name in names})


def read_titles(platform: Platform) -> dict[str, str]:
    """Sources as people know them, in the reader's language, where an outbreak's config says so."""
    path = platform.workspace / SOURCE_TITLES
    if not path.exists():
        return {}
    told = msgspec.json.decode(path.read_bytes(), type=dict[str, str | dict[str, str]])
    language = READER.get().language
    return {
        name: one if isinstance(one, str) else one.get(language) or one[FIRST]
        for name, one in told.items()
    }


def seq_at(reader: Reader, last: int, at: datetime) -> int:
    """The last event that was recorded by an instant."""
    low, high = 0, last
    while low < high:
        middle = (low + high + 1) // 2
        found = reader.events_after(middle - 1, 1)
        if found and found[0].recorded_at <= at:
            low = middle
        else:
            high = middle - 1
    return low


def span_of(reader: Reader, seq: int) -> Span | None:
    first = reader.events_after(0, 1)
    last = last_event_at(reader, seq)
    return (
        Span(first=first[0].occurred_at, last=max(last, first[0].occurred_at))
        if first and last
        else None
    )


def last_event_at(reader: Reader, seq: int) -> datetime | None:
    found = reader.events_after(seq - 1, 1) if seq else []
    return found[0].occurred_at if found else None
