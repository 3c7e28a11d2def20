"""Builds one screen as of one instant, from one consistent picture of both twins."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from twinward.service.ground import Ground
from twinward.service.platform import Caller, Platform, snapshot_of
from twinward.service.screen_rows import (
    AreaRow,
    CityRow,
    DayRow,
    DepartmentRow,
    Figures,
    IncidentRow,
    LateTask,
    RestrictionRow,
    Screen,
    Span,
)
from twinward.service.views import OPEN_TASKS, concerns, is_own_task, proposed_plan

LATE_SHOWN = 40
KEPT_SCREENS = 96
WEEK = 7


class Pictures(msgspec.Struct, frozen=True, kw_only=True):
    """The rows one screen is made of, all from the same picture, and the instant it is for."""

    now: datetime
    day: date
    incidents: list[Any]
    tasks: list[Any]
    restrictions: list[Any]
    plans: dict[str, Any]
    activations: list[Any]
    places: dict[str, int]


class Screens:
    """Answers a screen at an instant; a hundred consoles that ask for the same one cost as much as one."""

    def __init__(self, platform: Platform, ground: Ground) -> None:
        self.platform = platform
        self.ground = ground
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[Any, ...], bytes] = OrderedDict()
        self._places: tuple[int, list[tuple[str, str]]] = (-1, [])

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

    def build(self, reader: Any, at: datetime | None, seq: int, caller: Caller) -> Screen:
        picture = self.take(reader, at, caller)
        ground = self.ground
        curve = sum_days(picture.incidents, picture.day)
        areas = list_areas(ground, picture)
        departments = list_departments(self.platform, picture)
        in_force = [row for row in picture.activations if row.opened_at <= picture.now and row.is_open(picture.now)]
        return Screen(
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
            mode="emergency" if in_force or any(r.status == "open" for r in picture.incidents) else "peacetime",
            figures=sum_figures(picture, curve, areas),
            areas=areas,
            curve=curve,
            incidents=list_incidents(self.platform, picture),
            departments=departments,
            late=list_late(ground, picture),
            restrictions=[
                RestrictionRow(measure=name, areas=count)
                for name, count in sorted(Counter(row.measure for row in picture.restrictions).items())
            ],
            sources=sorted(reader.counts()),
        )

    def take(self, reader: Any, at: datetime | None, caller: Caller) -> Pictures:
        snapshot = snapshot_of(self.platform, reader, at)
        now = at or self.platform.clock.now()
        day = self.ground.day_of(now)

        def mine(table: str) -> list[Any]:
            return [row for row in snapshot.list_rows(table) if concerns(self.platform, caller, row.area)]

        tasks = snapshot.list_rows("tasks", status=OPEN_TASKS)
        return Pictures(
            now=now,
            day=day,
            incidents=sorted(mine("incidents"), key=lambda row: row.opened_at, reverse=True),
            tasks=[row for row in tasks if is_own_task(self.platform, caller, row)],
            restrictions=mine("restrictions"),
            plans={row.id: row for row in snapshot.list_rows("plans_in_force")},
            activations=snapshot.list_rows("activations"),
            places=self.count_places(reader, day),
        )

    def count_places(self, reader: Any, day: date) -> dict[str, int]:
        """Places first reported on or before the day, by area of the first level: the map's points count alike."""
        total = reader.count("affected_places")
        if self._places[0] != total:
            rows = reader.list_rows("affected_places")
            self._places = (total, [(row.first_day, self.ground.areas.at_depth(row.area, 1)) for row in rows])
        until = day.isoformat()
        return Counter(area for first, area in self._places[1] if first <= until)


def span_of(reader: Any, seq: int) -> Span | None:
    first = reader.events_after(0, 1)
    last = last_event_at(reader, seq)
    return Span(first=first[0].occurred_at, last=max(last, first[0].occurred_at)) if first and last else None


def last_event_at(reader: Any, seq: int) -> datetime | None:
    found = reader.events_after(seq - 1, 1) if seq else []
    return found[0].occurred_at if found else None


def sum_days(incidents: list[Any], until: date) -> list[DayRow]:
    """The curve over all incidents, a row for every day from the first to the last with reports."""
    sums: dict[str, Counter[str]] = {}
    for incident in incidents:
        for day, values in incident.days.items():
            if day <= until.isoformat():
                sums.setdefault(day, Counter()).update({name: int(value) for name, value in values.items()})
    if not sums:
        return []
    first, last = date.fromisoformat(min(sums)), date.fromisoformat(max(sums))
    rows = []
    for offset in range((last - first).days + 1):
        day = (first + timedelta(days=offset)).isoformat()
        of = sums.get(day, Counter())
        rows.append(
            DayRow(
                day=day,
                new=of["new"],
                linked=of["new_linked"],
                confirmed=of["confirmed"],
                asymptomatic=of["asymptomatic"],
                dead=of["dead"],
            )
        )
    return rows


