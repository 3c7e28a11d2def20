"""Positions and times that a phone sends when it knows neither: null positions, exchanged axes,
clocks that are wrong. Every door for movement asks here, so that all of them say the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.clock import to_us

Bools = NDArray[np.bool_]
Bounds = tuple[float, float, float, float]  # west, south, east, north; east over 180 across it
FUTURE_TOLERANCE = timedelta(minutes=5)
NULL_DEGREES = 0.01  # about a kilometre around 0/0: a default before the first fix, often jittered
# what receivers put where there is no fix: lon, lat
NULL_POINTS = ((-1.0, -1.0), (180.0, 90.0), (-180.0, -90.0), (-180.0, 90.0), (180.0, -90.0))
DAY_US = 86_400_000_000
# clocks that were never set: 1970 (Unix), and the first days of 1980 (GPS, FAT)
UNSET = ((0, 366 * DAY_US), (3_652 * DAY_US, 3_659 * DAY_US))
GPS_TURN_US = 1_024 * 7 * DAY_US  # the week number of GPS has ten bits
GPS_NEAR_US = 60 * DAY_US  # so near to now, but for whole turns
MOST_TURNED = 0.5  # of the rows; more are data of that time

MESSAGES: dict[str, str] = {
    "time_in_future": "the time has not come yet; check the sender's clock",
    "wrong_clock": "the time is that of a clock that was never set, or is 1,024 weeks off (the "
    "week of GPS has turned); check the sender's clock",
    "null_position": "lon and lat are what a receiver sends before its first fix (0/0 or the "
    "like); leave the row out",
    "swapped_coordinates": "lon and lat look exchanged: the other way round the point lies in "
    "the city; send lon first, then lat",
}


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What is known where positions come in: the instant, and how far the city reaches."""

    now: datetime | None = None
    bounds: Bounds | None = None


def bounds_of(lon: NDArray[Any], lat: NDArray[Any], margin: float) -> Bounds:
    """The box of some points; across the meridian of 180 degrees where that is the narrower."""
    lon, lat = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    around = np.where(lon < 0, lon + 360.0, lon)
    if np.ptp(around) < np.ptp(lon):
        lon = around
    return (
        float(lon.min()) - margin,
        float(lat.min()) - margin,
        float(lon.max()) + margin,
        float(lat.max()) + margin,
    )


def is_inside(lon: NDArray[Any], lat: NDArray[Any], bounds: Bounds) -> Bools:
    """Which points lie in a box; False for NaN."""
    west, south, east, north = bounds
    with np.errstate(invalid="ignore"):
        if west >= -180.0 and east <= 180.0:
            across = (lon >= west) & (lon <= east)
        else:
            across = (lon - west) % 360.0 <= east - west
        return np.asarray(across & (lat >= south) & (lat <= north))


def find_implausible(
    lon: NDArray[Any], lat: NDArray[Any], time_us: NDArray[np.int64], around: Surroundings
) -> Iterator[tuple[str, Bools]]:
    """Codes of MESSAGES, each with the rows of which it is true."""
    yield "time_in_future", find_not_come(time_us, around.now)
    yield "wrong_clock", find_wrong_clocks(time_us, around.now)
    outside = np.ones(len(lon), np.bool_)
    if around.bounds is not None:
        outside = ~is_inside(lon, lat, around.bounds)
    if outside.any():
        yield "null_position", outside & find_null_positions(lon, lat, around.bounds)
        yield "swapped_coordinates", outside & find_exchanged(lon, lat, around.bounds)


def find_null_positions(lon: NDArray[Any], lat: NDArray[Any], bounds: Bounds | None) -> Bools:
    """Points that are no fix, unless the city lies there."""
    null = (np.abs(lon) <= NULL_DEGREES) & (np.abs(lat) <= NULL_DEGREES)
    for x, y in NULL_POINTS:
        null |= (lon == x) & (lat == y)
    if bounds is not None:  # one axis lost: no point of this city has it at exactly nought
        west, south, east, north = bounds
        if not south <= 0.0 <= north:
            null |= lat == 0.0
        if not (west <= 0.0 <= east or west <= 360.0 <= east):
            null |= lon == 0.0
        null &= ~is_inside(lon, lat, bounds)
    return np.asarray(null)


def find_exchanged(lon: NDArray[Any], lat: NDArray[Any], bounds: Bounds | None) -> Bools:
    """Points outside the city whose mirror image lies in it."""
    if bounds is None:
        return np.zeros(len(lon), np.bool_)
    return ~is_inside(lon, lat, bounds) & is_inside(lat, lon, bounds)


def find_not_come(time_us: NDArray[np.int64], now: datetime | None) -> Bools:
    """Times that lie ahead by more than clocks differ."""
    if now is None:
        return np.zeros(len(time_us), np.bool_)
    return np.asarray(time_us > to_us(now + FUTURE_TOLERANCE))


def find_wrong_clocks(time_us: NDArray[np.int64], now: datetime | None) -> Bools:
    """Times of clocks that were never set, or that are whole turns of the GPS week behind.

    Where most rows are of such a time, they are old data and no wrong clock.
    """
    wrong = np.zeros(len(time_us), np.bool_)
    if now is None or not len(time_us):
        return wrong
    for low, high in UNSET:
        wrong |= (time_us >= low) & (time_us < high)
    if to_us(now) - time_us.min() > GPS_TURN_US - GPS_NEAR_US:
        behind = to_us(now) - time_us
        turned = (behind > GPS_NEAR_US) & ((behind + GPS_NEAR_US) % GPS_TURN_US <= 2 * GPS_NEAR_US)
        if turned.mean() < MOST_TURNED:
            wrong |= turned
    return wrong
