"""What the five functions are given: one incident as the log shows it at an instant, each row
with its event.
"""

from __future__ import annotations

import math
from collections import Counter
from datetime import date, datetime
from typing import TYPE_CHECKING

import msgspec

from twinward.core.days import days_up_to

if TYPE_CHECKING:
    from twinward.twins.emergency.resources.rows import Stock
    from twinward.twins.emergency.tasks.rows import Task

INFECTED = ("confirmed", "asymptomatic", "recovered", "dead")
COUNTED = ("confirmed", "asymptomatic")
MOST_NAMED = 8  # events that a figure names; all of them are counted


class CaseSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One case without its person. `setting` is where it was infected as far as known, `known`
    whether it had been named as somebody's contact before it was reported.
    """

    area: str
    status: str
    found_in: str
    setting: str | None
    known: bool
    onset: date | None
    reported_at: datetime
    seq: int


class CountSeen(msgspec.Struct, frozen=True, kw_only=True):
    """How many of a status one source reports for an area and day."""

    area: str
    day: date
    status: str
    found_in: str
    count: int


class ContactSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One contact and when each step of its care was done."""

    area: str
    setting: str
    named_at: datetime
    steps: dict[str, datetime]
    seq: int


class ReadingSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One measured figure of a hazard."""

    area: str
    figure: str
    value: float
    at: datetime
    seq: int


class SensorSeen(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    area: str
    last_at: datetime


class Milestone(msgspec.Struct, frozen=True, kw_only=True):
    """Something that changed the incident as a whole: a level, a plan, an area more, a closing
    or reopening.
    """

    seq: int
    type: str
    at: datetime
    area: str
    says: str
    more: str = ""  # the level, the plan or the area that it is about


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """Everything at `now`. `tasks` and `stocks` are the twin's own rows; `task_events` the last
    event of each task.
    """

    incident: str
    hazard: str
    area: str
    title: str
    status: str
    now: datetime
    today: date
    opened_at: datetime
    level: str | None
    plan: str | None
    affected: tuple[str, ...]
    names: dict[str, str]
    residents: dict[str, int]
    cases: list[CaseSeen]
    counts: list[CountSeen]
    contacts: list[ContactSeen]
    tasks: list[Task]
    task_events: dict[str, int]
    stocks: list[Stock]
    readings: list[ReadingSeen]
    sensors: list[SensorSeen]
    turns: list[Milestone]
    evidence: list[tuple[str, bool, str]]
    days: dict[date, dict[str, float]] = {}  # the incident's own figures by day, persons once
    counted: bool = False  # then a day without a figure is missing and not zero
    last_day: date | None = None  # up to which the last days are counted, on every surface
    held: str = ""  # what one source suddenly said and nobody has confirmed
    called: str | None = None  # the level that the figures call for and a person decides
    published: dict[str, tuple[float, str, str]] = {}  # figure -> (value, day, source) of bulletins

    @property
    def anchor(self) -> date:
        """The day up to which the last days are counted."""
        return self.last_day or self.today

    def clock_of(self, at: datetime) -> str:
        """An instant by the clock of the city, as `now` has it."""
        return f"{at.astimezone(self.now.tzinfo):%Y-%m-%d %H:%M}"

    def name(self, area: str) -> str:
        return self.names.get(area, area)


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One number with its 90 % interval where it is an estimate, the words for it, and the events
    it comes from.

    `events` are places in the log, the newest first and at most MOST_NAMED; `of_events` says how
    many there are.
    """

    name: str
    value: float
    unit: str
    says: str
    low: float | None = None
    high: float | None = None
    events: tuple[int, ...] = ()
    of_events: int = 0


def figure(
    name: str, value: float, unit: str, says: str, seqs: list[int] | None = None, **more: float
) -> Figure:
    found = sorted(set(seqs or []), reverse=True)
    return Figure(
        name=name,
        value=round(value, 4),
        unit=unit,
        says=says,
        events=tuple(found[:MOST_NAMED]),
        of_events=len(found),
        **{key: round(bound, 4) for key, bound in more.items()},
    )


def new_by_day(picture: Situation, areas: set[str] | None = None) -> dict[date, int]:
    """New infections by the day of their report, each person once: the incident's own figures, or
    what cases and counts say of some areas, the greater of the two.
    """
    if areas is None and picture.days:
        return {
            day: int(told.get("new", 0.0)) for day, told in picture.days.items() if "new" in told
        }
    cases: Counter[tuple[str, date]] = Counter()
    zone = picture.now.tzinfo
    for case in picture.cases:
        if case.status in INFECTED and (areas is None or case.area in areas):
            cases[case.area, case.reported_at.astimezone(zone).date()] += 1
    counts: Counter[tuple[str, date]] = Counter()
    for row in picture.counts:
        new = row.status in COUNTED and row.found_in != "reclassified"
        if new and (areas is None or row.area in areas):
            counts[row.area, row.day] += row.count
    found: Counter[date] = Counter()
    for area, day in {*cases, *counts}:
        found[day] += max(cases[area, day], counts[area, day])
    return dict(found)


def series(by_day: dict[date, int], last: date, days: int) -> list[int]:
    """Counts of the last `days` days up to and with `last`; a day without a report is 0."""
    return [by_day.get(day, 0) for day in days_up_to(last, days)]


def known_series(picture: Situation, last: date, days: int) -> list[float]:
    """The same with a day that nobody has reported of as NaN, where areas are counted by day."""
    by_day = new_by_day(picture)
    gap = math.nan if picture.counted else 0.0
    return [float(by_day.get(day, gap)) for day in days_up_to(last, days)]


def recent_cases(picture: Situation, days: int, before_d: int = 0) -> list[CaseSeen]:
    """Infected persons reported in the `days` days that end `before_d` days ago."""
    end = picture.anchor.toordinal() - before_d
    zone = picture.now.tzinfo
    return [
        case
        for case in picture.cases
        if case.status in INFECTED
        and end - days < case.reported_at.astimezone(zone).date().toordinal() <= end
    ]
