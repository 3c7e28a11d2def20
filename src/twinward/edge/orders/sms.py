"""Short messages through the file spool of an SMS gateway (smstools: `outgoing`, `sent`,
`failed`).
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from twinward.edge.orders.outlet import OutletMessage, OutletReceipt

NUMBER = re.compile(r"\+?[0-9]{6,15}")
PART = 67  # UCS-2 units of each joined part; alone a message holds 70 (3GPP TS 23.038: 140 octets)
MOST_PARTS = 6


class SmsSpool:
    """`prefixes`: the numbers that may be written to (empty: all)."""

    def __init__(self, spool: Path, prefixes: tuple[str, ...] = ()) -> None:
        self.spool, self.prefixes = spool, prefixes

    def send(self, message: OutletMessage) -> OutletReceipt:
        number = normal_number(message.address)
        if number is None:
            return OutletReceipt(
                state="refused", says=f"{message.address!r} is no telephone number"
            )
        if self.prefixes and not number.startswith(self.prefixes):
            return OutletReceipt(
                state="refused", says="a number outside the prefixes of this outlet"
            )
        text = shorten(f"{message.subject}\n{message.text}", PART * MOST_PARTS)
        content = f"To: {number}\nAlphabet: UCS\n\n".encode("ascii") + text.encode("utf-16-be")
        folder = self.spool / "outgoing"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            # named by the key: a message that was written before is not written twice
            if self._find(message.key) is None:
                fresh = folder / f".{message.key}.new"
                with open(fresh, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(fresh, folder / message.key)
        except OSError as error:
            return OutletReceipt(state="failed", says=f"the spool: {error.strerror}", again=True)
        return OutletReceipt(state="sent", says="in the spool")

    def look_up(self, key: str) -> OutletReceipt | None:
        found = self._find(key)
        if found == "sent":
            return OutletReceipt(state="delivered", says="sent by the gateway")
        if found == "failed":
            return OutletReceipt(state="failed", says="the gateway could not send it")
        return None

    def _find(self, key: str) -> str | None:
        for name in ("sent", "failed", "outgoing", "checked"):
            if (self.spool / name / key).exists():
                return name
        return None


def normal_number(text: str) -> str | None:
    """Digits alone, with the country in front; None where it is no number."""
    digits = re.sub(r"[\s().-]", "", text)
    if digits.startswith("00"):
        digits = digits[2:]
    return digits.lstrip("+") if NUMBER.fullmatch(digits) else None


def shorten(text: str, most: int) -> str:
    """At most so many UCS-2 units, never half a character."""
    while len(text.encode("utf-16-be")) // 2 > most:
        text = text[: most - 1 if len(text) > most else len(text) - 2].rstrip() + "…"
    return text
