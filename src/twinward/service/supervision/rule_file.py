"""A file of what rules remember between two readings: which batch of them it knows, and up to which
event of the log. One that knows more than the log is not believed.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar

import msgspec

from twinward.core.errors import StorageError
from twinward.core.ports import Rows
from twinward.service.supervision.reading_watch import Seen

T = TypeVar("T")
LOG = logging.getLogger("twinward.supervision")
BROKEN, AHEAD = ".broken", ".ahead"  # endings of a file that was put aside, and why
SCHEMA = """
CREATE TABLE IF NOT EXISTS seen (only INTEGER PRIMARY KEY, number INTEGER, at_us INTEGER);
CREATE TABLE IF NOT EXISTS log (only INTEGER PRIMARY KEY, seq INTEGER, event TEXT);
"""


class LogMark(msgspec.Struct, frozen=True):
    """The last event of the log when something was kept; 0 and empty: none, or nobody wrote it."""

    seq: int = 0
    event: str = ""


class RuleFile:
    """One SQLite file, made with the first thing to remember."""

    def __init__(self, path: Path, schema: str) -> None:
        """`schema`: its tables, beside `SCHEMA`; made where they are not there."""
        self._path, self._schema = path, SCHEMA + schema

    def read(self, log: Rows, read: Callable[[sqlite3.Connection], T]) -> T | None:
        """What was kept; None where nothing was. A file that cannot be read, or that knows of
        events which this log does not have, is put aside, and the rules begin anew.
        """
        if not self._path.is_file():
            return None
        try:
            mark = read_log_mark(self._path)
            with closing(sqlite3.connect(self._path)) as db:
                found = read(db)
        except (sqlite3.Error, msgspec.DecodeError, UnicodeDecodeError) as error:
            self._put_aside(BROKEN, f"cannot be read ({error})")
            return None
        if not is_of(log, mark):
            self._put_aside(AHEAD, f"knows of event {mark.seq}, which this log does not have")
            return None
        return found

    def _put_aside(self, ending: str, why: str) -> None:
        LOG.warning(
            "%s %s: it is %s now, and the rules begin anew from what stands in the log",
            self._path.name,
            why,
            self._path.with_suffix(ending).name,
        )
        self._path.replace(self._path.with_suffix(ending))

    def write(self, seen: Seen, log: Rows, work: Callable[[sqlite3.Connection], None]) -> None:
        """What `work` does, with the last batch in it and the end of the log, or nothing. All that
        followed from the batches must be in the log before.
        """
        mark = mark_of(log)
        try:
            with closing(sqlite3.connect(self._path)) as db, db:
                db.executescript(self._schema)
                work(db)
                db.execute("INSERT OR REPLACE INTO seen VALUES (1,?,?)", seen)
                db.execute("INSERT OR REPLACE INTO log VALUES (1,?,?)", (mark.seq, mark.event))
        except sqlite3.Error as error:
            raise StorageError(f"{self._path.name}: {error}", "see the disk") from error


def read_seen(db: sqlite3.Connection) -> Seen:
    """The last batch in an opened file; none in one of an older release."""
    with suppress(sqlite3.OperationalError):
        if found := db.execute("SELECT number, at_us FROM seen").fetchone():
            return int(found[0]), int(found[1])
    return 0, 0


def read_log_mark(path: Path) -> LogMark:
    """Up to which event of the log a file knows; sqlite3.Error where it is no such file."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("SELECT name FROM sqlite_master").fetchone()
        with suppress(sqlite3.OperationalError):  # no such table: of an older release
            if found := db.execute("SELECT seq, event FROM log").fetchone():
                return LogMark(int(found[0]), str(found[1]))
    return LogMark()


def mark_of(log: Rows) -> LogMark:
    """The end of the log now."""
    last = log.last_seq()
    found = log.events_after(last - 1, 1) if last else []
    return LogMark(found[0].seq, found[0].id) if found else LogMark()


def is_of(log: Rows, mark: LogMark) -> bool:
    """Whether the log has that event at that place."""
    if not mark.event:
        return True
    found = log.find_event(mark.event)
    return found is not None and found.seq == mark.seq
