"""MQTT 3.1.1 and 5 on the wire: what a subscriber with QoS 1 writes, and bursts of bytes taken
apart.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Literal

import msgspec

from twinward.core.errors import InputError

Version = Literal["3.1.1", "5"]
CONNACK, PUBLISH, PUBACK, SUBACK, PINGRESP, DISCONNECT = 2, 3, 4, 9, 13, 14
PING = b"\xc0\x00"
GOODBYE = b"\xe0\x00"
RECEIVE_MAXIMUM, SESSION_EXPIRY = 0x21, 0x11  # properties
TOPIC_ALIAS = 0x23
MESSAGE_EXPIRY = 0x02
NEVER = 0xFFFFFFFF
MOST_TOPIC = 65_535
# bytes that a property of each kind takes; a negative number: that many texts of their own length
PROPERTY_BYTES = {
    **dict.fromkeys((0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2A), 1),
    **dict.fromkeys((0x13, 0x21, 0x22, 0x23), 2),
    **dict.fromkeys((0x02, 0x11, 0x18, 0x27), 4),
    **dict.fromkeys((0x03, 0x08, 0x09, 0x12, 0x15, 0x16, 0x1A, 0x1C, 0x1F), -1),
    0x26: -2,
}


class BadPacket(InputError):
    """What came is no MQTT; the connection cannot go on."""


class BrokerMessage(msgspec.Struct, frozen=True, gc=False):
    """A message of the broker. `payload` None: it was too large and was passed over."""

    topic: bytes
    payload: bytes | None
    mid: int  # 0 with QoS 0
    retained: bool
    again: bool  # the broker sent it before


class ControlPacket(msgspec.Struct, frozen=True, gc=False):
    """Any other packet, by its type."""

    kind: int
    body: bytes


def connect_packet(
    client: str,
    version: Version,
    *,
    keep_alive_s: int,
    most_under_way: int,
    username: str = "",
    password: str | None = None,
) -> bytes:
    """For a session that the broker keeps for as long as we are away."""
    flags = 0
    body = text(client)
    if username:
        flags |= 0x80
        body += text(username)
    if password is not None:
        flags |= 0x40
        body += text(password)
    properties = b""
    if version == "5":
        given = struct.pack(">BIBH", SESSION_EXPIRY, NEVER, RECEIVE_MAXIMUM, most_under_way)
        properties = bytes([len(given)]) + given
    level = 5 if version == "5" else 4
    head = text("MQTT") + struct.pack(">BBH", level, flags, keep_alive_s)
    return packet(0x10, head + properties + body)


def subscribe_packet(mid: int, filters: Iterable[str], version: Version) -> bytes:
    """At QoS 1."""
    head = struct.pack(">H", mid) + (b"\x00" if version == "5" else b"")
    return packet(0x82, head + b"".join(text(one) + b"\x01" for one in filters))


def publish_packet(
    mid: int, topic: str, payload: bytes, version: Version, *, expires_s: int = 0
) -> bytes:
    """At QoS 1. `expires_s` (version 5): the broker keeps it no longer for one who is away."""
    if not topic or "+" in topic or "#" in topic or len(topic.encode()) > MOST_TOPIC:
        raise InputError(f"{topic!r} is no topic to publish at", "name one", code="bad_topic")
    properties = b""
    if version == "5":
        given = struct.pack(">BI", MESSAGE_EXPIRY, expires_s) if expires_s else b""
        properties = bytes([len(given)]) + given
    return packet(0x32, text(topic) + struct.pack(">H", mid) + properties + payload)


def puback_packets(mids: Iterable[int]) -> bytes:
    """The same in both versions: a reason of success is left out."""
    return b"".join([b"\x40\x02" + mid.to_bytes(2, "big") for mid in mids])


def packet(first: int, body: bytes) -> bytes:
    length, size = len(body), bytearray()
    while True:
        length, part = length >> 7, length & 0x7F
        size.append(part | 0x80 if length else part)
        if not length:
            return bytes([first]) + bytes(size) + body


def text(words: str) -> bytes:
    raw = words.encode("utf-8")
    return struct.pack(">H", len(raw)) + raw


def varint(data: bytes, at: int) -> tuple[int, int]:
    """The number, and where it ends; IndexError where its end has not come yet."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 21:
            raise BadPacket("the broker sent a length that is none", code="bad_packet")


