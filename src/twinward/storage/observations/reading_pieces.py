"""Columns of readings on disk and what is picked out of them: a piece is a folder of one file a
column, in order of sensor and time.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.coding.files import write_whole

COLUMNS = ("sensor", "time_us", "value")
PLACES = ("lon", "lat")  # files of pieces in which anything told where it was


class Hourly(msgspec.Struct, frozen=True, kw_only=True):
    """Readings of one sensor by hour: hour_us int64[H] (starts), count int64[H], mean, least,
    greatest float64[H].
    """

    hour_us: NDArray[Any]
    count: NDArray[Any]
    mean: NDArray[Any]
    least: NDArray[Any]
    greatest: NDArray[Any]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What sensors told, N rows: sensor, time_us int64[N], value float64[N]; lon, lat float64[N],
    NaN where it told no place.
    """

    sensor: NDArray[Any]
    time_us: NDArray[Any]
    value: NDArray[Any]
    lon: NDArray[Any]
    lat: NDArray[Any]


def rows_of(told: tuple[NDArray[Any], ...], sensor: int) -> NDArray[Any]:
    """Rows of one sensor in columns that are in order of sensors."""
    low, high = np.searchsorted(told[0], np.array([sensor, sensor + 1], told[0].dtype))
    return np.arange(low, high)


def last_of_each(told: tuple[NDArray[Any], ...], at_us: int) -> NDArray[Any]:
    """Rows of the last reading of each sensor up to `at_us`, of columns in order of sensor and
    time.
    """
    early = np.flatnonzero(told[1] <= at_us)
    return np.asarray(early[ends_of_runs(told[0][early])])


def last_of_some(told: tuple[NDArray[Any], ...], at_us: int, of: NDArray[Any]) -> NDArray[Any]:
    """The same of some sensors, whose rows are looked up and not walked over."""
    of = np.sort(of).astype(told[0].dtype)
    low, high = (np.searchsorted(told[0], of, side) for side in ("left", "right"))
    some = np.flatnonzero(high > low)
    low, count = low[some], high[some] - low[some]
    if not len(low):
        return np.zeros(0, np.int64)
    rows = np.repeat(low - np.cumsum(count) + count, count) + np.arange(count.sum())
    early = rows[told[1][rows] <= at_us]
    return np.asarray(early[ends_of_runs(told[0][early])])


def ends_of_runs(sensor: NDArray[Any]) -> NDArray[Any]:
    """The last row of each run of one sensor."""
    ends = np.ones(len(sensor), np.bool_)
    ends[:-1] = sensor[1:] != sensor[:-1]
    return np.flatnonzero(ends)


def read_piece(piece: Path) -> tuple[NDArray[Any], ...]:
    """The columns of a piece, mapped; lon and lat are NaN where an older release, or a day without
    places, kept none.
    """
    found = tuple(read_npy(piece, column) for column in COLUMNS)
    if (piece / "lon.npy").exists():
        return found + tuple(read_npy(piece, column) for column in PLACES)
    nowhere = np.broadcast_to(np.nan, len(found[0]))
    return (*found, nowhere, nowhere)


def write_npy(path: Path, values: NDArray[Any]) -> None:
    """One column, durable."""
    data = io.BytesIO()
    np.save(data, values)
    write_whole(path, data.getvalue())


def read_npy(piece: Path, column: str) -> NDArray[Any]:
    """A column of a piece, memory-mapped."""
    found: NDArray[Any] = np.load(piece / f"{column}.npy", mmap_mode="r")
    return found
