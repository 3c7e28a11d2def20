"""Solids and groups of solids: shells within shells, solids beside solids (codes 4xx to 6xx)."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.citybase.scene.validity.faces import Face, Points, check_face
from twinward.citybase.scene.validity.faults import SNAP_M
from twinward.citybase.scene.validity.shells import (
    Triangles,
    check_shell,
    crosses_itself,
    pairs_near,
    pieces,
    pierces,
    triangulate,
    volume,
)

APART_M = 1e-4  # how far beside a face its inside and outside are asked for
# a ray in no direction that a building has, so that it hits no edge
RAY = np.array([0.5370861555295747, 0.3190473625468217, 0.7808688094430304])
PAIRS_AT_ONCE = 2_000_000


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """A solid as triangles, all shells together; none where a shell is not sound."""

    triangles: Triangles


def check_solid(shells: list[list[Face]], points: Points) -> tuple[set[int], Body | None]:
    """The faults of a solid, and the solid where it has none that matter further on."""
    if not shells or not all(shells):
        return {902}, None
    codes = set[int]()
    for shell in shells:
        for face in shell:
            codes |= check_face(face, points)
    if codes:
        return codes, None
    for shell in shells:
        codes |= check_shell(shell)
    if codes:
        return codes, None
    skins = [triangulate(shell, points) for shell in shells]
    if any(crosses_itself(skin) for skin in skins):
        return {306}, None
    codes |= check_shells(skins)
    return codes, Body(triangles=np.concatenate(skins))


def check_shells(skins: list[Triangles]) -> set[int]:
    """The outer shell is turned outwards, the inner ones inwards and within it."""
    codes = {405 for n, skin in enumerate(skins) if (volume(skin) < 0) != (n > 0)}
    outer = skins[0]
    for n, inner in enumerate(skins[1:]):
        if any(same(inner, other) for other in skins[: n + 1]):
            codes.add(402)
        elif cross_each_other(inner, outer) or any(
            cross_each_other(inner, other) for other in skins[1 : n + 1]
        ):
            codes.add(401)
        elif not inside(beside(inner, APART_M), outer).any():
            codes.add(403)
        elif lies_against(inner, outer, within=True) or any(
            lies_against(inner, other, within=False) for other in skins[1 : n + 1]
        ):
            codes.add(401)
    return codes


def lies_against(skin: Triangles, other: Triangles, *, within: bool) -> bool:
    """Whether a part of a face of one skin lies on the other: beside it is the wrong side."""
    beyond = [inside(beside(skin, away), other) != within for away in (APART_M, -APART_M)]
    return bool(np.concatenate(beyond).any())


def check_together(bodies: list[Body], *, joined: bool) -> set[int]:
    """Solids of one group: none twice, none within another, and of a composite one mass."""
    codes, touching = set[int](), []
    for n, a in enumerate(bodies):
        for k, b in enumerate(bodies[:n]):
            if same(a.triangles, b.triangles):
                codes.add(502)
            elif overlap(a, b):
                codes.add(501)
            if joined and touch(a, b):
                touching.append([n, k])
    if joined and not codes and len(bodies) > 1 and pieces(len(bodies), touching) > 1:
        codes.add(503)
    return codes


def same(a: Triangles, b: Triangles) -> bool:
    """Whether two skins have the same corners."""
    corners = [np.unique(np.round(one.reshape(-1, 3), 3), axis=0) for one in (a, b)]
    return corners[0].shape == corners[1].shape and bool(
        np.abs(corners[0] - corners[1]).max() <= SNAP_M
    )


def apart(a: Triangles, b: Triangles) -> bool:
    low_a, high_a = a.min(axis=(0, 1)), a.max(axis=(0, 1))
    low_b, high_b = b.min(axis=(0, 1)), b.max(axis=(0, 1))
    return bool((low_a > high_b + APART_M).any() or (low_b > high_a + APART_M).any())


def cross_each_other(a: Triangles, b: Triangles) -> bool:
    """Whether two skins go through one another."""
    if apart(a, b):
        return False
    left, right = pairs_near(a, b)
    return bool(pierces(a[left], b[right]).any() or pierces(b[right], a[left]).any())


def beside(skin: Triangles, away_m: float) -> NDArray[np.float64]:
    """A point beside the middle of each triangle: outside where `away_m` is above 0."""
    normal = np.cross(skin[:, 1] - skin[:, 0], skin[:, 2] - skin[:, 0])
    size = np.linalg.norm(normal, axis=1, keepdims=True)
    return np.asarray(skin.mean(axis=1) + away_m * normal / np.where(size == 0, 1.0, size))


def overlap(a: Body, b: Body) -> bool:
    """Whether two solids share space, not only a face."""
    one, two = a.triangles, b.triangles
    if apart(one, two):
        return False
    if inside(beside(one, -APART_M), two).any() or inside(beside(two, -APART_M), one).any():
        return True
    return cross_each_other(one, two)


def touch(a: Body, b: Body) -> bool:
    """Whether two solids share a part of a face."""
    one, two = a.triangles, b.triangles
    if apart(one, two):
        return False
    return bool(inside(beside(one, APART_M), two).any() or inside(beside(two, APART_M), one).any())


def inside(at: NDArray[Any], skin: Triangles) -> NDArray[np.bool_]:
    """Whether points lie within a closed skin: a ray from there meets it an odd number of times."""
    first, second = skin[:, 1] - skin[:, 0], skin[:, 2] - skin[:, 0]
    across = np.cross(RAY, second)
    depth = np.einsum("ij,ij->i", first, across)
    scale = np.where(np.abs(depth) < 1e-14, np.inf, depth)
    hits = np.zeros(len(at), np.int64)
    step = max(PAIRS_AT_ONCE // max(len(skin), 1), 1)
    for start in range(0, len(at), step):
        away = at[start : start + step, None] - skin[None, :, 0]
        u = (away * across).sum(axis=2) / scale
        turned = np.cross(away, first[None])
        v = (turned @ RAY) / scale
        t = (turned * second).sum(axis=2) / scale
        hits[start : start + step] = ((u >= 0) & (v >= 0) & (u + v <= 1) & (t > 0)).sum(axis=1)
    return np.asarray(hits % 2 == 1)
