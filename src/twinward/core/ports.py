"""What parts ask of what they do not choose themselves: the store of events and tables, and the
keys of persons.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Any, Generic, Protocol, TypeVar

import msgspec
from numpy.typing import NDArray

from twinward.core.messages import Counts, Difference, Done, Draft, Event, Request

T = TypeVar("T")
R = TypeVar("R", bound=msgspec.Struct)


class Table(msgspec.Struct, Generic[R], frozen=True, kw_only=True):
    """A projection, declared as data by a twin and kept by `storage`: a current table and its
    history.

    `row` is a frozen struct. `key` and `area` name its fields for identity and place. `columns` are
    the fields that lists filter and sort by (str, int, float, bool, datetime or None); each becomes
    a real column; the tuples of columns in `indexes` are indexed together. With `subject` (a field
    holding a pseudonym) the body is personal: it is sealed under that person's key of the day it
    was recorded.
    """

    name: str
    row: type[R]
    key: str = "id"
    area: str = "area"
    columns: tuple[str, ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()
    subject: str | None = None


def table_name(table: Table[Any] | str) -> str:
    return table if isinstance(table, str) else table.name


def area_of(table: Table[Any], row: msgspec.Struct) -> str:
    """The area that a row of the table lies in."""
    return str(getattr(row, table.area))


class Rows(Protocol):
    """Reads of current rows. Filters are equality on declared columns; a tuple means any of; None
    means is null.

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
        **equals: Any,
    ) -> list[R]: ...

    def count(
        self,
        table: Table[Any],
        *,
        under: str | None = None,
        within: tuple[tuple[str, str], ...] | None = None,
        between: tuple[str, datetime, datetime] | None = None,
        **equals: Any,
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
        **equals: Any,
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

    def remove(self, table: Table[Any], key: str, valid_from: datetime) -> None: ...

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

    def as_of_columns(self, table: Table[Any], at: datetime, *, area: str | None = None) -> Any:
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


class Sealer(Protocol):
    """Seals personal bytes under the key of one subject and one retention day; destroyed keys
    open nothing.
    """

    def seal(self, subject: str, day: date, plain: bytes) -> bytes: ...

    def open(self, subject: str, day: date, sealed: bytes) -> bytes | None: ...

    def name(self, subject: str, day: date) -> str:
        """The word that stands for a subject of that day wherever it is not sealed."""

    def subject_of(self, word: str) -> str | None:
        """Whom such a word stands for: itself where it is none, None when its key is destroyed."""

    def names_of(self, subject: str) -> list[str]:
        """All such words of a subject."""

    def flush(self) -> None:
        """Make new keys durable; the store calls it before it commits what they sealed."""

    def pending(self) -> int:
        """How many keys were made since the last flush."""

    def drop(self, keep: int) -> None:
        """Forget all of them but the first `keep`: what they sealed was undone."""


class Intake(Protocol):
    """Takes in checked observations; what is acknowledged is on disk."""

    def accept(self, source: str, rows: Any, rejected: int, sender: str = "") -> Future[Counts]:
        """`rows` is an Arrow batch of OBSERVATION_COLUMNS; `rejected` counts what was refused
        before.
        """

    def sensors(self) -> Any:
        """Columns of the latest value of every sensor of a thing: name, time_us, value, area
        (index), areas.
        """

    def find_area(self, sensor: str) -> str | None:
        """The area that the latest reading of a sensor gave."""

    def hourly(self, sensor: str, start: datetime, end: datetime) -> Any:
        """Columns of one sensor's readings by hour: hour_us, count, mean, least, greatest."""


class Watcher(Protocol):
    """Is shown every durable batch of readings in order, and every undrained one again after a
    start.
    """

    def look(self, source: str, readings: Any) -> None:
        """`readings` is an Arrow batch of OBSERVATION_COLUMNS, each row with a value."""

    def settle(self) -> None:
        """Returns when all that followed from the batches shown so far is durable."""


class IntakeDoor(Protocol):
    """The intake of this process, opened on first use; one process owns it at a time."""

    def open(self) -> Intake: ...

    @property
    def trouble(self) -> str | None:
        """Why what was taken in does not get to its place just now, or None."""

    def counts(self) -> dict[str, Counts]: ...

    def list_differences(self) -> list[Difference]:
        """Where what was acknowledged is not what is there; nothing while another process owns
        the intake.
        """

    def expire(
        self, at: datetime, retention_days: int, kept: Sequence[tuple[datetime, datetime]] = ()
    ) -> int:
        """Delete what was recorded more than `retention_days` before `at`, save what `kept`
        windows cover.
        """

    def close(self) -> None: ...


class Fixes(msgspec.Struct, frozen=True, kw_only=True):
    """Columns of fixes: one row says that a subject was at a point at an instant.

    subject int32 (the lake's number of a pseudonym), time_us int64 since 1970 UTC, lon and lat
    float64 WGS 84, error_m float32 (radius that holds the true position two times in three; NaN
    unknown), place int32 (-1 none), flag uint8 (1: movement that is not plausible).
    """

    subject: NDArray[Any]
    time_us: NDArray[Any]
    lon: NDArray[Any]
    lat: NDArray[Any]
    error_m: NDArray[Any]
    place: NDArray[Any]
    flag: NDArray[Any]

    def __len__(self) -> int:
        return len(self.subject)


class Visits(msgspec.Struct, frozen=True, kw_only=True):
    """Columns of visits (stays): subject int32, start_us and end_us int64, lon and lat float64 (the
    mean position), fixes int32 (how many it was made of), error_m float32, place int32 (-1
    none).
    """

    subject: NDArray[Any]
    start_us: NDArray[Any]
    end_us: NDArray[Any]
    lon: NDArray[Any]
    lat: NDArray[Any]
    fixes: NDArray[Any]
    error_m: NDArray[Any]
    place: NDArray[Any]

    def __len__(self) -> int:
        return len(self.subject)


class VisitIndex(msgspec.Struct, frozen=True, kw_only=True):
    """All visits for quick joins, sorted by cell of a grid, then start; times in whole seconds
    since 1970 UTC.

    A cell is (row << 20) + column with column = int((lon + 180) * per_degree), row = int((lat + 90)
    * per_degree). Visits of `cells[i]` are `cell_start[i]` to `cell_start[i + 1]`, none longer than
    `longest_s[i]`; visits of one subject s are the rows
    `by_subject[subject_start[s]:subject_start[s + 1]]`.
    """

    per_degree: float
    cells: NDArray[Any]
    cell_start: NDArray[Any]
    longest_s: NDArray[Any]
    by_subject: NDArray[Any]
    subject_start: NDArray[Any]
    subject: NDArray[Any]
    start_s: NDArray[Any]
    end_s: NDArray[Any]
    lon: NDArray[Any]
    lat: NDArray[Any]


class Crowd(msgspec.Struct, frozen=True, kw_only=True):
    """Who was in which cell, of all fixes of one part of one day, sorted by cell (numbered as in
    VisitIndex).

    Persons of `cells[i]` are the entries `entry_start[i]` to `entry_start[i + 1]` of `subject`,
    each with `count` fixes; their fixes follow one another from row `row_start[i]` on: `dx`, `dy`
    are 1e-7 degrees east and north of the whole number just below the corner of the cell.
    """

    per_degree: float
    cells: NDArray[Any]
    entry_start: NDArray[Any]
    row_start: NDArray[Any]
    subject: NDArray[Any]
    dx: NDArray[Any]
    dy: NDArray[Any]
    count: NDArray[Any]


# names of persons, whose each point is (int[n]), lon, lat (float64[n]) -> the lon, lat to show
# instead
MovePoints = Callable[
    [list[str], NDArray[Any], NDArray[Any], NDArray[Any]], tuple[NDArray[Any], NDArray[Any]]
]


class MovementLake(Protocol):
    """The observation lake as tracing sees it. Times are microseconds since 1970 UTC, [from, to).

    A box is (west, south, east, north) in degrees with a window (from, to, both inclusive); answers
    hold every row inside a box during its window, and may hold others.
    """

    def find_subject(self, name: str) -> int | None: ...

    def name_subjects(self, numbers: NDArray[Any]) -> list[str]: ...

    def name_places(self, numbers: NDArray[Any]) -> list[str]: ...

    def subject_count(self) -> int: ...

    def span_us(self) -> tuple[int, int]: ...

    def subject_fixes(self, subject: int, from_us: int, to_us: int) -> Fixes: ...

    def fixes_in(self, boxes: NDArray[Any], windows_us: NDArray[Any]) -> Fixes: ...

    def subject_visits(self, subject: int, from_us: int, to_us: int) -> Visits: ...

    def visits_in(self, boxes: NDArray[Any], windows_us: NDArray[Any]) -> Visits: ...

    def visits_between(self, from_us: int, to_us: int) -> Visits: ...

    def visit_index(self) -> VisitIndex: ...

    def crowds(self, from_us: int, to_us: int) -> tuple[list[Crowd], list[tuple[int, int]]]: ...
