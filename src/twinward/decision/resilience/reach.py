"""The 15-minute index: of the groups of places that a city has, how many people reach on foot
within a quarter of an hour, and what of it is left when streets are closed.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from twinward.citybase.places.roads import Roads
from twinward.citybase.sources.ways import CLASSES
from twinward.core.geography import distance_m

MINUTES = 15
WALK_M_MIN = 80.0  # 4.8 km/h, the walking speed of most studies of the 15-minute city
WITHIN_M = MINUTES * WALK_M_MIN
NOT_ON_FOOT = ("motorway", "motorway_link", "trunk", "trunk_link", "ferry", "busway")
FAR_FROM_STREETS_M = 500.0  # a place so far from any street is reached by none
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Walking(msgspec.Struct, frozen=True, kw_only=True):
    """A city on foot. lonlat float64[N, 2] of the nodes; a, b int64[E] and length_m float64[E]: its
    streets, each once; middle float64[E, 2] of each.
    """

    lonlat: Floats
    a: NDArray[np.int64]
    b: NDArray[np.int64]
    length_m: Floats
    middle: Floats

    def graph(self, open_to: Bools) -> csr_array:
        """Metres between neighbouring nodes over the streets that are open, both ways."""
        a, b, length = self.a[open_to], self.b[open_to], self.length_m[open_to]
        n = len(self.lonlat)
        return csr_array(
            (np.tile(length, 2), (np.concatenate([a, b]), np.concatenate([b, a]))), shape=(n, n)
        )

    def nearest(self, lonlat: Floats) -> tuple[NDArray[np.int64], Floats]:
        """The node on a street that is nearest to each point, and the metres between."""
        used = np.unique(np.concatenate([self.a, self.b]))
        squeeze = np.array([np.cos(np.radians(self.lonlat[:, 1].mean())), 1.0])
        found = used[cKDTree(self.lonlat[used] * squeeze).query(lonlat * squeeze)[1]]
        at = self.lonlat[found]
        away = distance_m(lonlat[:, 0], lonlat[:, 1], at[:, 0], at[:, 1])
        return found, np.asarray(away, np.float64)


def walking_of(roads: Roads) -> Walking:
    """The streets of a city that people walk on; of two between the same nodes the shorter."""
    on_foot = ~np.isin(roads.highway, [CLASSES.index(one) for one in NOT_ON_FOOT])
    a, b = (side[on_foot].astype(np.int64) for side in (roads.edge_from, roads.edge_to))
    length = np.maximum(roads.length_m[on_foot].astype(np.float64), 0.01)
    low, high = np.minimum(a, b), np.maximum(a, b)
    order = np.lexsort((length, high, low))
    low, high, length = low[order], high[order], length[order]
    first = np.ones(len(low), np.bool_)
    first[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
    first &= low != high
    low, high, length = low[first], high[first], length[first]
    lonlat = np.asarray(roads.node_lonlat, np.float64)
    return Walking(
        lonlat=lonlat, a=low, b=high, length_m=length, middle=(lonlat[low] + lonlat[high]) / 2
    )


def find_closed(walking: Walking, points: Floats, within_m: Floats) -> Bools:
    """bool[E]: streets whose middle lies within so many metres of any of the points [P, 2]."""
    closed = np.zeros(len(walking.a), np.bool_)
    for (lon, lat), far in zip(points.tolist(), within_m.tolist(), strict=True):
        closed |= distance_m(lon, lat, walking.middle[:, 0], walking.middle[:, 1]) <= far
    return closed


def reached(walking: Walking, open_to: Bools, homes: Floats, groups: list[Floats]) -> Bools:
    """bool[homes, groups]: whether a place of each group [K, 2] is within WITHIN_M of each home
    [H, 2] over the streets that are open, the ways to and from the street included.
    """
    graph = walking.graph(open_to)
    node, gap = walking.nearest(homes)
    found = np.zeros((len(homes), len(groups)), np.bool_)
    for column, places in enumerate(groups):
        start, away = walking.nearest(places)
        near = away <= FAR_FROM_STREETS_M
        if not near.any():
            continue
        metres = from_nearest(graph, start[near], away[near])
        found[:, column] = (gap <= FAR_FROM_STREETS_M) & (metres[node] + gap <= WITHIN_M)
    return found


def from_nearest(graph: csr_array, start: NDArray[np.int64], away: Floats) -> Floats:
    """float64[N]: metres to each node from the nearest of the starts, each so far from its street;
    infinite beyond WITHIN_M. One more node stands before them all.
    """
    n = graph.shape[0]
    best = np.full(n, np.inf)
    np.minimum.at(best, start, away)
    at = np.flatnonzero(np.isfinite(best))
    first = csr_array((np.maximum(best[at], 0.01), (np.zeros(len(at), np.int64), at)), shape=(1, n))
    indptr = np.concatenate([graph.indptr, [graph.indptr[-1] + len(at)]])
    whole = csr_array(
        (
            np.concatenate([graph.data, first.data]),
            np.concatenate([graph.indices, first.indices]),
            indptr,
        ),
        shape=(n + 1, n + 1),
    )
    found = dijkstra(whole, directed=True, indices=n, limit=WITHIN_M)
    return np.asarray(found[:n], np.float64)


def share_of(found: Bools) -> Floats:
    """float64[homes]: the share of the groups that each home reaches: the index."""
    return np.asarray(found.mean(axis=1)) if found.shape[1] else np.zeros(len(found))
