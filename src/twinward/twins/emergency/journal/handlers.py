"""The duty log: entries by hand, shifts handed over and taken over, alerts acknowledged."""

from __future__ import annotations

import msgspec

from twinward.core.errors import AbsentError, ConflictError
from twinward.core.messages import Draft, Event
from twinward.core.ports import Rows, Transaction
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.incidents.rows import INCIDENTS
from twinward.twins.emergency.journal.rows import (
    ALERTS_SEEN,
    SHIFTS,
    TABLES,
    AlertSeen,
    Shift,
    seen_key,
)
from twinward.twins.twin import Behaviour, Context


def write_journal(command: m.WriteJournal, rows: Rows, context: Context) -> list[Draft]:
    if command.incident is not None and rows.find(INCIDENTS, command.incident) is None:
        raise AbsentError(f"there is no incident {command.incident}", "list the incidents first")
    fact = m.JournalWritten(text=command.text)
    return [Draft(fact=fact, area=command.area, incident=command.incident)]


def journal_written(fact: m.JournalWritten, event: Event, tx: Transaction) -> None:
    """Nothing to keep beside the log."""


def hand_over_shift(command: m.HandOverShift, rows: Rows, context: Context) -> list[Draft]:
    if rows.find(SHIFTS, command.shift) is not None:
        raise ConflictError(f"shift {command.shift} exists", "give it another id", code="exists")
    fact = m.ShiftHandedOver(
        shift=command.shift,
        to=command.to,
        pending=command.pending,
        warnings=command.warnings,
    )
    return [Draft(fact=fact, area=command.area)]


def shift_handed_over(fact: m.ShiftHandedOver, event: Event, tx: Transaction) -> None:
    row = Shift(
        id=fact.shift,
        area=event.area,
        by=event.actor,
        to=fact.to,
        pending=fact.pending,
        warnings=fact.warnings,
        handed_at=event.recorded_at,
    )
    tx.put(SHIFTS, row, event.recorded_at)


def take_over_shift(command: m.TakeOverShift, rows: Rows, context: Context) -> list[Draft]:
    found: Shift | None = rows.find(SHIFTS, command.shift)
    if found is None:
        raise AbsentError(f"there is no shift {command.shift}", "list the hand-overs first")
    if found.taken_by:
        raise ConflictError(
            f"{found.taken_by} has taken shift {found.id} over", "hand it over anew", code="taken"
        )
    return [Draft(fact=m.ShiftTakenOver(shift=found.id), area=found.area)]


def shift_taken_over(fact: m.ShiftTakenOver, event: Event, tx: Transaction) -> None:
    row: Shift = tx.get(SHIFTS, fact.shift)
    taken = msgspec.structs.replace(row, taken_by=event.actor, taken_at=event.recorded_at)
    tx.put(SHIFTS, taken, event.recorded_at)


def acknowledge_alert(command: m.AcknowledgeAlert, rows: Rows, context: Context) -> list[Draft]:
    if rows.find(ALERTS_SEEN, seen_key(command.area, command.alert)) is not None:
        return []  # two officers press at once: the first has it
    return [Draft(fact=m.AlertAcknowledged(alert=command.alert), area=command.area)]


def alert_acknowledged(fact: m.AlertAcknowledged, event: Event, tx: Transaction) -> None:
    row = AlertSeen(
        id=seen_key(event.area, fact.alert),
        area=event.area,
        by=event.actor,
        seen_at=event.recorded_at,
    )
    tx.put(ALERTS_SEEN, row, event.recorded_at)


BEHAVIOUR = Behaviour(
    handlers={
        m.WriteJournal: write_journal,
        m.HandOverShift: hand_over_shift,
        m.TakeOverShift: take_over_shift,
        m.AcknowledgeAlert: acknowledge_alert,
    },
    appliers={
        m.JournalWritten: journal_written,
        m.ShiftHandedOver: shift_handed_over,
        m.ShiftTakenOver: shift_taken_over,
        m.AlertAcknowledged: alert_acknowledged,
    },
    tables=TABLES,
)
