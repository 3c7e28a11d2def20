"""Ids of digits and letters that are read out, typed, and masked like everything that leaves."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import twinward
from twinward.core.coding.ids import digest_id, random_id
from twinward.security.privacy.scrubbing import scrub

SOURCE = Path(twinward.__file__).parent


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


def test_no_short_digest_that_leaves_in_an_answer_is_cut_by_hand() -> None:
    """Of 12 hexadecimal digits one in a thousand is taken for a telephone's number and hidden."""
    cut = re.compile(r"hexdigest\(\)\[:(?:9|1\d)\]|digest_size=[5-9]\)\.hexdigest")
    found = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if cut.search(path.read_text("utf-8"))
    }
    assert found <= {
        "edge/intake/training.py",  # of one bundled set of sentences, which holds no such run
        "service/console/basemap.py",  # a tag of HTTP, in no body
    }
