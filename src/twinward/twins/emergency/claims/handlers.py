"""Claims: recorded once for each document, judged once."""

from __future__ import annotations

import msgspec

from twinward.core.errors import AbsentError, ConflictError
from twinward.core.messages import Draft, Event
from twinward.core.ports import Rows, Transaction
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.claims.rows import CLAIM_TEXTS, CLAIMS, TABLES, Claim, ClaimText
from twinward.twins.twin import Behaviour, Context


def get_claim(rows: Rows, claim: str) -> Claim:
    found: Claim | None = rows.find(CLAIMS, claim)
    if found is None:
        raise AbsentError(f"there is no claim {claim}", "list them with `twinward intake list`")
    return found


def require_waiting(claim: Claim) -> None:
    if claim.status != "waiting":
        raise ConflictError(
            f"claim {claim.id} is {claim.status}", "nothing was changed", code="already_judged"
        )


def record_claim(command: m.RecordClaim, rows: Rows, context: Context) -> list[Draft]:
    if rows.find(CLAIMS, command.claim) is not None:
        raise ConflictError(
            f"claim {command.claim} is recorded", "nothing was changed", code="exists"
        )
    terms = msgspec.structs.replace(command.terms, span="")
    return [
        Draft(fact=m.ClaimRecorded(claim=command.claim, terms=terms), area=command.area),
        Draft(
            fact=m.ClaimTextNoted(claim=command.claim, span=command.terms.span),
            area=command.area,
            subject=command.claim,
        ),
    ]


def claim_recorded(fact: m.ClaimRecorded, event: Event, tx: Transaction) -> None:
    row = Claim(
        id=fact.claim,
        area=event.area,
        status="waiting",
        recorded_at=event.recorded_at,
        **msgspec.structs.asdict(fact.terms),
    )
    tx.put(CLAIMS, row, event.recorded_at)


def claim_text_noted(fact: m.ClaimTextNoted, event: Event, tx: Transaction) -> None:
    row = ClaimText(
        id=fact.claim,
        area=event.area,
        subject=fact.claim,
        span=fact.span,
        noted_at=event.recorded_at,
    )
    tx.put(CLAIM_TEXTS, row, event.recorded_at)


def text_of(rows: Rows, claim: Claim) -> str:
    """Its sentence; earlier releases kept it with the claim. Empty when it was deleted."""
    found: ClaimText | None = rows.find(CLAIM_TEXTS, claim.id)
    return claim.span if found is None else found.span


def accept_claim(command: m.AcceptClaim, rows: Rows, context: Context) -> list[Draft]:
    claim = get_claim(rows, command.claim)
    require_waiting(claim)
    area = command.area or claim.area
    quantity = claim.quantity if command.quantity is None else command.quantity
    at = command.happened_at or claim.happened_at
    changed = {
        "area": area != claim.area,
        "quantity": quantity != claim.quantity,
        "happened_at": at != claim.happened_at,
    }
    fact = m.ClaimAccepted(
        claim=claim.id,
        kind=claim.kind,
        file=claim.document,
        happened_at=at,
        quantity=quantity,
        unit=claim.unit,
        least=claim.least,
        becomes=claim.becomes,  # type: ignore[arg-type]
        hazard=claim.hazard,
        figure=claim.figure,
        span=text_of(rows, claim),
        corrected=tuple(name for name, is_so in changed.items() if is_so),
        rule=command.rule,
    )
    return [Draft(fact=fact, area=area)]


def claim_accepted(fact: m.ClaimAccepted, event: Event, tx: Transaction) -> None:
    row = msgspec.structs.replace(
        get_claim(tx, fact.claim),
        status="accepted",
        area=event.area,
        quantity=fact.quantity,
        happened_at=fact.happened_at,
        corrected=fact.corrected,
        judged_at=event.recorded_at,
        judged_by=f"rule {fact.rule}" if fact.rule else event.actor,
    )
    tx.put(CLAIMS, row, event.recorded_at)


def reject_claim(command: m.RejectClaim, rows: Rows, context: Context) -> list[Draft]:
    claim = get_claim(rows, command.claim)
    require_waiting(claim)
    fact = m.ClaimRejected(claim=claim.id, because=command.because)
    return [Draft(fact=fact, area=claim.area)]


def claim_rejected(fact: m.ClaimRejected, event: Event, tx: Transaction) -> None:
    row = msgspec.structs.replace(
        get_claim(tx, fact.claim),
        status="rejected",
        because=fact.because,
        judged_at=event.recorded_at,
        judged_by=event.actor,
    )
    tx.put(CLAIMS, row, event.recorded_at)
    text = tx.find(CLAIM_TEXTS, fact.claim)
    if text is not None:
        tx.put(CLAIM_TEXTS, msgspec.structs.replace(text, refused=True), event.recorded_at)


BEHAVIOUR = Behaviour(
    handlers={
        m.RecordClaim: record_claim,
        m.AcceptClaim: accept_claim,
        m.RejectClaim: reject_claim,
    },
    appliers={
        m.ClaimRecorded: claim_recorded,
        m.ClaimTextNoted: claim_text_noted,
        m.ClaimAccepted: claim_accepted,
        m.ClaimRejected: claim_rejected,
    },
    tables=TABLES,
)
