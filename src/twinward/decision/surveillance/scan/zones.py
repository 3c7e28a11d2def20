"""The circles that are scanned: around each place its neighbours from near to far."""

from __future__ import annotations

import math

import msgspec
import numpy as np

from twinward.core.errors import InputError
from twinward.decision.surveillance.arrays import Floats, Ints

EARTH_KM = 6371.0
SAME_DISTANCE = 1e-9  # relative: places at the same distance join a circle together


class Zones(msgspec.Struct, frozen=True, kw_only=True):
    """near: int64[places, rank] from near to far; reach: ranks of each centre that may be inside;
    ends: uint8[places, rank] 1 where a circle may close; distance: float64 as near, in km or units.
    """

    near: Ints
    reach: Ints
    ends: Ints
    distance: Floats


def make_zones(
    points: Floats, geographic: bool, population: Floats, max_share: float, max_distance: float
) -> Zones:
    """Circles with at most `max_share` of the population and `max_distance` as radius.

    points: float64[places, 2] lon, lat in degrees where `geographic`, else x, y
    """
    if not 0 < max_share <= 1:
        raise InputError(
            f"max-share must be above 0 and at most 1, got {max_share:g}",
            "write --max-share 0.5",
            code="bad_share",
        )
    distance = great_circle_km(points) if geographic else plane_distance(points)
    near = np.argsort(distance, axis=1, kind="stable")
    sorted_distance = np.take_along_axis(distance, near, axis=1)
    inside = np.cumsum(population[near], axis=1)
    most = max_share * population.sum() * (1 + 1e-12)
    allowed = (inside <= most) & (sorted_distance <= max_distance)
    last = np.ones(near.shape, dtype=bool)
    gap = sorted_distance[:, 1:] - sorted_distance[:, :-1]
    last[:, :-1] = gap > SAME_DISTANCE * np.maximum(sorted_distance[:, 1:], 1e-12)
    return Zones(
        near=near,
        reach=allowed.sum(axis=1),
        ends=(last & allowed).astype(np.uint8),
        distance=sorted_distance,
    )


def great_circle_km(points: Floats) -> Floats:
    """float64[places, places] on a sphere of EARTH_KM."""
    lon, lat = np.radians(points.T)
    half_lat = np.sin((lat[:, None] - lat) / 2) ** 2
    half_lon = np.sin((lon[:, None] - lon) / 2) ** 2
    chord = half_lat + np.cos(lat)[:, None] * np.cos(lat) * half_lon
    return np.asarray(2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(chord, 0.0, 1.0))))


def plane_distance(points: Floats) -> Floats:
    """float64[places, places] in the units of the points."""
    x, y = points.T
    return np.asarray(np.hypot(x[:, None] - x, y[:, None] - y))


def time_windows(days: int, longest: int, prospective: bool) -> tuple[Ints, Ints]:
    """Starts and stops (exclusive) of the windows: all, or those that end on the last day."""
    spans = [
        (start, stop)
        for stop in ([days] if prospective else range(1, days + 1))
        for start in range(max(0, stop - longest), stop)
    ]
    table = np.array(spans, dtype=np.int64).reshape(-1, 2)
    return table[:, 0].copy(), table[:, 1].copy()


def longest_window(days: int, max_days: int | None) -> int:
    """Half the days studied, or fewer where a person said so."""
    half = max(1, math.floor(days / 2))
    return half if max_days is None else max(1, min(half, max_days))
