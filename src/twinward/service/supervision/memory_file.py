"""What the rules of supervision remember between two readings, kept over a restart: of each device
and object, and how far each source has come in event time.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path

import msgspec

from twinward.core.ports import Rows
from twinward.edge.rules.rule import Memory
from twinward.service.supervision.progress import SourceProgress
from twinward.service.supervision.reading_watch import Seen
from twinward.service.supervision.rule_file import RuleFile, read_seen

Key = tuple[str, str]  # rule, device or object
encode_kept = msgspec.msgpack.Encoder().encode  # at once: the engine goes on meanwhile
SCHEMA = """
CREATE TABLE IF NOT EXISTS memory (
  rule TEXT, about TEXT, body BLOB, PRIMARY KEY (rule, about)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS source (name TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS began (only INTEGER PRIMARY KEY, edges_us INTEGER, clock_us INTEGER);
"""


class ListeningSince(msgspec.Struct, frozen=True):
    """Since when rules listen: to what an edge sends, also while the centre was away, and to what
    comes to the centre itself.
    """

    edges_us: int
    clock_us: int


class KeptModules(msgspec.Struct, kw_only=True):
    """What was remembered before this process began; `since` is None where nothing was."""

    seen: Seen = (0, 0)
    memories: dict[Key, Memory] = {}
    sources: dict[str, SourceProgress] = {}
    since: ListeningSince | None = None


class ModuleChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be kept anew, as `encode_kept` says it; `gone`: of objects that are supervised no
    more.
    """

    memories: list[tuple[Key, bytes]]
    sources: list[tuple[str, bytes]]
    gone: list[Key]
    since: ListeningSince


class MemoryFile:
    """The file of what modules remember."""

    def __init__(self, path: Path) -> None:
        self._file = RuleFile(path, SCHEMA)

    def load(self, log: Rows) -> KeptModules:
        """What was kept; nothing of a file that cannot be read or knows more than the log."""
        return self._file.read(log, read_modules) or KeptModules()

    def keep(self, seen: Seen, log: Rows, change: ModuleChange) -> None:
        """All of it, and the last batch that it knows, or nothing."""

        def work(db: sqlite3.Connection) -> None:
            db.executemany("DELETE FROM memory WHERE rule=? AND about=?", change.gone)
            db.executemany(
                "INSERT OR REPLACE INTO memory VALUES (?,?,?)",
                [(*key, body) for key, body in change.memories],
            )
            db.executemany("INSERT OR REPLACE INTO source VALUES (?,?)", change.sources)
            since = (change.since.edges_us, change.since.clock_us)
            db.execute("INSERT OR REPLACE INTO began VALUES (1,?,?)", since)

        self._file.write(seen, log, work)


def read_modules(db: sqlite3.Connection) -> KeptModules:
    memory = msgspec.msgpack.Decoder(Memory).decode
    progress = msgspec.msgpack.Decoder(SourceProgress).decode
    kept = KeptModules(
        seen=read_seen(db),
        memories={
            (rule, about): memory(body)
            for rule, about, body in db.execute("SELECT rule, about, body FROM memory")
        },
    )
    with suppress(sqlite3.OperationalError):  # no such table: of an older release
        kept.sources = {
            name: progress(body) for name, body in db.execute("SELECT name, body FROM source")
        }
        if found := db.execute("SELECT edges_us, clock_us FROM began").fetchone():
            kept.since = ListeningSince(int(found[0]), int(found[1]))
    return kept
