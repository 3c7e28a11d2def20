"""Lines of public transport out of the stops that name them, where no source draws their course.

A line is the shortest tree through its stops, drawn straight from one to the next: near enough for
a person to know the city by, and said to be no course. It is closed to a ring where its two ends
lie as near as neighbours.
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial.distance import cdist

from twinward.citybase.basemap.osm_shapes import Row
from twinward.citybase.places.named_places import PlaceTable

FROM_ZOOM = 7
LEAST_OF_A_RING = 6  # stops
NEAR_ENDS = 2.0  # of a ring, in lengths of its longest piece


def list_transit_lines(places: PlaceTable) -> list[Row]:
    """A shape for every line with two stops or more, in the order of their names."""
    stops: dict[str, list[int]] = {}
    for place, lines in enumerate(places.lines):
        for line in lines:
            stops.setdefault(line, []).append(place)
    rows = list[Row]()
    for line in sorted(stops):
        lonlat = np.unique(places.lonlat[stops[line]], axis=0)
        if len(lonlat) > 1:
            pieces = join_stops(lonlat)
            shape = shapely.line_merge(shapely.multilinestrings(lonlat[pieces]))
            rows.append((shape, {"name": line, "ref": ref_of(line)}, FROM_ZOOM))
    return rows


def join_stops(lonlat: NDArray[np.float64]) -> NDArray[np.int64]:
    """Pairs of neighbours on the shortest tree through float64[n, 2] stops, int64[n - 1, 2]; one
    more where it is a ring.
    """
    metres = lonlat * [np.cos(np.radians(lonlat[:, 1].mean())), 1.0]
    apart = cdist(metres, metres)
    tree = minimum_spanning_tree(apart).tocoo()
    pairs = np.column_stack([tree.row, tree.col]).astype(np.int64)
    ends = np.flatnonzero(np.bincount(pairs.ravel(), minlength=len(lonlat)) == 1)
    if len(lonlat) >= LEAST_OF_A_RING and len(ends) == 2:
        first, last = ends.tolist()
        if apart[first, last] <= NEAR_ENDS * tree.data.max():
            pairs = np.concatenate([pairs, [[first, last]]])
    return pairs


def ref_of(line: str) -> str:
    """What stands on the map for a line: its number, else its name."""
    number = line[: len(line) - len(line.lstrip("0123456789"))]
    return number or line
