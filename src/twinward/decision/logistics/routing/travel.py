"""How far it is: metres and seconds between points of a city, by its roads or straight."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from twinward.citybase.places.roads import Roads
from twinward.core.geography import distance_m

Floats = NDArray[np.float64]
# road over straight distance; Ballou, Rahardja, Sakai 2002, Transp Res A 36:843: 1.2 to 1.6 by
# country
DETOUR = 1.3
AT_ONCE = 32  # starts of shortest paths held in memory together


def straight_m(start: Floats, end: Floats) -> Floats:
    """float64[starts, ends] of points (lon, lat)."""
    return np.asarray(
        distance_m(start[:, None, 0], start[:, None, 1], end[None, :, 0], end[None, :, 1])
    )


def by_road(roads: Roads, start: Floats, end: Floats, weight: NDArray[np.float32]) -> Floats:
    """float64[starts, ends]: the least sum of `weight` (an edge's metres or seconds) that a car
    needs; the way from a point to the nearest crossing that cars can reach and leave is left
    out.
    """
    matrix = roads.matrix(weight, cars=True)
    from_node, to_node = (
        roads.nearest_nodes(start, within=matrix),
        roads.nearest_nodes(end, within=matrix),
    )
    parts = [
        dijkstra(matrix, directed=True, indices=from_node[n : n + AT_ONCE])[:, to_node]
        for n in range(0, len(from_node), AT_ONCE)
    ]
    return np.concatenate(parts) if parts else np.empty((0, len(end)))


def drive_s(roads: Roads) -> NDArray[np.float32]:
    """Seconds that each edge takes at its own speed."""
    return np.asarray(roads.length_m / (np.maximum(roads.speed_kmh, 5.0) / 3.6), dtype=np.float32)
