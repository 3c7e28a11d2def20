"""A message of at most 200 bytes for when only a thin link is left: a text message, a satellite
burst, a radio modem. One message is one frame: what does not fit is refused, never cut.

Layout, big-endian: version and kind (1), priority (1), sequence (2), seconds since 2020 (4),
length of the sender's name (1), the name, the body, CRC-32 of all before it (4).
"""

from __future__ import annotations

import struct
import zlib
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec

from twinward.core.errors import InputError

MOST = 200
VERSION = 1
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
Kind = Literal["position", "telemetry", "man_down", "order", "report", "ack"]
KINDS: tuple[Kind, ...] = ("position", "telemetry", "man_down", "order", "report", "ack")
PRIORITY: dict[Kind, int] = {
    "man_down": 0,
    "ack": 1,
    "order": 2,
    "report": 3,
    "position": 4,
    "telemetry": 5,
}
HEAD, POINT, VALUES, CRC = struct.Struct(">BBHI"), struct.Struct(">ii"), struct.Struct(">BBhH"), 4
NONE8, NONE16 = 0xFF, 0xFFFF
DEGREE = 10_000_000
LEAST = HEAD.size + 2 + CRC
CAUSES = ("button", "fall", "no_motion", "heat", "pulse", "other")


class FieldMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message. `acknowledges` is of an ack: the sequence it answers, of sender `text`. A
    priority of 0 goes first.
    """

    kind: Kind
    sender: str
    seq: int
    at: datetime
    priority: int = -1
    lon: float | None = None
    lat: float | None = None
    battery: int | None = None
    pulse: int | None = None
    heat_c: float | None = None
    speed_m_s: float | None = None
    cause: str = ""
    text: str = ""
    acknowledges: int | None = None


def refuse(why: str, advice: str = "see docs/howto/responders.md") -> InputError:
    return InputError(f"a field message {why}", advice, code="bad_frame")


def encode(message: FieldMessage) -> bytes:
    """The frame; InputError `bad_frame` for what does not fit into 200 bytes."""
    sender = message.sender.encode()
    seconds = int((message.at - EPOCH).total_seconds())
    if not 1 <= len(sender) <= 24:
        raise refuse("needs a sender of 1 to 24 bytes")
    if not 0 <= message.seq <= 0xFFFF or not 0 <= seconds <= 0xFFFFFFFF:
        raise refuse("has a sequence or a time out of range")
    priority = PRIORITY[message.kind] if message.priority < 0 else message.priority
    if priority > 9:
        raise refuse("has a priority of 0 to 9")
    head = HEAD.pack(VERSION << 4 | KINDS.index(message.kind), priority, message.seq, seconds)
    plain = head + bytes([len(sender)]) + sender + body_of(message)
    frame = plain + zlib.crc32(plain).to_bytes(CRC, "big")
    if len(frame) > MOST:
        raise refuse(f"of {len(frame)} bytes does not fit into {MOST}", "say it in fewer words")
    return frame


def body_of(message: FieldMessage) -> bytes:
    if message.kind == "ack":
        if message.acknowledges is None:
            raise refuse("of acknowledgement names none")
        return struct.pack(">H", message.acknowledges) + message.text.encode()
    body = b""
    if message.kind in ("position", "telemetry", "man_down"):
        if message.lon is None or message.lat is None:
            raise refuse("has no position")
        if not (-180 <= message.lon <= 180 and -90 <= message.lat <= 90):
            raise refuse("has a position that is not on earth")
        body += POINT.pack(round(message.lon * DEGREE), round(message.lat * DEGREE))
        heat = NONE16 - 0x8000 if message.heat_c is None else round(message.heat_c * 10)
        speed = NONE16 if message.speed_m_s is None else round(message.speed_m_s * 100)
        try:
            body += VALUES.pack(
                NONE8 if message.battery is None else message.battery,
                NONE8 if message.pulse is None else message.pulse,
                heat,
                speed,
            )
        except struct.error as error:
            raise refuse("has a value out of range") from error
    if message.kind == "man_down":
        if message.cause not in CAUSES:
            raise refuse(f"has the cause {message.cause!r}", f"one of {', '.join(CAUSES)}")
        body += bytes([CAUSES.index(message.cause)])
    return body + message.text.encode()


def decode(frame: bytes) -> FieldMessage:
    """The message; InputError `bad_frame` for a fragment, a changed bit, another version."""
    if not LEAST < len(frame) <= MOST:
        raise refuse(f"of {len(frame)} bytes is none")
    plain, told = frame[:-CRC], int.from_bytes(frame[-CRC:], "big")
    if zlib.crc32(plain) != told:
        raise refuse("is a fragment or was changed on the way", "ask for it again")
    first, priority, seq, seconds = HEAD.unpack_from(plain)
    if first >> 4 != VERSION or first & 15 >= len(KINDS) or priority > 9:
        raise refuse("is of another version")
    kind = KINDS[first & 15]
    length = plain[HEAD.size]
    at = HEAD.size + 1 + length
    if not 1 <= length <= 24 or at > len(plain):
        raise refuse("has no sender")
    try:
        fields = read_body(kind, plain[at:])
        return FieldMessage(
            kind=kind,
            sender=plain[HEAD.size + 1 : at].decode(),
            seq=seq,
            at=EPOCH + timedelta(seconds=seconds),
            priority=priority,
            **fields,  # type: ignore[arg-type]
        )
    except (struct.error, UnicodeDecodeError, IndexError) as error:
        raise refuse("has a body that cannot be read") from error


def read_body(kind: Kind, body: bytes) -> dict[str, object]:
    if kind == "ack":
        return {"acknowledges": struct.unpack_from(">H", body)[0], "text": body[2:].decode()}
    if kind not in ("position", "telemetry", "man_down"):
        return {"text": body.decode()}
    lon, lat = (part / DEGREE for part in POINT.unpack_from(body))
    battery, pulse, heat, speed = VALUES.unpack_from(body, POINT.size)
    found: dict[str, object] = {
        "lon": lon,
        "lat": lat,
        "battery": None if battery == NONE8 else battery,
        "pulse": None if pulse == NONE8 else pulse,
        "heat_c": None if heat == NONE16 - 0x8000 else heat / 10,
        "speed_m_s": None if speed == NONE16 else speed / 100,
    }
    rest = body[POINT.size + VALUES.size :]
    if kind == "man_down":
        found["cause"] = CAUSES[rest[0]]
        rest = rest[1:]
    return found | {"text": rest.decode()}
