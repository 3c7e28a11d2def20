"""The rows of reports and their tables."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from twinward.core.ports import Table
from twinward.twins.emergency.reports.messages import Said


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One person's case in one emergency; `subject` is a pseudonym. `said`: every report, once
    there is a second.
    """

    id: str
    subject: str
    hazard: str
    area: str
    status: str
    found_in: str
    place: str | None
    onset: date | None
    reported_at: datetime
    source: str
    synthetic: bool
    imported: bool | None = None  # infected outside the city; None: nobody knows
    report: str | None = None
    issued_at: datetime | None = None
    note: str = ""
    said: tuple[Said, ...] = ()
    put_by: str = ""  # who put it on record; empty where an earlier release did


class Withdrawal(msgspec.Struct, frozen=True, kw_only=True):
    """What was taken back before it came: a sender's message, a case, or a person's illness."""

    id: str
    subject: str
    hazard: str
    area: str
    case: str | None
    report: str | None
    at: datetime
    issued_at: datetime | None
    note: str


class CountRow(msgspec.Struct, frozen=True, kw_only=True):
    """The number one source last gave for one area, day, status and way of finding."""

    id: str
    area: str
    hazard: str
    day: str
    status: str
    found_in: str
    source: str
    count: int


class IndicatorRow(msgspec.Struct, frozen=True, kw_only=True):
    """What one source last said of one indicator, area and day."""

    id: str
    area: str
    hazard: str
    day: str
    indicator: str
    source: str
    count: int


class Bulletin(msgspec.Struct, frozen=True, kw_only=True):
    """One source's published figures of one area and day."""

    id: str
    area: str
    hazard: str
    day: str
    source: str
    figures: dict[str, float]


class AffectedPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A place that cases lived in or visited: its days in order, its public name."""

    id: str
    area: str
    hazard: str
    name: str
    first_day: str
    last_day: str
    reports: int
    lon: float | None
    lat: float | None


CASES: Table[Case] = Table(
    name="cases",
    row=Case,
    columns=("hazard", "status", "reported_at", "subject"),
    indexes=(
        ("hazard", "area"),
        ("area", "reported_at"),
        ("reported_at", "area"),
        ("status", "reported_at", "area"),
        ("subject",),
    ),
    subject="subject",
)
WITHDRAWALS: Table[Withdrawal] = Table(
    name="withdrawals",
    row=Withdrawal,
    columns=("subject",),
    indexes=(("subject",),),
    subject="subject",
)
COUNTS: Table[CountRow] = Table(
    name="counts",
    row=CountRow,
    columns=("hazard", "day", "status", "found_in", "source", "count"),
    indexes=(("hazard", "area", "day"), ("day",)),
)
INDICATORS: Table[IndicatorRow] = Table(
    name="indicators",
    row=IndicatorRow,
    columns=("hazard", "day", "indicator"),
    indexes=(("hazard", "area", "day"),),
)
BULLETINS: Table[Bulletin] = Table(
    name="bulletins",
    row=Bulletin,
    columns=("hazard", "day", "source"),
    indexes=(("hazard", "area", "day"),),
)
AFFECTED_PLACES: Table[AffectedPlace] = Table(
    name="affected_places",
    row=AffectedPlace,
    columns=("hazard", "first_day", "last_day"),
    indexes=(("area",),),
)

TABLES = (
    CASES,
    WITHDRAWALS,
    COUNTS,
    INDICATORS,
    BULLETINS,
    AFFECTED_PLACES,
)
