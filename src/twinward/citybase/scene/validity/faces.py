"""Rings and faces: whether a face is one flat piece with holes (codes 1xx and 2xx)."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from twinward.citybase.scene.validity.faults import PLANE_M

Points = NDArray[np.float64]
Face = list[list[int]]
FOLD = float(np.cos(np.radians(20)))  # val3dity's default for the normals of a face
SLIVER_M = 0.005  # triangles thinner than this have no direction worth a fault
LEAST = 1e-9  # twice the square metres of a face that is no line


def check_face(face: Face, points: Points) -> set[int]:
    """The faults of a face of rings, each a list of corners."""
    if len(face) == 1 and len(face[0]) == 3 and len(set(face[0])) == 3:
        return set() if has_area(*points[face[0]].tolist()) else {101}
    rings = [drop_repeats(ring) for ring in face]
    codes = {102 for ring, kept in zip(face, rings, strict=True) if len(kept) < len(ring)}
    if not rings or any(len(set(ring)) < 3 for ring in rings):
        return codes | {101}
    flat = flatten(rings, points)
    if flat is None:
        return codes | {101}
    drawn, off = flat
    lines = [shapely.LinearRing(one) for one in drawn]
    if any(not line.is_simple for line in lines):
        codes.add(104)
    if off > PLANE_M:
        codes.add(203)
    elif not codes and len(face) + len(face[0]) > 4 and is_folded(rings, points, drawn):
        codes.add(204)
    if len(lines) > 1 and 104 not in codes:
        codes |= check_holes(lines)
    return codes


def has_area(a: list[float], b: list[float], c: list[float]) -> bool:
    """Whether a triangle is more than a line; in plain numbers, for there are many."""
    x, y, z = (one - two for one, two in zip(b, a, strict=True))
    u, v, w = (one - two for one, two in zip(c, a, strict=True))
    return (y * w - z * v) ** 2 + (z * u - x * w) ** 2 + (x * v - y * u) ** 2 > LEAST**2


def drop_repeats(ring: list[int]) -> list[int]:
    """A ring without corners that follow themselves, its first one counted as after its last."""
    return [one for n, one in enumerate(ring) if one != ring[n - 1] or len(ring) == 1]


def flatten(rings: Face, points: Points) -> tuple[list[NDArray[np.float64]], float] | None:
    """Rings on the plane of the face, and how far the farthest corner lies off it; None where the
    face has no area.
    """
    corners = points[[one for ring in rings for one in ring]]
    middle = corners.mean(axis=0)
    outer = points[rings[0]] - middle
    normal = np.cross(outer, np.roll(outer, -1, axis=0)).sum(axis=0)
    length = float(np.linalg.norm(normal))
    spread = corners - middle
    # the plane that lies nearest to all corners, not that of the first three
    _, wide, turned = np.linalg.svd(spread, full_matrices=False)
    if wide[1] < LEAST:
        return None
    if length < LEAST:  # a ring that crosses itself can have no area and still be no line
        normal, length = turned[-1], 1.0
    axes = plane_axes(normal / length)
    off = float(np.abs(spread @ turned[-1]).max()) if len(spread) > 3 else 0.0
    return [(points[ring] - middle) @ axes for ring in rings], off


def is_folded(rings: Face, points: Points, drawn: list[NDArray[np.float64]]) -> bool:
    """Whether a face, flat by the distances of its corners, has a fold: triangles of it that look
    more than 20 degrees apart. Slivers are passed over, for their direction says nothing.
    """
    polygon = shapely.Polygon(drawn[0], drawn[1:])
    if not polygon.is_valid:
        return False
    cut = shapely.get_parts(shapely.constrained_delaunay_triangles(polygon))
    if len(cut) < 2:
        return False
    xy = shapely.get_coordinates(cut).reshape(-1, 4, 2)[:, :3].reshape(-1, 2)
    known = np.concatenate(drawn)
    nearest = ((xy[:, None] - known[None]) ** 2).sum(axis=2).argmin(axis=1)
    corners = points[[one for ring in rings for one in ring]][nearest].reshape(-1, 3, 3)
    sides = corners - np.roll(corners, 1, axis=1)
    normals = np.cross(sides[:, 0], sides[:, 1])
    area = np.linalg.norm(normals, axis=1)
    thick = area / np.linalg.norm(sides, axis=2).max(axis=1) > SLIVER_M
    looks = normals[thick] / area[thick, None]
    return bool(len(looks) > 1 and np.abs(looks @ looks.T).min() < FOLD)


def plane_axes(normal: Points) -> Points:
    """Two axes [3, 2] across a normal; a ring turned left about it is turned left on them."""
    side = np.eye(3)[int(np.abs(normal).argmin())]
    first = np.cross(side, normal)
    first /= np.linalg.norm(first)
    return np.column_stack([first, np.cross(normal, first)])


def check_holes(lines: list[Any]) -> set[int]:
    """The faults of inner rings against the outer one and one another."""
    codes = set[int]()
    outer, holes = shapely.Polygon(lines[0]), [shapely.Polygon(one) for one in lines[1:]]
    for n, hole in enumerate(holes):
        if lines[n + 1].is_ccw == lines[0].is_ccw:
            codes.add(208)
        for other in holes[:n]:
            if hole.equals(other):
                codes.add(202)
            elif hole.contains(other) or other.contains(hole):
                codes.add(207)
            elif hole.intersection(other).area > 1e-9:
                codes.add(201)
        if hole.equals(outer):
            codes.add(202)
        elif outer.intersection(hole).area < 1e-9:
            codes.add(206)
        elif (
            hole.difference(outer).area > 1e-9 or lines[0].intersection(lines[n + 1]).length > 1e-6
        ):
            codes.add(201)
    if not codes - {208}:
        whole = shapely.Polygon(lines[0], lines[1:])
        if "Interior is disconnected" in shapely.is_valid_reason(whole):
            codes.add(205)
    return codes
