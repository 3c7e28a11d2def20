"""The hash chain over the log: each entry's hash covers the one before and every field that is
stored.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

import msgspec

GENESIS = bytes(32)
_encode = msgspec.msgpack.Encoder().encode


def link(previous: bytes, fields: tuple[object, ...]) -> bytes:
    """The hash of one entry. `fields` are those of EVENT_FIELDS in their order; the body is what
    is stored (sealed).
    """
    return blake2b(previous + _encode(fields), digest_size=32).digest()


class ChainCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What a verification found: how many entries there are, and the place of the first that
    does not fit.
    """

    entries: int
    ok: bool
    first_bad: int | None
    head: str = ""
    drill: str = ""  # the id of the drill whose log it is


def check_links(
    rows: Iterable[tuple[object, ...]], previous: bytes, first_seq: int
) -> tuple[int, int | None, bytes]:
    """Entries that fit, the place of the first that does not, and the last good hash.

    `rows` are the fields of EVENT_FIELDS and then the stored hash.
    """
    seq = first_seq
    encode = _encode
    for row in rows:
        expected = blake2b(previous + encode(row[:-1]), digest_size=32).digest()
        if row[0] != seq or expected != row[-1]:
            return seq - first_seq, seq, previous
        previous = expected
        seq += 1
    return seq - first_seq, None, previous
