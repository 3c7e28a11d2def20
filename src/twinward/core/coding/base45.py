"""base45 (RFC 9285): bytes as the letters that a QR code packs best."""

from __future__ import annotations

import struct

from twinward.core.errors import InputError

LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
VALUE = {letter: number for number, letter in enumerate(LETTERS)}
NONE = 255
TABLE = bytes(VALUE.get(chr(number), NONE) for number in range(256))
MAX_LETTERS = 100_000


def encode(data: bytes) -> str:
    """Three letters for two bytes, two for a last single one."""
    found = []
    for at in range(0, len(data) - 1, 2):
        rest, low = divmod(data[at] << 8 | data[at + 1], 45)
        high, middle = divmod(rest, 45)
        found.append(LETTERS[low] + LETTERS[middle] + LETTERS[high])
    if len(data) % 2:
        high, low = divmod(data[-1], 45)
        found.append(LETTERS[low] + LETTERS[high])
    return "".join(found)


def decode(text: str) -> bytes:
    """InputError (`bad_base45`) for other letters, an impossible length or value."""
    if len(text) > MAX_LETTERS or len(text) % 3 == 1:
        raise _bad(f"{len(text):,} letters cannot be")
    values = text.encode("ascii", "replace").translate(TABLE)
    if NONE in values:
        wrong = next(letter for letter in text if letter not in VALUE)
        raise _bad(f"{wrong!r} is not one of its letters")
    whole = len(values) // 3 * 3
    parts = (values[at:whole:3] for at in range(3))
    numbers = [low + 45 * middle + 2025 * high for low, middle, high in zip(*parts, strict=True)]
    if numbers and max(numbers) > 0xFFFF:
        raise _bad("three letters make more than two bytes")
    found = struct.pack(f">{len(numbers)}H", *numbers)
    if len(values) % 3 == 2:
        number = values[-2] + 45 * values[-1]
        if number > 0xFF:
            raise _bad("two letters make more than a byte")
        found += bytes((number,))
    return found


def _bad(why: str) -> InputError:
    return InputError(f"the base45 cannot be read: {why}", "scan it again", code="bad_base45")
