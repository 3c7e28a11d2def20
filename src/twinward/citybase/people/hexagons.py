"""Leaf areas of a city that states none: H3 cells with enough residents, each at the middle of
its residents.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import h3
import numpy as np
import shapely
from numpy.typing import NDArray

from twinward.citybase.areas.hierarchy import MOST_LEAVES, AreaNode, Hierarchy
from twinward.citybase.inputs import apportion, local_km
from twinward.citybase.people.losses import people_of
from twinward.citybase.people.residents import Weights
from twinward.citybase.sources.ledger import SourceLedger
from twinward.core.geography import distance_m

RESIDENTS_PER_CELL = 200  # the finest H3 resolution whose cells hold at least this many on average
FINEST, COARSEST, MOST_ZONES = 9, 4, 256
OFF_M = 250.0  # a middle farther than this from everybody is nobody's place


def cells_of(lonlat: NDArray[Any], resolution: int) -> list[str]:
    return [h3.latlng_to_cell(lat, lon, resolution) for lon, lat in lonlat.tolist()]


def choose_cells(lonlat: NDArray[Any], total: int) -> tuple[list[str], int]:
    """The cell of each point, of the finest resolution whose cells hold enough residents on
    average.

    Few residents want no larger cells than the ground they live on: the search ends where a cell is
    as wide.
    """
    wide_m = float(np.hypot(*np.ptp(local_km(lonlat), axis=0))) * 1000.0
    for resolution in range(FINEST, COARSEST - 1, -1):
        cells = cells_of(lonlat, resolution)
        number = len(set(cells))
        wide = 2 * h3.average_hexagon_edge_length(resolution, unit="m") >= wide_m
        if resolution == COARSEST or (
            number <= MOST_LEAVES and (wide or total / number >= RESIDENTS_PER_CELL)
        ):
            break
    return cells, resolution


def middle_of_residents(lonlat: NDArray[Any], count: NDArray[Any]) -> tuple[float, float]:
    """Where residents live in the middle: their mean, or the point with residents nearest to it
    when it is off.
    """
    mean = (lonlat * count[:, None]).sum(axis=0) / count.sum()
    off_m = np.asarray(distance_m(lonlat[:, 0], lonlat[:, 1], *mean))
    x, y = (lonlat[int(off_m.argmin())] if off_m.min() > OFF_M else mean).tolist()
    return float(x), float(y)


def hierarchy_of_cells(
    weights: Weights, total: int, ledger: SourceLedger
) -> tuple[Hierarchy, NDArray[np.int64]]:
    """Leaf areas for a city without a hierarchy: H3 cells, grouped into zones of coarser cells,
    each at the middle of its residents.

    Returns the hierarchy and the residents of each leaf.
    """
    live = weights.count > 0
    lonlat, count = weights.lonlat[live], weights.count[live]
    if len(weights.lost):
        ledger.lose("rows of residents that cannot be used", people_of(weights.lost, count))
    cells, resolution = choose_cells(lonlat, total)
    coarser = max(resolution - 2, 0)
    while (
        coarser > 0 and len({h3.cell_to_parent(cell, coarser) for cell in set(cells)}) > MOST_ZONES
    ):
        coarser -= 1
    parents = {cell: h3.cell_to_parent(cell, coarser) for cell in sorted(set(cells))}
    hierarchy = Hierarchy(["zone", "cell"])
    zones = {
        cell: AreaNode(f"Z{i:03d}", cell, 0, None)
        for i, cell in enumerate(sorted(set(parents.values())), 1)
    }
    inside: Counter[str] = Counter()
    leaf_of: dict[str, AreaNode] = {}
    for cell, parent in parents.items():
        inside[parent] += 1
        leaf_of[cell] = AreaNode(
            f"{zones[parent].code}-{inside[parent]:04d}", cell, 1, zones[parent]
        )
    rows = rows_by_cell(cells)
    for cell, leaf in leaf_of.items():
        leaf.point = middle_of_residents(lonlat[rows[cell]], count[rows[cell]])
    for zone in zones.values():
        mine = np.concatenate([rows[child.name] for child in zone.children])
        zone.point = middle_of_residents(lonlat[mine], count[mine])
    hierarchy.nodes = [list(zones.values()), list(leaf_of.values())]
    hierarchy.sort()
    order = {leaf.name: i for i, leaf in enumerate(hierarchy.leaves)}
    per_leaf = np.bincount([order[cell] for cell in cells], count, len(order))
    draw_cells(hierarchy)
    hierarchy.notes.append(
        f"no hierarchy is given: leaf areas are H3 cells of resolution {resolution}"
    )
    return hierarchy, apportion(per_leaf, total)


def draw_cells(hierarchy: Hierarchy) -> None:
    """Gives zones and cells the outlines of their hexagons for maps, and names that people read."""
    for nodes in hierarchy.nodes:
        for node in nodes:
            ring = [(lon, lat) for lat, lon in h3.cell_to_boundary(node.name)]
            hierarchy.drawn[node.code] = shapely.Polygon(ring)
            node.name = f"{hierarchy.levels[node.level]} {node.code}"


def rows_by_cell(cells: list[str]) -> dict[str, NDArray[np.int64]]:
    """The rows of each cell."""
    names, number = np.unique(cells, return_inverse=True)
    order = np.argsort(number, kind="stable")
    edges = np.searchsorted(number[order], np.arange(len(names) + 1))
    return {str(name): order[edges[i] : edges[i + 1]] for i, name in enumerate(names.tolist())}
