"""Changes of a person's life: proposed by one, confirmed by another, ended by time or by an
appeal.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from twinward.core.errors import AbsentError, ConflictError, InputError, RefusedError
from twinward.core.messages import Draft, Event
from twinward.core.ports import Rows, Transaction
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.approvals.rows import CHANGES, TABLES, Change, list_key
from twinward.twins.twin import Behaviour, Context

PROPOSAL_LASTS = timedelta(hours=24)
APPEAL_TAKES = timedelta(hours=48)
LONGEST = timedelta(days=30)
BULK_LASTS = timedelta(hours=1)


def get_change(rows: Rows, change: str) -> Change:
    found: Change | None = rows.find(CHANGES, change)
    if found is None:
        raise AbsentError(f"there is no change {change}", "list them with `twinward change list`")
    return found


def require_state(change: Change, at: datetime, *wanted: str) -> None:
    state = change.state_at(at)
    if state not in wanted:
        raise ConflictError(
            f"change {change.id} is {state}".replace("_", " "),
            f"this can be done only to a change that is {' or '.join(wanted)}".replace("_", " "),
            code=state,
        )


def propose_change(command: m.ProposeChange, rows: Rows, context: Context) -> list[Draft]:
    if rows.find(CHANGES, command.change) is not None:
        raise ConflictError(f"change {command.change} exists", "give it another id", code="exists")
    if not context.now < command.until <= context.now + LONGEST:
        raise InputError(
            f"a change ends within {LONGEST.days} days from now",
            "say until when; propose it again then",
            code="bad_until",
        )
    if (command.kind == "bulk_opening") != bool(command.subjects):
        raise InputError(
            "a bulk opening, and only it, names many persons", "give --subjects", code="bad_change"
        )
    if command.kind in ("status", "quarantine_order") and command.subject is None:
        raise InputError(f"a {command.kind} is about a person", "give --subject", code="no_subject")
    until = command.until
    if command.kind == "bulk_opening":
        until = min(until, context.now + PROPOSAL_LASTS + BULK_LASTS)
    names = (
        "change",
        "kind",
        "subject",
        "subjects",
        "thing",
        "value",
        "linked",
        "how",
        "reason",
        "basis",
        "details",
    )
    fields = {name: getattr(command, name) for name in names}
    fact = m.ChangeProposed(
        **fields, until=until, lapses_at=min(context.now + PROPOSAL_LASTS, until)
    )
    sealed_under = command.subject or (list_key(command.change) if command.subjects else None)
    return [Draft(fact=fact, area=command.area, subject=sealed_under)]


def change_proposed(fact: m.ChangeProposed, event: Event, tx: Transaction) -> None:
    fields = {name: getattr(fact, name) for name in Change.__struct_fields__ if hasattr(fact, name)}
    row = Change(
        id=fact.change,
        area=event.area,
        proposed_by=event.actor,
        proposed_at=event.recorded_at,
        status="proposed",
        **fields,
    )
    tx.put(CHANGES, row, event.recorded_at)


def confirm_change(command: m.ConfirmChange, rows: Rows, context: Context) -> list[Draft]:
    change = get_change(rows, command.change)
    require_state(change, context.now, "proposed")
    require_another(context.actor, change.proposed_by)
    fact = m.ChangeConfirmed(
        change=change.id,
        kind=change.kind,  # type: ignore[arg-type]
        proposed_by=change.proposed_by,
        subject=change.subject,
    )
    return [Draft(fact=fact, area=change.area, subject=change.subject)]


def require_another(actor: str, *others: str | None) -> None:
    """RefusedError when one person would be two."""
    if actor in others:
        raise RefusedError(
            f"{actor} has had a part in this already",
            "it takes another person",
            code="second_person_needed",
        )


def change_confirmed(fact: m.ChangeConfirmed, event: Event, tx: Transaction) -> None:
    _put(
        tx,
        event,
        fact.change,
        status="in_force",
        confirmed_by=event.actor,
        confirmed_at=event.recorded_at,
    )


def _put(tx: Transaction, event: Event, change: str, **fields: object) -> None:
    tx.put(CHANGES, msgspec.structs.replace(get_change(tx, change), **fields), event.recorded_at)


def refuse_change(command: m.RefuseChange, rows: Rows, context: Context) -> list[Draft]:
    change = get_change(rows, command.change)
    require_state(change, context.now, "proposed")
    fact = m.ChangeRefused(change=change.id, because=command.because, subject=change.subject)
    return [Draft(fact=fact, area=change.area, subject=change.subject)]


def change_refused(fact: m.ChangeRefused, event: Event, tx: Transaction) -> None:
    _put(tx, event, fact.change, status="refused", because=fact.because)


def lodge_appeal(command: m.LodgeAppeal, rows: Rows, context: Context) -> list[Draft]:
    change = get_change(rows, command.change)
    require_state(change, context.now, "in_force")
    if change.appeal_due_at is not None:
        raise ConflictError(
            "an appeal was decided before", "bring it before the court", code="appealed_before"
        )
    fact = m.AppealLodged(
        change=change.id,
        reason=command.reason,
        due_at=context.now + APPEAL_TAKES,
        subject=change.subject,
    )
    return [Draft(fact=fact, area=change.area, subject=change.subject)]


def appeal_lodged(fact: m.AppealLodged, event: Event, tx: Transaction) -> None:
    _put(tx, event, fact.change, status="appealed", appeal_due_at=fact.due_at)


def decide_appeal(command: m.DecideAppeal, rows: Rows, context: Context) -> list[Draft]:
    change = get_change(rows, command.change)
    require_state(change, context.now, "appealed")
    require_another(context.actor, change.proposed_by, change.confirmed_by)
    fact = m.AppealDecided(
        change=change.id, upheld=command.upheld, because=command.because, subject=change.subject
    )
    return [Draft(fact=fact, area=change.area, subject=change.subject)]


def appeal_decided(fact: m.AppealDecided, event: Event, tx: Transaction) -> None:
    _put(
        tx, event, fact.change, status="ended" if fact.upheld else "in_force", because=fact.because
    )


def use_change(command: m.UseChange, rows: Rows, context: Context) -> list[Draft]:
    change = get_change(rows, command.change)
    require_state(change, context.now, "in_force")
    if change.kind != "bulk_opening" or context.actor != change.proposed_by:
        raise RefusedError(f"{change.id} is not yours to use", "propose your own", code="not_yours")
    return [Draft(fact=m.ChangeUsed(change=change.id), area=change.area)]


def change_used(fact: m.ChangeUsed, event: Event, tx: Transaction) -> None:
    _put(tx, event, fact.change, status="used")


BEHAVIOUR = Behaviour(
    handlers={
        m.ProposeChange: propose_change,
        m.ConfirmChange: confirm_change,
        m.RefuseChange: refuse_change,
        m.LodgeAppeal: lodge_appeal,
        m.DecideAppeal: decide_appeal,
        m.UseChange: use_change,
    },
    appliers={
        m.ChangeProposed: change_proposed,
        m.ChangeConfirmed: change_confirmed,
        m.ChangeRefused: change_refused,
        m.AppealLodged: appeal_lodged,
        m.AppealDecided: appeal_decided,
        m.ChangeUsed: change_used,
    },
    tables=TABLES,
)
