"""One reading as a device sends it, checked against the device's profile, and as the centre will
get it.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec

from twinward.core.clock import from_us, parse_time, to_us
from twinward.core.coding.texts import without_constants
from twinward.core.errors import InputError, explain_decode_error
from twinward.edge.profiles import Lane, Profile, ReadingType
from twinward.edge.rules.units import conversion

# a clock that was never set starts at one of these: 1970 (Unix), 1980 (GPS, FAT), 2000 (many
# real-time clocks); nothing older than this product can be a reading
UNSET_BEFORE_US = to_us(parse_time("2020-01-01T00:00:00Z"))
MOST_BYTES = 1_000_000  # of a payload
MOST_ITEMS = 10_000
FAULTS = ("sensor_fault", "out_of_range")  # codes of what a sensor that does not work says
OWN_BOOT = "rule"  # of what the agent itself says, its alarms: no device may take their ids
Boot = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$")]


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """One item of `POST /v1/readings`, or one MQTT payload."""

    boot: Boot | Annotated[int, msgspec.Meta(ge=0, le=2**62)]
    seq: Annotated[int, msgspec.Meta(ge=0, le=2**62)]
    occurred_at: str
    value: float
    type: Annotated[str, msgspec.Meta(min_length=1, max_length=80)] = ""  # "": as the topic says
    unit: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    device: Annotated[str, msgspec.Meta(max_length=80)] = ""  # where a body names it too


class Reading(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A checked reading. Its identity is (device, boot, seq); `digest` tells another body."""

    device: str
    boot: str
    seq: int
    type: str
    occurred_us: int
    value: float
    unit: str | None
    lane: Lane
    digest: bytes
    area: str = ""  # where it was, when that is not where its device stands
    place: str = ""
    held: str = ""  # why it waits here and is not sent on: "unknown_device", "time_ahead", ...


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """One item that was not taken, by its place in the batch."""

    index: int
    code: str
    message: str


_item = msgspec.json.Decoder(Item)
_items = msgspec.json.Decoder(list[Item])
_raws = msgspec.json.Decoder(list[msgspec.Raw])


def split(payload: bytes) -> Sequence[Item | bytes | msgspec.Raw]:
    """The items of an MQTT payload: one, or a list; those that are none as they came, to be refused
    by themselves. InputError where it is no JSON.
    """
    if len(payload) > MOST_BYTES:
        raise InputError(f"a payload may have {MOST_BYTES:,} bytes", code="too_large")
    items: Sequence[Item | bytes | msgspec.Raw]
    payload = without_constants(payload)
    first = payload.lstrip(b" \t\r\n")[:1]
    try:
        try:
            items = _items.decode(payload) if first == b"[" else [_item.decode(payload)]
        except (msgspec.ValidationError, UnicodeError):
            told = msgspec.json.decode(payload, type=msgspec.Raw)  # whether it is JSON at all
            items = _raws.decode(told) if first == b"[" else [payload]
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise InputError(f"the payload is no JSON: {error}", code="bad_body") from error
    if len(items) > MOST_ITEMS:
        raise InputError(f"a payload may have {MOST_ITEMS:,} items", code="too_large")
    return items


def decode_item(raw: Item | bytes | msgspec.Raw, kind: str = "", device: str = "") -> Item:
    """The item, of the type `kind` where it names none; InputError with a code where it is none, or
    names another device than the one that it came from.
    """
    try:
        item = raw if isinstance(raw, Item) else _item.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(
            explain_decode_error(str(error)),
            "send {boot, seq, type, occurred_at, value, unit}",
            code="bad_field",
        ) from error
    if item.boot == OWN_BOOT:
        raise InputError(
            f"the boot {OWN_BOOT!r} is the agent's own", "name it otherwise", code="bad_id"
        )
    if item.device and item.device != device:
        raise InputError(
            f"the body names the device {item.device!r}, it came from {device!r}",
            "a device speaks for itself",
            code="wrong_device",
        )
    if item.type:
        return item
    if not kind:
        raise InputError(
            "the type is missing", "send {boot, seq, type, occurred_at, value}", code="bad_field"
        )
    return msgspec.structs.replace(item, type=kind)


def check_item(
    item: Item, device: str, profile: Profile | None, now_us: int, ahead_s: float
) -> Reading:
    """The reading, or InputError. Without a profile (an unknown device), or with a time that
    cannot be, it is held: kept, counted, and not sent on.
    """
    occurred_us = to_us(parse_time(item.occurred_at))
    held = ""
    if occurred_us > now_us + ahead_s * 1e6:
        held = "time_ahead"
    elif occurred_us < UNSET_BEFORE_US:
        held = "clock_not_set"
    value, unit, lane = item.value, item.unit, "bulk"
    if not math.isfinite(value):
        raise InputError(f"value is {value}", "send a number", code="bad_number")
    if profile is None:
        held = "unknown_device"
    else:
        quantity = profile.find(item.type)
        if quantity is None:
            raise InputError(
                f"a {profile.id} says nothing of the type {item.type!r}",
                f"it says: {', '.join(one.type for one in profile.quantities)}",
                code="unknown_type",
            )
        value = measured(value, unit, quantity)
        unit, lane = quantity.unit or None, quantity.lane
    return Reading(
        device=device,
        boot=str(item.boot),
        seq=item.seq,
        type=item.type,
        occurred_us=occurred_us,
        value=value,
        unit=unit,
        lane=lane,  # type: ignore[arg-type]
        digest=digest_of(item),
        held=held,
    )


def measured(value: float, unit: str | None, quantity: ReadingType) -> float:
    """The value in the profile's unit; InputError `sensor_fault` where it is no measurement."""
    if value in quantity.faults:
        raise InputError(
            f"{quantity.type} is {value:g}, which this sensor says when it does not work",
            "look after the sensor",
            code="sensor_fault",
        )
    if unit and unit != quantity.unit:
        way = conversion(unit, quantity.unit) if quantity.unit else None
        if way is None:
            raise InputError(
                f"{quantity.type} is in {unit!r}, the profile's unit is "
                f"{quantity.unit or 'none'!r}",
                "send that unit, or leave it out when the value is in it",
                code="bad_unit",
            )
        value = value * way[0] + way[1]
    if not quantity.least <= value <= quantity.most:
        raise InputError(
            f"{quantity.type} must be {quantity.least:g} to {quantity.most:g}, got {value:g}",
            "look after the sensor",
            code="out_of_range",
        )
    return value


def digest_of(item: Item) -> bytes:
    """What was sent, so that the same identity with another body is seen."""
    said = f"{item.type}\0{item.occurred_at}\0{item.value!r}\0{item.unit or ''}"
    return hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=8).digest()


class SentObservation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One item of the centre's `POST /v1/observations`."""

    source_id: str
    type: str
    occurred_at: datetime
    subject: str
    area: str = ""
    place: str = ""
    value: float
    unit: str | None = None


_encode = msgspec.json.Encoder().encode


def to_observation(reading: Reading, area: str, place: str) -> bytes:
    """The reading as the centre gets it."""
    return _encode(
        SentObservation(
            source_id=f"{reading.device}/{reading.boot}/{reading.seq}",
            type=reading.type,
            occurred_at=from_us(reading.occurred_us),
            subject=reading.device,
            area=area,
            place=place,
            value=reading.value,
            unit=reading.unit or None,
        )
    )
