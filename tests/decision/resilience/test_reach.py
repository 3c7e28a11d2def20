"""The 15-minute index is that of a slow walk over the streets, and closed streets change it."""

from __future__ import annotations

import heapq

import numpy as np

from twinward.citybase.places.roads import Roads
from twinward.citybase.sources.ways import CLASSES
from twinward.decision.resilience.reach import (
    WITHIN_M,
    find_closed,
    reached,
    share_of,
    walking_of,
)

LON, LAT = 121.48, 31.23
STEP = 0.002  # about 190 m


def grid(side: int = 12, highway: str = "residential") -> Roads:
    """A square of streets, each one edge each way."""
    at = [(LON + STEP * x, LAT + STEP * y) for y in range(side) for x in range(side)]
    pairs = [(n, n + 1) for n in range(side * side) if n % side < side - 1]
    pairs += [(n, n + side) for n in range(side * (side - 1))]
    both = np.array(pairs + [(b, a) for a, b in pairs], np.uint32)
    count = len(both)
    lengths = np.random.default_rng(5).uniform(100, 400, len(pairs)).astype(np.float32)
    return Roads(
        node_lonlat=np.array(at),
        edge_from=both[:, 0],
        edge_to=both[:, 1],
        length_m=np.tile(lengths, 2),
        speed_kmh=np.full(count, 30, np.float32),
        highway=np.full(count, CLASSES.index(highway), np.uint8),
        way=np.arange(count),
        component=np.zeros(len(at), np.uint32),
        cars=np.ones(count, np.bool_),
    )


def walk_slowly(roads: Roads, closed: set[int], start: int) -> dict[int, float]:
    """Metres from a node to each other, edge by edge."""
    best, heap = {start: 0.0}, [(0.0, start)]
    while heap:
        far, node = heapq.heappop(heap)
        for edge in np.flatnonzero(roads.edge_from == node).tolist():
            if edge in closed:
                continue
            to, further = int(roads.edge_to[edge]), far + float(roads.length_m[edge])
            if further < best.get(to, np.inf):
                best[to] = further
                heapq.heappush(heap, (further, to))
    return best


def test_who_reaches_what_is_what_a_slow_walk_finds_before_and_after_streets_close() -> None:
    roads = grid()
    walking = walking_of(roads)
    assert len(walking.a) == len(roads.edge_from) // 2
    groups = [roads.node_lonlat[[0, 77]], roads.node_lonlat[[143]]]
    point = roads.node_lonlat[[78]]
    closed = find_closed(walking, point, np.array([450.0]))
    assert 4 <= closed.sum() < 30
    gone = {(int(a), int(b)) for a, b in zip(walking.a[closed], walking.b[closed], strict=True)}
    gone |= {(b, a) for a, b in gone}
    edges = list(zip(roads.edge_from.tolist(), roads.edge_to.tolist(), strict=True))
    for open_to, shut in (
        (np.ones(len(closed), np.bool_), set()),
        (~closed, {n for n, edge in enumerate(edges) if edge in gone}),
    ):
        found = reached(walking, open_to, roads.node_lonlat, groups)
        for column, starts in enumerate(([0, 77], [143])):
            walks = [walk_slowly(roads, shut, start) for start in starts]
            least = [min(walk.get(n, np.inf) for walk in walks) for n in range(144)]
            assert found[:, column].tolist() == [far + 0.02 <= WITHIN_M for far in least]
    whole = share_of(reached(walking, np.ones(len(closed), np.bool_), roads.node_lonlat, groups))
    left = share_of(reached(walking, ~closed, roads.node_lonlat, groups))
    assert (left <= whole).all() and (left < whole).any()


def test_nobody_walks_on_a_motorway() -> None:
    assert len(walking_of(grid(3, "motorway")).a) == 0
