"""Turns outlines into triangles, thousands at once: walls from the ground up, and the roof."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from twinward.citybase.scene.things import Footprint, Piece

Faces = NDArray[np.float64]  # [n, 3, 3]: triangles of corners as lon, lat, metres up


def raise_footprints(things: list[Footprint]) -> tuple[Faces, NDArray[np.int64]]:
    """Triangles of all buildings, and which building each is of."""
    pieces = [(n, piece) for n, thing in enumerate(things) for piece in thing.pieces]
    if not pieces:
        return np.empty((0, 3, 3)), np.empty(0, np.int64)
    shapes = shapely.from_wkb(np.array([piece.outline for _, piece in pieces], object))
    low = np.array([piece.low_m for _, piece in pieces])
    high = np.array([piece.high_m for _, piece in pieces])
    pitched = np.array([piece.roof != "flat" for _, piece in pieces])
    faces, of = extrude(shapes, low, high, pitched)
    roofs = [pitch(shapes[n], pieces[n][1]) for n in np.flatnonzero(pitched)]
    if roofs:
        faces = np.concatenate([faces, *roofs])
        sizes = [len(roof) for roof in roofs]
        of = np.concatenate([of, np.repeat(np.flatnonzero(pitched), sizes)])
    owner = np.array([n for n, _ in pieces], np.int64)
    return faces, owner[of]


def extrude(
    shapes: NDArray[Any], low: NDArray[Any], high: NDArray[Any], open_above: NDArray[Any]
) -> tuple[Faces, NDArray[np.int64]]:
    """Triangles of prisms, and which shape each is of: walls and, unless it is open above, the
    top; nothing below, for nobody looks from under the ground.
    """
    parts, of = shapely.get_parts(shapes, return_index=True)
    flat = (shapely.get_type_id(parts) == 3) & ~shapely.is_empty(parts)
    parts, of = shapely.orient_polygons(parts[flat]), of[flat]
    closed = ~open_above[of]
    cut, which = shapely.get_parts(
        shapely.constrained_delaunay_triangles(parts[closed]), return_index=True
    )
    top = shapely.get_coordinates(cut).reshape(-1, 4, 2)[:, :3]
    turn = cross(top[:, 1] - top[:, 0], top[:, 2] - top[:, 0])
    top = np.where((turn < 0)[:, None, None], top[:, ::-1], top)
    top_of = of[closed][which]
    roof = np.dstack([top, np.repeat(high[top_of][:, None], 3, axis=1)])
    rings, ring_of = shapely.get_rings(parts, return_index=True)
    xy, at = shapely.get_coordinates(rings, return_index=True)
    same = at[:-1] == at[1:]
    a, b, wall_of = xy[:-1][same], xy[1:][same], of[ring_of[at[:-1][same]]]
    down, up = low[wall_of][:, None], high[wall_of][:, None]
    corners = [np.hstack(one) for one in ((a, down), (b, down), (b, up), (a, up))]
    walls = np.stack([corners[n] for n in (0, 1, 2, 0, 2, 3)], axis=1).reshape(-1, 3, 3)
    return np.concatenate([roof, walls]), np.concatenate([top_of, np.repeat(wall_of, 2)])


def pitch(shape: Any, piece: Piece) -> Faces:
    """A pitched roof: to a peak over the middle, or to a ridge along the longer way of an outline
    of four corners; every other outline gets a peak.
    """
    faces = []
    for part in shapely.get_parts(shape):
        ring = np.asarray(shapely.orient_polygons(part).exterior.coords)[:, :2]
        a, b = ring[:-1], ring[1:]
        if piece.roof == "gabled" and len(a) == 4 and not len(part.interiors):
            faces.append(ridge(a, piece))
            continue
        peak = np.array([*shapely.point_on_surface(part).coords[0][:2], piece.top_m])
        eaves = np.full((len(a), 1), piece.high_m)
        rims = np.stack([np.hstack([a, eaves]), np.hstack([b, eaves])], axis=1)
        faces.append(np.concatenate([rims, np.repeat(peak[None, None], len(a), axis=0)], axis=1))
    return np.concatenate(faces)


def ridge(corners: NDArray[Any], piece: Piece) -> Faces:
    """Two slopes, two gables: the ridge over four corners joins the middles of the short sides."""
    narrow = np.array([np.cos(np.radians(corners[:, 1].mean())), 1.0])
    sides = np.linalg.norm((np.roll(corners, -1, axis=0) - corners) * narrow, axis=1)
    first = 0 if sides[0] + sides[2] <= sides[1] + sides[3] else 1
    p = np.column_stack([np.roll(corners, -first, axis=0), np.full(4, piece.high_m)])
    start, end = (p[0] + p[1]) / 2, (p[2] + p[3]) / 2
    start[2] = end[2] = piece.top_m
    return np.array([
        [p[0], p[1], start], [p[2], p[3], end],
        [p[1], p[2], end], [p[1], end, start],
        [p[3], p[0], start], [p[3], start, end],
    ])  # fmt: skip


def cross(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])
