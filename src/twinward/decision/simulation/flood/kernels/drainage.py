"""Where water runs to: drainage by priority flood, upstream area, height above the stream."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

ROWS = np.array([-1, 1, 0, 0, -1, -1, 1, 1])
COLS = np.array([0, 0, -1, 1, -1, 1, -1, 1])


@njit(cache=True, nogil=True)
def push(heap: Any, key: Any, size: Any, cell: Any) -> None:
    """Adds a cell to a heap of `size` by its key."""
    n = size
    while n > 0:
        above = (n - 1) >> 1
        other = heap[above]
        if key[other] < key[cell] or (key[other] == key[cell] and other < cell):
            break
        heap[n] = other
        n = above
    heap[n] = cell


@njit(cache=True, nogil=True)
def pop(heap: Any, key: Any, size: Any) -> Any:
    """The lowest cell of a heap of `size`, which is one smaller afterwards."""
    first, last = heap[0], heap[size - 1]
    n, size = 0, size - 1
    while True:
        below = 2 * n + 1
        if below >= size:
            break
        if below + 1 < size:
            one, two = heap[below], heap[below + 1]
            if key[two] < key[one] or (key[two] == key[one] and two < one):
                below += 1
        other = heap[below]
        if key[last] < key[other] or (key[last] == key[other] and last < other):
            break
        heap[n] = other
        n = below
    heap[n] = last
    return first


@njit(cache=True, nogil=True)
def drain(z: Any, outside: Any, down: Any, order: Any) -> Any:
    """Fills `down` (the cell that each drains to, -1 over the edge) and `order` (from the outlets
    upwards); the number of cells in it. Priority flood of Barnes et al. 2014: pits drain over
    their lowest rim, every other cell to its lowest neighbour.
    """
    rows, cols = z.shape
    key = z.ravel().copy()
    seen = np.zeros(rows * cols, np.bool_)
    heap = np.empty(rows * cols, np.int64)
    size, count = 0, 0
    for i in range(rows):
        for j in range(cols):
            if outside[i, j]:
                continue
            edge = i == 0 or j == 0 or i == rows - 1 or j == cols - 1
            for k in range(8):
                a, b = i + ROWS[k], j + COLS[k]
                if 0 <= a < rows and 0 <= b < cols and outside[a, b]:
                    edge = True
            if edge:
                cell = i * cols + j
                seen[cell], down[cell] = True, -1
                push(heap, key, size, cell)
                size += 1
    while size > 0:
        here = pop(heap, key, size)
        size -= 1
        order[count] = here
        count += 1
        i, j = here // cols, here % cols
        for k in range(8):
            a, b = i + ROWS[k], j + COLS[k]
            if not (0 <= a < rows and 0 <= b < cols) or outside[a, b]:
                continue
            there = a * cols + b
            if seen[there]:
                continue
            seen[there], down[there] = True, here
            key[there] = max(key[there], key[here])
            push(heap, key, size, there)
            size += 1
    return count


@njit(cache=True, nogil=True)
def gather(down: Any, order: Any, count: Any, area: Any) -> None:
    """Adds each cell's area to all that it drains to, from the top down."""
    for n in range(count - 1, -1, -1):
        cell = order[n]
        if down[cell] >= 0:
            area[down[cell]] += area[cell]


@njit(cache=True, nogil=True)
def follow(
    z: Any,
    down: Any,
    order: Any,
    count: Any,
    area: Any,
    least: Any,
    longest: Any,
    stream: Any,
    height: Any,
    reach: Any,
    start: Any,
) -> Any:
    """Fills each cell's stream cell (-1: drains over the edge without one), its height above it
    and its reach: a part of a stream of at most `longest` cells without a tributary as large as
    itself. `start` holds the lowest cell of each reach; the number of reaches.
    """
    flat = z.ravel()
    along = np.zeros(len(flat), np.int64)
    taken = np.full(len(flat), -1, np.int64)  # the upstream cell that carries a reach on
    for n in range(count):
        cell = order[n]
        below = down[cell]
        if below < 0 or area[cell] < least:
            continue
        if taken[below] < 0 or area[cell] > area[taken[below]]:
            taken[below] = cell
    reaches = 0
    for n in range(count):
        cell = order[n]
        below = down[cell]
        if area[cell] >= least:
            stream[cell], height[cell] = cell, 0.0
            same = below >= 0 and area[below] >= least and taken[below] == cell
            if same and along[below] + 1 < longest:
                reach[cell], along[cell] = reach[below], along[below] + 1
            else:
                reach[cell] = reaches
                start[reaches] = cell
                reaches += 1
        elif below >= 0 and stream[below] >= 0:
            stream[cell], reach[cell] = stream[below], reach[below]
            height[cell] = max(flat[cell] - flat[stream[cell]], 0.0)
    return reaches
