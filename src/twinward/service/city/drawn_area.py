"""An area that an officer draws: which areas lie in it, who lives there, what stands there; the
answer is made of areas, so that sums agree with those of streets and districts.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
import numpy as np
import shapely

from twinward.core.errors import InputError
from twinward.core.geography import M_PER_DEGREE
from twinward.service.city.couplings import places_of
from twinward.service.city.population import leaves_of
from twinward.service.platform import Caller, Platform
from twinward.service.tracing.city_areas import pointed
from twinward.service.visibility import concerns

MOST_CORNERS = 2_000
LEAST_M2 = 1_000.0
MOST_AREAS = 2_000


class DrawArea(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The corners of what was drawn, lon and lat in degrees; the last need not be the first."""

    ring: list[tuple[float, float]]


class DrawnArea(msgspec.Struct, frozen=True, kw_only=True):
    """What lies in a drawn area. `areas` are the codes that cover it, whole districts as one;
    `leaves` how many of the smallest areas these are. An area belongs to it when its point lies
    inside. `mended`: the line crossed itself. `residents` is None where fewer than k live there.
    """

    areas: list[str]
    names: list[str]
    leaves: int
    residents: int | None
    places: dict[str, int]
    m2: int
    mended: bool
    outside_yours: int


def draw_area(platform: Platform, caller: Caller, asked: DrawArea) -> DrawnArea:
    """The areas of a drawn line; InputError where it bounds nothing or holds no area."""
    shape, mended = bound(asked.ring)
    areas = platform.reference.areas
    parents = {area.parent for area in areas.by_code.values() if area.parent}
    leaves = [one for one in pointed(areas.by_code.values()) if one.code not in parents]
    if leaves:
        inside = shapely.contains_xy(
            shape, np.array([one.lon for one in leaves]), np.array([one.lat for one in leaves])
        )
        found = [one.code for one, holds in zip(leaves, inside.tolist(), strict=True) if holds]
    else:
        found = []
    mine = [code for code in found if concerns(platform, caller, code)]
    if not mine:
        raise InputError(
            "no area of the city has its point inside what was drawn",
            "draw it larger",
            code="empty_drawing",
        )
    lives = leaves_of(platform)
    residents = sum(lives.get(code, 0) for code in mine)
    codes = cover(platform, mine)
    return DrawnArea(
        areas=codes[:MOST_AREAS],
        names=[areas.name(code) for code in codes[:MOST_AREAS]],
        leaves=len(mine),
        residents=residents
        if residents == 0 or residents >= platform.settings.k_anonymity
        else None,
        places=count_places(platform, shape),
        m2=round(square_metres(shape)),
        mended=mended,
        outside_yours=len(found) - len(mine),
    )


def bound(ring: list[tuple[float, float]]) -> tuple[Any, bool]:
    """The shape of a line and whether it had to be mended."""
    points = np.array(ring, np.float64).reshape(-1, 2)
    if len(points) < 3 or len(points) > MOST_CORNERS or not np.isfinite(points).all():
        raise InputError(
            f"a drawn area of {len(points)} corners",
            f"give 3 to {MOST_CORNERS}, each lon and lat",
            code="bad_drawing",
        )
    if (np.abs(points) > [180.0, 90.0]).any():
        raise InputError(
            "a corner of the drawn area lies not on the earth",
            "give lon from -180 to 180 and lat from -90 to 90",
            code="bad_drawing",
        )
    shape = shapely.Polygon(points)
    mended = not shape.is_valid
    if mended:
        shape = shapely.buffer(shapely.make_valid(shape), 0)
    if shape.is_empty or square_metres(shape) < LEAST_M2:
        raise InputError("the drawn line bounds nothing", "draw round an area", code="bad_drawing")
    return shape, mended


def square_metres(shape: Any) -> float:
    """About the area of a shape of a city's size."""
    middle = shape.centroid.y
    return float(shape.area * M_PER_DEGREE**2 * np.cos(np.radians(middle)))


def cover(platform: Platform, leaves: list[str]) -> list[str]:
    """The fewest codes that are exactly these: where all below an area are in, the area itself."""
    areas = platform.reference.areas
    found = set(leaves)
    rising = {above for code in leaves if (above := areas.parent(code)) is not None}
    while rising:
        code = max(rising, key=lambda one: len(areas.path(one)))
        rising.discard(code)
        below = areas.children.get(code, [])
        if code != areas.root and below and all(one in found for one in below):
            found -= set(below)
            found.add(code)
            if (above := areas.parent(code)) is not None:
                rising.add(above)
    return sorted(found)


def count_places(platform: Platform, shape: Any) -> dict[str, int]:
    kind, _, at = places_of(platform.workspace / "city")
    if not len(kind):
        return {}
    inside = shapely.contains_xy(shape, at[:, 0], at[:, 1])
    return dict(sorted(Counter(kind[inside].tolist()).items()))
