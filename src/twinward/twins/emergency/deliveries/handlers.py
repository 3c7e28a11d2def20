"""Contactless deliveries: a parcel has one holder at a time, a code belongs to a place and a round,
and what a receipt says that cannot be is kept and shown, never dropped.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from twinward.core.errors import AbsentError, ConflictError, InputError
from twinward.core.messages import Draft, Event
from twinward.core.ports import Rows, Transaction
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.deliveries.messages import Remark
from twinward.twins.emergency.deliveries.rows import (
    HOLDERS,
    OPEN,
    PARCEL_RECEIVERS,
    PARCELS,
    RECEIPTS,
    TABLES,
    Holder,
    KeptReceipt,
    Parcel,
    ParcelReceiver,
)
from twinward.twins.twin import Behaviour, Context

LONGEST = timedelta(days=30)
STATUS = {"loaded": "loaded", "deposited": "deposited", "handed": "handed", "returned": "returned"}


def get_parcel(rows: Rows, parcel: str) -> Parcel:
    found: Parcel | None = rows.find(PARCELS, parcel)
    if found is None:
        raise AbsentError(f"there is no parcel {parcel}", "list them with `twinward delivery list`")
    return found


def get_holder(rows: Rows, holder: str) -> Holder:
    found: Holder | None = rows.find(HOLDERS, holder)
    if found is None:
        raise AbsentError(
            f"there is no holder {holder}", "register it with `twinward delivery holder add`"
        )
    return found


def require_open(parcel: Parcel) -> None:
    if parcel.status not in OPEN:
        raise ConflictError(
            f"parcel {parcel.id} is {parcel.status}", "send a new one", code="parcel_ended"
        )


def require_end(until: datetime, now: datetime) -> None:
    if not now < until <= now + LONGEST:
        raise InputError(
            f"a parcel ends after now and within {LONGEST.days} days",
            "give a nearer --until, or a later one",
            code="bad_until",
        )


def register_holder(command: m.RegisterHolder, rows: Rows, context: Context) -> list[Draft]:
    if command.kind == "cabinet" and not command.place:
        raise InputError("a cabinet stands somewhere", "give its place", code="missing_field")
    known: Holder | None = rows.find(HOLDERS, command.holder)
    if known is not None and known.area != command.area:
        raise ConflictError(
            f"holder {command.holder} is registered in {known.area}",
            "give it another id",
            code="exists",
        )
    fact = m.HolderRegistered(
        holder=command.holder,
        kind=command.kind,
        place=command.place,
        key=command.key,
        because=command.because,
    )
    return [Draft(fact=fact, area=command.area)]


def holder_registered(fact: m.HolderRegistered, event: Event, tx: Transaction) -> None:
    row = Holder(
        id=fact.holder,
        area=event.area,
        kind=fact.kind,
        place=fact.place,
        key=fact.key,
        registered_at=event.recorded_at,
        because=fact.because,
    )
    known: Holder | None = tx.find(HOLDERS, fact.holder)
    if known is not None and known.key == fact.key:
        row = msgspec.structs.replace(row, seq=known.seq, digest=known.digest)
    tx.put(HOLDERS, row, event.recorded_at)


def revoke_holder(command: m.RevokeHolder, rows: Rows, context: Context) -> list[Draft]:
    holder = get_holder(rows, command.holder)
    fact = m.HolderRevoked(holder=holder.id, because=command.because)
    return [Draft(fact=fact, area=holder.area)]


def holder_revoked(fact: m.HolderRevoked, event: Event, tx: Transaction) -> None:
    row = msgspec.structs.replace(get_holder(tx, fact.holder), revoked=True, because=fact.because)
    tx.put(HOLDERS, row, event.recorded_at)


def send_parcel(command: m.SendParcel, rows: Rows, context: Context) -> list[Draft]:
    if rows.find(PARCELS, command.parcel) is not None:
        raise ConflictError(
            f"parcel {command.parcel} exists", "give it a number of its own", code="exists"
        )
    require_end(command.expires_at, context.now)
    require_cabinet(rows, command.to, command.place)
    fact = m.ParcelSent(
        parcel=command.parcel,
        place=command.place,
        to=command.to,
        goods=command.goods,
        expires_at=command.expires_at,
    )
    noted = m.ParcelReceiverNoted(parcel=command.parcel, subject=command.subject)
    return [
        Draft(fact=fact, area=command.area),
        Draft(fact=noted, area=command.area, subject=command.subject),
    ]


def require_cabinet(rows: Rows, to: str, place: str) -> None:
    """AbsentError where no cabinet that works stands at the place."""
    if to == "cabinet" and not any(
        not one.revoked for one in rows.list_rows(HOLDERS, kind="cabinet", place=place)
    ):
        raise AbsentError(f"no cabinet stands at {place}", "see `twinward delivery holder list`")


def parcel_sent(fact: m.ParcelSent, event: Event, tx: Transaction) -> None:
    row = Parcel(
        id=fact.parcel,
        area=event.area,
        place=fact.place,
        to=fact.to,
        goods=fact.goods,
        status="waiting",
        holder="",
        round=1,
        sent_at=event.recorded_at,
        expires_at=fact.expires_at,
    )
    tx.put(PARCELS, row, event.recorded_at)


def parcel_receiver_noted(fact: m.ParcelReceiverNoted, event: Event, tx: Transaction) -> None:
    row = ParcelReceiver(
        id=fact.parcel, area=event.area, subject=fact.subject, noted_at=event.recorded_at
    )
    tx.put(PARCEL_RECEIVERS, row, event.recorded_at)


def move_parcel(command: m.MoveParcel, rows: Rows, context: Context) -> list[Draft]:
    parcel = get_parcel(rows, command.parcel)
    require_open(parcel)
    if (parcel.area, parcel.place, parcel.to) == (command.area, command.place, command.to):
        raise ConflictError(
            f"parcel {parcel.id} goes there already", "nothing was changed", code="exists"
        )
    require_cabinet(rows, command.to, command.place)
    fact = m.ParcelMoved(
        parcel=parcel.id,
        area=command.area,
        place=command.place,
        to=command.to,
        round=parcel.round + 1,
        because=command.because,
    )
    return [Draft(fact=fact, area=command.area)]


def parcel_moved(fact: m.ParcelMoved, event: Event, tx: Transaction) -> None:
    told = {"area": fact.area, "place": fact.place, "to": fact.to, "because": fact.because}
    _put(tx, event, fact.parcel, round=fact.round, locked=False, **told)


def renew_code(command: m.RenewCode, rows: Rows, context: Context) -> list[Draft]:
    parcel = get_parcel(rows, command.parcel)
    require_open(parcel)
    until = command.until or parcel.expires_at
    require_end(until, context.now)
    fact = m.CodeRenewed(
        parcel=parcel.id, round=parcel.round + 1, expires_at=until, because=command.because
    )
    return [Draft(fact=fact, area=parcel.area)]


def code_renewed(fact: m.CodeRenewed, event: Event, tx: Transaction) -> None:
    told = {"expires_at": fact.expires_at, "because": fact.because}
    _put(tx, event, fact.parcel, round=fact.round, locked=False, **told)


def show_code(command: m.ShowCode, rows: Rows, context: Context) -> list[Draft]:
    parcel = get_parcel(rows, command.parcel)
    require_open(parcel)
    fact = m.CodeShown(parcel=parcel.id, round=parcel.round, how=command.how)
    return [Draft(fact=fact, area=parcel.area)]


def code_shown(fact: m.CodeShown, event: Event, tx: Transaction) -> None:
    shown = get_parcel(tx, fact.parcel).shown + 1
    _put(tx, event, fact.parcel, shown=shown, shown_round=fact.round)


def cancel_parcel(command: m.CancelParcel, rows: Rows, context: Context) -> list[Draft]:
    parcel = get_parcel(rows, command.parcel)
    require_open(parcel)
    fact = m.ParcelCancelled(parcel=parcel.id, because=command.because)
    return [Draft(fact=fact, area=parcel.area)]


def parcel_cancelled(fact: m.ParcelCancelled, event: Event, tx: Transaction) -> None:
    _put(tx, event, fact.parcel, status="cancelled", because=fact.because)


def record_receipt(command: m.RecordReceipt, rows: Rows, context: Context) -> list[Draft]:
    """In the holder's order, each once: another receipt under a number that is known, or a gap,
    is refused.
    """
    holder = get_holder(rows, command.holder)
    known: KeptReceipt | None = rows.find(RECEIPTS, f"{holder.key[:8]}/{holder.id}/{command.seq}")
    if known is not None:
        if known.digest == command.digest:
            return []
        raise ConflictError(
            f"receipt {command.seq} of {holder.id} is known with other words",
            "look at the holder: two use its key, or its memory was copied",
            code="receipt_conflict",
        )
    if holder.revoked:
        raise ConflictError(
            f"holder {holder.id} was revoked", "register it anew", code="holder_revoked"
        )
    if command.seq != holder.seq + 1 or command.before != holder.digest:
        raise ConflictError(
            f"receipt {command.seq} of {holder.id} does not follow {holder.seq}",
            "send its receipts whole and in their order",
            code="receipt_gap",
        )
    parcel: Parcel | None = rows.find(PARCELS, command.parcel)
    names = set(m.ReceiptRecorded.__struct_fields__) - {"remark"}
    fact = m.ReceiptRecorded(
        **{name: getattr(command, name) for name in names}, remark=remark_on(command, parcel)
    )
    return [Draft(fact=fact, area=parcel.area if parcel else holder.area)]


def remark_on(receipt: m.RecordReceipt, parcel: Parcel | None) -> Remark:
    """What does not fit to what is known of the parcel."""
    if parcel is None:
        return "unknown"
    if receipt.kind == "handed":
        if parcel.status == "handed":
            return "twice"
        if parcel.holder != receipt.holder:
            return "not_holder"
        if receipt.round != parcel.round:
            return "old_code"
        if not receipt.proven:
            return "unproven"
        return "ended" if parcel.status == "cancelled" else ""
    if parcel.last_at is not None and receipt.at < parcel.last_at:
        return "late"
    if parcel.status in ("handed", "cancelled") and receipt.kind in ("loaded", "deposited"):
        return "ended"
    if receipt.kind == "deposited":
        return "" if receipt.place == parcel.place else "elsewhere"
    if receipt.kind != "loaded" and parcel.holder != receipt.holder:
        return "not_holder"
    return ""


def receipt_recorded(fact: m.ReceiptRecorded, event: Event, tx: Transaction) -> None:
    holder = get_holder(tx, fact.holder)
    names = set(KeptReceipt.__struct_fields__) - {"id", "area", "recorded_at"}
    row = KeptReceipt(
        id=f"{holder.key[:8]}/{holder.id}/{fact.seq}",
        area=event.area,
        recorded_at=event.recorded_at,
        **{name: getattr(fact, name) for name in names},
    )
    tx.put(RECEIPTS, row, event.recorded_at)
    heard = msgspec.structs.replace(
        holder, seq=fact.seq, digest=fact.digest, heard_at=event.recorded_at
    )
    tx.put(HOLDERS, heard, event.recorded_at)
    if fact.remark not in ("unknown", "late"):
        follow(fact, event, tx)


def follow(fact: m.ReceiptRecorded, event: Event, tx: Transaction) -> None:
    """The parcel as the receipt tells it. A second handing over changes nothing but the doubt."""
    parcel = get_parcel(tx, fact.parcel)
    changes: dict[str, object] = {"last_at": max(fact.at, parcel.last_at or fact.at)}
    if fact.remark:
        changes["disputed"] = fact.remark
    if fact.remark in ("twice", "ended"):
        _put(tx, event, parcel.id, **changes)
        return
    if fact.kind in STATUS:
        changes["status"] = STATUS[fact.kind]
    if fact.kind in ("loaded", "deposited"):
        changes["holder"] = fact.holder
    if fact.kind in ("withdrawn", "returned"):
        changes |= {"holder": "", "status": "returned"}
    if fact.kind == "handed":
        changes |= {"handed_at": fact.at, "photo_sha256": fact.photo_sha256, "locked": False}
    if fact.kind == "locked" and fact.round == parcel.round:
        changes["locked"] = True
    if fact.kind == "refused":
        changes["because"] = fact.because
    _put(tx, event, parcel.id, **changes)


def _put(tx: Transaction, event: Event, parcel: str, **fields: object) -> None:
    row = msgspec.structs.replace(get_parcel(tx, parcel), changed_at=event.recorded_at, **fields)
    tx.put(PARCELS, row, event.recorded_at)


BEHAVIOUR = Behaviour(
    handlers={
        m.RegisterHolder: register_holder,
        m.RevokeHolder: revoke_holder,
        m.SendParcel: send_parcel,
        m.MoveParcel: move_parcel,
        m.RenewCode: renew_code,
        m.ShowCode: show_code,
        m.CancelParcel: cancel_parcel,
        m.RecordReceipt: record_receipt,
    },
    appliers={
        m.HolderRegistered: holder_registered,
        m.HolderRevoked: holder_revoked,
        m.ParcelSent: parcel_sent,
        m.ParcelReceiverNoted: parcel_receiver_noted,
        m.ParcelMoved: parcel_moved,
        m.CodeRenewed: code_renewed,
        m.CodeShown: code_shown,
        m.ParcelCancelled: parcel_cancelled,
        m.ReceiptRecorded: receipt_recorded,
    },
    tables=TABLES,
)
