"""Packets in both versions, however the bytes of them are cut apart."""

from __future__ import annotations

import struct

import pytest

from twinward.core.errors import InputError
from twinward.edge.mqtt.packets import (
    BadPacket,
    BrokerMessage,
    ControlPacket,
    PacketReader,
    Version,
    packet,
    publish_packet,
    read_properties,
    text,
)

MOST = 2000


def sent(version: Version) -> tuple[bytes, list[BrokerMessage | ControlPacket]]:
    """Packets on the wire, and what they say."""
    found: list[BrokerMessage | ControlPacket] = []
    raw = b""
    for mid, size in ((1, 0), (2, 5), (3, 100), (4, MOST), (65_535, 300)):
        raw += publish_packet(mid, f"a/ü{mid}", b"x" * size, version)
        found.append(BrokerMessage(f"a/ü{mid}".encode(), b"x" * size, mid, False, False))
        raw += b"\xd0\x00"
        found.append(ControlPacket(13, b""))
    nothing = b"\x00" if version == "5" else b""
    raw += packet(0x3B, text("again") + struct.pack(">H", 7) + nothing + b"1")
    found.append(BrokerMessage(b"again", b"1", 7, True, True))
    raw += packet(0x30, text("unsure") + nothing + b"2")
    found.append(BrokerMessage(b"unsure", b"2", 0, False, False))
    raw += publish_packet(8, "too/large", b"y" * 150_000, version)
    found.append(BrokerMessage(b"too/large", None, 8, False, False))
    raw += publish_packet(9, "after", b"z", version)
    found.append(BrokerMessage(b"after", b"z", 9, False, False))
    return raw, found


@pytest.mark.parametrize("version", ["3.1.1", "5"])
@pytest.mark.parametrize("piece", [1, 7, 100, 70_000, 10**6])
def test_packets_are_the_same_however_they_are_cut(version: Version, piece: int) -> None:
    raw, said = sent(version)
    if piece == 1:  # byte by byte, the first few
        raw, said = raw[:1500], said[:6]
    reader = PacketReader(version, MOST)
    found = [one for at in range(0, len(raw), piece) for one in reader.feed(raw[at : at + piece])]
    assert found == said


def test_properties_are_passed_over_and_read() -> None:
    user = b"\x26" + text("name") + text("value")
    properties = b"\x02" + struct.pack(">I", 60) + user * 20
    length = bytes([len(properties) % 128 | 0x80, len(properties) // 128])
    raw = packet(0x32, text("t") + struct.pack(">H", 5) + length + properties + b"body")
    assert PacketReader("5", MOST).feed(raw) == [BrokerMessage(b"t", b"body", 5, False, False)]
    assert read_properties(length + properties + b"\x99", 0) == {0x02: 60}
    assert read_properties(b"\x00\x03" + b"\x21\x00\x14", 1) == {0x21: 20}


@pytest.mark.parametrize(
    "raw",
    [
        b"\x32\xff\xff\xff\xff\x01" + b"a" * 20,  # a length that is none
        b"\x32\x03\x00\x50a",  # the topic is longer than the packet
        b"\x32\x02\x00\x00",  # no topic, no number
        b"\xb0\xff\xff\x7f" + b"a" * 70_000,  # no message, and large
    ],
)
def test_what_is_no_packet_ends_the_line(raw: bytes) -> None:
    with pytest.raises(BadPacket):
        PacketReader("3.1.1", MOST).feed(raw)


def test_a_property_that_is_none_is_refused() -> None:
    for body in (b"\x05\x99\x00\x00\x00\x00", b"\xff", b"\x02\x21"):
        with pytest.raises(BadPacket):
            read_properties(body, 0)


def test_one_publishes_at_a_topic_without_wildcards() -> None:
    for topic in ("", "a/+/b", "#", "a" * 70_000):
        with pytest.raises(InputError):
            publish_packet(1, topic, b"", "5")


def test_a_message_says_how_long_the_broker_keeps_it() -> None:
    (read,) = PacketReader("5", 1000).feed(publish_packet(7, "t", b"x", "5", expires_s=10))
    assert isinstance(read, BrokerMessage) and read.payload == b"x"
    told = publish_packet(7, "t", b"x", "5", expires_s=10)
    assert read_properties(told, 2 + 3 + 2) == {0x02: 10}
