"""The streets that planned rounds drive: the way of each leg of each lorry, by its crossings."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np

from twinward.citybase.places.road_paths import find_paths
from twinward.citybase.places.roads import ROADS, read_roads
from twinward.core.geography import distance_m
from twinward.decision.logistics.routing.fleet import Vehicle
from twinward.decision.logistics.routing.rounds import Round
from twinward.decision.logistics.routing.travel import DETOUR, drive_s, find_ends

Point = tuple[float, float]


def find_round_ways(
    city: Path,
    depot: Point,
    places: dict[str, Point],
    rounds: list[Round],
    vehicles: list[Vehicle],
) -> dict[str, list[list[Point]]]:
    """Of each lorry the quickest way of each leg from depot to depot, as points; straight where
    two points are nearer to each other than to any crossing. Empty without a road graph; what
    flies is not in it.
    """
    if not (city / ROADS).exists():
        return {}
    roads = read_roads(city)
    if not len(roads.node_lonlat):
        return {}
    flying = {one.id for one in vehicles if one.kind == "drone"}
    driven = [one for one in rounds if one.visits and one.vehicle not in flying]
    chains = [[depot, *(places[visit.stop] for visit in one.visits), depot] for one in driven]
    legs = [leg for chain in chains for leg in pairwise(chain)]
    if not legs:
        return {}
    points = np.array(legs, float)  # legs, 2, lon lat
    matrix = roads.matrix(roads.length_m, cars=True)
    a, b = (find_ends(roads, points[:, side], matrix) for side in (0, 1))
    apart = DETOUR * distance_m(points[:, 0, 0], points[:, 0, 1], points[:, 1, 0], points[:, 1, 1])
    by_road = apart > a.gap_m + b.gap_m
    paths = find_paths(roads, drive_s(roads), np.column_stack([a.node, b.node]))
    ways = [
        [leg[0], *(tuple(one) for one in roads.node_lonlat[path].round(6).tolist()), leg[1]]
        if near
        else list(leg)
        for leg, path, near in zip(legs, paths, by_road.tolist(), strict=True)
    ]
    found, at = dict[str, list[list[Point]]](), 0
    for one, chain in zip(driven, chains, strict=True):
        found[one.vehicle] = ways[at : at + len(chain) - 1]
        at += len(chain) - 1
    return found
