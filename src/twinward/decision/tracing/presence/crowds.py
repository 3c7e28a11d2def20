"""How many persons were ever in areas: one bit for each person and area, without a single row
taken out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.core.ports import Crowd
from twinward.decision.tracing.kernels import crowds as kernels
from twinward.decision.tracing.presence.areas import AskedAreas
from twinward.decision.tracing.scoped_lake import ScopedLake

MOST_CELLS = 4_000_000  # of 128 m, in the bounds of all areas together
MOST_EDGE_TESTS = 200_000_000
MOST_BYTES = 128_000_000  # of marks at once
PASSED, STAYED = KINDS = ("passed", "stayed")
Counts = tuple[int, NDArray[np.int64]]  # distinct persons in any area, and in each


def can_count(lake: ScopedLake, areas: AskedAreas, per_degree: float) -> bool:
    """Whether counting by cells is possible and worth it: whole city open, no area across the
    antimeridian or huge.
    """
    west, south, east, north = areas.bounds.T
    if not lake.whole_city or np.any(west > east):
        return False
    cells = ((east - west) * per_degree + 2) * ((north - south) * per_degree + 2)
    edges = np.diff(areas.edge_start)
    return bool(cells.sum() <= MOST_CELLS and (cells * edges).sum() <= MOST_EDGE_TESTS)


def count_crowds(
    lake: ScopedLake,
    areas: AskedAreas,
    from_us: int,
    to_us: int,
    kinds: frozenset[str] = frozenset(KINDS),
) -> tuple[Counts, Counts]:
    """(passed through, stayed) in [from, to), which the scope opens; nought for what is not
    among `kinds`.
    """
    index = lake.lake.visit_index()
    shapes = (areas.discs, areas.edges, areas.edge_start)
    cover = kernels.cover_cells(areas.bounds, index.per_degree, *shapes)
    found, left = lake.lake.crowds(from_us, to_us) if PASSED in kinds else ([], [])
    known = [(columns_of(crowd), corners_of(crowd)) for crowd in found]
    rest = [rows_in(lake, areas, *window) for window in left]
    visits = (
        index.cells,
        index.cell_start,
        index.subject,
        index.start_s,
        index.end_s,
        index.lon,
        index.lat,
    )

    def passed(span: tuple[int, int], marks: NDArray[np.uint8]) -> None:
        for columns, corners in known:
            kernels.mark_passed(columns, corners, cover, shapes, span, marks)
        for area, subject in rest:
            kernels.mark_rows(area, subject, span, marks)

    def stayed(span: tuple[int, int], marks: NDArray[np.uint8]) -> None:
        if STAYED in kinds:
            kernels.mark_stayed(visits, cover, shapes, (from_us, to_us - 1), span, marks)

    people = lake.lake.subject_count()
    return count_marks(passed, len(areas), people), count_marks(stayed, len(areas), people)


def count_marks(
    mark: Callable[[tuple[int, int], NDArray[np.uint8]], None], areas: int, people: int
) -> Counts:
    """Run `mark` over as many areas at a time as fit in memory; count bits."""
    width = -(-people // 64) * 8
    anywhere, by_area = np.zeros(width, np.uint8), np.zeros(areas, np.int64)
    for first, last in spans_of(areas, max(1, MOST_BYTES // max(width, 1))):
        marks = np.zeros((last - first, width), np.uint8)
        mark((first, last), marks)
        by_area[first:last] = np.bitwise_count(marks.view(np.uint64)).sum(axis=1)
        anywhere |= np.bitwise_or.reduce(marks, axis=0)
    return int(np.bitwise_count(anywhere.view(np.uint64)).sum()), by_area


def spans_of(count: int, step: int) -> Iterator[tuple[int, int]]:
    for first in range(0, count, step):
        yield first, min(first + step, count)


def columns_of(crowd: Crowd) -> tuple[NDArray[Any], ...]:
    return (
        crowd.cells,
        crowd.entry_start,
        crowd.row_start,
        crowd.subject,
        crowd.dx,
        crowd.dy,
        crowd.count,
    )


def corners_of(crowd: Crowd) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The whole 1e-7 degrees just below the western and southern edge of every cell: from these
    dx and dy count.
    """
    column, row = crowd.cells & 0xFFFFF, crowd.cells >> 20
    west = np.floor((column / crowd.per_degree - 180.0) * 1e7).astype(np.int64) - 1
    south = np.floor((row / crowd.per_degree - 90.0) * 1e7).astype(np.int64) - 1
    return west, south


def rows_in(
    lake: ScopedLake, areas: AskedAreas, from_us: int, to_us: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    """(area, subject) of every fix in an area, on a day that is asked for only in part."""
    windows = np.tile(np.array([[from_us, to_us - 1]]), (len(areas.boxes), 1))
    fixes = lake.fixes_in(areas.boxes, windows)
    rows, area = areas.find_inside(fixes.lon, fixes.lat)
    inside = (fixes.time_us[rows] >= from_us) & (fixes.time_us[rows] < to_us)
    return area[inside], fixes.subject[rows[inside]]
