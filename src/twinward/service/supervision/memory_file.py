"""What the rules of supervision remember between two readings, kept over a restart."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import msgspec

from twinward.core.errors import StorageError
from twinward.edge.rules.rule import Memory
from twinward.service.supervision.reading_watch import Seen

Key = tuple[str, str]  # rule, device or object
LOG = logging.getLogger("twinward.supervision")


class MemoryFile:
    """One SQLite file, made with the first memory."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> dict[Key, Memory]:
        """What was kept; a file that cannot be read is put aside, and the rules begin anew."""
        if not self._path.is_file():
            return {}
        try:
            with sqlite3.connect(self._path) as db:
                rows = db.execute("SELECT rule, about, body FROM memory").fetchall()
            db.close()
            decode = msgspec.msgpack.Decoder(Memory).decode
            return {(rule, about): decode(body) for rule, about, body in rows}
        except (sqlite3.Error, msgspec.DecodeError, UnicodeDecodeError) as error:
            LOG.warning("%s cannot be read (%s): the rules begin anew", self._path.name, error)
            self._path.replace(self._path.with_suffix(".broken"))
            return {}

    def find_seen(self) -> Seen:
        """The last batch that is in what was kept; call `load` before."""
        if not self._path.is_file():
            return 0, 0
        with closing(sqlite3.connect(self._path)) as db:
            try:
                found = db.execute("SELECT number, at_us FROM seen").fetchone()
            except sqlite3.Error:  # a file of an older release
                found = None
        return (int(found[0]), int(found[1])) if found else (0, 0)

    def keep(self, changed: Iterable[tuple[Key, Memory]], seen: Seen) -> None:
        """All of them, and the last batch that they know, or nothing."""
        encode = msgspec.msgpack.Encoder().encode
        rows = [(rule, about, encode(memory)) for (rule, about), memory in changed]
        if not rows:
            return
        try:
            with sqlite3.connect(self._path) as db:
                db.execute(
                    "CREATE TABLE IF NOT EXISTS memory (rule TEXT, about TEXT, body BLOB, "
                    "PRIMARY KEY (rule, about)) WITHOUT ROWID"
                )
                db.execute(
                    "CREATE TABLE IF NOT EXISTS seen "
                    "(only INTEGER PRIMARY KEY, number INTEGER, at_us INTEGER)"
                )
                db.executemany("INSERT OR REPLACE INTO memory VALUES (?,?,?)", rows)
                db.execute("INSERT OR REPLACE INTO seen VALUES (1,?,?)", seen)
            db.close()
        except sqlite3.Error as error:
            raise StorageError(f"{self._path.name}: {error}", "see the disk") from error
