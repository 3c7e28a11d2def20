"""What each edge last said of itself: one small file beside the log, not history."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from twinward.core.clock import from_us, to_us
from twinward.core.errors import StorageError
from twinward.edge.agent.wire import HeardDevice, SyncRequest

FILE = "edges.db"
BUSY_MS = 5000


class EdgeWord(msgspec.Struct, frozen=True, kw_only=True):
    """An edge's last word, and when it came."""

    said: SyncRequest
    at: datetime


class EdgeBook:
    """The file, opened."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._heard: dict[str, dict[str, HeardDevice]] = {}

    @classmethod
    @contextmanager
    def open(cls, workspace: Path) -> Iterator[EdgeBook]:
        """Nothing is in it where no edge has spoken yet."""
        try:
            db = sqlite3.connect(workspace / FILE, isolation_level=None)
            db.execute(f"PRAGMA busy_timeout={BUSY_MS}")
            db.execute(
                "CREATE TABLE IF NOT EXISTS edge (name TEXT PRIMARY KEY, at_us INTEGER NOT NULL, "
                "body BLOB NOT NULL, sender TEXT NOT NULL) WITHOUT ROWID"
            )
        except sqlite3.Error as error:
            raise StorageError(
                f"{FILE} cannot be opened ({error})", "see the disk", code="edge_book"
            ) from error
        try:
            yield cls(db)
        finally:
            db.close()

    def sender(self, edge: str) -> str:
        """The account that speaks for an edge; empty where none has yet."""
        row = self._db.execute("SELECT sender FROM edge WHERE name=?", (edge,)).fetchone()
        return str(row[0]) if row else ""

    def keep(self, said: SyncRequest, at: datetime, sender: str) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO edge VALUES (?,?,?,?)",
            (said.edge, to_us(at), msgspec.json.encode(said), sender),
        )
        self._heard.pop(said.edge, None)

    def words(self) -> dict[str, EdgeWord]:
        rows = self._db.execute("SELECT name, at_us, body FROM edge ORDER BY name").fetchall()
        return {
            str(name): EdgeWord(
                said=msgspec.json.decode(body, type=SyncRequest), at=from_us(int(at_us))
            )
            for name, at_us, body in rows
        }

    def heard(self, edge: str) -> dict[str, HeardDevice]:
        """Devices of an edge as it last heard them."""
        if edge not in self._heard:
            row = self._db.execute("SELECT body FROM edge WHERE name=?", (edge,)).fetchone()
            said = msgspec.json.decode(row[0], type=SyncRequest).devices if row else ()
            self._heard[edge] = {one.device: one for one in said}
        return self._heard[edge]
