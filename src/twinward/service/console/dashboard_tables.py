"""The parts of a screen: each a list or a sum over the rows of one picture, so that they agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from twinward.core.days import WEEK, anchor_day, days_up_to, is_silent
from twinward.library.hazards.hazard import LEVELS
from twinward.library.texts import say_reasons
from twinward.service.console.basemap import Basemap
from twinward.service.console.bulletins import with_published_deaths
from twinward.service.console.dashboard_view import (
    AreaRow,
    DayRow,
    DepartmentRow,
    Figures,
    IncidentRow,
    LateTask,
)
from twinward.service.platform import Platform

if TYPE_CHECKING:
    from twinward.twins.city.rows import Restriction
    from twinward.twins.emergency.access.rows import Activation
    from twinward.twins.emergency.incidents.rows import Incident, PlanInForce
    from twinward.twins.emergency.reports.rows import Bulletin
    from twinward.twins.emergency.tasks.rows import Task

LATE_SHOWN = 40
AGAIN = "reclassified"


class DashboardRows(msgspec.Struct, frozen=True, kw_only=True):
    """The rows one screen is made of, all from the same picture, and the instant it is for."""

    now: datetime
    day: date
    incidents: list[Incident]
    tasks: list[Task]
    restrictions: list[Restriction]
    plans: dict[str, PlanInForce]
    proposed: dict[str, str | None]
    activations: list[Activation]
    places: dict[str, int]
    bulletins: list[Bulletin]
    root: str
    told_by: set[str]


def sum_days(incidents: list[Incident], until: date) -> list[DayRow]:
    """The curve over all incidents, a row for every day from the first to the last with reports.

    A day that nobody has reported of is missing where areas are counted by the day; where cases
    are reported one by one, it had none.
    """
    sums: dict[str, Counter[str]] = {}
    again: Counter[str] = Counter()  # persons who were counted before: they make no day reported
    for incident in incidents:
        for day, values in incident.days.items():
            if day > until.isoformat():
                continue
            again[day] += int(values.get(AGAIN, 0))
            if "new" in values:  # suspected persons are no count
                sums.setdefault(day, Counter()).update(
                    {name: int(value) for name, value in values.items()}
                )
    if not sums:
        return []
    counted = any(incident.counted for incident in incidents)
    first, last = date.fromisoformat(min(sums)), date.fromisoformat(max(sums))
    days = [day.isoformat() for day in days_up_to(last, (last - first).days + 1)]
    return [show_day(day, sums.get(day), again[day], counted) for day in days]


def show_day(day: str, told: Counter[str] | None, again: int, counted: bool) -> DayRow:
    if told is None and counted:
        return DayRow(
            day=day,
            new=None,
            linked=None,
            confirmed=None,
            asymptomatic=None,
            dead=None,
            reclassified=again,
        )
    of = told or Counter()
    return DayRow(
        day=day,
        new=of["new"],
        linked=of["new_linked"],
        confirmed=of["confirmed"],
        asymptomatic=of["asymptomatic"],
        dead=of["dead"],
        reclassified=again,
    )


def add_up(values: Iterable[int | None]) -> int | None:
    """The sum of what is known; None where nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def find_week(curve: list[DayRow], today: date) -> tuple[date, bool]:
    """(the day up to which a week is counted on every surface, whether reports have stopped)."""
    reported = [date.fromisoformat(row.day) for row in curve if row.new is not None]
    return anchor_day(reported, today), is_silent(reported, today)


def new_on(curve: list[DayRow], day: str, incidents: list[Incident]) -> int | None:
    """New reports of one day: none where nobody counts by the day, missing where somebody does
    and has not. A closed incident had none: a new one would have opened it again.
    """
    known = next((row.new for row in curve if row.day == day), None)
    going_on = any(one.counted and one.status == "open" for one in incidents)
    return known if known is not None or going_on else 0


def new_in_week(curve: list[DayRow], anchor: date) -> int | None:
    """New reports of the seven days up to the anchor, as far as they were reported."""
    week = {day.isoformat() for day in days_up_to(anchor, WEEK)}
    return add_up(row.new for row in curve if row.day in week)


