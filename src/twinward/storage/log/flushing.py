"""Writes held back go into the database layer by layer, each behind a savepoint of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from twinward.core.errors import InputError, StorageError
from twinward.storage.database.databases import Database
from twinward.storage.database.statements import Statements
from twinward.storage.log.pending_writes import Head, Layer, PendingWrites, Version
from twinward.storage.log.row_queries import RowCodec, RowQueries

if TYPE_CHECKING:
    from twinward.storage.database.connection import Connection

# what the drivers raise of values that no database takes, before they ask it
BAD_VALUES = (UnicodeError, OverflowError, ValueError, TypeError)


class DataRefusedError(StorageError):
    """The database did not take the values of one work: the group's works are tried one by one."""

    code = "database_refused"


class Layered(RowQueries):
    """A transaction as a stack of layers: the group's, one work's, and one for each attempt inside
    another.

    An attempt that fails takes its layer away, and what of it was written is rolled back to its
    savepoint. With `careful` every layer is written when its attempt ends, so that what the
    database refuses hits that one alone.
    """

    def __init__(
        self,
        connection: Connection,
        database: Database,
        statements: Statements,
        words: RowCodec,
        head: Head,
        *,
        careful: bool,
    ) -> None:
        super().__init__(connection, statements, words)
        self._database = database
        self._careful = careful
        self.head = self._opened_at = head
        self.trouble: StorageError | None = None  # after it nothing of the group may be kept
        self._layers = [Layer(head, self._pending_keys())]

    # asking the database ---------------------------------------------------------------------

    def _fetch(self, text: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        try:
            return super()._fetch(text, values)
        except (self._database.errors, *BAD_VALUES) as error:
            raise self._said(error) from error

    def _execute(self, text: str) -> None:
        try:
            self._connection.execute(text)
        except self._database.errors as error:
            raise self._said(error) from error

    def _many(self, text: str, values: Sequence[tuple[object, ...]]) -> None:
        try:
            cursor = self._connection.cursor()
            cursor.executemany(text, values)
            cursor.close()
        except (self._database.errors, *BAD_VALUES) as error:
            raise self._said(error) from error

    def _said(self, error: Exception) -> Exception:
        """What to raise: the sender's fault behind a savepoint, else what ends the group."""
        refused = isinstance(error, BAD_VALUES) or self._database.refuses(error)
        if refused and self._careful and len(self._layers) > 1:
            return InputError(
                "the database does not take what this says",
                "send plain text and numbers of common size",
                code="database_refused",
            )
        explained = self._database.explain(error)
        if refused:
            explained = DataRefusedError(
                explained.message, explained.advice, code="database_refused"
            )
        self.trouble = self.trouble or StorageError(
            explained.message, explained.advice, code=explained.code
        )
        return explained

    # layers ----------------------------------------------------------------------------------

    @property
    def _top(self) -> Layer:
        return self._layers[-1]

    def _pending_keys(self) -> int:
        sealer = self._words.sealer
        return sealer.pending() if sealer is not None else 0

    def _enter(self) -> None:
        self._layers.append(Layer(self.head, self._pending_keys()))
        if self._careful:
            self._open_savepoints(len(self._layers) - 1)

    def _keep(self) -> None:
        if self._careful:
            self._flush(self._top)
        if self._top.savepoint:
            self._execute(f"RELEASE SAVEPOINT {self._top.savepoint}")
        layer = self._layers.pop()
        self._top.take(layer)

    def _undo(self) -> None:
        layer = self._layers.pop()
        self.head = layer.start
        if self._words.sealer is not None:
            self._words.sealer.drop(layer.keys)
        if layer.savepoint and self.trouble is None:
            self._execute(f"ROLLBACK TO SAVEPOINT {layer.savepoint}")
            self._execute(f"RELEASE SAVEPOINT {layer.savepoint}")

    def _open_savepoints(self, upto: int) -> None:
        """Every layer above the group's up to this one gets its savepoint, after what came
        before it was written.
        """
        for depth in range(1, upto + 1):
            if not self._layers[depth].savepoint:
                self._flush(self._layers[depth - 1])
                self._execute(f"SAVEPOINT step_{depth}")
                self._layers[depth].savepoint = f"step_{depth}"

    def _before_list(self, table: str | None) -> None:
        """Hands over held writes that the read could miss."""
        waiting = [depth for depth, layer in enumerate(self._layers) if waits(layer, table)]
        if not waiting:
            return
        self._open_savepoints(waiting[-1])
        if table is None:
            self._flush_log(self._layers[waiting[-1]])
        else:
            self._flush_rows(self._layers[waiting[-1]], table)

    # writing
    # ----------------------------------------------------------------------------------------------

    def _flush(self, held: PendingWrites) -> None:
        self._flush_log(held)
        for table in list(held.rows):
            self._flush_rows(held, table)
        statements = self._statements
        for table, versions in held.history.items():
            if versions:
                by_place = sorted(versions, key=_by_place)
                self._many(statements.insert(f"{table}_history").text, by_place)
        if held.offsets:
            self._many(statements.upsert("offsets").text, sorted(held.offsets.items()))
        if held.counts:
            values = [
                (source, c.received, c.stored, c.rejected, c.duplicate)
                for source, c in sorted(held.counts.items())
            ]
            self._many(statements.upsert("source_counts", add=True).text, values)
        held.history, held.offsets, held.counts = {}, {}, {}

    def _flush_log(self, held: PendingWrites) -> None:
        if held.events:
            self._many(self._statements.insert("events").text, held.events)
        if held.commands:
            self._many(
                self._statements.upsert("commands").text, sorted(held.commands.values(), key=_first)
            )
        held.flushed_commands.update(held.commands)
        held.events, held.commands = [], {}

    def _flush_rows(self, held: PendingWrites, table: str) -> None:
        rows = held.rows.pop(table, {})
        gone = [(key,) for key, stored in rows.items() if stored is None]
        kept = [stored for stored in rows.values() if stored is not None]
        if gone:
            self._many(self._statements.delete(table).text, gone)
        if kept:
            self._many(self._statements.upsert(table).text, sorted(kept, key=_first))


def waits(held: PendingWrites, table: str | None) -> bool:
    """Whether anything held back belongs into the table; None is the log."""
    return bool(held.events) if table is None else bool(held.rows.get(table))


def _first(row: tuple[object, ...]) -> str:
    return str(row[0])


def _by_place(version: Version) -> tuple[str, str, int]:
    return version[:3]
