"""The form of one screen: everything it shows, as of one instant, so that map, list and totals
cannot disagree.
"""

from __future__ import annotations

from datetime import datetime

import msgspec


class CityRow(msgspec.Struct, frozen=True, kw_only=True):
    """The city and what kind of workspace this is."""

    name: str
    root: str
    timezone: str
    residents: int
    kind: str


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """From the first to the last thing that happened: where a time slider may stand."""

    first: datetime
    last: datetime


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The key figures. `day` is the latest day with reports; `before` is the same figure one day
    earlier. None is a number that nobody has reported, which is not zero.

    `week` is the seven days that every `new_7d` counts, first and last, `missing` those of them
    without a report; `silent` when reports have stopped. `reclassified` are persons who were
    counted before under another status: in no `new`, and why sums of published rows are greater.
    """

    day: str | None
    new: int | None
    new_before: int | None
    linked: int | None
    linked_before: int | None
    new_7d: int | None
    week: tuple[str, str]
    missing: list[str]
    silent: bool
    reclassified: int
    new_total: int
    dead_total: int
    incidents_open: int
    incidents_all: int
    tasks_open: int
    tasks_late: int
    places: int
    areas_with_open: int
    restrictions: int


class AreaRow(msgspec.Struct, frozen=True, kw_only=True):
    """One area of the first level under the city: what the map colours it by and the list beside
    it says.
    """

    code: str
    name: str
    new: int | None
    new_7d: int | None
    new_total: int
    tasks_open: int
    tasks_late: int
    places: int
    restrictions: int
    level: str | None
    incident: str | None


class DayRow(msgspec.Struct, frozen=True, kw_only=True):
    """One day of the epidemic curve: new reports, of which found in the community (linked). None
    where nobody has reported of that day.
    """

    day: str
    new: int | None
    linked: int | None
    confirmed: int | None
    asymptomatic: int | None
    dead: int | None
    reclassified: int = 0


class BulletinRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a source published of a day beside what we count: `difference` is published less
    counted. `figure` in the source's own words; None where we count nothing of that day.
    """

    source: str
    area_name: str
    day: str
    figure: str
    published: float
    counted: float | None
    difference: float | None
    note: str = ""


class IncidentRow(msgspec.Struct, frozen=True, kw_only=True):
    """One incident as a list shows it."""

    id: str
    hazard: str
    area: str
    area_name: str
    title: str
    status: str
    level: str | None
    opened_at: datetime
    closed_at: datetime | None
    round: int
    new: int | None
    new_total: int
    tasks_open: int
    tasks_late: int
    plan: str | None
    proposed_plan: str | None


class DepartmentRow(msgspec.Struct, frozen=True, kw_only=True):
    """What is open and what is late, by the department whose duty it is."""

    id: str
    title: str
    open: int
    late: int
    oldest_due_at: datetime | None


class LateTask(msgspec.Struct, frozen=True, kw_only=True):
    """One late task: whose, where, since when."""

    id: str
    incident: str
    key: str
    title: str
    department: str
    area: str
    area_name: str
    due_at: datetime
    status: str
    escalated_to_name: str | None


class RestrictionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One measure in force and in how many areas."""

    measure: str
    areas: int


class Dashboard(msgspec.Struct, frozen=True, kw_only=True):
    """Everything at one instant. `seq` is how far the log was read; `at` is None for now."""

    at: datetime | None
    as_of: datetime
    seq: int
    last_event_at: datetime | None
    city: CityRow
    span: Span | None
    mode: str  # peacetime | emergency
    figures: Figures
    areas: list[AreaRow]
    curve: list[DayRow]
    incidents: list[IncidentRow]
    departments: list[DepartmentRow]
    late: list[LateTask]
    restrictions: list[RestrictionRow]
    sources: list[str]
    bulletins: list[BulletinRow]
