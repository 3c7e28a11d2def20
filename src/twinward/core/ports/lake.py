"""The observation lake, as tracing sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

if TYPE_CHECKING:  # a verb that asks nothing of the lake loads no numpy
    from numpy.typing import NDArray


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
    [list[str], "NDArray[Any]", "NDArray[Any]", "NDArray[Any]"],
    tuple["NDArray[Any]", "NDArray[Any]"],
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
