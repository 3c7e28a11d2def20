"""Movement: a count replaces what its source said before, and nobody who arrived is lost from the
sum.
"""

from __future__ import annotations

from datetime import date

import msgspec

from twinward.core.errors import AbsentError, ConflictError, RefusedError
from twinward.core.messages import Draft, Event
from twinward.core.ports import Rows, Transaction
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.movement.rows import (
    ARRIVAL_GROUPS,
    PASSAGES,
    TABLES,
    ArrivalGroup,
    Passage,
    passage_id,
)
from twinward.twins.twin import Behaviour, Context

SAID = ("arrived", "departed", "vehicles", "checked", "from_risk_areas", "positive", "turned_back")


def require_come(day: date, context: Context) -> None:
    """RefusedError for a day that the city has not begun."""
    if day > context.day_of(context.recorded_at):
        raise RefusedError(
            f"{day} has not come yet", "mend the day of this row", code="time_in_future"
        )


def report_passage(command: m.ReportPassage, rows: Rows, context: Context) -> list[Draft]:
    require_come(command.day, context)
    known = rows.find(PASSAGES, passage_id(command.source, command.gate, command.day))
    if known is not None and all(getattr(known, name) == getattr(command, name) for name in SAID):
        raise ConflictError(
            "this passage is already known", "nothing was changed", code="already_reported"
        )
    fields = {name: getattr(command, name) for name in m.PassageReported.__struct_fields__}
    return [Draft(fact=m.PassageReported(**fields), area=command.area)]


def passage_reported(fact: m.PassageReported, event: Event, tx: Transaction) -> None:
    fields = {name: getattr(fact, name) for name in fact.__struct_fields__}
    row = Passage(
        id=passage_id(fact.source, fact.gate, fact.day),
        stated_at=event.occurred_at,
        **fields | {"day": fact.day.isoformat(), "name": fact.name or fact.gate},
    )
    tx.put(PASSAGES, row, event.occurred_at)


def report_arrivals(command: m.ReportArrivals, rows: Rows, context: Context) -> list[Draft]:
    require_come(command.day, context)
    known: ArrivalGroup | None = rows.find(ARRIVAL_GROUPS, command.group)
    accounted = 0
    if known is not None:
        require_same(known, command.area, command.hazard)
        accounted = known.accounted
        said = (known.arrived, known.day, known.origin, known.gate, known.quarantine_days)
        if said == (
            command.arrived,
            command.day.isoformat(),
            command.origin,
            command.gate,
            command.quarantine_days,
        ):
            raise ConflictError(
                "these arrivals are already known", "nothing was changed", code="already_reported"
            )
    require_conserved(command.group, command.arrived, accounted)
    names = [n for n in m.ArrivalsReported.__struct_fields__ if n != "unaccounted"]
    fact = m.ArrivalsReported(
        unaccounted=command.arrived - accounted, **{name: getattr(command, name) for name in names}
    )
    return [Draft(fact=fact, area=command.area)]


def require_same(known: ArrivalGroup, area: str, hazard: str | None = None) -> None:
    """ConflictError where another area answers for the group, or it is of another hazard."""
    if known.area != area or hazard not in (None, known.hazard):
        raise ConflictError(
            f"group {known.id} is of {known.hazard} and answered for by {known.area}",
            "name its area and hazard, or give another group an id of its own",
            code="other_group",
        )


def require_conserved(group: str, arrived: int, accounted: int) -> None:
    """ConflictError where more people would be accounted for than arrived."""
    if accounted > arrived:
        raise ConflictError(
            f"{accounted} people of group {group} are accounted for, but {arrived} arrived",
            "correct the number of the arrived or of the quarantine, whichever is wrong",
            code="more_than_arrived",
        )


