"""The road graph of a city: nodes where ways meet or end, directed edges with length and speed,
shortest paths.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree

from twinward.citybase.inputs import ranges
from twinward.citybase.places.turns import find_turns, turning_matrix
from twinward.citybase.sources.osm import OsmData
from twinward.citybase.sources.ways import CLASSES, HIGHWAYS
from twinward.core.errors import AbsentError
from twinward.core.geography import distance_m

ROADS = "roads.npz"
CARS = np.array([HIGHWAYS[name][1] for name in CLASSES])
SCRAP_NODES, BESIDE_M = 12, 150.0
AT_ONCE = 32  # starts of shortest paths held in memory together


class Roads(msgspec.Struct, frozen=True, kw_only=True):
    """A directed graph of N nodes and E edges; a two-way street is two edges.

    node_lonlat float64[N, 2]; edge_from, edge_to uint32[E]; length_m, speed_kmh float32[E]; highway
    uint8[E] (index into CLASSES); way int64[E] (OSM id); component uint32[N], 0 the largest
    strongly connected part; cars bool[E], what the tags leave open to them (None in a city of an
    older version: by the class alone). turn_from, turn_to uint32[T]: pairs of edges of which a car
    may not drive the second straight after the first (None in a city of an older version).
    """

    node_lonlat: NDArray[Any]
    edge_from: NDArray[Any]
    edge_to: NDArray[Any]
    length_m: NDArray[Any]
    speed_kmh: NDArray[Any]
    highway: NDArray[Any]
    way: NDArray[Any]
    component: NDArray[Any]
    cars: NDArray[Any] | None = None
    turn_from: NDArray[Any] | None = None
    turn_to: NDArray[Any] | None = None

    def shortest(
        self, weight: NDArray[Any], start: NDArray[Any], end: NDArray[Any] | None = None
    ) -> NDArray[np.float64]:
        """float64[starts, ends]: the least sum of `weight` that a car has between nodes (all of
        them without `end`), turns that are forbidden left out.
        """
        matrix, copies = self.car_graph(weight)
        parts = []
        for n in range(0, len(start), AT_ONCE):
            found = dijkstra(matrix, directed=True, indices=start[n : n + AT_ONCE])
            np.minimum.at(found.T, copies, found.T[len(self.node_lonlat) :])
            parts.append(found[:, : len(self.node_lonlat)] if end is None else found[:, end])
        wide = len(self.node_lonlat) if end is None else len(end)
        return np.concatenate(parts) if parts else np.empty((0, wide))

    def car_graph(self, weight: NDArray[Any]) -> tuple[csr_array, NDArray[np.int64]]:
        """The graph for cars without forbidden turns: N nodes and behind them copies of some, and
        the node that each copy is of.
        """
        if self.turn_from is None or self.turn_to is None or not len(self.turn_from):
            return self.matrix(weight, cars=True), np.empty(0, np.int64)
        open_to_cars = CARS[self.highway] if self.cars is None else self.cars
        return turning_matrix(
            self.edge_from, self.edge_to, np.where(open_to_cars, weight, np.nan),
            (self.turn_from, self.turn_to), len(self.node_lonlat),
        )  # fmt: skip

    def matrix(self, weight: NDArray[Any], *, cars: bool) -> csr_array:
        """A sparse matrix of `weight` over the edges open to cars (or all of them, for people on
        foot).
        """
        open_to_cars = CARS[self.highway] if self.cars is None else self.cars
        use = open_to_cars if cars else np.ones(len(self.way), bool)
        a, b, w = self.edge_from[use], self.edge_to[use], weight[use].astype(np.float64)
        order = np.lexsort((w, b, a))
        a, b, w = a[order], b[order], w[order]
        first = np.ones(len(a), bool)
        first[1:] = (a[1:] != a[:-1]) | (b[1:] != b[:-1])  # of parallel edges only the best counts
        n = len(self.node_lonlat)
        return csr_array(
            (w[first], (a[first].astype(np.int64), b[first].astype(np.int64))), shape=(n, n)
        )

    def nearest_nodes(
        self, lonlat: NDArray[Any], *, within: csr_array | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The node from which each point is reached, and the metres between the two.

        It is the nearest that can be left and come back to over the ways of `within` (default: all
        ways), in whatever part of the network it lies: an island's is the island's. Only a scrap (a
        car park cut off by the extract's edge) gives way to the largest part beside it.
        """
        part = self.component if within is None else parts_by_size(within)
        size = np.bincount(part)[part]
        lonlat = np.asarray(lonlat, dtype=np.float64)
        scale = np.array([np.cos(np.radians(self.node_lonlat[:, 1].mean())), 1.0])
        good, main = np.flatnonzero((size > 1) | (part == 0)), np.flatnonzero(part == 0)
        node = good[cKDTree(self.node_lonlat[good] * scale).query(lonlat * scale)[1]]
        beside = main[cKDTree(self.node_lonlat[main] * scale).query(lonlat * scale)[1]]
        swap = (size[node] <= SCRAP_NODES) & (self.apart_m(lonlat, beside) <= BESIDE_M)
        node = np.where(swap, beside, node).astype(np.int64)
        return node, self.apart_m(lonlat, node)

    def apart_m(self, lonlat: NDArray[Any], node: NDArray[Any]) -> NDArray[np.float64]:
        """Straight metres between points and nodes."""
        at = self.node_lonlat[node]
        return np.asarray(
            distance_m(lonlat[:, 0], lonlat[:, 1], at[:, 0], at[:, 1]), dtype=np.float64
        )

    def shortest_m(self, start: NDArray[Any], *, cars: bool = True) -> NDArray[np.float64]:
        """Metres along the network from each point of `start` (lon, lat) to every node; infinite
        where no way leads.
        """
        matrix = self.matrix(self.length_m, cars=cars)
        node, gap = self.nearest_nodes(start, within=matrix)
        if cars:
            return self.shortest(self.length_m, node) + gap[:, None]
        return np.asarray(dijkstra(matrix, directed=True, indices=node)) + gap[:, None]


