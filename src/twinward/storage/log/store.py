"""The event log with its projections: one writer thread that commits in groups, readers that
never block it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from twinward.core.clock import Clock
from twinward.core.errors import InputError, StorageError
from twinward.core.messages import Fact
from twinward.core.ports import Reader, Sealer, Table, Transaction
from twinward.storage.database.databases import Database, StoppedError, choose_database
from twinward.storage.database.schema import Forms
from twinward.storage.database.statements import Statements
from twinward.storage.log.checkpoint import Checkpointer
from twinward.storage.log.erasing import erase_rows
from twinward.storage.log.flushing import DataRefusedError
from twinward.storage.log.opening import prepare
from twinward.storage.log.pending_writes import Head, RowCache
from twinward.storage.log.reader_pool import ReaderPool
from twinward.storage.log.row_queries import RowCodec
from twinward.storage.log.sealed import SealedHistory
from twinward.storage.log.transaction import GroupTransaction

if TYPE_CHECKING:
    from twinward.storage.database.connection import Connection

T = TypeVar("T")
Work = tuple[Callable[[Transaction], Any], "Future[Any]"]
Told = tuple["Future[Any]", Any]
LOG = logging.getLogger("twinward.store")
GROUP_MAX = 2000  # works a commit; more would make the first of them wait long
RECENT_ROWS = 5_000  # full within minutes of steady work, so that memory stays level
SEAL_AFTER = 200_000  # versions since the last sealing; looks back answer slower for each of them
POLL_S = 0.02  # how often a waiter looks for what another process wrote
HEAD = "SELECT seq, version, recorded_at, hash FROM head"


def open_store(
    url_or_path: str | Path,
    tables: Sequence[Table[msgspec.Struct]],
    facts: Sequence[type[Fact]],
    clock: Clock,
    sealer: Sealer | None = None,
    sealed: Path | None = None,
    drill: str = "",
) -> SqlStore:
    """Opens or creates the log at a postgresql:// URL, an SQLite file, or `twinward.db` in a
    folder.

    `sealed` is the folder for sealed history; without one, looks back are answered by the database
    alone. `drill` is the id of the drill that opens it: RefusedError when the log is not that
    drill's, or the reverse.
    """
    return SqlStore(choose_database(url_or_path), tables, facts, clock, sealer, sealed, drill)


class SqlStore:
    """The protocol `Store` on SQLite or PostgreSQL."""

    def __init__(
        self,
        database: Database,
        tables: Sequence[Table[msgspec.Struct]],
        facts: Sequence[type[Fact]],
        clock: Clock,
        sealer: Sealer | None,
        sealed: Path | None = None,
        drill: str = "",
    ) -> None:
        forms = Forms(tables)
        self.database = database
        self.words = RowCodec(forms, facts, sealer)
        self.statements = Statements(database.name, forms)
        prepare(database, self.statements, self.words, drill)
        self._sealed = SealedHistory(sealed) if sealed is not None else None
        self._seal_at = SEAL_AFTER
        self._sealer: threading.Thread | None = None
        self._clock = clock
        self._recent = RowCache(RECENT_ROWS)
        self._connection: Connection | None = None
        self._last_head: Head | None = None
        self._stopped: StorageError | None = None
        self._queue: deque[Work] = deque()
        self._queued = threading.Condition()
        self._closing = False
        self._grown = threading.Condition()
        self._seq = 0
        self._polled_at = float("-inf")
        self._readers = ReaderPool(database, self.statements, self.words, self._sealed)
        self._checkpointer = (
            Checkpointer(database, self._readers.older_than) if database.name == "sqlite" else None
        )
        self._thread = threading.Thread(target=self._run, name="twinward-writer", daemon=True)
        self._thread.start()

    # writing ---------------------------------------------------------------------------------

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Runs `work` and returns what it returned once all it wrote is durable."""
        if threading.current_thread() is self._thread:
            raise StorageError(
                "a work asked for another write",
                "use the transaction it was given",
                code="nested_write",
            )
        return self.submit(work).result()

    def submit(self, work: Callable[[Transaction], T]) -> Future[T]:
        """As `write`, but at once; the future resolves when the work is durable."""
        future: Future[T] = Future()
        with self._queued:
            if self._closing:
                raise StorageError("the store is closed", "open it again", code="closed")
            self._queue.append((work, future))
            self._queued.notify()
        return future

    def _run(self) -> None:
        while group := self._take():
            if self._stopped is not None:
                self._refuse(group, self._stopped)
                continue
            try:
                self._commit(group)
                if self._checkpointer is not None and self._connection is not None:
                    self._checkpointer.after_commit(self._connection)
            except Exception as error:  # whatever it is: the writer goes on, and who waits is told
                LOG.exception("the writer met what it does not know")
                self._give_up(group, error)
        if self._connection is not None:
            self._connection.close()

    def _take(self) -> list[Work]:
        with self._queued:
            while not self._queue and not self._closing:
                self._queued.wait()
            return [self._queue.popleft() for _ in range(min(len(self._queue), GROUP_MAX))]

    def _commit(self, group: list[Work]) -> None:
        """One database transaction for all of `group`; then, and only then, their futures resolve.

        Where the database does not take the values of one work, all are done anew, each behind its
        own savepoint.
        """
        running = [
            (work, future) for work, future in group if future.set_running_or_notify_cancel()
        ]
        try:
            try:
                done, failed, head = self._try(running, careful=False)
            except DataRefusedError:
                self._roll_back()
                done, failed, head = self._try(running, careful=True)
        except (self.database.errors, OSError, StorageError) as error:
            self._give_up(running, error)
            return
        self._announce(head)
        for future, result in done:
            future.set_result(result)
        for future, reason in failed:
            future.set_exception(reason)
        self._seal_if_due(head.version)

    def _try(self, running: list[Work], *, careful: bool) -> tuple[list[Told], list[Told], Head]:
        transaction = self._begin(careful=careful)
        done: list[Told] = []
        failed: list[Told] = []
        for work, future in running:
            transaction.begin_work(self._clock.now())
            try:
                result = work(transaction)
                transaction.keep_work()
            except BaseException as error:
                transaction.undo_work()
                if transaction.trouble is not None:
                    raise
                failed.append((future, error))
            else:
                done.append((future, result))
        transaction.finish()
        if self.words.sealer is not None:
            self.words.sealer.flush()  # a row must never outlive its key by a crash
        transaction.commit()
        transaction.settle()
        return done, failed, transaction.head

    def _begin(self, *, careful: bool) -> GroupTransaction:
        """A transaction of the writer; a connection that was lost since the last one is made
        anew.
        """
        try:
            if self._connection is not None:
                self.database.begin_write(self._connection)
        except self.database.errors as error:
            if not self.database.is_lost(error):
                raise
            self._roll_back()
        if self._connection is None:
            self._connection = self.database.connect(write=True)
            self.database.begin_write(self._connection)
        head = Head(*self._connection.execute(HEAD).fetchone())
        if self._last_head is None or head.version != self._last_head.version:
            self._recent.clear()  # another process wrote
        return GroupTransaction(
            self._connection,
            self.database,
            self.statements,
            self.words,
            head,
            self._clock.now(),
            self._recent,
            careful=careful,
        )

    def _roll_back(self) -> None:
        """Lets go of the connection and of what was remembered of it."""
        connection, self._connection = self._connection, None
        self._last_head = None
        self._recent.clear()
        if self.words.sealer is not None:
            self.words.sealer.drop(0)
        if connection is not None:
            with suppress(self.database.errors):
                connection.execute("ROLLBACK")
            with suppress(self.database.errors):
                connection.close()

    def _give_up(self, running: list[Work], error: Exception) -> None:
        """Nothing of this group is kept; after a failure of the disk nothing more is tried."""
        self._roll_back()
        reason = error if isinstance(error, StorageError) else self.database.explain(error)
        if isinstance(reason, StoppedError):
            self._stopped = reason
        self._refuse(running, reason)

    @staticmethod
    def _refuse(running: list[Work], reason: Exception) -> None:
        for _, future in running:
            if not future.done():
                future.set_exception(reason)

    # reading ---------------------------------------------------------------------------------

    def read(self) -> Reader:
        """One consistent picture of the log and all rows; close it soon, for the log on disk
        grows while it lives.
        """
        return self._readers.read()

    def erase(self, ended: Sequence[tuple[str, str, int, int]]) -> int:
        """Delete the rows about persons whose keys are destroyed, and all their versions; how many.

        Each of `ended` is a subject, the word that stood for it, and the day's first and last
        microsecond. The log keeps its entries: that something happened, of nobody.
        """
        connection = self.database.connect(write=True)
        try:
            erased = erase_rows(connection, self.statements, self.words.forms.values(), ended)
        except self.database.errors as error:
            raise self.database.explain(error) from error
        finally:
            connection.close()
        if self._sealed is not None and erased:
            self._sealed.discard()
        return erased

    def seal_history(self) -> int:
        """Writes all versions up to now as sealed columns; how many. Readers and the writer go
        on meanwhile.
        """
        if self._sealed is None:
            raise InputError(
                "this store has no folder for sealed history", "open it with one", code="no_folder"
            )
        connection = self.database.connect(write=False)
        try:
            version = int(connection.execute("SELECT version FROM head").fetchone()[0])
            mark = "?" if self.statements.is_sqlite else "%s"
            return self._sealed.seal_all(
                connection, self.words, mark, version, lambda: self._closing
            )
        except self.database.errors as error:
            raise self.database.explain(error) from error
        finally:
            connection.close()

    def _seal_if_due(self, version: int) -> None:
        """Seals beside the writer when the part that is not sealed has grown large."""
        if self._sealed is None or version < self._seal_at or self._closing:
            return
        sealed = self._sealed.version()
        self._seal_at = max(version, sealed) + SEAL_AFTER
        if version - sealed >= max(SEAL_AFTER, sealed // 4):
            self._sealer = threading.Thread(
                target=self._seal_beside, name="twinward-sealer", daemon=True
            )
            self._sealer.start()

    def _seal_beside(self) -> None:
        with suppress(
            StorageError, InputError, OSError
        ):  # sealed history only answers faster; it is tried again
            self.seal_history()

    # waiting ---------------------------------------------------------------------------------

    def _announce(self, head: Head) -> None:
        self._last_head = head
        with self._grown:
            self._seq = max(self._seq, head.seq)
            self._grown.notify_all()

    def wait_for(self, seq: int, timeout_s: float) -> int:
        """The last place in the log, as soon as it is past `seq` or the time is up; other
        processes count too.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            self._poll()
            with self._grown:
                left = deadline - time.monotonic()
                if self._seq > seq or left <= 0 or self._closing:
                    return self._seq
                self._grown.wait(min(left, POLL_S))

    def _poll(self) -> None:
        """Looks at most every POLL_S for what other processes wrote."""
        with self._grown:
            now = time.monotonic()
            if now - self._polled_at < POLL_S:
                return
            self._polled_at = now
        with self.read() as reader:
            found = reader.last_seq()
        with self._grown:
            self._seq = max(self._seq, found)

    def close(self) -> None:
        """Finishes what was submitted, then lets go of every connection."""
        with self._queued:
            if self._closing:
                return
            self._closing = True
            self._queued.notify()
        self._thread.join()
        if self._sealer is not None:
            self._sealer.join()
        with self._grown:
            self._grown.notify_all()
        self._readers.close()
        if self._checkpointer is not None:
            self._checkpointer.close()

    def __enter__(self) -> SqlStore:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
