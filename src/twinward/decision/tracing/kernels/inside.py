"""Which areas hold which points: a grid of candidates, then discs by distance and polygons by
crossing edges.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from twinward.decision.tracing.kernels.pairs import haversine_m


@njit(cache=True, nogil=True)
def in_rings(x: Any, y: Any, edges: Any, first: Any, last: Any) -> Any:
    """Even-odd rule over the edges (x1, y1, x2, y2) of all rings, holes included."""
    inside = False
    for e in range(first, last):
        x1, y1, x2, y2 = edges[e, 0], edges[e, 1], edges[e, 2], edges[e, 3]
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside


@njit(cache=True, nogil=True)
def list_inside(
    lon: Any, lat: Any, grid: Any, members: Any, discs: Any, edges: Any, edge_start: Any
) -> Any:
    """Pairs (row, area) of points in areas.

    `grid` is (west, south, cell width, cell height, columns, rows, start of each cell in
    `members`); `discs` is (lon_rad, lat_rad, radius_m) with a negative radius for polygons;
    `edges[edge_start[a]:edge_start[a + 1]]`.
    """
    west, south, width, height, columns, rows, start = grid
    found_row, found_area = [np.int64(0) for _ in range(0)], [np.int64(0) for _ in range(0)]
    for i in range(len(lon)):
        gx, gy = (lon[i] - west) / width, (lat[i] - south) / height
        if not (0.0 <= gx <= columns and 0.0 <= gy <= rows):
            continue
        cell = min(np.int64(gy), rows - 1) * columns + min(np.int64(gx), columns - 1)
        for k in range(start[cell], start[cell + 1]):
            a = members[k]
            if discs[a, 2] >= 0.0:
                d = haversine_m(discs[a, 0], discs[a, 1], np.radians(lon[i]), np.radians(lat[i]))
                inside = d <= discs[a, 2]
            else:
                inside = in_rings(lon[i], lat[i], edges, edge_start[a], edge_start[a + 1])
            if inside:
                found_row.append(np.int64(i))
                found_area.append(np.int64(a))
    return np.array(found_row, dtype=np.int64), np.array(found_area, dtype=np.int64)
