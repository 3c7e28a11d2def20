"""CBOR (RFC 8949), strict: no duplicate keys, no trailing bytes, bounded depth and size."""

from __future__ import annotations

import math
import struct

import msgspec

from twinward.core.errors import InputError

MAX_DEPTH = 16
MAX_BYTES = 4 << 20
SHORT = tuple(bytes((number,)) for number in range(256))


class Tag(msgspec.Struct, frozen=True):
    """A tagged value: `number` says how to read `value`."""

    number: int
    value: object


def encode(value: object) -> bytes:
    """Deterministic CBOR (RFC 8949, 4.2.1): shortest lengths, map keys in byte order."""
    if isinstance(value, int) and not isinstance(value, bool):  # what nearly all values are, first
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, bytes):
        return _head(2, len(value)) + value
    if value is None or isinstance(value, bool):
        return {None: b"\xf6", False: b"\xf4", True: b"\xf5"}[value]
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, str):
        text = value.encode()
        return _head(3, len(text)) + text
    if isinstance(value, list | tuple):
        return _head(4, len(value)) + b"".join(map(encode, value))
    if isinstance(value, dict):
        items = sorted((encode(key), encode(one)) for key, one in value.items())
        return _head(5, len(items)) + b"".join(key + one for key, one in items)
    if isinstance(value, Tag):
        return _head(6, value.number) + encode(value.value)
    raise InputError(
        f"{type(value).__name__} has no CBOR form", "use plain values", code="bad_cbor"
    )


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return SHORT[major << 5 | number]
    if number < 256:
        return SHORT[major << 5 | 24] + SHORT[number]
    for code, form, limit in ((25, ">H", 1 << 16), (26, ">I", 1 << 32)):
        if number < limit:
            return bytes((major << 5 | code,)) + struct.pack(form, number)
    if number >= 1 << 64:
        raise InputError("a number above 64 bits has no CBOR form here", code="bad_cbor")
    return bytes((major << 5 | 27,)) + struct.pack(">Q", number)


def decode(data: bytes, *, deterministic: bool = False) -> object:
    """The one value that `data` is. `deterministic` also refuses every other spelling of it.

    InputError (`bad_cbor`) for anything else: duplicate keys, trailing bytes, more than 16 levels.
    """
    if len(data) > MAX_BYTES:
        raise _bad(f"{len(data):,} bytes, at most {MAX_BYTES:,}")
    reader = _Reader(data)
    try:
        value = reader.read(0)
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise _bad("it is cut off or has broken text") from error
    if reader.at != len(data):
        raise _bad(f"{len(data) - reader.at} bytes follow it")
    if deterministic and encode(value) != data:
        raise _bad("it is not in its deterministic form")
    return value


def _bad(why: str) -> InputError:
    return InputError(f"the CBOR cannot be read: {why}", "scan it again", code="bad_cbor")


class _Reader:
    """Walks over the bytes once."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, count: int) -> bytes:
        end = self.at + count
        if end > len(self.data):
            raise IndexError
        piece, self.at = self.data[self.at : end], end
        return piece

    def number(self, low: int) -> int | None:
        """The number of a head; None for an indefinite length."""
        if low < 24:
            return low
        if low < 28:
            return int.from_bytes(self.take(1 << (low - 24)), "big")
        if low == 31:
            return None
        raise _bad("it has a reserved length")

    def read(self, depth: int) -> object:
        if depth > MAX_DEPTH:
            raise _bad(f"it is nested deeper than {MAX_DEPTH}")
        first = self.take(1)[0]
        major, low = first >> 5, first & 31
        if major == 7:
            return self.simple(low)
        number = self.number(low)
        if major in (2, 3):
            piece = self.take(number) if number is not None else self.pieces(major)
            return piece if major == 2 else piece.decode()
        if major == 4:
            return self.items(number, depth)
        if major == 5:
            return self.pairs(number, depth)
        if number is None:
            raise _bad("a number has no indefinite length")
        if major == 6:
            return Tag(number, self.read(depth + 1))
        return number if major == 0 else -1 - number

    def simple(self, low: int) -> object:
        if low in (20, 21, 22):
            return {20: False, 21: True, 22: None}[low]
        if low in (25, 26, 27):
            form = {25: ">e", 26: ">f", 27: ">d"}[low]
            value = float(struct.unpack(form, self.take(struct.calcsize(form)))[0])
            if not math.isfinite(value):
                raise _bad("it has a number that is not finite")
            return value
        raise _bad("it has an unknown simple value")

    def ended(self) -> bool:
        """Whether the break of an indefinite length stands here; it is passed over."""
        if self.data[self.at] != 0xFF:
            return False
        self.at += 1
        return True

    def pieces(self, major: int) -> bytes:
        found = b""
        while not self.ended():
            first = self.take(1)[0]
            number = self.number(first & 31)
            if first >> 5 != major or number is None:
                raise _bad("a text in pieces has a piece of another kind")
            found += self.take(number)
        return found

    def items(self, number: int | None, depth: int) -> list[object]:
        if number is None:
            found = []
            while not self.ended():
                found.append(self.read(depth + 1))
            return found
        if number > len(self.data):
            raise IndexError
        return [self.read(depth + 1) for _ in range(number)]

    def pairs(self, number: int | None, depth: int) -> dict[object, object]:
        found: dict[object, object] = {}
        left = number
        while not self.ended() if left is None else left > 0:
            key = self.read(depth + 1)
            if isinstance(key, bool) or not isinstance(key, int | str | bytes):
                raise _bad("a key is neither number nor text")
            if key in found:
                raise _bad(f"the key {key!r} stands twice")
            found[key] = self.read(depth + 1)
            left = None if left is None else left - 1
        return found
