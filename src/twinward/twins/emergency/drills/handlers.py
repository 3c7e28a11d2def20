"""Drills on record: when which plans were drilled, and how many targets were reached."""

from __future__ import annotations

from twinward.core.errors import ConflictError
from twinward.core.messages import Draft, Event
from twinward.core.ports import Rows, Transaction
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.drills.rows import DRILLS, TABLES, Drilled
from twinward.twins.twin import Behaviour, Context


def record_drill(command: m.RecordDrill, rows: Rows, context: Context) -> list[Draft]:
    if rows.find(DRILLS, command.drill) is not None:
        raise ConflictError(
            f"drill {command.drill} is on record", "each drill is recorded once", code="exists"
        )
    fact = m.DrillRecorded(
        drill=command.drill,
        title=command.title,
        plans=command.plans,
        played_at=command.played_at,
        reached=command.reached,
        judged=command.judged,
        by=command.by,
    )
    return [Draft(fact=fact, area=command.area)]


def drill_recorded(fact: m.DrillRecorded, event: Event, tx: Transaction) -> None:
    row = Drilled(
        id=fact.drill,
        area=event.area,
        title=fact.title,
        plans=fact.plans,
        played_at=fact.played_at,
        reached=fact.reached,
        judged=fact.judged,
        recorded_by=fact.by,
    )
    tx.put(DRILLS, row, event.occurred_at)


BEHAVIOUR = Behaviour(
    handlers={m.RecordDrill: record_drill},
    appliers={m.DrillRecorded: drill_recorded},
    tables=TABLES,
)
