"""The life of an alert: draft, two approvals, alert, updates, and one end (cancel, all-clear or
time). Nothing follows an end but a new alert; an identifier is never used twice.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from twinward.core.errors import AbsentError, ConflictError, InputError, RefusedError
from twinward.core.messages import Draft, Event
from twinward.core.ports import Rows, Transaction
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.public_alerts.rows import PUBLIC_ALERTS, TABLES, PublicAlert
from twinward.twins.twin import Behaviour, Context

LONGEST = timedelta(days=14)
APPROVALS = 2
ENDED = {"update": "updated", "cancel": "cancelled", "all_clear": "all_clear"}


def get_alert(rows: Rows, alert: str) -> PublicAlert:
    found: PublicAlert | None = rows.find(PUBLIC_ALERTS, alert)
    if found is None:
        raise AbsentError(f"there is no alert {alert}", "list them with `twinward alert list`")
    return found


def draft_alert(command: m.DraftPublicAlert, rows: Rows, context: Context) -> list[Draft]:
    if rows.find(PUBLIC_ALERTS, command.alert) is not None:
        raise ConflictError(
            f"alert {command.alert} exists, and an identifier is never used twice",
            "give it one of its own",
            code="exists",
        )
    if not context.now < command.expires_at <= context.now + LONGEST:
        raise InputError(
            f"an alert expires after it is sent and within {LONGEST.days} days from now",
            "give a later --until, or a nearer one",
            code="bad_until",
        )
    languages = [text.language for text in command.texts]
    if len(set(languages)) < len(languages):
        raise InputError(
            f"the texts name a language twice: {', '.join(languages)}",
            "give one text for each language",
            code="bad_texts",
        )
    require_ring(command.polygon)
    chain = find_chain(command, rows, context)
    names = set(m.PublicAlertDrafted.__struct_fields__) - {"chain"}
    fields = {name: getattr(command, name) for name in names}
    return [Draft(fact=m.PublicAlertDrafted(chain=chain, **fields), area=command.area)]


def require_ring(polygon: tuple[tuple[float, float], ...]) -> None:
    """InputError unless it is empty, or closed with four points or more."""
    if polygon and (len(polygon) < 4 or polygon[0] != polygon[-1]):
        raise InputError(
            f"the polygon has {len(polygon)} points and is "
            f"{'closed' if polygon[0] == polygon[-1] else 'open'}",
            "give at least four points as lon, lat; the last is the first again",
            code="bad_polygon",
        )


def find_chain(command: m.DraftPublicAlert, rows: Rows, context: Context) -> str:
    """The chain that it begins or follows; ConflictError where it can follow none."""
    if command.step == "alert":
        if command.references:
            raise InputError(
                "an alert that begins a chain refers to none",
                "leave the references out, or make it an update",
                code="bad_references",
            )
        return command.alert
    if not command.references:
        raise InputError(
            f"a step {command.step} names what it refers to",
            "give the identifiers of the alerts that it follows",
            code="bad_references",
        )
    found = [require_sent(rows, one) for one in command.references]
    chains = sorted({row.chain for row in found})
    if len(chains) > 1:
        raise ConflictError(
            f"the references belong to {len(chains)} chains: {', '.join(chains)}",
            "write one for each chain",
            code="mixed_chains",
        )
    first = found[0]
    if first.status != command.status:
        raise ConflictError(
            f"the chain {chains[0]} has status {first.status}, not {command.status}",
            "an exercise follows exercises only",
            code="other_status",
        )
    require_open(rows, chains[0], context)
    require_standing(rows, command.step, command.references, context)
    return chains[0]


def require_sent(rows: Rows, alert: str) -> PublicAlert:
    found: PublicAlert | None = rows.find(PUBLIC_ALERTS, alert)
    if found is None or found.decided != "sent":
        said = "is unknown" if found is None else f"was never sent ({found.decided})"
        raise ConflictError(
            f"the reference {alert} {said}", "refer to alerts that went out", code="bad_references"
        )
    return found


def require_open(rows: Rows, chain: str, context: Context) -> None:
    """ConflictError unless a member of the chain is in force now."""
    states = {row.state_at(context.now): row for row in rows.list_rows(PUBLIC_ALERTS, chain=chain)}
    if "in_force" in states:
        return
    over = next((one for one in ("cancelled", "all_clear", "expired") if one in states), "ended")
    raise ConflictError(
        f"the chain {chain} is over ({over})",
        "nothing follows its end but a new alert",
        code="chain_over",
    )


def require_standing(rows: Rows, step: str, references: tuple[str, ...], context: Context) -> None:
    """ConflictError where another update has taken the place of all that an update refers to: two
    would stand side by side and say different things.
    """
    found = [require_sent(rows, one) for one in references]
    if step != "update" or any(row.state_at(context.now) == "in_force" for row in found):
        return
    by = next((row.ended_by for row in found if row.ended_by), "")
    raise ConflictError(
        f"alert {found[0].id} is {found[0].state_at(context.now)}" + (f" by {by}" if by else ""),
        "refer to what stands now",
        code="reference_over",
    )


def approve_alert(command: m.ApprovePublicAlert, rows: Rows, context: Context) -> list[Draft]:
    row = get_alert(rows, command.alert)
    state = row.state_at(context.now)
    if state != "draft":
        raise ConflictError(
            f"alert {row.id} is {state}", "only a draft is approved", code=f"alert_{state}"
        )
    if context.actor in row.approved_by:
        raise RefusedError(
            f"{context.actor} has approved it",
            "it takes another person",
            code="second_person_needed",
        )
    if row.step != "alert":
        require_open(rows, row.chain, context)
        require_standing(rows, row.step, row.references, context)
    drafts = [Draft(fact=m.PublicAlertApproved(alert=row.id), area=row.area)]
    approved = (*row.approved_by, context.actor)
    if len(approved) < APPROVALS:
        return drafts
    names = set(m.AlertTerms.__struct_fields__) - {"alert"}
    terms = {name: getattr(row, name) for name in names}
    fact = m.PublicAlertSent(
        alert=row.id, approved_by=approved, ends=list_in_force(rows, row, context), **terms
    )
    return [*drafts, Draft(fact=fact, area=row.area)]


def list_in_force(rows: Rows, row: PublicAlert, context: Context) -> tuple[str, ...]:
    """What a step ends: an update what it refers to, a cancel or all-clear the whole chain."""
    found = rows.list_rows(PUBLIC_ALERTS, chain=row.chain, decided="sent")
    return tuple(
        one.id
        for one in found
        if one.state_at(context.now) in ("in_force", "updated")
        and (row.step != "update" or one.id in row.references)
    )


def discard_alert(command: m.DiscardPublicAlert, rows: Rows, context: Context) -> list[Draft]:
    row = get_alert(rows, command.alert)
    if row.decided != "draft":
        raise ConflictError(
            f"alert {row.id} is {row.state_at(context.now)}",
            "what went out is cancelled, not discarded",
            code="alert_sent",
        )
    fact = m.PublicAlertDiscarded(alert=row.id, because=command.because)
    return [Draft(fact=fact, area=row.area)]


def alert_drafted(fact: m.PublicAlertDrafted, event: Event, tx: Transaction) -> None:
    names = set(m.PublicAlertDrafted.__struct_fields__) - {"alert"}
    row = PublicAlert(
        id=fact.alert,
        area=event.area,
        drafted_by=event.actor,
        drafted_at=event.recorded_at,
        **{name: getattr(fact, name) for name in names},
    )
    tx.put(PUBLIC_ALERTS, row, event.recorded_at)


def _put(tx: Transaction, event: Event, alert: str, **fields: object) -> None:
    row = msgspec.structs.replace(get_alert(tx, alert), **fields)
    tx.put(PUBLIC_ALERTS, row, event.recorded_at)


def alert_approved(fact: m.PublicAlertApproved, event: Event, tx: Transaction) -> None:
    known = get_alert(tx, fact.alert).approved_by
    _put(tx, event, fact.alert, approved_by=(*known, event.actor))


def alert_sent(fact: m.PublicAlertSent, event: Event, tx: Transaction) -> None:
    _put(tx, event, fact.alert, decided="sent", sent_at=event.recorded_at)
    for one in fact.ends:
        said = {"ended": ENDED[fact.step], "ended_by": fact.alert, "ended_at": event.recorded_at}
        _put(tx, event, one, **said)


def alert_discarded(fact: m.PublicAlertDiscarded, event: Event, tx: Transaction) -> None:
    _put(tx, event, fact.alert, decided="discarded", discarded_because=fact.because)


BEHAVIOUR = Behaviour(
    handlers={
        m.DraftPublicAlert: draft_alert,
        m.ApprovePublicAlert: approve_alert,
        m.DiscardPublicAlert: discard_alert,
    },
    appliers={
        m.PublicAlertDrafted: alert_drafted,
        m.PublicAlertApproved: alert_approved,
        m.PublicAlertSent: alert_sent,
        m.PublicAlertDiscarded: alert_discarded,
    },
    tables=TABLES,
)
