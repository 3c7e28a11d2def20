"""What the rules of edges remember at the centre, kept over a restart: of each device, and what
waits for its turn.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import msgspec

from twinward.core.errors import StorageError
from twinward.edge.rules.rule import DeviceRule, Memory
from twinward.service.supervision.progress import SourceProgress
from twinward.service.supervision.reading_watch import Seen

LOG = logging.getLogger("twinward.alarms")
Key = tuple[str, str]  # rule, device or place
WaitingReading = tuple[int, str, str, float]  # time, device, type, value
SCHEMA = """
CREATE TABLE IF NOT EXISTS seen (only INTEGER PRIMARY KEY, number INTEGER, at_us INTEGER);
CREATE TABLE IF NOT EXISTS edge (name TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS memory (
  edge TEXT, rule TEXT, about TEXT, body BLOB NOT NULL, PRIMARY KEY (edge, rule, about))
  WITHOUT ROWID;
"""


class EdgeState(msgspec.Struct, frozen=True, kw_only=True):
    """One edge between two batches: its rules, since when they listen, readings that wait (a heap),
    and how far it has come in event time.
    """

    rules: tuple[DeviceRule, ...]
    from_us: int
    waiting: list[WaitingReading]
    progress: SourceProgress


class EdgeChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be kept anew of one edge; `whole`: in place of all that was remembered of it."""

    edge: str
    state: EdgeState
    memories: list[tuple[Key, Memory]]
    whole: bool


class KeptEdge(msgspec.Struct, frozen=True, kw_only=True):
    """What was kept of one edge."""

    state: EdgeState
    memories: dict[Key, Memory]


class AlarmMemory:
    """One SQLite file, made with the first rules."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> tuple[Seen, dict[str, KeptEdge]]:
        """The last batch that is known, and each edge; a file that cannot be read is put aside, and
        the rules begin anew.
        """
        if not self._path.is_file():
            return (0, 0), {}
        try:
            return self._load()
        except (sqlite3.Error, msgspec.DecodeError, UnicodeDecodeError) as error:
            LOG.warning("%s cannot be read (%s): the rules begin anew", self._path.name, error)
            self._path.replace(self._path.with_suffix(".broken"))
            return (0, 0), {}

    def _load(self) -> tuple[Seen, dict[str, KeptEdge]]:
        state = msgspec.msgpack.Decoder(EdgeState).decode
        memory = msgspec.msgpack.Decoder(Memory).decode
        with closing(sqlite3.connect(self._path)) as db:
            seen = db.execute("SELECT number, at_us FROM seen").fetchone() or (0, 0)
            edges = {
                str(name): KeptEdge(state=state(body), memories={})
                for name, body in db.execute("SELECT name, body FROM edge")
            }
            for edge, rule, about, body in db.execute("SELECT edge, rule, about, body FROM memory"):
                edges[edge].memories[rule, about] = memory(body)
        return (int(seen[0]), int(seen[1])), edges

    def keep(self, seen: Seen, changes: Iterable[EdgeChange]) -> None:
        """All of them and the last batch that they know, or nothing."""
        encode = msgspec.msgpack.Encoder().encode
        try:
            with closing(sqlite3.connect(self._path)) as db, db:
                db.executescript(SCHEMA)
                for one in changes:
                    if one.whole:
                        db.execute("DELETE FROM memory WHERE edge=?", (one.edge,))
                    db.execute(
                        "INSERT OR REPLACE INTO edge VALUES (?,?)", (one.edge, encode(one.state))
                    )
                    db.executemany(
                        "INSERT OR REPLACE INTO memory VALUES (?,?,?,?)",
                        [(one.edge, *key, encode(memory)) for key, memory in one.memories],
                    )
                db.execute("INSERT OR REPLACE INTO seen VALUES (1,?,?)", seen)
        except sqlite3.Error as error:
            raise StorageError(f"{self._path.name}: {error}", "see the disk") from error
