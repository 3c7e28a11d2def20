"""Ids of digits and letters that are read out, typed, and masked like everything that leaves."""

from __future__ import annotations

import hashlib

from twinward.core.coding.ids import digest_id, random_id
from twinward.security.privacy.scrubbing import scrub


def test_no_id_is_hidden_as_a_number() -> None:
    for number in range(20_000):
        for name in (f"batch-{random_id(10)}", f"f.{digest_id(str(number).encode(), 16)}"):
            assert scrub(name) == name


def test_an_id_of_content_is_its_sha256_unless_that_looks_like_a_number() -> None:
    plain = hashlib.sha256(b"a").hexdigest()
    assert digest_id(b"a", 24) == plain[:24]
    like = next(
        one
        for one in (str(number).encode() for number in range(100_000))
        if hashlib.sha256(one).hexdigest()[:10].isdigit()
    )
    again = hashlib.sha256(hashlib.sha256(like).digest()).hexdigest()
    assert digest_id(like, 16) == again[:16]
