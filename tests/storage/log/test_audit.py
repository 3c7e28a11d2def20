"""Whatever is done to the log behind its back is found, and at its place."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from twinward.core.errors import InputError
from twinward.storage.log.audit import export_chain, verify_chain, verify_file
from twinward.storage.log.store import SqlStore

ENTRIES = 12


def fill(store: SqlStore, words: Any, entries: int = ENTRIES) -> None:
    for number in range(entries):
        subject = "p-1" if number % 3 == 0 else None
        draft = words.opened(f"inc-{number}", subject=subject)
        store.write(
            lambda tx, n=number, d=draft: tx.append(words.ask(f"cmd-{n}"), [d], words.START)
        )


def meddle(store: SqlStore, *texts: str) -> None:
    connection = store.database.connect(write=True)
    for text in texts:
        connection.execute(text)
    connection.close()


def test_an_untouched_log_is_whole(store: Any, words: Any) -> None:
    assert verify_chain(store.database).ok
    fill(store, words)
    found = verify_chain(store.database)
    assert (found.entries, found.ok, found.first_bad) == (ENTRIES, True, None)
    part = verify_chain(store.database, 5, 8)
    assert (part.entries, part.ok) == (4, True)


@pytest.mark.parametrize(
    ("texts", "spot"),
    [
        (["UPDATE events SET area = '310102' WHERE seq = 5"], 5),
        (["UPDATE events SET cause = 'x' WHERE seq = 1"], 1),
        (["UPDATE events SET recorded_at = recorded_at + 1 WHERE seq = 12"], 12),
        (["DELETE FROM events WHERE seq = 7"], 7),
        (["DELETE FROM events WHERE seq = 12"], 12),
        (["DELETE FROM events WHERE seq > 9"], 10),
        (["DELETE FROM events WHERE seq = 4", "UPDATE events SET seq = 4 WHERE seq = 5"], 4),
        (
            [
                "UPDATE events SET seq = 100 WHERE seq = 6",
                "UPDATE events SET seq = 6 WHERE seq = 7",
                "UPDATE events SET seq = 7 WHERE seq = 100",
            ],
            6,
        ),
        (
            [
                "INSERT INTO events SELECT 13, id, type, occurred_at, recorded_at, area, actor, "
                "cause, command,"
                " incident, subject, body, hash FROM events WHERE seq = 12"
            ],
            13,
        ),
        (["UPDATE head SET hash = (SELECT hash FROM events WHERE seq = 11)"], 12),
    ],
)
def test_meddling_in_the_database_is_found_at_its_place(
    store: Any, words: Any, texts: list[str], spot: int
) -> None:
    fill(store, words)
    meddle(store, *texts)
    found = verify_chain(store.database)
    assert (found.ok, found.first_bad) == (False, spot)


@pytest.fixture
def exported(tmp_path: Path, open_at: Any, words: Any) -> Path:
    store = open_at(str(tmp_path / "log.db"), sealer=words.ToySealer())
    fill(store, words)
    path = tmp_path / "log.jsonl"
    assert export_chain(store.database, path) == ENTRIES
    return path


def test_an_exported_log_is_whole(exported: Path) -> None:
    found = verify_file(exported)
    assert (found.entries, found.ok, found.first_bad) == (ENTRIES, True, None)


def test_any_flipped_byte_is_found_in_its_line(exported: Path) -> None:
    lines = exported.read_bytes().splitlines(keepends=True)
    chance = random.Random(3)
    for number, line in enumerate(lines, 1):
        for _ in range(25):
            at, bit = chance.randrange(len(line)), 1 << chance.randrange(8)
            changed = line[:at] + bytes([line[at] ^ bit]) + line[at + 1 :]
            exported.write_bytes(b"".join([*lines[: number - 1], changed, *lines[number:]]))
            found = verify_file(exported)
            assert (found.ok, found.first_bad) == (False, number), changed


@pytest.mark.parametrize(
    ("change", "spot"),
    [
        (lambda lines: lines[:4] + lines[5:], 5),
        (lambda lines: lines[:5] + lines[4:], 6),
        (lambda lines: lines[:3] + [lines[4], lines[3]] + lines[5:], 4),
        (lambda lines: lines[:-1], 13),
        (lambda lines: lines[:9], 10),
        (lambda lines: lines[:9] + lines[-1:], 10),
        (lambda lines: [*lines, lines[-1]], 13),
        (lambda lines: [*lines, lines[2]], 13),
        (lambda lines: lines[1:], 1),
        (lambda lines: [], 1),
        (lambda lines: lines[:2] + [b"\n"] + lines[2:], 3),
    ],
)
def test_dropped_inserted_and_reordered_lines_are_found(
    exported: Path, change: Any, spot: int
) -> None:
    lines = exported.read_bytes().splitlines(keepends=True)
    exported.write_bytes(b"".join(change(lines)))
    found = verify_file(exported)
    assert (found.ok, found.first_bad) == (False, spot)


def test_a_missing_file_is_the_askers_fault(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        verify_file(tmp_path / "none")
