"""base45 (RFC 9285): bytes as the letters that a QR code packs best."""

from __future__ import annotations

from twinward.core.errors import InputError

LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
VALUE = {letter: number for number, letter in enumerate(LETTERS)}
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
    try:
        values = [VALUE[letter] for letter in text]
    except KeyError as error:
        raise _bad(f"{error.args[0]!r} is not one of its letters") from error
    found = bytearray()
    for at in range(0, len(values) - 2, 3):
        number = values[at] + 45 * values[at + 1] + 2025 * values[at + 2]
        if number > 0xFFFF:
            raise _bad("three letters make more than two bytes")
        found += number.to_bytes(2, "big")
    if len(values) % 3 == 2:
        number = values[-2] + 45 * values[-1]
        if number > 0xFF:
            raise _bad("two letters make more than a byte")
        found.append(number)
    return bytes(found)


def _bad(why: str) -> InputError:
    return InputError(f"the base45 cannot be read: {why}", "scan it again", code="bad_base45")
