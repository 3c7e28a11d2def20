"""Reports of the world: cases one by one, counts by area and day, affected places, measured
hazards.
"""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from twinward.core.errors import ConflictError, RefusedError
from twinward.core.messages import Draft, Event
from twinward.core.ports import Rows, Table, Transaction
from twinward.twins.emergency import messages as m
from twinward.twins.twin import Behaviour, Context

ENDED = {"dead", "recovered"}


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One person's case in one emergency; `subject` is a pseudonym."""

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
    put_by: str = ""  # who put it on record; empty where an earlier release did


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


TABLES = (
    Table(
        name="cases",
        row=Case,
        columns=("hazard", "status", "reported_at", "subject"),
        indexes=(
            ("hazard", "area"),
            ("area", "reported_at"),
            ("reported_at", "area"),
            ("subject",),
        ),
        subject="subject",
    ),
    Table(
        name="counts",
        row=CountRow,
        columns=("hazard", "day", "status", "found_in", "source", "count"),
        indexes=(("hazard", "area", "day"), ("day",)),
    ),
    Table(
        name="bulletins",
        row=Bulletin,
        columns=("hazard", "day", "source"),
        indexes=(("hazard", "area", "day"),),
    ),
    Table(
        name="affected_places",
        row=AffectedPlace,
        columns=("hazard", "first_day", "last_day"),
        indexes=(("area",),),
    ),
)


def report_case(command: m.ReportCase, rows: Rows, context: Context) -> list[Draft]:
    known: Case | None = rows.find("cases", command.case)
    if known is None:
        fields = {name: getattr(command, name) for name in m.CaseReported.__struct_fields__}
        return [Draft(fact=m.CaseReported(**fields), area=command.area, subject=command.subject)]
    if known.subject != command.subject:
        raise ConflictError(
            f"case {command.case} belongs to another person",
            "give each person's case its own id",
            code="case_mismatch",
        )
    if known.status == command.status:
        raise ConflictError(
            f"case {command.case} is already {known.status}",
            "nothing was changed",
            code="already_reported",
        )
    if known.status in ENDED:
        raise ConflictError(
            f"case {command.case} ended as {known.status}",
            "a new illness of the same person is a new case with an id of its own",
            code="case_closed",
        )
    fact = m.CaseReclassified(
        case=known.id,
        subject=known.subject,
        hazard=known.hazard,
        area=known.area,
        before=known.status,  # type: ignore[arg-type]
        status=command.status,
    )
    return [Draft(fact=fact, area=known.area, subject=known.subject)]


def case_reported(fact: m.CaseReported, event: Event, tx: Transaction) -> None:
    fields = {name: getattr(fact, name) for name in Case.__struct_fields__ if hasattr(fact, name)}
    row = Case(id=fact.case, reported_at=event.occurred_at, put_by=event.actor, **fields)
    tx.put("cases", row, event.occurred_at)


def case_reclassified(fact: m.CaseReclassified, event: Event, tx: Transaction) -> None:
    known: Case = tx.find("cases", fact.case)
    tx.put("cases", msgspec.structs.replace(known, status=fact.status), event.occurred_at)


def count_key(source: str, hazard: str, area: str, day: date, status: str, found_in: str) -> str:
    return f"{source}|{hazard}|{area}|{day.isoformat()}|{status}|{found_in}"


def report_count(command: m.ReportCount, rows: Rows, context: Context) -> list[Draft]:
    if command.day > context.recorded_at.date():
        raise RefusedError(
            f"{command.day} has not come yet", "mend the day of this row", code="time_in_future"
        )
    key = count_key(
        command.source, command.hazard, command.area, command.day, command.status, command.found_in
    )
    known: CountRow | None = rows.find("counts", key)
    before = known.count if known else 0
    if known and before == command.count:
        raise ConflictError(
            "this count is already known", "nothing was changed", code="already_reported"
        )
    fields = {
        name: getattr(command, name)
        for name in m.CountReported.__struct_fields__
        if name != "before"
    }
    return [Draft(fact=m.CountReported(before=before, **fields), area=command.area)]


def count_reported(fact: m.CountReported, event: Event, tx: Transaction) -> None:
    key = count_key(fact.source, fact.hazard, fact.area, fact.day, fact.status, fact.found_in)
    row = CountRow(
        id=key,
        area=fact.area,
        hazard=fact.hazard,
        day=fact.day.isoformat(),
        status=fact.status,
        found_in=fact.found_in,
        source=fact.source,
        count=fact.count,
    )
    tx.put("counts", row, event.occurred_at)


def report_figures(command: m.ReportFigures, rows: Rows, context: Context) -> list[Draft]:
    fields = {name: getattr(command, name) for name in m.FiguresReported.__struct_fields__}
    return [Draft(fact=m.FiguresReported(**fields), area=command.area)]


def figures_reported(fact: m.FiguresReported, event: Event, tx: Transaction) -> None:
    day = fact.day.isoformat()
    row = Bulletin(
        id=f"{fact.source}|{fact.hazard}|{fact.area}|{day}",
        area=fact.area,
        hazard=fact.hazard,
        day=day,
        source=fact.source,
        figures=fact.figures,
    )
    tx.put("bulletins", row, event.occurred_at)


def report_place(command: m.ReportAffectedPlace, rows: Rows, context: Context) -> list[Draft]:
    fields = {name: getattr(command, name) for name in m.PlaceAffected.__struct_fields__}
    return [Draft(fact=m.PlaceAffected(**fields), area=command.area)]


def place_affected(fact: m.PlaceAffected, event: Event, tx: Transaction) -> None:
    known: AffectedPlace | None = tx.find("affected_places", fact.place)
    day = fact.day.isoformat()
    row = AffectedPlace(
        id=fact.place,
        area=fact.area,
        hazard=fact.hazard,
        name=fact.name,
        first_day=min(day, known.first_day) if known else day,
        last_day=max(day, known.last_day) if known else day,
        reports=(known.reports if known else 0) + 1,
        lon=fact.lon,
        lat=fact.lat,
    )
    tx.put("affected_places", row, event.occurred_at)


def report_hazard(command: m.ReportHazard, rows: Rows, context: Context) -> list[Draft]:
    fields = {name: getattr(command, name) for name in m.HazardReported.__struct_fields__}
    return [Draft(fact=m.HazardReported(**fields), area=command.area)]


def hazard_reported(fact: m.HazardReported, event: Event, tx: Transaction) -> None:
    """The report itself changes no row: the incident it opens or joins does."""


BEHAVIOUR = Behaviour(
    handlers={
        m.ReportCase: report_case,
        m.ReportCount: report_count,
        m.ReportAffectedPlace: report_place,
        m.ReportFigures: report_figures,
        m.ReportHazard: report_hazard,
    },
    appliers={
        m.CaseReported: case_reported,
        m.CaseReclassified: case_reclassified,
        m.CountReported: count_reported,
        m.PlaceAffected: place_affected,
        m.FiguresReported: figures_reported,
        m.HazardReported: hazard_reported,
    },
    tables=TABLES,
)
