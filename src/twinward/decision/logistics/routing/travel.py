"""How far it is: metres and seconds between points of a city, by its roads or straight."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from twinward.citybase.places.roads import Roads
from twinward.core.geography import distance_m

Floats = NDArray[np.float64]
# road over straight distance; Ballou, Rahardja, Sakai 2002, Transp Res A 36:843: 1.2 to 1.6 by
# country
DETOUR = 1.3
NEAR_ROAD_M = 1000.0  # no road leads to what is farther from every road
BESIDE_MPS = 10 / 3.6  # between a point and the crossing it is reached from


def straight_m(start: Floats, end: Floats) -> Floats:
    """float64[starts, ends] of points (lon, lat)."""
    return np.asarray(
        distance_m(start[:, None, 0], start[:, None, 1], end[None, :, 0], end[None, :, 1])
    )


class Ends(msgspec.Struct, frozen=True, kw_only=True):
    """Where points meet the network for cars: the node, and the metres to it (beside the road, on
    foot or at a crawl); infinite where no road is near.
    """

    node: NDArray[np.int64]
    gap_m: Floats


def find_ends(roads: Roads, points: Floats, matrix: csr_array) -> Ends:
    node, gap_m = roads.nearest_nodes(points, within=matrix)
    return Ends(node=node, gap_m=np.where(gap_m <= NEAR_ROAD_M, gap_m, np.inf))


def by_road(roads: Roads, start: Floats, end: Floats) -> tuple[Floats, Floats, Floats]:
    """float64[starts, ends] metres and seconds that a car needs, with the way from each point to
    the network, and float64[starts] how far each start is from the crossing it is reached from.

    Infinite where no way leads: another part of the network, or no road near. Two points nearer to
    each other than to any crossing have the straight way between them, times DETOUR.
    """
    lengths = roads.matrix(roads.length_m, cars=True)
    a, b = find_ends(roads, start, lengths), find_ends(roads, end, lengths)
    apart = DETOUR * straight_m(start, end)
    gap = a.gap_m[:, None] + b.gap_m[None, :]
    direct = np.isfinite(gap) & (apart <= gap)
    metres = np.where(direct, apart, roads.shortest(roads.length_m, a.node, b.node) + gap)
    drive = roads.shortest(drive_s(roads), a.node, b.node)
    seconds = np.where(direct, apart / BESIDE_MPS, drive + gap / BESIDE_MPS)
    same = apart == 0
    return np.where(same, 0.0, metres), np.where(same, 0.0, seconds), a.gap_m


def drive_s(roads: Roads) -> NDArray[np.float32]:
    """Seconds that each edge takes at its own speed."""
    return np.asarray(roads.length_m / (np.maximum(roads.speed_kmh, 0.5) / 3.6), dtype=np.float32)
