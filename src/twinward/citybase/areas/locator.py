"""Says in which area a point lies."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from twinward.citybase.areas.hierarchy import AreaNode, Hierarchy
from twinward.core.geography import distance_m

M_PER_DEGREE = 111_194.93
SNAP_M = 2000.0  # a single point this far outside every outline counts to the nearest
LEAST_REACH_M = 10_000.0  # without outlines: what lies farther from every area is of another place


class Finder:
    """Says in which leaf a point lies: by the lowest outline around it, then the nearest leaf point
    inside that.

    Of several outlines around a point the smallest counts; without outlines, leaves no farther than
    `reach_m`.
    """

    def __init__(self, hierarchy: Hierarchy, max_snap_m: float | None = None) -> None:
        self.leaves = hierarchy.leaves
        self.points = np.array([leaf.point for leaf in self.leaves], dtype=np.float64)
        self.scale = np.array([np.cos(np.radians(self.points[:, 1].mean())), 1.0])
        self.max_snap_m = SNAP_M if max_snap_m is None else max_snap_m
        self.reach_m = max(
            LEAST_REACH_M, float(np.hypot(*np.ptp(self.points * self.scale, axis=0))) * M_PER_DEGREE
        )
        number = {id(leaf): i for i, leaf in enumerate(self.leaves)}
        self.outlined = lowest_outlined(hierarchy.nodes[0])
        self.below = [np.array([number[id(leaf)] for leaf in leaves_of(n)]) for n in self.outlined]
        self.sizes = np.array([node.outline.area for node in self.outlined])
        self.tree = (
            shapely.STRtree([node.shape for node in self.outlined]) if self.outlined else None
        )

    def nearest_on_outlines(self, lonlat: NDArray[Any]) -> NDArray[np.float64]:
        """The point of the outlines nearest to each point, float64[n, 2]."""
        assert self.tree is not None
        shapes = shapely.points(lonlat)
        found = np.array(lonlat, dtype=np.float64)
        near, area = self.tree.query_nearest(shapes, all_matches=False)
        lines = shapely.shortest_line(shapely.boundary(self.tree.geometries[area]), shapes[near])
        found[near] = shapely.get_coordinates(shapely.get_point(lines, 0))
        return found

    def away_km(self, lonlat: NDArray[Any]) -> NDArray[np.float64]:
        """Kilometres to the nearest leaf."""
        if not len(lonlat):
            return np.empty(0)
        near = cKDTree(self.points * self.scale).query(lonlat * self.scale)[1]
        at = self.points[near]
        turned = np.clip(lonlat[:, 1], -90, 90)
        return np.asarray(distance_m(lonlat[:, 0], turned, at[:, 0], at[:, 1])) / 1000.0

    def locate(
        self, lonlat: NDArray[Any], snap_m: float | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Leaf of each point (-1: outside every outline) and whether it was snapped to one from
        outside.
        """
        leaf = np.full(len(lonlat), -1, np.int64)
        snapped = np.zeros(len(lonlat), bool)
        if not len(lonlat):
            return leaf, snapped
        if self.tree is None:
            apart, near = cKDTree(self.points * self.scale).query(lonlat * self.scale)
            return np.where(apart * M_PER_DEGREE <= self.reach_m, near, -1).astype(
                np.int64
            ), snapped
        owner = np.full(len(lonlat), -1, np.int64)
        shapes = shapely.points(lonlat)
        point, area = self.tree.query(shapes, predicate="intersects")
        order = np.lexsort((-area, -self.sizes[area]))  # the smallest last, so that it stands
        owner[point[order]] = area[order]
        lost = np.flatnonzero(owner < 0)
        if len(lost):
            limit_m = self.max_snap_m if snap_m is None else snap_m
            near, area = self.tree.query_nearest(
                shapes[lost], max_distance=max(limit_m, 1e-3) / M_PER_DEGREE, all_matches=False
            )
            owner[lost[near]] = area
            snapped[lost[near]] = True
        for k, below in enumerate(self.below):
            rows = np.flatnonzero(owner == k)
            if len(rows):
                _, which = cKDTree(self.points[below] * self.scale).query(lonlat[rows] * self.scale)
                leaf[rows] = below[which]
        return leaf, snapped


def lowest_outlined(nodes: list[AreaNode]) -> list[AreaNode]:
    """The outlines to search: those of the children where all of them have one, else the area's
    own.
    """
    found = []
    for node in nodes:
        deeper = lowest_outlined(node.children)
        whole = node.children and all(child.shape is not None for child in node.children)
        found += (
            deeper
            if whole or (deeper and node.shape is None)
            else ([node] if node.shape is not None else [])
        )
    return found


def leaves_of(node: AreaNode) -> list[AreaNode]:
    return (
        [leaf for child in node.children for leaf in leaves_of(child)] if node.children else [node]
    )
