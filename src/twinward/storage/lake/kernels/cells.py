"""Cells of 128 m, the sort keys of both orders, and the search for keys inside row groups."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

CELLS_PER_DEGREE = (
    111_195.08023353292 / 128.0
)  # cells of 128 m of latitude (mean Earth radius 6,371,008.8 m)
SECOND_BITS = 17  # a second of the day fits in 17 bits


@njit(cache=True, inline="always")
def spread(v: Any) -> Any:
    """The low 20 bits of v with a zero after each: half of a Morton number."""
    v = np.int64(v) & 0xFFFFF
    v = (v | (v << 16)) & 0x0000FFFF0000FFFF
    v = (v | (v << 8)) & 0x00FF00FF00FF00FF
    v = (v | (v << 4)) & 0x0F0F0F0F0F0F0F0F
    v = (v | (v << 2)) & 0x3333333333333333
    return (v | (v << 1)) & 0x5555555555555555


@njit(cache=True, inline="always")
def cell_of(lon: Any, lat: Any) -> Any:
    """The Morton number (38 bits) of the 128 m cell that holds a point."""
    ix = np.int64((lon + 180.0) * CELLS_PER_DEGREE)
    iy = np.int64((lat + 90.0) * CELLS_PER_DEGREE)
    return spread(ix) | (spread(iy) << 1)


@njit(cache=True, nogil=True)
def place_keys(second: Any, lon: Any, lat: Any) -> Any:
    """Sort keys of the order by place: cell, then second of the day."""
    out = np.empty(len(lon), np.int64)
    for i in range(len(lon)):
        out[i] = (cell_of(lon[i], lat[i]) << SECOND_BITS) | second[i]
    return out


@njit(cache=True, nogil=True)
def cells_of(lon: Any, lat: Any, scale: Any, out: Any) -> None:
    """The Morton number of the cell of each point, given in degrees times `scale`."""
    for i in range(len(lon)):
        out[i] = cell_of(lon[i] / scale, lat[i] / scale)


@njit(cache=True, nogil=True)
def subject_keys(subject: Any, time: Any, time_bits: Any) -> Any:
    """Sort keys of the order by subject: subject, then time in the unit given."""
    out = np.empty(len(subject), np.int64)
    for i in range(len(subject)):
        out[i] = (np.int64(subject[i]) << time_bits) | np.int64(time[i])
    return out


@njit(cache=True, inline="always")
def _key_at(i: Any, time: Any, unit_us: Any, lon: Any, lat: Any, scale: Any) -> Any:
    return (cell_of(lon[i] / scale, lat[i] / scale) << SECOND_BITS) | (
        np.int64(time[i]) * unit_us // 1_000_000
    )


@njit(cache=True, nogil=True)
def find_runs(
    low: Any,
    high: Any,
    first: Any,
    last: Any,
    starts: Any,
    time: Any,
    unit_us: Any,
    lon: Any,
    lat: Any,
    scale: Any,
) -> tuple[Any, Any]:
    """Row ranges [a, b) of a decoded stretch of the place order whose keys lie in one of the ranges
    [low, high].

    `low`, `high` sorted and disjoint. `first`, `last` are the keys of each decoded row group and
    `starts` where it begins (one more at the end); the row groups ascend but may leave gaps, so
    each is searched by itself.
    """
    begins, ends, q = [0 for _ in range(0)], [0 for _ in range(0)], 0
    for g in range(len(first)):
        while q < len(low) and high[q] < first[g]:
            q += 1
        r = q
        while r < len(low) and low[r] <= last[g]:
            a, b = starts[g], starts[g + 1]
            while a < b:
                m = (a + b) // 2
                if _key_at(m, time, unit_us, lon, lat, scale) < low[r]:
                    a = m + 1
                else:
                    b = m
            begin, b = a, starts[g + 1]
            while a < b:
                m = (a + b) // 2
                if _key_at(m, time, unit_us, lon, lat, scale) <= high[r]:
                    a = m + 1
                else:
                    b = m
            if a > begin:
                begins.append(begin)
                ends.append(a)
            r += 1
    return np.array(begins, dtype=np.int64), np.array(ends, dtype=np.int64)


@njit(cache=True, nogil=True)
def touched_groups(low: Any, high: Any, first: Any, last: Any) -> Any:
    """Which row groups hold a key of one of the ranges (both sides sorted)."""
    hit, q = np.zeros(len(first), np.bool_), 0
    for g in range(len(first)):
        while q < len(low) and high[q] < first[g]:
            q += 1
        if q < len(low) and low[q] <= last[g]:
            hit[g] = True
    return np.nonzero(hit)[0]


@njit(cache=True, nogil=True)
def rows_of_runs(begins: Any, ends: Any) -> Any:
    """All row numbers of the ranges [begin, end), one after the other."""
    total = 0
    for i in range(len(begins)):
        total += max(ends[i] - begins[i], 0)
    out, k = np.empty(total, np.int64), 0
    for i in range(len(begins)):
        for row in range(begins[i], ends[i]):
            out[k] = row
            k += 1
    return out


@njit(cache=True, nogil=True)
def box_ranges(boxes: Any, windows: Any, day_us: Any) -> tuple[Any, Any]:
    """Key ranges [low, high] that hold every point of the boxes during their windows, on the day
    from `day_us`.

    A box is (west, south, east, north); west > east means that it crosses the antimeridian. Small
    boxes give (cell, seconds) ranges; large ones whole blocks of cells, so that a box never asks
    for more than some 36 blocks.
    """
    low, high = [np.int64(0) for _ in range(0)], [np.int64(0) for _ in range(0)]
    for i in range(len(boxes)):
        t0, t1 = max(windows[i, 0], day_us), min(windows[i, 1], day_us + 86_400_000_000 - 1)
        if t0 > t1:
            continue
        s0, s1 = (t0 - day_us) // 1_000_000, (t1 - day_us) // 1_000_000
        west, east = boxes[i, 0], boxes[i, 2]
        sides = 2 if west > east else 1
        for side in range(sides):
            x0 = west if side == 0 else -180.0
            x1 = 180.0 if sides == 2 and side == 0 else east
            _add_box(low, high, x0, max(boxes[i, 1], -90.0), x1, min(boxes[i, 3], 90.0), s0, s1)
    return np.array(low, dtype=np.int64), np.array(high, dtype=np.int64)


@njit(cache=True, nogil=True)
def _add_box(low: Any, high: Any, x0: Any, y0: Any, x1: Any, y1: Any, s0: Any, s1: Any) -> None:
    ix0, ix1 = np.int64((x0 + 180.0) * CELLS_PER_DEGREE), np.int64((x1 + 180.0) * CELLS_PER_DEGREE)
    iy0, iy1 = np.int64((y0 + 90.0) * CELLS_PER_DEGREE), np.int64((y1 + 90.0) * CELLS_PER_DEGREE)
    level = 0
    while (ix1 >> level) - (ix0 >> level) > 5 or (iy1 >> level) - (iy0 >> level) > 5:
        level += 1
    for ix in range(ix0 >> level, (ix1 >> level) + 1):
        for iy in range(iy0 >> level, (iy1 >> level) + 1):
            block = spread(ix) | (spread(iy) << 1)
            if level == 0:
                low.append((block << SECOND_BITS) | s0)
                high.append((block << SECOND_BITS) | s1)
            else:
                low.append((block << (2 * level)) << SECOND_BITS)
                high.append((((block + 1) << (2 * level)) << SECOND_BITS) - 1)


@njit(cache=True, nogil=True)
def grid_cells(lon: Any, lat: Any) -> Any:
    """The cell of each point as (row << 20) + column, for the index of visits."""
    out = np.empty(len(lon), np.int64)
    for i in range(len(lon)):
        column = np.int64((lon[i] + 180.0) * CELLS_PER_DEGREE)
        out[i] = (np.int64((lat[i] + 90.0) * CELLS_PER_DEGREE) << 20) + column
    return out
