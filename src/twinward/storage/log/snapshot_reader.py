"""One consistent picture for one reader, also of an earlier instant."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from twinward.core.clock import to_us
from twinward.core.errors import BusyError, StorageError
from twinward.core.ports import R, Table, table_name
from twinward.storage.database.databases import Database
from twinward.storage.database.statements import Statements
from twinward.storage.log.past import PastReader
from twinward.storage.log.row_queries import RowCodec, RowQueries
from twinward.storage.log.sealed import SealedHistory

if TYPE_CHECKING:
    import pyarrow as pa

    from twinward.storage.database.connection import Connection


class StoreReader(RowQueries):
    """The protocol `Reader`: a read transaction that stands where the log stood when it was
    opened.
    """

    def __init__(
        self,
        connection: Connection,
        statements: Statements,
        words: RowCodec,
        database: Database,
        sealed: SealedHistory | None,
        give_back: Callable[[StoreReader, Connection, bool], None],
    ) -> None:
        super().__init__(connection, statements, words)
        self.opened_at = time.monotonic()
        self._database = database
        self._give_back = give_back
        self._lock = threading.Lock()
        self._open = True
        self._expired = False
        connection.execute(database.begin_read)
        seq, version = self._fetch("SELECT seq, version FROM head", ())[
            0
        ]  # the first read fixes the picture
        self._seq = int(seq)
        self._past = PastReader(self._fetch, statements, words, sealed, int(version))

    def _fetch(self, text: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        with self._lock:
            if not self._open:
                raise self._why_closed()
            try:
                return super()._fetch(text, values)
            except self._database.errors as error:
                raise self._database.explain(error) from error

    def _why_closed(self) -> StorageError | BusyError:
        if self._expired:
            return BusyError(
                "this picture was held too long while the log grew",
                "open another and read it sooner",
                code="read_expired",
            )
        return StorageError("this reader is closed", "open another with read()", code="closed")

    def last_seq(self) -> int:
        return self._seq

    def as_of(
        self,
        table: Table[R] | str,
        at: datetime,
        *,
        area: str | None = None,
        known_at: datetime | None = None,
    ) -> list[R]:
        """Rows as they were at `at`, by key, by what was known at `known_at` (all that is known
        now).

        `area` is a code prefix. A version holds from its `valid_from` on, until a later recorded
        version that covers the instant replaces it; so a late report changes what is known of the
        past, and now is always the current row.
        """
        table = table_name(table)
        known_us = None if known_at is None else to_us(known_at)
        return self._past.rows(table, to_us(at), area, known_us)

    def as_of_columns(
        self, table: Table[msgspec.Struct] | str, at: datetime, *, area: str | None = None
    ) -> pa.Table:
        """The same as an Arrow table of key, area and declared columns, for a million rows at
        once.
        """
        table = table_name(table)
        return self._past.columns(table, to_us(at), area)

    def count_asked(self, after: int, own: Sequence[str]) -> int:
        statement = self._statements.count_asked(len(own))
        values: dict[str, object] = {f"own_{n}": actor for n, actor in enumerate(own)}
        return int(self._fetch(statement.text, statement.values(values | {"seq": after}))[0][0])

    def expire(self) -> None:
        """Ends a picture held so long that the log on disk cannot shrink."""
        self._expired = True
        self.close()

    def close(self) -> None:
        with self._lock:
            if not self._open:
                return
            self._open = False
        usable = False
        with suppress(self._database.errors):
            self._connection.execute("ROLLBACK")
            usable = True
        self._give_back(self, self._connection, usable)

    def __enter__(self) -> StoreReader:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
