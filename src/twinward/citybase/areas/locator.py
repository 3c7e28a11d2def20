"""Says in which area a point lies."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from twinward.citybase.areas.hierarchy import AreaNode, Hierarchy

M_PER_DEGREE = 111_194.93


class Finder:
    """Says in which leaf a point lies: by the lowest outline around it, then the nearest leaf
    point inside that.
    """

    def __init__(self, hierarchy: Hierarchy, max_snap_m: float) -> None:
        self.leaves = hierarchy.leaves
        self.points = np.array([leaf.point for leaf in self.leaves], dtype=np.float64)
        self.scale = np.array([np.cos(np.radians(self.points[:, 1].mean())), 1.0])
        self.max_snap_m = max_snap_m
        number = {id(leaf): i for i, leaf in enumerate(self.leaves)}
        self.outlined = lowest_outlined(hierarchy.nodes[0])
        self.below = [np.array([number[id(leaf)] for leaf in leaves_of(n)]) for n in self.outlined]
        self.tree = (
            shapely.STRtree([node.shape for node in self.outlined]) if self.outlined else None
        )

    def locate(self, lonlat: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Leaf of each point (-1: outside every outline) and whether it was snapped to one from
        outside.
        """
        leaf = np.full(len(lonlat), -1, np.int64)
        snapped = np.zeros(len(lonlat), bool)
        if not len(lonlat):
            return leaf, snapped
        if self.tree is None:
            _, leaf = cKDTree(self.points * self.scale).query(lonlat * self.scale)
            return leaf.astype(np.int64), snapped
        owner = np.full(len(lonlat), -1, np.int64)
        shapes = shapely.points(lonlat)
        point, area = self.tree.query(shapes, predicate="intersects")
        owner[point[::-1]] = area[::-1]
        lost = np.flatnonzero(owner < 0)
        if len(lost):
            near, area = self.tree.query_nearest(
                shapes[lost],
                max_distance=max(self.max_snap_m, 1e-3) / M_PER_DEGREE,
                all_matches=False,
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