def build_roads(data: OsmData) -> Roads:
    """Splits ways at shared nodes into edges, drops inner nodes, and adds the way back where it
    is open.
    """
    refs = [np.array(way.refs, np.int64) for way in data.ways]
    lengths = np.array([len(r) for r in refs], np.int64)
    if not len(lengths):
        return empty_roads()
    flat, points = np.concatenate(refs), np.concatenate([way.points for way in data.ways])
    first = ranges(lengths)[:-1]
    ends = np.concatenate([first, first + lengths - 1])
    _, number, times = np.unique(flat, return_inverse=True, return_counts=True)
    node = times[number] > 1
    node[ends] = True
    for a, n, ref in zip(first.tolist(), lengths.tolist(), refs, strict=True):
        if n > 2 and ref[0] == ref[-1] and not node[a + 1 : a + n - 1].any():
            node[a + n // 2] = (
                True  # a ring that meets no other way would have one end and lead nowhere
            )
    step = np.zeros(len(flat))
    step[1:] = distance_m(points[:-1, 0], points[:-1, 1], points[1:, 0], points[1:, 1])
    step[first] = 0.0
    along = np.cumsum(
        np.maximum(step, 0.01)
    )  # a sparse graph takes an edge of length zero for none
    stops = np.flatnonzero(node)
    same_way = np.repeat(np.arange(len(lengths)), lengths)[stops]
    pair = np.flatnonzero(same_way[1:] == same_way[:-1])
    a, b, way = stops[pair], stops[pair + 1], same_way[pair]
    kept, inverse = np.unique(flat[stops], return_inverse=True)
    id_of = np.zeros(len(flat), np.int64)
    id_of[stops] = inverse
    lonlat = np.empty((len(kept), 2))
    lonlat[inverse] = points[stops]
    two_way = np.array([one.oneway == 0 for one in data.ways])[way]
    edges = {
        "edge_from": np.concatenate([id_of[a], id_of[b][two_way]]).astype(np.uint32),
        "edge_to": np.concatenate([id_of[b], id_of[a][two_way]]).astype(np.uint32),
        "length_m": np.tile(along[b] - along[a], 2)[
            np.concatenate([np.ones(len(a), bool), two_way])
        ].astype(np.float32),
    }
    both = np.concatenate([way, way[two_way]])
    for name, field, kind in (
        ("way", "id", np.int64),
        ("highway", "highway", np.uint8),
        ("speed_kmh", "speed_kmh", np.float32),
        ("cars", "cars", np.bool_),
    ):
        edges[name] = np.array([getattr(one, field) for one in data.ways]).astype(kind)[both]
    return Roads(
        node_lonlat=lonlat,
        component=components(len(kept), edges),
        **edges,
        **find_turns(data.turns, kept, edges),
    )


def components(nodes: int, edges: dict[str, NDArray[Any]]) -> NDArray[np.uint32]:
    """The part of each node, of all edges."""
    shape = (nodes, nodes)
    index = (edges["edge_from"].astype(np.int64), edges["edge_to"].astype(np.int64))
    return parts_by_size(csr_array((np.ones(len(index[0]), np.int8), index), shape=shape))


def parts_by_size(graph: csr_array) -> NDArray[np.uint32]:
    """Strongly connected parts of a graph, numbered by size, the largest 0."""
    _, label = connected_components(graph, directed=True, connection="strong")
    size = np.bincount(label)
    rank = np.empty(len(size), np.uint32)
    rank[np.argsort(-size, kind="stable")] = np.arange(len(size), dtype=np.uint32)
    return np.asarray(rank[label])


def empty_roads() -> Roads:
    return Roads(
        node_lonlat=np.empty((0, 2)),
        edge_from=np.empty(0, np.uint32),
        edge_to=np.empty(0, np.uint32),
        length_m=np.empty(0, np.float32),
        speed_kmh=np.empty(0, np.float32),
        highway=np.empty(0, np.uint8),
        way=np.empty(0, np.int64),
        component=np.empty(0, np.uint32),
        cars=np.empty(0, bool),
    )


def write_roads(roads: Roads, directory: Path) -> None:
    arrays = {
        name: array for name, array in msgspec.structs.asdict(roads).items() if array is not None
    }
    np.savez(directory / ROADS, **arrays)


def read_roads(directory: Path) -> Roads:
    """The road graph of a city directory; AbsentError when the city was built without one."""
    path = directory / ROADS
    if not path.exists():
        raise AbsentError(
            f"the city in {directory} has no road graph",
            "build it with an [osm] block in its city file",
            code="no_roads",
        )
    with np.load(path) as arrays:
        return Roads(**{name: arrays[name] for name in Roads.__struct_fields__ if name in arrays})
