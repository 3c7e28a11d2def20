"""The parts of a screen: each a list or a sum over the rows of one picture, so that they agree."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from twinward.library.hazards.hazard import LEVELS
from twinward.service.console.basemap import Ground
from twinward.service.console.dashboard_view import (
    AreaRow,
    DayRow,
    DepartmentRow,
    Figures,
    IncidentRow,
    LateTask,
)
from twinward.service.incidents.plan_status import proposed_plan
from twinward.service.platform import Platform

LATE_SHOWN = 40
WEEK = 7


class DashboardRows(msgspec.Struct, frozen=True, kw_only=True):
    """The rows one screen is made of, all from the same picture, and the instant it is for."""

    now: datetime
    day: date
    incidents: list[Any]
    tasks: list[Any]
    restrictions: list[Any]
    plans: dict[str, Any]
    activations: list[Any]
    places: dict[str, int]


def sum_days(incidents: list[Any], until: date) -> list[DayRow]:
    """The curve over all incidents, a row for every day from the first to the last with reports."""
    sums: dict[str, Counter[str]] = {}
    for incident in incidents:
        for day, values in incident.days.items():
            if day <= until.isoformat():
                sums.setdefault(day, Counter()).update(
                    {name: int(value) for name, value in values.items()}
                )
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


def sum_figures(picture: DashboardRows, curve: list[DayRow], areas: list[AreaRow]) -> Figures:
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


def list_areas(ground: Ground, picture: DashboardRows) -> list[AreaRow]:
    """Every area of the first level, and the city itself when something is told of it as a
    whole.
    """
    tops = ground.areas.at_depth
    opened = Counter(tops(task.area, 1) for task in picture.tasks)
    late = Counter(tops(task.area, 1) for task in picture.tasks if task.is_late(picture.now))
    limits = Counter(tops(row.area, 1) for row in picture.restrictions)
    by_area: dict[str, list[Any]] = {}
    for incident in picture.incidents:
        by_area.setdefault(tops(incident.area, 1), []).append(incident)
    last_day = find_last_day(picture)
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


def find_last_day(picture: DashboardRows) -> str:
    """The latest day with reports: what `new` means everywhere on the screen."""
    until = picture.day.isoformat()
    return max((day for row in picture.incidents for day in row.days if day <= until), default="")


def since(day: str, days: int) -> str:
    return (date.fromisoformat(day) - timedelta(days=days)).isoformat() if day else ""


def list_incidents(platform: Platform, picture: DashboardRows) -> list[IncidentRow]:
    """Open ones first, the gravest level and the most new reports on top; then closed ones,
    newest first.
    """
    last_day = find_last_day(picture)
    opened = Counter(task.incident for task in picture.tasks)
    late = Counter(task.incident for task in picture.tasks if task.is_late(picture.now))
    rows = []
    for row in picture.incidents:
        days = sum_days([row], picture.day)
        plan = picture.plans.get(row.id)
        rows.append(
            IncidentRow(
                id=row.id,
                hazard=row.hazard,
                area=row.area,
                area_name=platform.reference.areas.name(row.area),
                title=row.title,
                status=row.status,
                level=row.level,
                opened_at=row.opened_at,
                closed_at=row.closed_at,
                round=row.round,
                new=sum(day.new for day in days if day.day == last_day),
                new_total=sum(day.new for day in days),
                tasks_open=opened[row.id],
                tasks_late=late[row.id],
                plan=plan.plan if plan else None,
                proposed_plan=proposed_plan(platform, row, plan),
            )
        )
    return sorted(
        rows,
        key=lambda row: (
            row.status != "open",
            -LEVELS.index(row.level) if row.level else 1,
            -row.new,
        ),
    )


def list_departments(platform: Platform, picture: DashboardRows) -> list[DepartmentRow]:
    """Every department that has something open, the one with most late tasks first."""
    opened = Counter(task.department for task in picture.tasks)
    late = [task for task in picture.tasks if task.is_late(picture.now)]
    counts = Counter(task.department for task in late)
    known = platform.reference.library.departments
    rows = [
        DepartmentRow(
            id=name,
            title=known[name].title if name in known else name,
            open=count,
            late=counts[name],
            oldest_due_at=min(
                (deadline_of(task) for task in late if task.department == name), default=None
            ),
        )
        for name, count in opened.items()
    ]
    return sorted(rows, key=lambda row: (-row.late, -row.open, row.id))


def deadline_of(task: Any) -> datetime:
    """When the order had to be done; `due_at` moves on with each escalation, this does not."""
    found: datetime = task.ordered_at + timedelta(hours=task.deadline_h)
    return found


def list_late(ground: Ground, picture: DashboardRows) -> list[LateTask]:
    """The tasks that have been late for longest."""
    late = sorted(
        (task for task in picture.tasks if task.is_late(picture.now)),
        key=lambda task: (deadline_of(task), task.id),
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
            due_at=deadline_of(task),
            status=task.status,
            escalated_to_name=ground.areas.name(task.escalated_to) if task.escalated_to else None,
        )
        for task in late[:LATE_SHOWN]
    ]