def sum_figures(picture: Pictures, curve: list[DayRow], areas: list[AreaRow]) -> Figures:
    empty = DayRow(day="", new=0, linked=0, confirmed=0, asymptomatic=0, dead=0)
    last = curve[-1] if curve else empty
    before = curve[-2] if len(curve) > 1 else empty
    opened = [row for row in picture.incidents if row.status == "open"]
    return Figures(
        day=last.day or None,
        new=last.new,
        new_before=before.new,
        linked=last.linked,
        linked_before=before.linked,
        new_total=sum(row.new for row in curve),
        dead_total=sum(row.dead for row in curve),
        incidents_open=len(opened),
        incidents_all=len(picture.incidents),
        tasks_open=len(picture.tasks),
        tasks_late=sum(task.is_late(picture.now) for task in picture.tasks),
        places=sum(picture.places.values()),
        areas_with_open=sum(1 for row in areas if row.incident is not None),
        restrictions=len(picture.restrictions),
    )


def list_areas(ground: Ground, picture: Pictures) -> list[AreaRow]:
    """Every area of the first level, and the city itself when something is told of it as a whole."""
    tops = ground.areas.at_depth
    opened = Counter(tops(task.area, 1) for task in picture.tasks)
    late = Counter(tops(task.area, 1) for task in picture.tasks if task.is_late(picture.now))
    limits = Counter(tops(row.area, 1) for row in picture.restrictions)
    by_area: dict[str, list[Any]] = {}
    for incident in picture.incidents:
        by_area.setdefault(tops(incident.area, 1), []).append(incident)
    last_day = max((day for row in picture.incidents for day in row.days if day <= picture.day.isoformat()), default="")
    codes = sorted({*ground.top, *opened, *limits, *by_area, *picture.places})
    rows = []
    for code in codes:
        days = sum_days(by_area.get(code, []), picture.day)
        current = next((row for row in by_area.get(code, []) if row.status == "open"), None)
        week = since(last_day, WEEK - 1)
        rows.append(
            AreaRow(
                code=code,
                name=ground.areas.name(code),
                new=sum(row.new for row in days if row.day == last_day),
                new_7d=sum(row.new for row in days if row.day >= week),
                new_total=sum(row.new for row in days),
                tasks_open=opened[code],
                tasks_late=late[code],
                places=picture.places.get(code, 0),
                restrictions=limits[code],
                level=current.level if current else None,
                incident=current.id if current else None,
            )
        )
    return rows


def since(day: str, days: int) -> str:
    return (date.fromisoformat(day) - timedelta(days=days)).isoformat() if day else ""


def list_incidents(platform: Platform, picture: Pictures) -> list[IncidentRow]:
    """Open ones first, then closed ones, each newest first."""
    opened = Counter(task.incident for task in picture.tasks)
    late = Counter(task.incident for task in picture.tasks if task.is_late(picture.now))
    rows = []
    for row in sorted(picture.incidents, key=lambda row: row.status != "open"):
        days = sum_days([row], picture.day)
        plan = picture.plans.get(row.id)
        rows.append(
            IncidentRow(
                id=row.id,
                hazard=row.hazard,
                area=row.area,
                area_name=platform.around.areas.name(row.area),
                title=row.title,
                status=row.status,
                level=row.level,
                opened_at=row.opened_at,
                closed_at=row.closed_at,
                round=row.round,
                new=days[-1].new if days else 0,
                new_total=sum(day.new for day in days),
                tasks_open=opened[row.id],
                tasks_late=late[row.id],
                plan=plan.plan if plan else None,
                proposed_plan=proposed_plan(platform, row, plan),
            )
        )
    return rows


def list_departments(platform: Platform, picture: Pictures) -> list[DepartmentRow]:
    """Every department that has something open, the one with most late tasks first."""
    opened = Counter(task.department for task in picture.tasks)
    late = [task for task in picture.tasks if task.is_late(picture.now)]
    counts = Counter(task.department for task in late)
    known = platform.around.library.departments
    rows = [
        DepartmentRow(
            id=name,
            title=known[name].title if name in known else name,
            open=count,
            late=counts[name],
            oldest_due_at=min((task.due_at for task in late if task.department == name), default=None),
        )
        for name, count in opened.items()
    ]
    return sorted(rows, key=lambda row: (-row.late, -row.open, row.id))


def list_late(ground: Ground, picture: Pictures) -> list[LateTask]:
    """The tasks that have been late for longest."""
    late = sorted(
        (task for task in picture.tasks if task.is_late(picture.now)), key=lambda task: (task.due_at, task.id)
    )
    return [
        LateTask(
            id=task.id,
            incident=task.incident,
            key=task.key,
            title=task.title,
            department=task.department,
            area=task.area,
            area_name=ground.areas.name(task.area),
            due_at=task.due_at,
            status=task.status,
            escalated_to_name=ground.areas.name(task.escalated_to) if task.escalated_to else None,
        )
        for task in late[:LATE_SHOWN]
    ]
