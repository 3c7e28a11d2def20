"""Takes out of the tables what has ended: rows that nobody can read any more still say when, where
and of what kind they were.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from twinward.storage.database.schema import Projection
from twinward.storage.database.statements import Statements

if TYPE_CHECKING:
    from twinward.storage.database.connection import Connection

CHUNK = 400
Ended = tuple[str, str, int, int]  # subject, its word of that day, the day's first and last us


def erase_rows(
    connection: Connection,
    statements: Statements,
    forms: Iterable[Projection],
    ended: Sequence[Ended],
) -> int:
    """One transaction; the bytes are written over where the database can do so."""
    mark = "?" if statements.is_sqlite else "%s"
    if statements.is_sqlite:
        connection.execute("PRAGMA secure_delete=ON")
    connection.execute("BEGIN IMMEDIATE" if statements.is_sqlite else "BEGIN")
    erased = 0
    for form in forms:
        if form.table.subject is None:
            continue
        for table in (form.current.name, form.history.name):
            for start in range(0, len(ended), CHUNK):
                erased += _erase(connection, table, ended[start : start + CHUNK], mark)
    connection.execute("COMMIT")
    if statements.is_sqlite:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return erased


def _erase(connection: Connection, table: str, ended: Sequence[Ended], mark: str) -> int:
    words = [word for _, word, _, _ in ended]
    text = f'DELETE FROM "{table}" WHERE row_subject IN ({", ".join([mark] * len(words))})'
    erased: int = max(0, int(connection.execute(text, tuple(words)).rowcount))
    # earlier releases wrote the pseudonym itself
    between = f"row_recorded_at BETWEEN {mark} AND {mark}"
    text = f'DELETE FROM "{table}" WHERE row_subject = {mark} AND {between}'
    for subject, _, first, last in ended:
        erased += max(0, int(connection.execute(text, (subject, first, last)).rowcount))
    return erased
