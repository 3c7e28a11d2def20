"""What the rules of edges remember at the centre, kept over a restart: of each device, and what
waits for its turn.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

import msgspec

from twinward.core.ports import Rows
from twinward.edge.rules.rule import DeviceRule, Memory
from twinward.service.supervision.progress import SourceProgress
from twinward.service.supervision.reading_watch import Seen
from twinward.service.supervision.rule_file import RuleFile, read_seen

Key = tuple[str, str]  # rule, device or place
WaitingReading = tuple[int, str, str, float]  # time, device, type, value
encode_kept = msgspec.msgpack.Encoder().encode  # at once: the engine goes on meanwhile
SCHEMA = """
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
    state: bytes  # an `EdgeState`, as `encode_kept` says it
    memories: list[tuple[Key, bytes]]
    whole: bool


class KeptEdge(msgspec.Struct, frozen=True, kw_only=True):
    """What was kept of one edge."""

    state: EdgeState
    memories: dict[Key, Memory]


class AlarmMemory:
    """The file of what the rules of edges remember."""

    def __init__(self, path: Path) -> None:
        self._file = RuleFile(path, SCHEMA)

    def load(self, log: Rows) -> tuple[Seen, dict[str, KeptEdge]]:
        """The last batch that is known, and each edge; nothing of a file that cannot be read or
        knows more than the log.
        """
        return self._file.read(log, read_edges) or ((0, 0), {})

    def keep(self, seen: Seen, log: Rows, changes: Iterable[EdgeChange]) -> None:
        """All of them and the last batch that they know, or nothing."""

        def work(db: sqlite3.Connection) -> None:
            for one in changes:
                if one.whole:
                    db.execute("DELETE FROM memory WHERE edge=?", (one.edge,))
                db.execute("INSERT OR REPLACE INTO edge VALUES (?,?)", (one.edge, one.state))
                db.executemany(
                    "INSERT OR REPLACE INTO memory VALUES (?,?,?,?)",
                    [(one.edge, *key, body) for key, body in one.memories],
                )

        self._file.write(seen, log, work)


def read_edges(db: sqlite3.Connection) -> tuple[Seen, dict[str, KeptEdge]]:
    state = msgspec.msgpack.Decoder(EdgeState).decode
    memory = msgspec.msgpack.Decoder(Memory).decode
    edges = {
        str(name): KeptEdge(state=state(body), memories={})
        for name, body in db.execute("SELECT name, body FROM edge")
    }
    for edge, rule, about, body in db.execute("SELECT edge, rule, about, body FROM memory"):
        edges[edge].memories[rule, about] = memory(body)
    return read_seen(db), edges
