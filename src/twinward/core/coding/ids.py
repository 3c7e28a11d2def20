"""Ids in hexadecimal digits that nobody, and no masking, takes for a telephone's or a document's
number: none holds nine decimal digits in a row.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterator

LIKE_A_NUMBER = re.compile(r"[0-9]{9}")


def random_id(digits: int) -> str:
    """`digits` (even) hexadecimal digits that nobody can guess."""
    return _first_plain(iter(lambda: secrets.token_hex(digits // 2), ""))


def digest_id(content: bytes, digits: int) -> str:
    """`digits` (at most 64) hexadecimal digits of the SHA-256 of `content`: the same in every
    process. Where those look like a number, of its digest's digest, and so on.
    """
    return _first_plain(one[:digits] for one in _digests(content))


def _digests(content: bytes) -> Iterator[str]:
    while True:
        content = hashlib.sha256(content).digest()
        yield content.hex()


def _first_plain(drawn: Iterator[str]) -> str:
    return next(one for one in drawn if not LIKE_A_NUMBER.search(one))
