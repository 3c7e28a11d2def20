"""Identifiers: derived, never drawn, so that doing a thing again names it again."""

from __future__ import annotations

import hashlib

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32: no i, l, o, u


def derive_id(prefix: str, *parts: str | int) -> str:
    """`prefix-` and 16 characters (80 bits) that depend on all `parts` in their order."""
    text = "\x1f".join(str(part) for part in parts)
    number = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=10).digest(), "big")
    letters = "".join(ALPHABET[(number >> shift) & 31] for shift in range(75, -1, -5))
    return f"{prefix}-{letters}"
