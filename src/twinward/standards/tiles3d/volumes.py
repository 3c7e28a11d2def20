"""Bounding volumes: boxes, regions, spheres and cells of S2, and what lies within them."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.standards.tiles3d.issues import Report
from twinward.standards.tiles3d.rules import S2, S2_VOLUME, VOLUME
from twinward.standards.tiles3d.shapes import check

SLACK = 1e-6
TOKEN = r"[0-9a-fA-F]{1,16}"
SIGNS = np.array(np.meshgrid([-1, 1], [-1, 1], [-1, 1])).reshape(3, -1).T


def check_volume(volume: Any, path: str, report: Report) -> bool:
    """Whether a bounding volume has a shape, and a shape that can be."""
    if not check(volume, VOLUME, path, report):
        return False
    before = report.errors
    cell = volume.get("extensions", {}).get(S2)
    if cell is None and not {"box", "region", "sphere"} & set(volume):
        report.add("ANY_OF_ERROR", path, "must have a box, a region or a sphere")
        return False
    if cell is not None:
        check_cell(cell, f"{path}/extensions/{S2}", report)
    if "sphere" in volume and volume["sphere"][3] < 0:
        report.add("BOUNDING_VOLUME_INVALID", f"{path}/sphere", "its radius is negative")
    if "region" in volume:
        check_region(volume["region"], f"{path}/region", report)
    return report.errors == before


def check_cell(cell: Any, path: str, report: Report) -> bool:
    """Whether a cell of S2 has a token that can be and heights in order."""
    if not check(cell, S2_VOLUME, path, report):
        return False
    before = report.errors
    if not is_cell(cell["token"]):
        report.add("S2_TOKEN_INVALID", f"{path}/token", f"{cell['token']!r} is no cell of S2")
    if cell["minimumHeight"] > cell["maximumHeight"]:
        report.add("BOUNDING_VOLUME_INVALID", path, "its lowest is above its highest")
    return report.errors == before


def is_cell(token: str) -> bool:
    """Whether a token names a cell: one of six faces, and its lowest bit in an even place."""
    if not re.fullmatch(TOKEN, token):
        return False
    number = int(token.ljust(16, "0"), 16)
    if number == 0 or number >> 61 > 5:
        return False
    return (number & -number).bit_length() % 2 == 1


def check_region(region: list[float], path: str, report: Report) -> None:
    west, south, east, north, low, high = region
    turn, half = math.pi + SLACK, math.pi / 2 + SLACK
    wrong = [
        text
        for bad, text in (
            (
                not -turn <= west <= turn or not -turn <= east <= turn,
                "longitudes are radians to pi",
            ),
            (
                not -half <= south <= half or not -half <= north <= half,
                "latitudes are radians to pi/2",
            ),
            (south > north, "its south is north of its north"),
            (low > high, "its lowest is above its highest"),
        )
        if bad
    ]
    for text in wrong:
        report.add("BOUNDING_VOLUME_INVALID", path, text)


def check_inside(inner: dict[str, Any], outer: dict[str, Any], path: str, report: Report) -> bool:
    """Whether the volume of a content lies within that of its tile, where the two can be held
    against one another.
    """
    if "region" in inner and "region" in outer:
        inside = region_within(inner["region"], outer["region"])
    else:
        points, radius = _points(inner)
        inside = points is None or _holds(outer, points, radius)
    if not inside:
        report.add("BOUNDING_VOLUMES_INCONSISTENT", path, "reaches beyond the volume of its tile")
    return inside


def region_within(inner: list[float], outer: list[float]) -> bool:
    """Whether a region lies within another; one across the 180th meridian is taken to."""
    if outer[0] > outer[2] or inner[0] > inner[2]:
        return True
    high = SLACK * max(1.0, *map(abs, outer[4:]))
    slack = [SLACK] * 4 + [high] * 2
    signs = (1, 1, -1, -1, 1, -1)
    return all(
        sign * (a - b) >= -gap for sign, a, b, gap in zip(signs, inner, outer, slack, strict=True)
    )


def _points(volume: dict[str, Any]) -> tuple[NDArray[np.float64] | None, float]:
    if "box" in volume:
        box = np.array(volume["box"], float).reshape(4, 3)
        return box[0] + SIGNS @ box[1:], 0.0
    if "sphere" in volume:
        return np.array([volume["sphere"][:3]], float), float(volume["sphere"][3])
    return None, 0.0


def _holds(volume: dict[str, Any], points: NDArray[np.float64], radius: float) -> bool:
    if "box" in volume:
        box = np.array(volume["box"], float).reshape(4, 3)
        size = np.linalg.norm(box[1:], axis=1)
        if (size == 0).any():
            return True
        along = np.abs((points - box[0]) @ (box[1:] / size[:, None]).T) + radius
        return bool((along <= size * (1 + SLACK) + SLACK).all())
    if "sphere" in volume:
        centre, most = np.array(volume["sphere"][:3], float), float(volume["sphere"][3])
        away = np.linalg.norm(points - centre, axis=1) + radius
        return bool((away <= most * (1 + SLACK) + SLACK).all())
    return True
