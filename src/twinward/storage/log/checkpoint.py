"""Keeps SQLite's write-ahead log small without making commits wait for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Protocol

from twinward.core.errors import TwinwardError
from twinward.storage.database.databases import Database

if TYPE_CHECKING:
    from twinward.storage.database.connection import Connection

LOG = logging.getLogger("twinward.store")

WAL_LIMIT_BYTES = 256 << 20  # 64,000 pages of 4 KiB
LOOK_EVERY = 64  # commits between two looks at the file's size
READ_LIMIT_S = (
    30.0  # a picture older than this is ended when the log has grown past twice its limit
)


class Expirable(Protocol):
    """A reader that can be told to let go of its picture."""

    def expire(self) -> None: ...


class Checkpointer:
    """A thread copies most pages back while commits go on; the writer copies the few left, so that
    the log restarts.

    A checkpoint that another thread makes never catches up with a busy writer, and one made by the
    writer alone stalls it for the whole copy; together they do neither.
    """

    def __init__(
        self, database: Database, old_readers: Callable[[float], Sequence[Expirable]]
    ) -> None:
        self._database = database
        self._old_readers = old_readers
        self._commits = 0
        self._wanted = threading.Event()
        self._copied = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="twinward-checkpointer", daemon=True)
        self._thread.start()

    def after_commit(self, connection: Connection) -> None:
        """Called by the writer between two transactions."""
        if self._copied.is_set() and connection is not None:
            self._copied.clear()
            with suppress(
                self._database.errors
            ):  # a full disk: the log stays long until there is room
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        self._commits += 1
        if self._commits % LOOK_EVERY == 0 and not self._wanted.is_set():
            size = self._database.wal_bytes()
            if size > WAL_LIMIT_BYTES:
                self._wanted.set()
            if size > 2 * WAL_LIMIT_BYTES:
                for reader in self._old_readers(READ_LIMIT_S):
                    reader.expire()

    def _run(self) -> None:
        while self._wanted.wait() and not self._closing:
            try:
                with closing(self._database.connect(write=True)) as connection:
                    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            except (self._database.errors, TwinwardError, OSError):
                LOG.exception("the database's log could not be copied back; it is tried again")
            self._copied.set()
            self._wanted.clear()

    def close(self) -> None:
        self._closing = True
        self._wanted.set()
        self._thread.join()
