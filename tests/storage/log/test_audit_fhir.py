"""The log as FHIR AuditEvents: what a reader of FHIR needs is there, and no byte can be changed
unseen.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from twinward.standards.fhir.audit_events import AuditEvents
from twinward.storage.log.audit import anchors_that_fail, export_chain, verify_chain, verify_file

ENTRIES = 12


@pytest.fixture
def exported(open_at: Any, words: Any, tmp_path: Path) -> Path:
    store = open_at(str(tmp_path / "log.db"))
    for number in range(ENTRIES):
        draft = words.opened(f"inc-{number}", subject="p-1" if number % 3 == 0 else None)
        store.write(
            lambda tx, n=number, d=draft: tx.append(words.ask(f"cmd-{n}"), [d], words.START)
        )
    assert export_chain(store.database, tmp_path / "audit.ndjson", form=AuditEvents()) == ENTRIES
    return tmp_path / "audit.ndjson"


def test_every_line_is_an_audit_event_with_what_r4_asks_for(exported: Path) -> None:
    *events, ending = [json.loads(line) for line in exported.read_bytes().splitlines()]
    assert {event["resourceType"] for event in events} == {"AuditEvent"} and ending[
        "resourceType"
    ] == "Basic"
    for event in events:
        assert (
            event["type"]["system"]
            and event["recorded"].endswith("Z")
            and event["source"]["observer"]
        )
        assert (
            event["agent"][0]["requestor"] is True
            and event["agent"][0]["who"]["identifier"]["value"] == "officer"
        )
    subjects = [
        e["what"]["identifier"]["value"]
        for e in events[0]["entity"]
        if "subject" in e["what"]["identifier"]["system"]
    ]
    assert subjects == ["p-1"] and events[0]["type"]["display"] == "Patient Record"


def test_an_untouched_file_is_whole(exported: Path) -> None:
    found = verify_file(exported, AuditEvents())
    assert (found.entries, found.ok, found.first_bad) == (ENTRIES, True, None)


@pytest.mark.parametrize("seed", range(40))
def test_a_flipped_byte_is_found_at_its_line(exported: Path, seed: int) -> None:
    data = bytearray(exported.read_bytes())
    at = random.Random(seed).randrange(len(data) - 1)
    line = data[:at].count(b"\n") + 1
    data[at] ^= 1 << random.Random(seed).randrange(8)
    exported.write_bytes(data)
    found = verify_file(exported, AuditEvents())
    assert not found.ok and found.first_bad == line


@pytest.mark.parametrize(
    ("meddle", "place"),
    [
        (lambda lines: lines[:4] + lines[5:], 5),
        (lambda lines: [*lines[:4], lines[7], *lines[4:]], 5),
        (lambda lines: [*lines[:4], lines[5], lines[4], *lines[6:]], 5),
        (lambda lines: lines[:-1], 13),
        (lambda lines: lines[:7], 8),
        (lambda lines: [*lines[:6], lines[6][: len(lines[6]) // 2]], 7),
        (lambda lines: [], 1),
    ],
    ids=["dropped", "inserted", "reordered", "ending lost", "truncated", "cut", "empty"],
)
def test_a_dropped_inserted_reordered_or_lost_record_is_placed(
    exported: Path, meddle: Any, place: int
) -> None:
    lines = meddle(exported.read_bytes().splitlines())
    exported.write_bytes(b"".join(line + b"\n" for line in lines))
    found = verify_file(exported, AuditEvents())
    assert (found.ok, found.first_bad) == (False, place)


def test_a_story_told_anew_around_the_true_entry_is_found(exported: Path) -> None:
    """The entry in the extension is whole, but who reads the event would be told another name."""
    lines = exported.read_bytes().splitlines()
    lines[2] = lines[2].replace(b'"value":"officer"', b'"value":"someone"')
    exported.write_bytes(b"\n".join(lines) + b"\n")
    assert verify_file(exported, AuditEvents()).first_bad == 3


def test_a_chain_written_wholly_anew_does_not_have_the_published_anchor(
    open_at: Any, words: Any, tmp_path: Path
) -> None:
    heads = []
    for name in ("one", "two"):
        store = open_at(str(tmp_path / f"{name}.db"))
        store.write(
            lambda tx, n=name: tx.append(words.ask(f"cmd-{n}"), [words.opened(n)], words.START)
        )
        heads.append((store.database, verify_chain(store.database).head))
    (database, head), (_, other) = heads
    assert anchors_that_fail(database, [(1, head)]) == []
    assert anchors_that_fail(database, [(1, other), (9, head)]) == [1, 9]
