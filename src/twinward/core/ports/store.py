"""The store of events and tables, as its users see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import msgspec

from twinward.core.messages import Counts, Done, Draft, Event, Request

if TYPE_CHECKING:
    import pyarrow as pa

T = TypeVar("T")


R = TypeVar("R", bound=msgspec.Struct)
RowKind = TypeVar("RowKind", bound=msgspec.Struct, covariant=True)


class Table(msgspec.Struct, Generic[RowKind], frozen=True, kw_only=True):
    """A projection, declared as data by a twin and kept by `storage`: a current table and its
    history.

    `row` is a frozen struct. `key` and `area` name its fields for identity and place. `columns` are
    the fields that lists filter and sort by (str, int, float, bool, datetime or None); each becomes
    a real column; the tuples of columns in `indexes` are indexed together. With `subject` (a field
    holding a pseudonym) the body is personal: it is sealed under that person's key of the day it
    was recorded.
    """

    name: str
    row: type[RowKind]
    key: str = "id"
    area: str = "area"
    columns: tuple[str, ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()
    subject: str | None = None


class StartsWith(msgspec.Struct, frozen=True):
    """A filter on a text column: what begins with `text`."""

    text: str


def table_name(table: Table[msgspec.Struct] | str) -> str:
    return table if isinstance(table, str) else table.name


def area_of(table: Table[msgspec.Struct], row: msgspec.Struct) -> str:
    """The area that a row of the table lies in."""
    return str(getattr(row, table.area))


class Rows(Protocol):
    """Reads of current rows. Filters are equality on declared columns; a tuple means any of; None
    means is null; `StartsWith` means that the text begins so.

    `under` is an area code prefix; `within` inclusive ranges of area codes, any of them (an empty
    tuple matches nothing); `between` a column and the instants [from, to) it lies in; `order` a
    column, `-column` descending; rows whose key was destroyed are left out.
    """

    def find(self, table: Table[R], key: str) -> R | None: ...

    def get(self, table: Table[R], key: str) -> R:
        """The row; AbsentError when there is none."""

    def list_rows(
        self,
        table: Table[R],
        *,
        under: str | None = None,
        within: tuple[tuple[str, str], ...] | None = None,
        order: str | None = None,
        limit: int | None = None,
        offset: int = 0,
        before: tuple[str, datetime] | None = None,
        **equals: object,
    ) -> list[R]: ...

    def count(
        self,
        table: Table[msgspec.Struct],
        *,
        under: str | None = None,
        within: tuple[tuple[str, str], ...] | None = None,
        between: tuple[str, datetime, datetime] | None = None,
        **equals: object,
    ) -> int: ...

    def list_page(
        self,
        table: Table[R],
        *,
        order: str,
        limit: int,
        offset: int = 0,
        within: tuple[tuple[str, str], ...] | None = None,
        between: tuple[str, datetime, datetime] | None = None,
        **equals: object,
    ) -> tuple[list[R], int]:
        """A page by `order` and how many rows there are in all, those of destroyed keys counted."""

    def events_after(
        self,
        seq: int,
        limit: int = 1000,
        *,
        types: Sequence[str] | None = None,
        incident: str | None = None,
    ) -> list[Event]: ...

    def events_before(
        self,
        seq: int,
        limit: int = 1000,
        *,
        types: Sequence[str] | None = None,
        incident: str | None = None,
    ) -> list[Event]:
        """Backwards from before `seq`, the newest first."""

    def find_event(self, event_id: str) -> Event | None: ...

    def last_seq(self) -> int: ...

    def get_offset(self, name: str) -> int: ...

    def counts(self) -> dict[str, Counts]: ...


class Transaction(Rows, Protocol):
    """The writer's view: reads see its own writes; everything in it is kept whole or not at all."""

    @property
    def recorded_at(self) -> datetime: ...

    @property
    def now(self) -> datetime:
        """What the clock says; `recorded_at` is later where the log is a little ahead of the
        clock.
        """

    def attempt(self) -> AbstractContextManager[None]:
        """What is done in its body is kept, or undone whole when the body raises; attempts may
        lie in each other.
        """

    def seen(self, command_id: str) -> bool: ...

    def find_command(self, command_id: str) -> Done | None: ...

    def append(
        self, request: Request, drafts: Sequence[Draft], occurred_at: datetime
    ) -> list[Event]: ...

    def put(self, table: Table[R], row: R, valid_from: datetime) -> None: ...

    def remove(self, table: Table[msgspec.Struct], key: str, valid_from: datetime) -> None: ...

    def set_offset(self, name: str, seq: int) -> None: ...

    def add_counts(self, source: str, counts: Counts) -> None: ...


class Reader(Rows, Protocol):
    """One consistent picture; closing it lets the writer reclaim space."""

    def as_of(
        self,
        table: Table[R],
        at: datetime,
        *,
        area: str | None = None,
        known_at: datetime | None = None,
    ) -> list[R]: ...

    def as_of_columns(
        self, table: Table[msgspec.Struct], at: datetime, *, area: str | None = None
    ) -> pa.Table:
        """The same as an Arrow table of key, area and declared columns (instants in
        microseconds, truth as 0 or 1).
        """

    def count_asked(self, after: int, own: Sequence[str]) -> int:
        """Commands after a place in the log that no event caused and that none of the `own`
        actors asked.
        """

    def close(self) -> None: ...

    def __enter__(self) -> Reader: ...

    def __exit__(self, *error: object) -> None: ...


class Store(Protocol):
    """The event log with its projections. `write` returns when what it did is durable."""

    def write(self, work: Callable[[Transaction], T]) -> T: ...

    def submit(self, work: Callable[[Transaction], T]) -> Future[T]: ...

    def read(self) -> Reader: ...

    def erase(self, ended: Sequence[tuple[str, str, int, int]]) -> int:
        """Delete the rows about persons whose keys are destroyed; how many."""

    def wait_for(self, seq: int, timeout_s: float) -> int:
        """Waits until the log has grown past `seq`; returns its last sequence number, grown or
        not.
        """

    def close(self) -> None: ...
