"""Which numbers of a device are known, as ranges: a month of readings is a few rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable


def is_known(db: sqlite3.Connection, device: str, boot: str, seq: int) -> bool:
    found = db.execute(
        "SELECT last FROM known WHERE device=? AND boot=? AND first<=? ORDER BY first DESC LIMIT 1",
        (device, boot, seq),
    ).fetchone()
    return found is not None and int(found[0]) >= seq


def remember(db: sqlite3.Connection, rows: Iterable[tuple[str, str, int]]) -> None:
    """Adds numbers to the ranges and joins those that touch."""
    runs: dict[tuple[str, str], list[int]] = {}
    for device, boot, seq in rows:
        runs.setdefault((device, boot), []).append(seq)
    for (device, boot), numbers in runs.items():
        for first, last in ranges_of(sorted(numbers)):
            _add(db, device, boot, first, last)


def ranges_of(numbers: list[int]) -> list[tuple[int, int]]:
    """Sorted numbers as ranges without a gap."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and number <= found[-1][1] + 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def _add(db: sqlite3.Connection, device: str, boot: str, first: int, last: int) -> None:
    touching = db.execute(
        "SELECT first, last FROM known WHERE device=? AND boot=? AND first<=? AND last>=?",
        (device, boot, last + 1, first - 1),
    ).fetchall()
    for start, end in touching:
        first, last = min(first, start), max(last, end)
        db.execute("DELETE FROM known WHERE device=? AND boot=? AND first=?", (device, boot, start))
    db.execute("INSERT INTO known VALUES (?,?,?,?)", (device, boot, first, last))
