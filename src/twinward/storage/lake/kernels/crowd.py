"""Who was in which cell on one day: distinct persons by cell, and every fix's exact place inside
its cell.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from twinward.storage.lake.kernels.cells import CELLS_PER_DEGREE

MOST_COUNT = 255  # fixes of one entry; a person with more has several entries


@njit(cache=True, nogil=True)
def corner_e7(number: Any, from_degrees: Any) -> Any:
    """A whole number of 1e-7 degrees just below a cell's western (from -180) or southern (from
    -90) edge.
    """
    return np.int64(math.floor((number / CELLS_PER_DEGREE + from_degrees) * 1e7)) - 1


@njit(cache=True, nogil=True)
def cell_runs(lon7: Any, lat7: Any) -> tuple[Any, Any]:
    """(cell as (row << 20) + column, first row) of every run of rows in one cell, and the end of
    the last run.
    """
    cells, starts = [np.int64(0) for _ in range(0)], [np.int64(0) for _ in range(0)]
    last = np.int64(-1)
    for i in range(len(lon7)):
        column = np.int64((lon7[i] / 1e7 + 180.0) * CELLS_PER_DEGREE)
        cell = (np.int64((lat7[i] / 1e7 + 90.0) * CELLS_PER_DEGREE) << 20) + column
        if cell != last:
            cells.append(cell)
            starts.append(np.int64(i))
            last = cell
    starts.append(np.int64(len(lon7)))
    return np.array(cells, dtype=np.int64), np.array(starts, dtype=np.int64)


@njit(cache=True, nogil=True)
def _sort_packed(run: Any, room: Any, counts: Any, high: Any) -> None:
    """Sort (subject << 32 | row) in place, rows ascending already: by bytes of the subject where
    there are many.
    """
    n = len(run)
    if n < 64:
        run.sort()
        return
    shift = 32
    while (high >> (shift - 32)) > 0:
        counts[:] = 0
        for i in range(n):
            counts[((run[i] >> shift) & 0xFF) + 1] += 1
        for d in range(256):
            counts[d + 1] += counts[d]
        for i in range(n):
            d = (run[i] >> shift) & 0xFF
            room[counts[d]] = run[i]
            counts[d] += 1
        run[:] = room[:n]
        shift += 8


@njit(cache=True, nogil=True)
def gather_crowd(cells: Any, starts: Any, order: Any, subject: Any, lon7: Any, lat7: Any) -> Any:
    """(entry_start, row_start, subject, count, dx, dy) with the runs taken in `order`, each sorted
    by subject.

    dx and dy are 1e-7 degrees from `corner_e7` of the cell; entries of one person are next to each
    other.
    """
    n, m = len(subject), len(order)
    entry_start, row_start = np.empty(m + 1, np.uint32), np.empty(m + 1, np.uint32)
    who, count = np.empty(n, np.int32), np.empty(n, np.uint8)
    dx, dy = np.empty(n, np.uint16), np.empty(n, np.uint16)
    packed = np.empty(np.max(starts[1:] - starts[:-1]) if m else 0, np.int64)
    room, counts, high = (
        np.empty_like(packed),
        np.zeros(257, np.int64),
        np.int64(np.max(subject)) if n else 0,
    )
    e, k = 0, 0
    for g in range(m):
        a, b = starts[order[g]], starts[order[g] + 1]
        west = corner_e7(cells[order[g]] & 0xFFFFF, -180.0)
        south = corner_e7(cells[order[g]] >> 20, -90.0)
        for i in range(a, b):
            packed[i - a] = (np.int64(subject[i]) << 32) | (i - a)
        run = packed[: b - a]
        _sort_packed(run, room, counts, high)
        entry_start[g], row_start[g] = e, k
        last = np.int64(-1)
        for j in range(b - a):
            person, i = run[j] >> 32, a + (run[j] & 0xFFFFFFFF)
            if person != last or count[e - 1] == MOST_COUNT:
                who[e], count[e] = person, 0
                last = person
                e += 1
            count[e - 1] += 1
            dx[k], dy[k] = lon7[i] - west, lat7[i] - south
            k += 1
    entry_start[m], row_start[m] = e, k
    return entry_start, row_start, who[:e], count[:e], dx, dy
