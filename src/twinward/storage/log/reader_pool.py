"""The readers of one store and the connections that wait for the next of them."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from twinward.core.errors import BusyError, StorageError
from twinward.storage.database.databases import Database
from twinward.storage.database.statements import Statements
from twinward.storage.log.row_queries import RowCodec
from twinward.storage.log.sealed import SealedHistory
from twinward.storage.log.snapshot_reader import StoreReader

if TYPE_CHECKING:
    from twinward.storage.database.connection import Connection

KEPT = 8  # idle connections


class ReaderPool:
    """Hands out readers; a connection that the server let go is thrown away, not handed on."""

    def __init__(
        self,
        database: Database,
        statements: Statements,
        words: RowCodec,
        sealed: SealedHistory | None,
    ) -> None:
        self._database = database
        self._statements = statements
        self._words = words
        self._sealed = sealed
        self._lock = threading.Lock()
        self._open: list[StoreReader] = []
        self._idle: list[Connection] = []
        self._closing = False

    def read(self) -> StoreReader:
        """A reader over an idle connection, or over one of its own."""
        reader = self._read_again() or self._read_anew()
        with self._lock:
            self._open.append(reader)
        return reader

    def _read_again(self) -> StoreReader | None:
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection = self._idle.pop()
            try:
                return self._reader(connection)
            except (self._database.errors, StorageError, BusyError):
                with suppress(self._database.errors):
                    connection.close()

    def _read_anew(self) -> StoreReader:
        try:
            return self._reader(self._database.connect(write=False))
        except self._database.errors as error:
            raise self._database.explain(error) from error

    def _reader(self, connection: Connection) -> StoreReader:
        return StoreReader(
            connection, self._statements, self._words, self._database, self._sealed, self._returned
        )

    def _returned(self, reader: StoreReader, connection: Connection, usable: bool) -> None:
        with self._lock:
            if reader in self._open:
                self._open.remove(reader)
            if usable and not self._closing and len(self._idle) < KEPT:
                self._idle.append(connection)
                return
        with suppress(self._database.errors):
            connection.close()

    def older_than(self, seconds: float) -> list[StoreReader]:
        """The readers that have been open for longer."""
        limit = time.monotonic() - seconds
        with self._lock:
            return [reader for reader in self._open if reader.opened_at < limit]

    def close(self) -> None:
        """Ends every reader and lets go of every connection."""
        self._closing = True
        with self._lock:
            readers, idle, self._idle = list(self._open), self._idle, []
        for reader in readers:
            reader.close()
        for connection in idle:
            connection.close()
