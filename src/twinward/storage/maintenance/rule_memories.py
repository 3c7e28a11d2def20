"""What rules remember, beside the log: copied before it, and left out where it knows of more."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from twinward.core.errors import StorageError
from twinward.storage.database.databases import Database, Sqlite

LOOKUPS = ("person_keys",)
PUT_ASIDE = {".ahead": "knew of events that the log does not have", ".broken": "could not be read"}


class RuleMemory(msgspec.Struct, frozen=True):
    """A file of what rules remember of the batches that they have judged, and who reads up to
    which event of the log it knows (its place and its id; 0 and empty where it does not say).
    """

    name: str
    read_mark: Callable[[Path], tuple[int, str]]


def copy_memories(workspace: Path, target: Path, memories: Sequence[RuleMemory]) -> list[str]:
    """Copies of what rules remember; the names of files that nobody can read."""
    unread: list[str] = []
    for one in memories:
        if not (workspace / one.name).is_file():
            continue
        try:
            copy_sqlite(workspace / one.name, target / one.name)
            one.read_mark(target / one.name)
        except (sqlite3.Error, StorageError):
            (target / one.name).unlink(missing_ok=True)
            unread.append(one.name)
    return unread


def leave_out_ahead(
    database: Database, entries: int, target: Path, memories: Sequence[RuleMemory]
) -> list[str]:
    """Takes out copies that know of events which the copied log does not have; their names."""
    ahead: list[str] = []
    for one in memories:
        if not (target / one.name).is_file():
            continue
        seq, event = one.read_mark(target / one.name)
        if event and (seq > entries or event_at(database, seq) != event):
            (target / one.name).unlink()
            ahead.append(one.name)
    return ahead


def event_at(database: Database, seq: int) -> str:
    """The id of the event at a place of the log; empty where there is none."""
    with closing(database.connect(write=False)) as connection:
        found = connection.execute(f"SELECT id FROM events WHERE seq = {seq:d}").fetchone()
    return str(found[0]) if found else ""


def find_odd(workspace: Path, database: Database, memories: Sequence[RuleMemory]) -> Iterator[str]:
    """What is not as it should be of each file, in words."""
    for one in memories:
        path = workspace / one.name
        for ending, why in PUT_ASIDE.items():
            if path.with_suffix(ending).exists():
                yield f"{path.with_suffix(ending).name} was put aside: it {why}"
        if not path.is_file():
            continue
        try:
            seq, event = one.read_mark(path)
        except sqlite3.Error as error:
            yield f"{one.name} cannot be read ({error})"
            continue
        if event and event_at(database, seq) != event:
            yield f"{one.name} knows of event {seq}, which this log does not have"


def copy_sqlite(source: Path, target: Path) -> None:
    """A copy of an SQLite file as it is between two transactions, without what persons are found
    by.
    """
    with (
        closing(Sqlite(source).connect(write=False)) as opened,
        closing(sqlite3.connect(target)) as copy,
    ):
        opened.backup(copy)
        leave_out_lookups(copy)


def leave_out_lookups(copy: sqlite3.Connection) -> None:
    """By what persons are found stays out of a backup: the vault makes it anew from what it can
    open, and of whom it can open nothing a backup tells nothing.
    """
    for table in LOOKUPS:
        copy.execute(f'DROP TABLE IF EXISTS "{table}"')
    copy.commit()
    copy.execute("VACUUM")
