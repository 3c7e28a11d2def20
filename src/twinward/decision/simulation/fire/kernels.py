"""Minimum travel time over a grid: Dijkstra, with straight lines over many cells.

Finney 2002 follows straight lines between nodes; here each cell also tries the line from its
neighbour's own origin, so that a uniform field gives exact ellipses whatever the stencil.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

NEVER = np.inf
LONGEST = 40  # cells of one straight line
STEPS_ROW = np.array([0, 0, 1, -1, 1, 1, -1, -1, 1, 1, -1, -1, 2, 2, -2, -2])
STEPS_COL = np.array([1, -1, 0, 0, 1, -1, 1, -1, 2, -2, 2, -2, 1, -1, 1, -1])


@njit(cache=True, nogil=True, error_model="numpy")
def line_cost(
    r0: Any,
    c0: Any,
    r1: Any,
    c1: Any,
    base: Any,
    east: Any,
    north: Any,
    up_e: Any,
    up_n: Any,
    most: Any,
) -> Any:
    """Cell widths times seconds a metre along a straight line between cell centres; infinite
    where it meets a cell that does not burn, or passes between two of them.

    A cell takes base * length - (east, north) * displacement: the ellipse from its rear focus.
    Lengths are along the surface, whose gradient is (up_e, up_n).
    """
    dr, dc = r1 - r0, c1 - c0
    row, col, at, total = r0, c0, 0.0, 0.0
    step_r, step_c = (1 if dr > 0 else -1), (1 if dc > 0 else -1)
    gap_r = 1.0 / abs(dr) if dr != 0 else 1e30
    gap_c = 1.0 / abs(dc) if dc != 0 else 1e30
    next_r, next_c = 0.5 * gap_r, 0.5 * gap_c
    dx, dy = float(dc), float(-dr)
    flat = dx * dx + dy * dy
    while True:
        if not base[row, col] < NEVER:
            return NEVER
        to = min(next_r, next_c, 1.0)
        rise = up_e[row, col] * dx + up_n[row, col] * dy
        total += (to - at) * (
            base[row, col] * math.sqrt(flat + rise * rise)
            - east[row, col] * dx
            - north[row, col] * dy
        )
        if to >= 1.0 or total > most:
            return total
        at = to
        corner = abs(next_r - next_c) < 1e-12
        if corner:
            if not base[row + step_r, col] < NEVER and not base[row, col + step_c] < NEVER:
                return NEVER
            row, col, next_r, next_c = row + step_r, col + step_c, next_r + gap_r, next_c + gap_c
        elif next_r < next_c:
            row, next_r = row + step_r, next_r + gap_r
        else:
            col, next_c = col + step_c, next_c + gap_c


@njit(cache=True, nogil=True)
def lift(heap: Any, place: Any, time: Any, n: Any) -> None:
    """Moves the heap's entry n up to where it belongs."""
    cell = heap[n]
    while n > 0:
        above = (n - 1) >> 1
        other = heap[above]
        if time[other] <= time[cell]:
            break
        heap[n], place[other] = other, n
        n = above
    heap[n], place[cell] = cell, n


@njit(cache=True, nogil=True)
def take_first(heap: Any, place: Any, time: Any, size: Any) -> Any:
    """The earliest cell of a heap of `size`, which is one smaller afterwards."""
    first = heap[0]
    place[first] = -2
    last = heap[size - 1]
    n, size = 0, size - 1
    while True:
        below = 2 * n + 1
        if below >= size:
            break
        if below + 1 < size and time[heap[below + 1]] < time[heap[below]]:
            below += 1
        if time[heap[below]] >= time[last]:
            break
        heap[n], place[heap[below]] = heap[below], n
        n = below
    if size > 0:
        heap[n], place[last] = last, n
    return first


@njit(cache=True, nogil=True, error_model="numpy")
def travel(
    base: Any,
    east: Any,
    north: Any,
    up_e: Any,
    up_n: Any,
    cell_m: Any,
    started: Any,
    started_at: Any,
    until: Any,
    time: Any,
    origin: Any,
) -> Any:
    """Fills arrival times (s) of all cells reached by `until`; the number of cells taken."""
    rows, cols = base.shape
    heap = np.empty(rows * cols, np.int64)
    place = np.full(rows * cols, -1, np.int64)
    size, taken = 0, 0
    for k in range(len(started)):
        cell = started[k]
        if started_at[k] < time[cell]:
            time[cell], origin[cell] = started_at[k], cell
            if place[cell] < 0:
                heap[size], place[cell] = cell, size
                size += 1
            lift(heap, place, time, place[cell])
    while size > 0:
        here = take_first(heap, place, time, size)
        size -= 1
        if time[here] > until:
            time[here] = NEVER
            break
        taken += 1
        row, col = here // cols, here % cols
        first = origin[here]
        row0, col0 = first // cols, first % cols
        for k in range(len(STEPS_ROW)):
            r, c = row + STEPS_ROW[k], col + STEPS_COL[k]
            if r < 0 or r >= rows or c < 0 or c >= cols:
                continue
            there = r * cols + c
            if place[there] == -2 or not base[r, c] < NEVER:
                continue
            best, parent = time[there], origin[there]
            near = max(abs(r - row0), abs(c - col0)) <= LONGEST
            if first != here and near and parent != first:  # else its line is that already
                room = (best - time[first]) / cell_m
                cost = line_cost(row0, col0, r, c, base, east, north, up_e, up_n, room)
                if time[first] + cell_m * cost < best:
                    best, parent = time[first] + cell_m * cost, first
            room = (best - time[here]) / cell_m
            if room > 0:
                cost = line_cost(row, col, r, c, base, east, north, up_e, up_n, room)
                if time[here] + cell_m * cost < best:
                    best, parent = time[here] + cell_m * cost, here
            if best < time[there]:
                time[there], origin[there] = best, parent
                if place[there] == -1:
                    heap[size], place[there] = there, size
                    size += 1
                lift(heap, place, time, place[there])
    for n in range(size):
        if time[heap[n]] > until:
            time[heap[n]] = NEVER
    return taken