def arrivals_reported(fact: m.ArrivalsReported, event: Event, tx: Transaction) -> None:
    known: ArrivalGroup | None = tx.find(ARRIVAL_GROUPS, fact.group)
    before = known or ArrivalGroup(
        id=fact.group,
        area=event.area,
        hazard=fact.hazard,
        day=fact.day.isoformat(),
        origin=fact.origin,
        gate=fact.gate,
        arrived=fact.arrived,
        arrived_at=event.occurred_at,
        stated_at=event.occurred_at,
    )
    row = msgspec.structs.replace(
        before,
        day=fact.day.isoformat(),
        origin=fact.origin,
        gate=fact.gate,
        arrived=fact.arrived,
        quarantine_days=fact.quarantine_days,
        alarmed=min(before.alarmed, fact.unaccounted),
        stated_at=event.occurred_at,
    )
    tx.put(ARRIVAL_GROUPS, row, event.occurred_at)


def report_quarantine(command: m.ReportQuarantine, rows: Rows, context: Context) -> list[Draft]:
    require_come(command.day, context)
    known = find_group(rows, command.group)
    require_same(known, command.area)
    day = command.day.isoformat()
    if day < known.day or day < (known.quarantined_day or ""):
        raise ConflictError(
            f"group {known.id} is known to be elsewhere since {known.quarantined_day or known.day}",
            "report where its people are now, not where they were",
            code="later_known",
        )
    said = (command.in_quarantine, command.released, command.handed_on, day)
    if said == (known.in_quarantine, known.released, known.handed_on, known.quarantined_day):
        raise ConflictError("this is already known", "nothing was changed", code="already_reported")
    accounted = command.in_quarantine + command.released + command.handed_on
    require_conserved(command.group, known.arrived, accounted)
    fact = m.QuarantineReported(
        group=known.id,
        hazard=known.hazard,
        day=command.day,
        in_quarantine=command.in_quarantine,
        released=command.released,
        handed_on=command.handed_on,
        source=command.source,
        unaccounted=known.arrived - accounted,
    )
    return [Draft(fact=fact, area=known.area)]


def find_group(rows: Rows, group: str) -> ArrivalGroup:
    known: ArrivalGroup | None = rows.find(ARRIVAL_GROUPS, group)
    if known is None:
        raise AbsentError(
            f"no group {group} has arrived", "report its arrival first", code="no_group"
        )
    return known


def quarantine_reported(fact: m.QuarantineReported, event: Event, tx: Transaction) -> None:
    known: ArrivalGroup = tx.get(ARRIVAL_GROUPS, fact.group)
    row = msgspec.structs.replace(
        known,
        in_quarantine=fact.in_quarantine,
        released=fact.released,
        handed_on=fact.handed_on,
        quarantined_day=fact.day.isoformat(),
        alarmed=min(known.alarmed, fact.unaccounted),
        stated_at=event.occurred_at,
    )
    tx.put(ARRIVAL_GROUPS, row, event.occurred_at)


def raise_unaccounted(command: m.RaiseUnaccounted, rows: Rows, context: Context) -> list[Draft]:
    known = find_group(rows, command.group)
    if known.unaccounted != command.unaccounted or known.alarmed >= command.unaccounted:
        raise ConflictError(
            f"group {known.id}: {known.unaccounted} unaccounted, {known.alarmed} told already",
            "nothing was changed",
            code="already_reported",
        )
    fact = m.ArrivalsUnaccounted(
        group=known.id,
        hazard=known.hazard,
        origin=known.origin,
        day=date.fromisoformat(known.day),
        arrived=known.arrived,
        unaccounted=known.unaccounted,
    )
    return [Draft(fact=fact, area=known.area)]


def arrivals_unaccounted(fact: m.ArrivalsUnaccounted, event: Event, tx: Transaction) -> None:
    known: ArrivalGroup = tx.get(ARRIVAL_GROUPS, fact.group)
    row = msgspec.structs.replace(known, alarmed=fact.unaccounted)
    tx.put(ARRIVAL_GROUPS, row, event.occurred_at)


BEHAVIOUR = Behaviour(
    handlers={
        m.ReportPassage: report_passage,
        m.ReportArrivals: report_arrivals,
        m.ReportQuarantine: report_quarantine,
        m.RaiseUnaccounted: raise_unaccounted,
    },
    appliers={
        m.PassageReported: passage_reported,
        m.ArrivalsReported: arrivals_reported,
        m.QuarantineReported: quarantine_reported,
        m.ArrivalsUnaccounted: arrivals_unaccounted,
    },
    tables=TABLES,
)
