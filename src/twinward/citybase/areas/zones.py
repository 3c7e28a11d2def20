"""Zones of work: groups of leaves between which commuting is balanced, and how wide a leaf is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.citybase.areas.hierarchy import Hierarchy
from twinward.citybase.areas.locator import M_PER_DEGREE

FEWEST_ZONES, MOST_ZONES, ZONES_ACROSS = 16, 400, 15


def disc_radii_m(hierarchy: Hierarchy, radius: NDArray[Any]) -> NDArray[np.float64]:
    """Radii of discs as large as the leaves: their outlines' where they have one, else `radius`."""
    width = np.array(radius, dtype=np.float64)
    for i, leaf in enumerate(hierarchy.leaves):
        if leaf.shape is not None and leaf.point is not None:
            scale = M_PER_DEGREE**2 * np.cos(np.radians(leaf.point[1]))
            width[i] = np.sqrt(leaf.shape.area * scale / np.pi)
    return width


def zones_of(hierarchy: Hierarchy, points: NDArray[Any]) -> NDArray[np.int64]:
    """int64[leaves]: the zone of each, the level above the leaves, else a grid over `points`."""
    for level in range(len(hierarchy.levels) - 1, -1, -1):
        nodes = hierarchy.nodes[level]
        if len(nodes) > MOST_ZONES:
            continue
        if len(nodes) < min(FEWEST_ZONES, len(points)):
            break
        number = {id(node): i for i, node in enumerate(nodes)}
        zones = []
        for leaf in hierarchy.leaves:
            node = leaf
            while node.level > level and node.parent is not None:
                node = node.parent
            zones.append(number[id(node)])
        return np.unique(zones, return_inverse=True)[1].astype(np.int64)
    low, span = points.min(axis=0), np.maximum(np.ptp(points, axis=0), 1e-9)
    cell = np.minimum(((points - low) / span * ZONES_ACROSS).astype(np.int64), ZONES_ACROSS - 1)
    both = cell[:, 0] * ZONES_ACROSS + cell[:, 1]
    return np.unique(both, return_inverse=True)[1].astype(np.int64)
