"""Faults on record: what was set aside, open until it is answered or a person has seen to it."""

from __future__ import annotations

import msgspec

from twinward.core.messages import Draft, Event
from twinward.core.ports import Rows, Transaction
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.faults.rows import FAULTS, TABLES, Fault, fault_id
from twinward.twins.twin import Behaviour, Context


def set_aside(command: m.SetAside, rows: Rows, context: Context) -> list[Draft]:
    fact = m.FaultSetAside(reader=command.reader, about=command.about, code=command.code)
    return [Draft(fact=fact, area=command.area)]


def fault_set_aside(fact: m.FaultSetAside, event: Event, tx: Transaction) -> None:
    row = Fault(
        id=fault_id(fact.reader, fact.about),
        area=event.area,
        reader=fact.reader,
        about=fact.about,
        code=fact.code,
        at=event.recorded_at,
    )
    tx.put(FAULTS, row, event.recorded_at)


def record_mending(command: m.RecordMending, rows: Rows, context: Context) -> list[Draft]:
    fields = {name: getattr(command, name) for name in m.WorkspaceMended.__struct_fields__}
    return [Draft(fact=m.WorkspaceMended(**fields), area=command.area)]


def workspace_mended(fact: m.WorkspaceMended, event: Event, tx: Transaction) -> None:
    """What was answered at last, and what cannot be and was seen, is open no more."""
    for name in (*fact.answered, *fact.without_rows):
        row: Fault | None = tx.find(FAULTS, name)
        if row is not None:
            tx.put(FAULTS, msgspec.structs.replace(row, status="mended"), event.recorded_at)


BEHAVIOUR = Behaviour(
    handlers={m.SetAside: set_aside, m.RecordMending: record_mending},
    appliers={m.FaultSetAside: fault_set_aside, m.WorkspaceMended: workspace_mended},
    tables=TABLES,
)