def sum_figures(picture: DashboardRows, curve: list[DayRow], areas: list[AreaRow]) -> Figures:
    by_day = {row.day: row for row in curve}
    anchor, silent = find_week(curve, picture.day)
    week = [day.isoformat() for day in days_up_to(anchor, WEEK)]
    told = [row.day for row in curve if row.new is not None]
    last = by_day.get(told[-1]) if told and not silent else None
    yesterday = by_day.get(since(last.day, 1)) if last is not None else None
    opened = [row for row in picture.incidents if row.status == "open"]
    return Figures(
        day=told[-1] if told else None,
        new=last.new if last else None,
        new_before=yesterday.new if yesterday else None,
        linked=last.linked if last else None,
        linked_before=yesterday.linked if yesterday else None,
        new_7d=new_in_week(curve, anchor),
        week=(week[0], week[-1]),
        missing=[row.day for row in curve if row.new is None and row.day in week],
        silent=silent,
        reclassified=sum(row.reclassified for row in curve),
        new_total=add_up(row.new for row in curve) or 0,
        dead_total=count_deaths(picture, curve),
        incidents_open=len(opened),
        incidents_all=len(picture.incidents),
        tasks_open=len(picture.tasks),
        tasks_late=sum(task.is_late(picture.now) for task in picture.tasks),
        places=sum(picture.places.values()),
        areas_with_open=sum(1 for row in areas if row.incident is not None),
        restrictions=len(picture.restrictions),
    )


def count_deaths(picture: DashboardRows, curve: list[DayRow]) -> int:
    """Deaths in all: of each day what we count, or what a bulletin of the city publishes."""
    ours = {row.day: row.dead or 0 for row in curve}
    published = with_published_deaths(curve, picture.bulletins, picture.root, picture.day)
    return sum((ours | published).values())


def list_areas(ground: Basemap, picture: DashboardRows) -> list[AreaRow]:
    """Every area of the first level, and the city itself when something is told of it as a
    whole.
    """
    tops = ground.areas.at_depth
    opened = Counter(tops(task.area, 1) for task in picture.tasks)
    late = Counter(tops(task.area, 1) for task in picture.tasks if task.is_late(picture.now))
    limits = Counter(tops(row.area, 1) for row in picture.restrictions)
    by_area: dict[str, list[Incident]] = {}
    for incident in picture.incidents:
        by_area.setdefault(tops(incident.area, 1), []).append(incident)
    anchor, silent = find_week(sum_days(picture.incidents, picture.day), picture.day)
    last_day = "" if silent else find_last_day(picture)
    codes = sorted({*ground.top, *opened, *limits, *by_area, *picture.places})
    rows = []
    for code in codes:
        days = sum_days(by_area.get(code, []), picture.day)
        current = next((row for row in by_area.get(code, []) if row.status == "open"), None)
        rows.append(
            AreaRow(
                code=code,
                name=ground.areas.name(code),
                new=new_on(days, last_day, by_area.get(code, [])),
                new_7d=new_in_week(days, anchor) or (None if silent else 0),
                new_total=add_up(row.new for row in days) or 0,
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
    days = (day for row in picture.incidents for day in row.reported_days())
    return max((day for day in days if day <= until), default="")


def since(day: str, days: int) -> str:
    return (date.fromisoformat(day) - timedelta(days=days)).isoformat() if day else ""


def list_incidents(platform: Platform, picture: DashboardRows) -> list[IncidentRow]:
    """Open ones first, the gravest level and the most new reports on top; then closed ones,
    newest first. Where reports have stopped nobody has new ones, as in the list of areas.
    """
    _, silent = find_week(sum_days(picture.incidents, picture.day), picture.day)
    last_day = "" if silent else find_last_day(picture)
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
                title=say_reasons(row.title_reasons, row.title),
                status=row.status,
                level=row.level,
                opened_at=row.opened_at,
                closed_at=row.closed_at,
                round=row.round,
                new=new_on(days, last_day, [row]),
                new_total=add_up(day.new for day in days) or 0,
                tasks_open=opened[row.id],
                tasks_late=late[row.id],
                plan=plan.plan if plan else None,
                proposed_plan=picture.proposed.get(row.id),
            )
        )
    return sorted(
        rows,
        key=lambda row: (
            row.status != "open",
            -LEVELS.index(row.level) if row.level else 1,
            -(row.new or 0),
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


def deadline_of(task: Task) -> datetime:
    """When the order had to be done; `due_at` moves on with each escalation, this does not."""
    return task.deadline


def list_late(ground: Basemap, picture: DashboardRows) -> list[LateTask]:
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
