"""The slow obvious twin of minimum travel time: every pair of cells joined by a straight line."""

from __future__ import annotations

import math

import numpy as np


def line_time(base: np.ndarray, a: tuple[int, int], b: tuple[int, int]) -> float:
    """Isotropic time along a line, by 4,000 small pieces; infinite where one does not burn."""
    pieces, total = 4000, 0.0
    length = math.hypot(b[0] - a[0], b[1] - a[1])
    for n in range(pieces):
        at = (n + 0.5) / pieces
        row = math.floor(a[0] + at * (b[0] - a[0]) + 0.5)
        col = math.floor(a[1] + at * (b[1] - a[1]) + 0.5)
        total += base[row, col] * length / pieces
    return total


def slow_arrival(base: np.ndarray, start: tuple[int, int]) -> np.ndarray:
    """Bellman and Ford over all cells and all straight lines of up to 4 cells."""
    rows, cols = base.shape
    cells = [(r, c) for r in range(rows) for c in range(cols) if np.isfinite(base[r, c])]
    times = {
        (a, b): line_time(base, a, b)
        for a in cells
        for b in cells
        if a < b and max(abs(a[0] - b[0]), abs(a[1] - b[1])) <= 3
    }
    found = np.full(base.shape, np.inf)
    found[start] = 0.0
    for _ in range(len(cells)):
        changed = False
        for (a, b), time in times.items():
            for one, other in ((a, b), (b, a)):
                if found[one] + time < found[other] - 1e-12:
                    found[other], changed = found[one] + time, True
        if not changed:
            break
    return found
