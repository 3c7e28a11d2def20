"""The keys in memory are found like those of a plain dictionary, and take a tenth of its place."""

from __future__ import annotations

import random
import tracemalloc
from datetime import date
from pathlib import Path

from twinward.security.privacy.key_table import KEY_BYTES, KeyTable, word_of_key
from twinward.security.privacy.keys import Keyring

DAY = date(2026, 11, 30)


def test_what_is_added_and_ended_is_what_a_dictionary_holds() -> None:
    chance = random.Random(3)
    table = KeyTable()
    plain: dict[tuple[str, int], list[bytes]] = {}
    for number in range(6_000):
        subject, day = f"p-{chance.randrange(400)}人", 700_000 + chance.randrange(5)
        if chance.random() < 0.2:
            table.end(subject, day)
            plain.pop((subject, day), None)
        else:
            key = number.to_bytes(KEY_BYTES, "big")
            table.add(subject, day, key)
            plain.setdefault((subject, day), []).append(key)
        if table.is_worn():
            table = table.anew()
    assert {(who, day): table.get(who, day) for who, day in plain} == plain
    assert sorted(table.items()) == sorted(
        (who, day, key) for (who, day), keys in plain.items() for key in keys
    )
    for (who, _), keys in plain.items():
        assert all(table.subject_of(word_of_key(key)) == who for key in keys)
        mine = {word_of_key(key) for (one, _), held in plain.items() if one == who for key in held}
        assert set(table.words_of(who)) == mine
    ended = word_of_key((6_001).to_bytes(KEY_BYTES, "big"))
    assert table.subject_of(ended) is None
    assert table.subject_of("k:no hex") is None
    assert table.get("p-nobody", 700_000) == []


def test_an_ended_key_leaves_no_bytes() -> None:
    table = KeyTable()
    table.add("p-1", 5, b"K" * KEY_BYTES)
    word = word_of_key(b"K" * KEY_BYTES)
    assert table.subject_of(word) == "p-1"
    table.end("p-1", 5)
    assert b"KK" not in bytes(table._keys)
    assert table.subject_of(word) is None
    assert b"p-1" not in bytes(table.anew()._texts)


def test_a_person_takes_few_bytes() -> None:
    chance = random.Random(4)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    table = KeyTable()
    for _ in range(20_000):
        table.add(f"p-{chance.getrandbits(80):020x}", 700_000, chance.randbytes(KEY_BYTES))
    table.subject_of("k:0")
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (after - before) / 20_000 < 130


def test_keys_of_what_was_refused_do_not_pile_up(tmp_path: Path) -> None:
    ring = Keyring(tmp_path / "k")
    ring.seal("kept", DAY, b"x")
    for number in range(5_000):
        ring.seal(f"refused-{number}", DAY, b"x")
        ring.drop(1)
    assert len(ring._keys._who) < 3_000
    assert ring.list_keys() == [("kept", DAY)]
