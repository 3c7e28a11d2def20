"""Seeded positions: even cells inside the outline above, for areas whose own position nobody
publishes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from twinward.citybase.areas.hierarchy import AreaNode, Hierarchy
from twinward.citybase.inputs import local_km
from twinward.core.chance import generator
from twinward.core.errors import InputError

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

SAMPLES_PER_LEAF, LEAST_SAMPLES, ROUNDS = 30, 200, 6


def sample_inside(
    shape: BaseGeometry, number: int, chance: np.random.Generator
) -> NDArray[np.float64]:
    """`number` uniform points inside a polygon."""
    shapely.prepare(shape)
    west, south, east, north = shape.bounds
    found: list[NDArray[Any]] = []
    have = 0
    while have < number:
        share = max(shape.area / max((east - west) * (north - south), 1e-12), 0.02)
        xy = chance.random((int((number - have) / share * 1.2) + 16, 2)) * [
            east - west,
            north - south,
        ] + [west, south]
        inside = xy[shapely.contains_xy(shape, xy[:, 0], xy[:, 1])]
        found.append(inside)
        have += len(inside)
    return np.concatenate(found)[:number]


def even_centres(
    samples: NDArray[Any], fixed: NDArray[Any], chance: np.random.Generator
) -> NDArray[np.float64]:
    """Centres of even cells over `samples` (Lloyd's rounds); rows of `fixed` that are finite
    stay where they are.
    """
    free = ~np.isfinite(fixed).all(axis=1)
    centres = fixed.copy()
    pick = chance.permutation(max(len(samples), int(free.sum())))[: int(free.sum())] % len(samples)
    centres[free] = samples[pick] + (chance.random((len(pick), 2)) - 0.5) * 1e-5
    for _ in range(ROUNDS if free.any() else 0):
        _, label = cKDTree(centres).query(samples)
        size = np.bincount(label, minlength=len(centres))
        for axis in (0, 1):
            mean = np.bincount(label, samples[:, axis], len(centres)) / np.maximum(size, 1)
            centres[:, axis] = np.where(free & (size > 0), mean, centres[:, axis])
    return np.asarray(centres)


def root_samples(
    node: AreaNode, number: int, middle: Any, chance: np.random.Generator
) -> NDArray[np.float64]:
    """Points that stand for an area of the top level: inside its outline, else about its point or
    its children's.

    `middle` of the other areas is the last resort: None when nothing at all says where the city is.
    """
    if node.shape is not None:
        return sample_inside(node.shape, number, chance)
    known = [n.point for n in (node, *node.children) if n.point is not None] or (
        [middle] if middle is not None else []
    )
    if not known:
        raise InputError(
            f"nothing says where area {node.code} ({node.name}) is",
            "add [boundaries] for its level, lon and lat columns to a level, or [positions]",
            code="no_position",
        )
    return np.asarray(known)[chance.integers(0, len(known), number)] + chance.normal(
        0, 0.01, (number, 2)
    )


def seat_areas(hierarchy: Hierarchy, seed: int) -> None:
    """Gives every area a point: the published one, else a seeded cell inside the nearest outline
    above it.
    """
    known = [middle_of(node) for node in hierarchy.nodes[0] if node.shape is not None]
    known += [
        node.point for node in hierarchy.nodes[0] if node.shape is None and node.point is not None
    ]
    middle = np.mean(known, axis=0) if known else None
    for node in hierarchy.nodes[0]:
        chance = generator(seed, f"city/cells/{node.code}")
        leaves = count_leaves(node)
        if (
            node.shape is None
            and node.point is None
            and not any(child.point for child in node.children)
        ):
            hierarchy.notes.append(
                f"nothing says where {node.code} is: it is put in the middle of the other areas"
            )
        node.samples = root_samples(
            node, max(SAMPLES_PER_LEAF * leaves, LEAST_SAMPLES), middle, chance
        )
        if node.point is None:
            node.point = middle_of(node)
            node.published = node.shape is not None
        seat_children(node, chance)


def middle_of(node: AreaNode) -> tuple[float, float]:
    point = node.outline.representative_point() if node.shape is not None else None
    if point is not None:
        return float(point.x), float(point.y)
    assert node.samples is not None  # an area without a shape got its points from its parent
    x, y = node.samples.mean(axis=0).tolist()
    return float(x), float(y)


def count_leaves(node: AreaNode) -> int:
    return sum(count_leaves(child) for child in node.children) if node.children else 1


def seat_children(node: AreaNode, chance: np.random.Generator) -> None:
    if not node.children:
        return
    for child in node.children:
        if child.shape is not None and child.point is None:
            child.point, child.published = middle_of(child), True
    fixed = np.array([child.point or (np.nan, np.nan) for child in node.children], dtype=np.float64)
    assert node.samples is not None
    centres = even_centres(node.samples, fixed, chance)
    _, label = cKDTree(centres).query(node.samples)
    order = np.argsort(label, kind="stable")
    edges = np.searchsorted(label[order], np.arange(len(centres) + 1))
    for i, child in enumerate(node.children):
        if child.point is None:
            child.point = (float(centres[i, 0]), float(centres[i, 1]))
        mine = node.samples[order[edges[i] : edges[i + 1]]]
        if child.shape is not None and child.children:
            mine = sample_inside(
                child.shape, max(SAMPLES_PER_LEAF * count_leaves(child), 40), chance
            )
        child.samples = mine if len(mine) else np.array([child.point])
        seat_children(child, chance)
    node.samples = None


def leaf_radii_m(lonlat: NDArray[Any]) -> NDArray[np.float64]:
    """About half the distance from a leaf to its near neighbours: the reach of what stands in
    it.
    """
    if len(lonlat) < 2:
        return np.full(len(lonlat), 500.0)
    km = local_km(lonlat)
    k = min(5, len(km))
    distance, _ = cKDTree(km).query(km, k=k)
    return np.asarray(np.clip(distance[:, 1:].mean(axis=1) * 500.0, 30.0, 3000.0))
