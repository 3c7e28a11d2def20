"""Objections: a receipt at once, a clock, a provisional effect, another person decides."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from twinward.core.errors import AbsentError, ConflictError
from twinward.core.messages import Draft, Event
from twinward.core.ports import Rows, Transaction
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.approvals.handlers import require_another
from twinward.twins.emergency.passes.rows import OBJECTIONS, Objection
from twinward.twins.emergency.passes.statuses import change, get_status, require_state
from twinward.twins.twin import Context

CLOCK = timedelta(hours=24)
LATEST = timedelta(days=7)  # a paper that was received earlier than this counts from then
STAYS = "test_positive"  # a laboratory's result binds while it is looked at again


def get_objection(rows: Rows, objection: str) -> Objection:
    found: Objection | None = rows.find(OBJECTIONS, objection)
    if found is None:
        raise AbsentError(f"there is no objection {objection}", "see `twinward pass objections`")
    return found


def lodge_objection(command: m.LodgeObjection, rows: Rows, context: Context) -> list[Draft]:
    """Also against one that has ended: the record can be wrong after it binds nobody."""
    status = get_status(rows, command.status)
    require_state(status, context.now, "in_force", "under_review", "ended")
    pending = rows.list_rows(OBJECTIONS, status=status.id, decision="open")
    if pending:
        raise ConflictError(
            f"objection {pending[0].id} is open",
            f"its answer is due by {pending[0].due_at:%Y-%m-%d %H:%M} UTC",
            code="objected_before",
        )
    fact = m.ObjectionLodged(
        objection=command.objection,
        status=status.id,
        subject=status.subject,
        channel=command.channel,
        reason=command.reason,
        proxy=command.proxy,
        due_at=min(max(context.occurred_at, context.now - LATEST), context.now) + CLOCK,
        suspended=status.reason_code != STAYS,
    )
    return [Draft(fact=fact, area=status.area, subject=status.subject)]


def objection_lodged(fact: m.ObjectionLodged, event: Event, tx: Transaction) -> None:
    names = ("status", "subject", "channel", "reason", "proxy", "due_at", "suspended")
    row = Objection(
        id=fact.objection,
        area=event.area,
        lodged_at=event.recorded_at,
        lodged_by=event.actor,
        **{name: getattr(fact, name) for name in names},
    )
    tx.put(OBJECTIONS, row, event.recorded_at)
    change(
        tx,
        event,
        fact.status,
        objection=fact.objection,
        objection_due_at=fact.due_at,
        suspended=fact.suspended,
    )


def decide_objection(command: m.DecideObjection, rows: Rows, context: Context) -> list[Draft]:
    objection = get_objection(rows, command.objection)
    if objection.decision != "open":
        raise ConflictError(
            f"objection {objection.id} was {objection.decision}", "see its answer", code="decided"
        )
    status = get_status(rows, objection.status)
    require_another(context.actor, status.set_by, status.confirmed_by)
    fact = m.ObjectionDecided(
        objection=objection.id,
        status=status.id,
        subject=status.subject,
        upheld=command.upheld,
        because=command.because,
    )
    drafts = [Draft(fact=fact, area=status.area, subject=status.subject)]
    if command.upheld:
        lifted = m.StatusLifted(status=status.id, subject=status.subject, because=command.because)
        drafts.append(Draft(fact=lifted, area=status.area, subject=status.subject))
    return drafts


def objection_decided(fact: m.ObjectionDecided, event: Event, tx: Transaction) -> None:
    row = msgspec.structs.replace(
        get_objection(tx, fact.objection),
        decision="upheld" if fact.upheld else "rejected",
        decided_by=event.actor,
        decided_at=event.recorded_at,
        because=fact.because,
    )
    tx.put(OBJECTIONS, row, event.recorded_at)
    change(tx, event, fact.status, objection=None, suspended=False, objection_due_at=None)
