"""Devices and their orders: a claim is kept until a key was set, an order ends once and nothing
that comes too late changes it.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from twinward.core.errors import AbsentError, ConflictError, InputError, RefusedError
from twinward.core.messages import Draft, Event
from twinward.core.ports import Rows, Transaction
from twinward.twins.city.devices import messages as d
from twinward.twins.city.devices.rows import (
    DEVICE_ORDERS,
    DEVICES,
    OVER,
    TABLES,
    Device,
    DeviceKey,
    DeviceOrder,
)
from twinward.twins.twin import Behaviour, Context

LONGEST = timedelta(days=30)  # an order older than that is nobody's wish any more (ours)
AFTER = {
    "issued": ("sent", "delivered", "done", "refused"),
    "sent": ("delivered", "done", "refused"),
    "delivered": ("done", "refused"),
}


def get_device(rows: Rows, device: str) -> Device:
    found: Device | None = rows.find(DEVICES, device)
    if found is None:
        raise AbsentError(f"there is no device {device}", "list them with `twinward device list`")
    return found


def require_speaking(row: Device) -> None:
    if not row.may_speak():
        raise ConflictError(
            f"device {row.id} is {row.state}", "add a new one", code=f"device_{row.state}"
        )


def register(command: d.RegisterDevice, rows: Rows, context: Context) -> list[Draft]:
    require_free(rows, command.device)
    names = set(d.DeviceRegistered.__struct_fields__) - {"replaces"}
    fields = {name: getattr(command, name) for name in names}
    return [Draft(fact=d.DeviceRegistered(**fields), area=command.area)]


def require_free(rows: Rows, device: str) -> None:
    if rows.find(DEVICES, device) is not None:
        raise ConflictError(
            f"device {device} exists, also where it is revoked or replaced",
            "give the new one an id of its own",
            code="exists",
        )


def claim(command: d.ClaimDevice, rows: Rows, context: Context) -> list[Draft]:
    row = get_device(rows, command.device)
    require_speaking(row)
    if row.claim is None or row.claim != command.claim:
        raise RefusedError(
            f"device {row.id} has no such claim",
            "issue a new one with `twinward device rotate --claim`",
            code="wrong_claim",
        )
    return [Draft(fact=d.DeviceClaimed(device=row.id, key=command.key), area=row.area)]


def rotate(command: d.RotateDeviceKey, rows: Rows, context: Context) -> list[Draft]:
    row = get_device(rows, command.device)
    require_speaking(row)
    if (command.key is None) == (command.claim is None):
        raise InputError("give a key or a claim, one of the two", "", code="bad_key")
    fact = d.DeviceKeyRotated(
        device=row.id, key=command.key, claim=command.claim, old_until=command.old_until
    )
    return [Draft(fact=fact, area=row.area)]


def replace(command: d.ReplaceDevice, rows: Rows, context: Context) -> list[Draft]:
    row = get_device(rows, command.device)
    require_speaking(row)
    require_free(rows, command.by)
    names = ("edge", "profile", "place", "owner")
    new = d.DeviceRegistered(
        device=command.by,
        firmware="",
        calibrated_at=None,
        claim=command.claim,
        replaces=row.id,
        **{name: getattr(row, name) for name in names},
    )
    old = d.DeviceReplaced(device=row.id, by=command.by, because=command.because)
    return [Draft(fact=new, area=row.area), Draft(fact=old, area=row.area)]


def revoke(command: d.RevokeDevice, rows: Rows, context: Context) -> list[Draft]:
    row = get_device(rows, command.device)
    require_speaking(row)
    fact = d.DeviceRevoked(device=row.id, because=command.because)
    return [Draft(fact=fact, area=row.area)]


def wish(command: d.WishDeviceState, rows: Rows, context: Context) -> list[Draft]:
    row = get_device(rows, command.device)
    require_speaking(row)
    wanted = {k: v for k, v in (row.desired | command.desired).items() if v}
    if wanted == row.desired:
        raise ConflictError("that is wanted already", "nothing was changed", code="nothing_new")
    fact = d.DeviceStateWished(device=row.id, desired=wanted, version=row.desired_version + 1)
    return [Draft(fact=fact, area=row.area)]


def report(command: d.ReportDeviceState, rows: Rows, context: Context) -> list[Draft]:
    row = get_device(rows, command.device)
    if row.reported_at is not None and context.occurred_at < row.reported_at:
        raise ConflictError(
            f"device {row.id} has said something newer", "nothing was changed", code="nothing_new"
        )
    if row.reported == command.reported and row.reported_version == command.version:
        raise ConflictError("it has said so", "nothing was changed", code="nothing_new")
    fact = d.DeviceStateReported(device=row.id, reported=command.reported, version=command.version)
    return [Draft(fact=fact, area=row.area)]


# orders ---------------------------------------------------------------------------------------


def order(command: d.OrderDevice, rows: Rows, context: Context) -> list[Draft]:
    if rows.find(DEVICE_ORDERS, command.order) is not None:
        raise ConflictError(
            f"order {command.order} exists", "give it an id of its own", code="exists"
        )
    row = get_device(rows, command.device)
    require_speaking(row)
    if not context.now < command.expires_at <= context.now + LONGEST:
        raise InputError(
            f"an order ends after now and within {LONGEST.days} days",
            "give a later --until, or a nearer one",
            code="bad_until",
        )
    if command.supersedes:
        old = get_order(rows, command.supersedes)
        state = old.state_at(context.now)
        if old.device != row.id or state in (*OVER, "expired"):
            raise ConflictError(
                f"order {old.id} of {old.device} is {state}",
                "only an order to the same device that is still wanted is superseded",
                code="order_over",
            )
    names = d.DeviceOrderIssued.__struct_fields__
    fact = d.DeviceOrderIssued(**{name: getattr(command, name) for name in names})
    return [Draft(fact=fact, area=row.area)]


def get_order(rows: Rows, order: str) -> DeviceOrder:
    found: DeviceOrder | None = rows.find(DEVICE_ORDERS, order)
    if found is None:
        raise AbsentError(f"there is no order {order}", "list them with `twinward device orders`")
    return found


def note(command: d.NoteDeviceOrder, rows: Rows, context: Context) -> list[Draft]:
    row = get_order(rows, command.order)
    if command.device != row.device:
        raise ConflictError(
            f"order {row.id} went to {row.device}, not to {command.device}",
            "only the device that got it answers",
            code="wrong_device",
        )
    at = context.occurred_at
    if row.noted == command.state:
        raise ConflictError(f"order {row.id} is {row.noted}", "it was said", code="nothing_new")
    ended = row.noted_at if row.noted in OVER else None
    in_time = at < row.expires_at and (row.noted != "superseded" or (ended and at < ended))
    # what was done before word of the end came is done all the same
    late_truth = row.noted == "superseded" and command.state in ("done", "refused")
    if not in_time or not (late_truth or command.state in AFTER.get(row.noted, ())):
        raise ConflictError(
            f"order {row.id} is {row.state_at(max(at, context.now))}",
            "what comes too late, or after an end, changes nothing",
            code="order_over",
        )
    fact = d.DeviceOrderNoted(
        order=row.id, device=row.device, state=command.state, says=command.says
    )
    return [Draft(fact=fact, area=row.area)]


# rows -----------------------------------------------------------------------------------------


def registered(fact: d.DeviceRegistered, event: Event, tx: Transaction) -> None:
    names = set(d.DeviceRegistered.__struct_fields__) - {"device"}
    row = Device(
        id=fact.device,
        area=event.area,
        state="registered",
        registered_at=event.recorded_at,
        **{name: getattr(fact, name) for name in names},
    )
    tx.put(DEVICES, row, event.recorded_at)


def _put(tx: Transaction, event: Event, device: str, **fields: object) -> None:
    row = msgspec.structs.replace(get_device(tx, device), **fields)
    tx.put(DEVICES, row, event.recorded_at)


def claimed(fact: d.DeviceClaimed, event: Event, tx: Transaction) -> None:
    key = DeviceKey(sha256=fact.key)
    _put(tx, event, fact.device, state="active", claim=None, keys=(key,))


def rotated(fact: d.DeviceKeyRotated, event: Event, tx: Transaction) -> None:
    row = get_device(tx, fact.device)
    if fact.claim is not None:
        _put(tx, event, fact.device, claim=fact.claim)
        return
    kept = [
        DeviceKey(sha256=key.sha256, until=min(key.until or fact.old_until, fact.old_until))
        for key in row.keys
    ]
    new = DeviceKey(sha256=fact.key or "")
    _put(tx, event, fact.device, state="active", keys=(*kept[-1:], new))


def replaced(fact: d.DeviceReplaced, event: Event, tx: Transaction) -> None:
    _put(tx, event, fact.device, state="replaced", replaced_by=fact.by, because=fact.because)


def revoked(fact: d.DeviceRevoked, event: Event, tx: Transaction) -> None:
    _put(tx, event, fact.device, state="revoked", because=fact.because, keys=(), claim=None)


def wished(fact: d.DeviceStateWished, event: Event, tx: Transaction) -> None:
    _put(tx, event, fact.device, desired=fact.desired, desired_version=fact.version)


def reported(fact: d.DeviceStateReported, event: Event, tx: Transaction) -> None:
    said = {"reported_version": fact.version, "reported_at": event.occurred_at}
    _put(tx, event, fact.device, reported=fact.reported, **said)


def ordered(fact: d.DeviceOrderIssued, event: Event, tx: Transaction) -> None:
    names = set(d.DeviceOrderIssued.__struct_fields__) - {"order"}
    row = DeviceOrder(
        id=fact.order,
        area=event.area,
        edge=get_device(tx, fact.device).edge,
        issued_by=event.actor,
        issued_at=event.recorded_at,
        **{name: getattr(fact, name) for name in names},
    )
    tx.put(DEVICE_ORDERS, row, event.recorded_at)
    if fact.supersedes:
        old = get_order(tx, fact.supersedes)
        ended = {"superseded_by": fact.order, "noted_at": event.recorded_at}
        row = msgspec.structs.replace(old, noted="superseded", **ended)
        tx.put(DEVICE_ORDERS, row, event.recorded_at)


def noted(fact: d.DeviceOrderNoted, event: Event, tx: Transaction) -> None:
    row = msgspec.structs.replace(
        get_order(tx, fact.order), noted=fact.state, says=fact.says, noted_at=event.occurred_at
    )
    tx.put(DEVICE_ORDERS, row, event.recorded_at)


BEHAVIOUR = Behaviour(
    handlers={
        d.RegisterDevice: register,
        d.ClaimDevice: claim,
        d.RotateDeviceKey: rotate,
        d.ReplaceDevice: replace,
        d.RevokeDevice: revoke,
        d.WishDeviceState: wish,
        d.ReportDeviceState: report,
        d.OrderDevice: order,
        d.NoteDeviceOrder: note,
    },
    appliers={
        d.DeviceRegistered: registered,
        d.DeviceClaimed: claimed,
        d.DeviceKeyRotated: rotated,
        d.DeviceReplaced: replaced,
        d.DeviceRevoked: revoked,
        d.DeviceStateWished: wished,
        d.DeviceStateReported: reported,
        d.DeviceOrderIssued: ordered,
        d.DeviceOrderNoted: noted,
    },
    tables=TABLES,
)
