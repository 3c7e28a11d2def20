"""Population grids: whether points are one, how wide its cells are, and which of its cells lie
on a coast.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from twinward.citybase.inputs import local_km

FEWEST_CELLS, EVEN, ALIKE = 9, 0.15, 0.8
REACH = 0.45  # of a cell's width: nearer to the outline than this a part of the cell lies inside


def grid_step_m(lonlat: NDArray[Any]) -> float | None:
    """The width of a grid's cells in metres: the distance between neighbours where nearly all have
    the same; None for points that are no grid (villages, addresses).
    """
    points = np.unique(np.asarray(lonlat, dtype=np.float64), axis=0)
    if len(points) < FEWEST_CELLS:
        return None
    near = cKDTree(local_km(points)).query(local_km(points), k=2)[0][:, 1] * 1000.0
    step = float(np.median(near))
    return step if step > 0 and float((np.abs(near / step - 1) <= EVEN).mean()) >= ALIKE else None


def on_a_coast(
    outside: NDArray[Any], nearest: NDArray[Any], cells: NDArray[Any], step_m: float
) -> NDArray[np.bool_]:
    """Which cells outside every outline still belong to it: part of the cell lies inside, and
    beyond it nobody lives.

    outside float64[n, 2] are their middles, nearest float64[n, 2] the points of the outlines
    nearest to them, cells float64[m, 2] all middles with residents.
    """
    if not len(outside):
        return np.zeros(0, bool)
    every = local_km(np.concatenate([outside, nearest, cells])) * 1000.0
    middle, edge, lived = (
        every[: len(outside)],
        every[len(outside) : 2 * len(outside)],
        every[2 * len(outside) :],
    )
    away = middle - edge
    far = np.hypot(*away.T)
    beyond = middle + away / np.maximum(far, 1e-9)[:, None] * step_m
    gap = cKDTree(lived).query(beyond)[0]
    return np.asarray((far > 0) & (far <= REACH * step_m) & (gap > 0.6 * step_m))
