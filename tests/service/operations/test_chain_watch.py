"""The chain is read once, and then what was added; what was changed, cut off or written anew is
found all the same.
"""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from typing import Any

import pytest

from helpers.cities import START, Desk
from twinward.service.access.audit import get_audit
from twinward.service.operations.chain_watch import ChainWatch
from twinward.storage.log import audit
from twinward.storage.log.chain import link


def count_read(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many entries each reading of the chain took."""
    taken: list[int] = []
    rows = audit._rows

    def counted(connection: Any, first: int, last: int) -> Any:
        if last < 2**62:
            taken.append(last - first + 1)
        return rows(connection, first, last)

    monkeypatch.setattr(audit, "_rows", counted)
    return taken


def test_a_question_reads_what_was_added_since_the_last(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        desk.case(number)
    taken = count_read(desk, monkeypatch)
    first = get_audit(desk.platform, desk.me)
    assert first.ok and taken == [first.entries]
    desk.pass_time(minutes=1)
    desk.post("SetStock", holder="h", kind="masks", unit="pieces", area="310101", quantity=1.0)
    second = get_audit(desk.platform, desk.me)
    assert second.ok and second.entries > first.entries
    assert taken[1:] == [second.entries - first.entries]
    assert second.whole_at == first.whole_at < second.checked_at
    assert get_audit(desk.platform, desk.me).head == second.head
    assert taken[2:] == [0]
    assert desk.platform.chain.walk(desk.clock.now()).entries == second.entries
    assert max(taken[3:]) == second.entries


def by_hand(desk: Desk, *statements: tuple[str, tuple[object, ...]]) -> None:
    db = sqlite3.connect(desk.workspace / "twinward.db")
    for text, values in statements:
        db.execute(text, values)
    db.commit()
    db.close()


def test_the_last_entry_changed_or_gone_is_found_at_the_next_question(desk: Desk) -> None:
    desk.case()
    entries = get_audit(desk.platform, desk.me).entries
    by_hand(desk, ("UPDATE head SET hash = ?", (b"x" * 32,)))
    found = get_audit(desk.platform, desk.me)
    assert not found.ok and found.first_bad == entries
    assert get_audit(desk.platform, desk.me).checked_at == found.checked_at  # not walked again


def test_a_log_written_anew_with_hashes_that_fit_is_found(desk: Desk) -> None:
    desk.case()
    seen = get_audit(desk.platform, desk.me)
    db = sqlite3.connect(desk.workspace / "twinward.db")
    fields = audit.FIELDS.removesuffix(", hash")
    rows = db.execute(f"SELECT {fields} FROM events ORDER BY seq").fetchall()
    hashed = bytes(32)
    for row in rows:
        forged = (*row[:6], "somebody else", *row[7:])
        hashed = link(hashed, forged)
        db.execute(
            "UPDATE events SET actor = ?, hash = ? WHERE seq = ?", (forged[6], hashed, row[0])
        )
    db.execute("UPDATE head SET hash = ?", (hashed,))
    db.commit()
    db.close()
    assert audit.verify_chain(desk.platform.store.database).ok  # type: ignore[attr-defined]
    found = get_audit(desk.platform, desk.me)
    assert not found.ok and found.first_bad == seen.entries


def test_what_was_changed_before_is_found_by_the_daily_walk(desk: Desk) -> None:
    desk.case()
    get_audit(desk.platform, desk.me)
    by_hand(desk, ("UPDATE events SET actor = 'x' WHERE seq = 1", ()))
    assert not desk.platform.chain.walk(desk.clock.now()).ok
    assert not get_audit(desk.platform, desk.me).ok


def test_a_broken_chain_is_walked_again_when_a_minute_has_passed() -> None:
    walked: list[int] = []

    class Found:
        entries, ok, first_bad, head = 3, False, 2, ""

    watch = ChainWatch(lambda first, head: walked.append(first) or Found())  # type: ignore[func-returns-value]
    now = START
    for seconds in (0, 10, 59, 61):
        assert not watch.check(now + timedelta(seconds=seconds)).ok
    assert walked == [1, 1]
