"""Hand-overs of cases between jurisdictions: a case moves only when the other side has accepted
it.
"""

from __future__ import annotations

import msgspec

from twinward.core.errors import AbsentError, ConflictError
from twinward.core.messages import Draft, Event
from twinward.core.ports import Rows, Transaction
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.handovers.rows import HANDOVERS, TABLES, HandOver
from twinward.twins.emergency.reports.case_history import move_case
from twinward.twins.emergency.reports.rows import CASES, Case
from twinward.twins.twin import Behaviour, Context


def get_offer(rows: Rows, handover: str) -> HandOver:
    """The hand-over while it waits for an answer."""
    found: HandOver | None = rows.find(HANDOVERS, handover)
    if found is None:
        raise AbsentError(f"there is no hand-over {handover}", "look into the file of the case")
    if found.status != "offered":
        raise ConflictError(
            f"hand-over {handover} is {found.status}", "offer the case anew", code=found.status
        )
    return found


def hand_over(command: m.HandOverCase, rows: Rows, context: Context) -> list[Draft]:
    case: Case | None = rows.find(CASES, command.case)
    if case is None:
        raise AbsentError(f"there is no case {command.case}", "report the case first")
    if rows.find(HANDOVERS, command.handover) is not None:
        raise ConflictError(
            f"hand-over {command.handover} exists", "give it another id", code="exists"
        )
    if command.to_area == case.area:
        raise ConflictError(
            f"the case is in {case.area} already", "name another area", code="same_area"
        )
    earlier: list[HandOver] = rows.list_rows(HANDOVERS, case=command.case)
    if any(row.status == "offered" for row in earlier):
        raise ConflictError("the case is offered already", "wait for the answer", code="offered")
    if any(row.status == "refused" and row.area == command.to_area for row in earlier):
        raise ConflictError(
            f"{command.to_area} has refused this case",
            "bring it before the level above both areas",
            code="refused",
        )
    fact = m.CaseHandedOver(
        handover=command.handover,
        case=case.id,
        subject=case.subject,
        from_area=case.area,
        to_area=command.to_area,
        reason=command.reason,
    )
    return [Draft(fact=fact, area=command.to_area, subject=case.subject)]


def case_handed_over(fact: m.CaseHandedOver, event: Event, tx: Transaction) -> None:
    row = HandOver(
        id=fact.handover,
        case=fact.case,
        subject=fact.subject,
        area=fact.to_area,
        from_area=fact.from_area,
        reason=fact.reason,
        status="offered",
        offered_by=event.actor,
        offered_at=event.occurred_at,
    )
    tx.put(HANDOVERS, row, event.occurred_at)


def accept(command: m.AcceptHandOver, rows: Rows, context: Context) -> list[Draft]:
    offer = get_offer(rows, command.handover)
    fact = m.HandOverAccepted(handover=offer.id, case=offer.case, subject=offer.subject)
    return [Draft(fact=fact, area=offer.area, subject=offer.subject)]


def accepted(fact: m.HandOverAccepted, event: Event, tx: Transaction) -> None:
    offer = answer(tx, fact.handover, event, "accepted", None)
    case: Case = tx.get(CASES, fact.case)
    tx.put(CASES, move_case(case, offer.area, event.occurred_at), event.occurred_at)


def give_back(command: m.ReturnHandOver, rows: Rows, context: Context) -> list[Draft]:
    offer = get_offer(rows, command.handover)
    fact = m.HandOverReturned(
        handover=offer.id, case=offer.case, subject=offer.subject, because=command.because
    )
    return [Draft(fact=fact, area=offer.area, subject=offer.subject)]


def returned(fact: m.HandOverReturned, event: Event, tx: Transaction) -> None:
    answer(tx, fact.handover, event, "returned", fact.because)


def refuse(command: m.RefuseHandOver, rows: Rows, context: Context) -> list[Draft]:
    offer = get_offer(rows, command.handover)
    fact = m.HandOverRefused(
        handover=offer.id, case=offer.case, subject=offer.subject, because=command.because
    )
    return [Draft(fact=fact, area=offer.area, subject=offer.subject)]


def refused(fact: m.HandOverRefused, event: Event, tx: Transaction) -> None:
    answer(tx, fact.handover, event, "refused", fact.because)


def answer(
    tx: Transaction, handover: str, event: Event, status: str, because: str | None
) -> HandOver:
    offer: HandOver = tx.get(HANDOVERS, handover)
    row = msgspec.structs.replace(
        offer,
        status=status,
        because=because,
        answered_by=event.actor,
        answered_at=event.occurred_at,
    )
    tx.put(HANDOVERS, row, event.occurred_at)
    return row


BEHAVIOUR = Behaviour(
    handlers={
        m.HandOverCase: hand_over,
        m.AcceptHandOver: accept,
        m.ReturnHandOver: give_back,
        m.RefuseHandOver: refuse,
    },
    appliers={
        m.CaseHandedOver: case_handed_over,
        m.HandOverAccepted: accepted,
        m.HandOverReturned: returned,
        m.HandOverRefused: refused,
    },
    tables=TABLES,
)
