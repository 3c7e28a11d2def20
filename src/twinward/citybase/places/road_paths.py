"""The ways that cars drive between crossings of a road graph, node by node."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from twinward.citybase.places.roads import AT_ONCE, Roads


def find_paths(
    roads: Roads, weight: NDArray[np.float32], pairs: NDArray[np.int64]
) -> list[NDArray[np.int64]]:
    """For each row of int64[P, 2] (from node, to node) the nodes of the way with the least sum of
    `weight` (of each edge) that a car has, both ends included; empty where no way leads.
    """
    matrix, copies = roads.car_graph(weight)
    nodes = len(roads.node_lonlat)
    starts = np.unique(pairs[:, 0])
    found: list[NDArray[np.int64]] = [np.empty(0, np.int64)] * len(pairs)
    for n in range(0, len(starts), AT_ONCE):
        some = starts[n : n + AT_ONCE]
        cost, before = dijkstra(matrix, directed=True, indices=some, return_predecessors=True)
        for row in np.flatnonzero(np.isin(pairs[:, 0], some)).tolist():
            start, end = pairs[row].tolist()
            k = int(np.searchsorted(some, start))
            ends = np.append(nodes + np.flatnonzero(copies == end), end)
            at = int(ends[np.argmin(cost[k, ends])])
            if np.isfinite(cost[k, at]):
                found[row] = walk_back(before[k], at, start, copies, nodes)
    return found


def walk_back(
    before: NDArray[np.int32], at: int, start: int, copies: NDArray[np.int64], nodes: int
) -> NDArray[np.int64]:
    """The nodes from `start` to `at`; a copy of a node (for turns) counts as that node."""
    way = [at]
    while way[-1] != start:
        way.append(int(before[way[-1]]))
    return np.array([one if one < nodes else copies[one - nodes] for one in way[::-1]], np.int64)
