"""What was to be told, to whom, and what became of it: one small file beside the log. The place in
the log and the messages made of it are written together, so that nothing is told twice or left out.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from twinward.core.clock import from_us, to_us
from twinward.core.errors import StorageError
from twinward.edge.orders.outlet import OutletMessage, OutletReceipt, State

SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
  key TEXT PRIMARY KEY, body BLOB NOT NULL, outlet TEXT NOT NULL, about TEXT NOT NULL,
  kind TEXT NOT NULL, state TEXT NOT NULL, says TEXT NOT NULL DEFAULT '',
  tries INTEGER NOT NULL DEFAULT 0, next_us INTEGER NOT NULL, changed_us INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS message_due ON message (state, next_us);
CREATE INDEX IF NOT EXISTS message_about ON message (about);
CREATE TABLE IF NOT EXISTS place (seq INTEGER NOT NULL);
"""
FIRST_WAIT_S, LONGEST_WAIT_S = 5.0, 900.0


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One message and where it stands."""

    message: OutletMessage
    state: State
    says: str
    tries: int
    changed_at: datetime


class Ledger:
    """The file, opened; safe for several threads."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        try:
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(SCHEMA)
        except sqlite3.Error as error:
            raise refused(error) from error

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield
                    self._db.execute("COMMIT")
                except BaseException:
                    if self._db.in_transaction:
                        self._db.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise refused(error) from error

    def place(self) -> int | None:
        """How far the log was read; None before the first time."""
        with self._lock:
            row = self._db.execute("SELECT seq FROM place").fetchone()
        return None if row is None else int(row[0])

    def add(
        self,
        messages: Iterable[OutletMessage],
        seq: int,
        now: datetime,
        superseded: Iterable[str] = (),
        stale: Container[str] = (),
    ) -> None:
        """Messages of the log up to `seq`; what is not sent yet about `superseded` never is, nor
        those of the messages whose keys are `stale`.
        """
        now_us = to_us(now)
        with self._transaction():
            for about in superseded:
                self._db.execute(
                    "UPDATE message SET state='superseded', changed_us=? "
                    "WHERE about=? AND state='queued'",
                    (now_us, about),
                )
            for one in messages:
                self._db.execute(
                    "INSERT OR IGNORE INTO message VALUES (?,?,?,?,?,?,'',0,?,?)",
                    (
                        one.key,
                        msgspec.json.encode(one),
                        one.outlet,
                        one.about,
                        one.kind,
                        "superseded" if one.key in stale else "queued",
                        to_us(one.not_before),
                        now_us,
                    ),
                )
            self._db.execute("DELETE FROM place")
            self._db.execute("INSERT INTO place VALUES (?)", (seq,))

    def list_due(self, now: datetime, most: int) -> list[OutletMessage]:
        """So many of each outlet: what waits for a slow one hides no message of another."""
        with self._lock:
            rows = self._db.execute(
                "SELECT body FROM (SELECT body, next_us, key, row_number() OVER "
                "(PARTITION BY outlet ORDER BY next_us, key) AS place FROM message "
                "WHERE state='queued' AND next_us<=?) WHERE place<=? ORDER BY next_us, key",
                (to_us(now), most),
            ).fetchall()
        return [msgspec.json.decode(row[0], type=OutletMessage) for row in rows]

    def postpone(self, keys: Sequence[str], until: datetime) -> None:
        """These are not due before; nothing was tried."""
        with self._transaction():
            self._db.executemany(
                "UPDATE message SET next_us=? WHERE key=? AND state='queued'",
                [(to_us(until), key) for key in keys],
            )

    def list_handed_on(self, most: int) -> list[OutletMessage]:
        """Sent, and nothing heard yet."""
        with self._lock:
            rows = self._db.execute(
                "SELECT body FROM message WHERE state='sent' ORDER BY changed_us LIMIT ?", (most,)
            ).fetchall()
        return [msgspec.json.decode(row[0], type=OutletMessage) for row in rows]

    def note(self, key: str, receipt: OutletReceipt, now: datetime) -> None:
        """What became of a message; one that may work later is tried again, ever more seldom."""
        now_us = to_us(now)
        with self._transaction():
            tries = self._db.execute("SELECT tries FROM message WHERE key=?", (key,)).fetchone()[0]
            wait_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(tries, 10))
            state = "queued" if receipt.again else receipt.state
            self._db.execute(
                "UPDATE message SET state=?, says=?, tries=tries+1, next_us=?, changed_us=? "
                "WHERE key=?",
                (state, receipt.says[:300], now_us + round(wait_s * 1e6), now_us, key),
            )

    def try_again(self, key: str, now: datetime) -> bool:
        """A person wants a message tried once more; whether it had failed."""
        with self._transaction():
            done = self._db.execute(
                "UPDATE message SET state='queued', next_us=?, changed_us=? "
                "WHERE key=? AND state IN ('failed','refused')",
                (to_us(now), to_us(now), key),
            )
        return done.rowcount == 1

    def list_deliveries(self, *, state: str | None = None, most: int = 200) -> list[Delivery]:
        """The newest first."""
        with self._lock:
            rows = self._db.execute(
                "SELECT body, state, says, tries, changed_us FROM message "
                "WHERE ? IS NULL OR state=? ORDER BY changed_us DESC, key LIMIT ?",
                (state, state, most),
            ).fetchall()
        return [
            Delivery(
                message=msgspec.json.decode(body, type=OutletMessage),
                state=at,
                says=says,
                tries=tries,
                changed_at=from_us(changed_us),
            )
            for body, at, says, tries, changed_us in rows
        ]

    def counts(self) -> dict[str, int]:
        with self._lock:
            rows = self._db.execute("SELECT state, count(*) FROM message GROUP BY state")
            return {str(state): int(count) for state, count in rows}


def refused(error: sqlite3.Error) -> StorageError:
    return StorageError(
        f"the ledger of orders refused to write ({error})", "see the disk", code="ledger"
    )
