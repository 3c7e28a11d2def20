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
from twinward.citybase.sources.osm import CLASSES, HIGHWAYS, OsmData
from twinward.core.errors import AbsentError
from twinward.core.geography import distance_m

ROADS = "roads.npz"
CARS = np.array([HIGHWAYS[name][1] for name in CLASSES])


class Roads(msgspec.Struct, frozen=True, kw_only=True):
    """A directed graph of N nodes and E edges; a two-way street is two edges. Turn restrictions are
    not kept.

    node_lonlat float64[N, 2]; edge_from, edge_to uint32[E]; length_m, speed_kmh float32[E]; highway
    uint8[E] (index into sources.osm.CLASSES); way int64[E] (OSM id); component uint32[N], 0 the
    largest strongly connected part.
    """

    node_lonlat: NDArray[Any]
    edge_from: NDArray[Any]
    edge_to: NDArray[Any]
    length_m: NDArray[Any]
    speed_kmh: NDArray[Any]
    highway: NDArray[Any]
    way: NDArray[Any]
    component: NDArray[Any]

    def matrix(self, weight: NDArray[Any], *, cars: bool) -> csr_array:
        """A sparse matrix of `weight` over the edges open to cars (or all of them, for people on
        foot).
        """
        use = CARS[self.highway] if cars else np.ones(len(self.way), bool)
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
    ) -> NDArray[np.int64]:
        """The node nearest to each point in the largest strongly connected part of all ways, or
        of a matrix of some.
        """
        scale = np.array([np.cos(np.radians(self.node_lonlat[:, 1].mean())), 1.0])
        main = np.flatnonzero((self.component if within is None else parts_by_size(within)) == 0)
        _, found = cKDTree(self.node_lonlat[main] * scale).query(np.asarray(lonlat) * scale)
        return np.asarray(main[found], dtype=np.int64)

    def shortest_m(self, start: NDArray[Any], *, cars: bool = True) -> NDArray[np.float64]:
        """Metres along the network from each point of `start` (lon, lat) to every node; infinite
        where no way leads.
        """
        matrix = self.matrix(self.length_m, cars=cars)
        return np.asarray(
            dijkstra(matrix, directed=True, indices=self.nearest_nodes(start, within=matrix))
        )


def build_roads(data: OsmData) -> Roads:
    """Splits ways at shared nodes into edges, drops inner nodes, and adds the way back where it
    is open.
    """
    refs = [np.array(way[1], np.int64) for way in data.ways]
    lengths = np.array([len(r) for r in refs], np.int64)
    if not len(lengths):
        return empty_roads()
    flat, points = np.concatenate(refs), np.concatenate([way[2] for way in data.ways])
    first = ranges(lengths)[:-1]
    ends = np.concatenate([first, first + lengths - 1])
    _, number, times = np.unique(flat, return_inverse=True, return_counts=True)
    node = times[number] > 1
    node[ends] = True
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
    two_way = np.array([way_[5] == 0 for way_ in data.ways])[way]
    edges = {
        "edge_from": np.concatenate([id_of[a], id_of[b][two_way]]).astype(np.uint32),
        "edge_to": np.concatenate([id_of[b], id_of[a][two_way]]).astype(np.uint32),
        "length_m": np.tile(along[b] - along[a], 2)[
            np.concatenate([np.ones(len(a), bool), two_way])
        ].astype(np.float32),
    }
    both = np.concatenate([way, way[two_way]])
    for name, column, kind in (
        ("way", 0, np.int64),
        ("highway", 3, np.uint8),
        ("speed_kmh", 4, np.float32),
    ):
        edges[name] = np.array([way_[column] for way_ in data.ways]).astype(kind)[both]
    return Roads(node_lonlat=lonlat, component=components(len(kept), edges), **edges)


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
    )


def write_roads(roads: Roads, directory: Path) -> None:
    np.savez(directory / ROADS, **msgspec.structs.asdict(roads))


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
        return Roads(**{name: arrays[name] for name in Roads.__struct_fields__})
