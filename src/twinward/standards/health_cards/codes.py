"""The codes of a SMART Health Card: `shc:/` digits, in one piece or several, and card files."""

from __future__ import annotations

import re

from twinward.core.coding.texts import read_object
from twinward.core.errors import InputError

PREFIX = "shc:/"
OFFSET = 45  # the first character of a JWS is "-", 45 in ASCII
MOST_PARTS = 50
CHUNK = re.compile(r"shc:/(?:(\d{1,2})/(\d{1,2})/)?(\d+)")


class PartMissing(InputError):
    """One code of a card in several; the others must be scanned too."""

    code = "part_missing"


def read_code(text: str) -> str:
    """The JWS of one code, or of all the codes of a card, a line each."""
    parts: dict[int, str] = {}
    total = 0
    for line in text.split("\n"):
        found = CHUNK.fullmatch(line)
        if found is None:
            raise _bad("it is not shc:/ and digits")
        index, count, digits = int(found[1] or 1), int(found[2] or 1), found[3]
        if not 1 <= index <= count <= MOST_PARTS or (total and count != total):
            raise _bad(f"part {index} of {count} cannot be")
        if parts.get(index, digits) != digits:
            raise _bad(f"part {index} was scanned from two cards")
        parts[index], total = digits, count
    if len(parts) < total:
        missing = sorted(set(range(1, total + 1)) - set(parts))
        raise PartMissing(
            f"part {', '.join(map(str, missing))} of {total} is missing", "scan the other codes"
        )
    return "".join(_letters(parts[number]) for number in sorted(parts))


def _letters(digits: str) -> str:
    if len(digits) % 2:
        raise _bad("its digits are odd in number")
    values = [int(digits[at : at + 2]) for at in range(0, len(digits), 2)]
    if any(value + OFFSET > 122 for value in values):
        raise _bad("two digits stand for no letter")
    return "".join(chr(value + OFFSET) for value in values)


def write_code(token: str) -> str:
    """A card in one code."""
    return PREFIX + "".join(f"{ord(letter) - OFFSET:02}" for letter in token)


def read_card_file(data: bytes) -> list[str]:
    """The signed cards of a `.smart-health-card` file, or of FHIR Parameters that hold them."""
    found = read_object(data)
    cards = found.get("verifiableCredential")
    if found.get("resourceType") == "Parameters":
        rows = found.get("parameter")
        cards = [
            row.get("valueString")
            for row in (rows if isinstance(rows, list) else [])
            if isinstance(row, dict) and row.get("name") == "verifiableCredential"
        ]
    if not isinstance(cards, list) or not cards or not all(isinstance(one, str) for one in cards):
        raise _bad("the file has no verifiableCredential")
    return [str(one) for one in cards]


def _bad(why: str) -> InputError:
    return InputError(f"the code cannot be read: {why}", "scan it again", code="bad_code")