class PacketReader:
    """Takes bytes as they come and gives the packets that are whole. What is larger than
    `most_bytes` is passed over, so that it needs no memory, but is still told.
    """

    def __init__(self, version: Version, most_bytes: int) -> None:
        self.version, self.most_bytes = version, most_bytes
        self._rest = b""
        self._skip = 0

    def feed(self, data: bytes) -> list[BrokerMessage | ControlPacket]:
        if self._skip:
            passed = min(self._skip, len(data))
            self._skip -= passed
            data = data[passed:]
        if self._rest:
            data = self._rest + data
        found: list[BrokerMessage | ControlPacket] = []
        at, size = 0, len(data)
        while at + 2 <= size:
            first, start = data[at], at + 2
            length = data[at + 1]
            if length >= 0x80:
                try:
                    length, start = varint(data, at + 1)
                except IndexError:
                    break
            end = start + length
            if end > size:
                if length > self.most_bytes and self._pass_over(data, first, start, end, found):
                    at = size
                break
            if first >> 4 == PUBLISH:
                found.append(self._message(data, first, start, end))
            else:
                found.append(ControlPacket(first >> 4, data[start:end]))
            at = end
        self._rest = data[at:]
        return found

    def _message(self, data: bytes, first: int, start: int, end: int) -> BrokerMessage:
        try:
            at = start + 2 + (data[start] << 8) + data[start + 1]
            topic = data[start + 2 : at]
            mid = 0
            if first & 0x06:
                mid = (data[at] << 8) + data[at + 1]
                at += 2
            if self.version == "5":
                length = data[at]
                at += 1
                if length:
                    length, at = varint(data, at - 1)
                    at += length
        except IndexError:
            at = end + 1
        if at > end or not topic:
            raise BadPacket("the broker sent a message that is none", code="bad_packet")
        payload = data[at:end] if end - at <= self.most_bytes else None
        return BrokerMessage(topic, payload, mid, bool(first & 0x01), bool(first & 0x08))

    def _pass_over(
        self,
        data: bytes,
        first: int,
        start: int,
        end: int,
        found: list[BrokerMessage | ControlPacket],
    ) -> bool:
        """Whether enough has come to tell what is passed over."""
        if first >> 4 != PUBLISH:
            raise BadPacket("the broker sent a packet that is too large", code="bad_packet")
        head = start + 2 + MOST_TOPIC + 2
        if len(data) < min(head, end):
            return False
        after = start + 2 + (data[start] << 8) + data[start + 1]
        mid = (data[after] << 8) + data[after + 1] if first & 0x06 else 0
        topic = data[start + 2 : after]
        found.append(BrokerMessage(topic, None, mid, bool(first & 0x01), bool(first & 0x08)))
        self._skip = end - len(data)
        return True


def read_properties(body: bytes, at: int) -> dict[int, int]:
    """The properties of a packet that are numbers."""
    found: dict[int, int] = {}
    try:
        length, at = varint(body, at)
        end = at + length
        while at < end:
            name, at = varint(body, at)
            if name == 0x0B:
                found[name], at = varint(body, at)
                continue
            size = PROPERTY_BYTES[name]
            if size > 0:
                found[name] = int.from_bytes(body[at : at + size], "big")
                at += size
            for _ in range(-size):
                at += 2 + (body[at] << 8) + body[at + 1]
        if at != end or end > len(body):
            raise IndexError("they end elsewhere")
    except (IndexError, KeyError) as error:
        raise BadPacket("the broker sent properties that are none", code="bad_packet") from error
    return found
