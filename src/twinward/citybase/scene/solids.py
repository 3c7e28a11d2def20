"""Solid things of a scene: triangles about a place in metres, and where a height comes from."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray

GIVEN, LEVELS, ESTIMATED = range(3)
HEIGHT_FROM = ("given", "levels", "estimated")
STOREY_M, FOOT_M = 3.0, 0.3048
HIGHEST_M = 1000.0  # the highest building of the world has 828 m
MOST_LEVELS = 200
M_PER_DEGREE = 111_194.93


class Solid(msgspec.Struct, frozen=True, kw_only=True):
    """One object: corners float64[n, 3] as lon, lat (degrees) and metres up, triangles int64[m, 3].

    An object without geometry has none of either and still counts.
    """

    id: str
    kind: str
    corners: NDArray[Any]
    triangles: NDArray[Any]
    height_m: float
    height_from: int


def read_metres(text: str) -> float | None:
    """Metres of a height tag: `12`, `12.5 m`, `40 ft`, `40'`, `5'6"`; None where it says none that
    a building can have (OpenStreetMap wiki, "Key:height").
    """
    plain = text.strip().lower().replace(",", ".")
    if feet := re.fullmatch(
        r"(\d+(?:\.\d+)?)\s*(?:ft|feet|')\s*(?:(\d+(?:\.\d+)?)\s*(?:\"|in))?", plain
    ):
        metres = (float(feet[1]) + float(feet[2] or 0) / 12) * FOOT_M
    elif found := re.fullmatch(r"(\d+(?:\.\d+)?)\s*(?:m|metres?|meters?)?", plain):
        metres = float(found[1])
    else:
        return None
    return metres if 0 < metres <= HIGHEST_M else None


def read_storeys(text: str) -> float | None:
    """Storeys of a levels tag: `4`, `3;4` (the higher), `G+2` (ground and two), `4-5`."""
    plain = text.strip().upper().replace(" ", "")
    if ground := re.fullmatch(r"G\+(\d+)", plain):
        storeys = float(ground[1]) + 1
    elif re.fullmatch(r"\d+(?:\.\d+)?(?:[;,/-]\d+(?:\.\d+)?)*", plain):
        storeys = max(float(part) for part in re.split(r"[;,/-]", plain))
    else:
        return None
    return storeys if 0 < storeys <= MOST_LEVELS else None


def extrude(shape: Any, base_m: float, top_m: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """Corners and triangles of a footprint from base to top: roof and walls; nothing below, for
    nobody looks from under the ground.
    """
    corners: list[NDArray[Any]] = []
    triangles: list[NDArray[Any]] = []
    start = 0
    for part in getattr(shape, "geoms", [shape]):
        if part.geom_type != "Polygon" or part.is_empty:
            continue
        part = shapely.orient_polygons(part)
        roof = shapely.get_parts(shapely.constrained_delaunay_triangles(part))
        flat = shapely.get_coordinates(roof).reshape(-1, 4, 2)[:, :3]
        turn = cross(flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0])
        flat = np.where((turn < 0)[:, None, None], flat[:, ::-1], flat).reshape(-1, 2)
        corners.append(np.column_stack([flat, np.full(len(flat), top_m)]))
        triangles.append(np.arange(len(flat)).reshape(-1, 3) + start)
        start += len(flat)
        for ring in (part.exterior, *part.interiors):
            xy = np.asarray(ring.coords)[:, :2]
            a, b = xy[:-1], xy[1:]
            low, high = np.full(len(a), base_m), np.full(len(a), top_m)
            walls = np.stack(
                [np.column_stack(one) for one in ((a, low), (b, low), (b, high), (a, high))], axis=1
            ).reshape(-1, 3)
            first = np.arange(len(a))[:, None] * 4 + start
            corners.append(walls)
            triangles += [first + [0, 1, 2], first + [0, 2, 3]]
            start += len(walls)
    if not corners:
        return np.empty((0, 3)), np.empty((0, 3), np.int64)
    return np.concatenate(corners), np.concatenate(triangles).astype(np.int64)


def cross(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])
