"""Shells: whether faces close into one skin that does not cross itself (codes 3xx)."""

from __future__ import annotations

from collections import Counter

import numpy as np
import shapely
from numpy.typing import NDArray

from twinward.citybase.scene.prisms import cross
from twinward.citybase.scene.validity.faces import Face, Points, drop_repeats, flatten

Triangles = NDArray[np.float64]  # [n, 3, 3]
SLACK = 1e-7
MOST_PAIRS = 400_000  # of triangles that are held against one another


def check_shell(faces: list[Face], *, closed: bool = True) -> set[int]:
    """The faults of how faces hang together, each face of rings of corners; a composite surface
    need not be `closed`.
    """
    if closed and len(faces) < 4:
        return {301}
    rings = [[drop_repeats(ring) for ring in face] for face in faces]
    edges: Counter[tuple[int, int]] = Counter()
    owners: dict[tuple[int, int], list[int]] = {}
    for n, face in enumerate(rings):
        for ring in face:
            for a, b in zip(ring, ring[1:] + ring[:1], strict=True):
                edges[a, b] += 1
                owners.setdefault((min(a, b), max(a, b)), []).append(n)
    codes = set[int]()
    for (a, b), owned in owners.items():
        if len(owned) == 1:
            codes |= {302} if closed else set()
        elif len(owned) > 2:
            codes.add(303)
        elif edges[a, b] != 1:
            codes.add(307)
    if not codes and pieces(len(faces), list(owners.values())) > 1:
        codes.add(305)
    if closed and not codes and not round_every_corner(rings, owners):
        codes.add(303)
    return codes


def pieces(count: int, owners: list[list[int]]) -> int:
    """How many pieces faces form that hang together by edges."""
    home = list(range(count))

    def root(one: int) -> int:
        while home[one] != one:
            home[one] = home[home[one]]
            one = home[one]
        return one

    for first, *others in owners:
        for other in others:
            home[root(other)] = root(first)
    return len({root(one) for one in range(count)})


def round_every_corner(
    rings: list[list[list[int]]], owners: dict[tuple[int, int], list[int]]
) -> bool:
    """Whether the faces about each corner form one fan: two that meet there are no manifold."""
    about: dict[int, set[int]] = {}
    for n, face in enumerate(rings):
        for corner in {one for ring in face for one in ring}:
            about.setdefault(corner, set()).add(n)
    at: dict[int, list[list[int]]] = {}
    for (a, b), owned in owners.items():
        at.setdefault(a, []).append(owned)
        at.setdefault(b, []).append(owned)
    for corner, faces in about.items():
        order = {face: n for n, face in enumerate(sorted(faces))}
        shared = [[order[one] for one in owned] for owned in at.get(corner, [])]
        if pieces(len(order), shared) > 1:
            return False
    return True


def triangulate(faces: list[Face], points: Points) -> Triangles:
    """Triangles of flat faces, turned as their faces are."""
    found = []
    for face in faces:
        rings = [ring for ring in map(drop_repeats, face) if len(ring) > 2]
        flat = flatten(rings, points) if rings else None
        if flat is None:
            continue
        if len(rings) == 1 and len(rings[0]) == 3:
            found.append(points[rings[0]][None])
            continue
        polygon = shapely.Polygon(flat[0][0], flat[0][1:])
        if not polygon.is_valid:
            continue
        cut = shapely.get_parts(shapely.constrained_delaunay_triangles(polygon))
        xy = shapely.get_coordinates(cut).reshape(-1, 4, 2)[:, :3]
        turn = cross(xy[:, 1] - xy[:, 0], xy[:, 2] - xy[:, 0])
        xy = np.where((turn < 0)[:, None, None], xy[:, ::-1], xy).reshape(-1, 2)
        known, corners = np.concatenate(flat[0]), points[[one for ring in rings for one in ring]]
        nearest = ((xy[:, None] - known[None]) ** 2).sum(axis=2).argmin(axis=1)
        found.append(corners[nearest].reshape(-1, 3, 3))
    return np.concatenate(found) if found else np.empty((0, 3, 3))


def volume(triangles: Triangles) -> float:
    """Cubic metres that triangles enclose; below 0 where they are turned inwards."""
    near = triangles - triangles[:1, :1]
    return float(np.einsum("ij,ij->i", near[:, 0], np.cross(near[:, 1], near[:, 2])).sum() / 6)


def pairs_near(a: Triangles, b: Triangles) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of triangles whose boxes touch."""
    boxes = [(one.min(axis=1), one.max(axis=1)) for one in (a, b)]
    flat = [shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1]) for low, high in boxes]
    left, right = shapely.STRtree(flat[1]).query(flat[0])
    (low_a, high_a), (low_b, high_b) = boxes
    meet = (low_a[left, 2] <= high_b[right, 2]) & (low_b[right, 2] <= high_a[left, 2])
    return left[meet][:MOST_PAIRS], right[meet][:MOST_PAIRS]


def pierces(a: Triangles, b: Triangles) -> NDArray[np.bool_]:
    """Whether an edge of each triangle of `a` goes through the inside of that of `b`, pair by pair
    (Moeller and Trumbore 1997); what only touches does not.
    """
    found = np.zeros(len(a), bool)
    first, second = b[:, 1] - b[:, 0], b[:, 2] - b[:, 0]
    normal = np.cross(first, second)
    size = np.linalg.norm(normal, axis=1)
    for n in range(3):
        start, along = a[:, n], a[:, (n + 1) % 3] - a[:, n]
        across = np.cross(along, second)
        depth = np.einsum("ij,ij->i", first, across)
        flat = np.abs(depth) < 1e-12 + SLACK * size * np.linalg.norm(along, axis=1)
        scale = np.where(flat, 1.0, depth)
        away = start - b[:, 0]
        u = np.einsum("ij,ij->i", away, across) / scale
        turned = np.cross(away, first)
        v = np.einsum("ij,ij->i", along, turned) / scale
        t = np.einsum("ij,ij->i", second, turned) / scale
        low, high = 1e-5, 1 - 1e-5
        found |= ~flat & (u > low) & (v > low) & (u + v < high) & (t > low) & (t < high)
    return found


def crosses_itself(triangles: Triangles) -> bool:
    """Whether triangles of one shell go through one another (306)."""
    left, right = pairs_near(triangles, triangles)
    other = left != right
    left, right = left[other], right[other]
    return bool(pierces(triangles[left], triangles[right]).any())
