"""The latest of a layer as columns: where each of its sensors stands, what it said, how old that
is, and whether it can be believed.
"""

from __future__ import annotations

import struct
from datetime import datetime, timedelta
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from twinward.core.clock import to_us
from twinward.core.errors import InputError
from twinward.library.layers.layer import FOLDER, Layer, load_layers
from twinward.service.platform import Platform
from twinward.service.tracing.city_areas import pointed

CURRENT, STALE, DOUBTFUL = 0, 1, 2
BY_AREA = 0x10  # the position is that of the sensor's area
AGE_BITS = 0x7F
MAGIC, STEPS = b"TWLY", 65_535
VEHICLE = "vehicle"  # what may be followed; nothing else that moves
SILENT_AFTER = 7  # times the cadence
FARTHEST = timedelta(days=35)  # before an instant; what is older is not looked for
AHEAD_US = 300_000_000  # what lies further ahead than clocks differ is no reading of now
Floats = NDArray[np.float64]


class LayerPoints(msgspec.Struct, frozen=True, kw_only=True):
    """N sensors in the order of their first reading. lon, lat float64[N] (NaN: nobody knows),
    value float64[N] (NaN: hidden because it is small), time_us int64[N], area list[N] (empty: not
    told), state uint8[N] (CURRENT, STALE or DOUBTFUL; BY_AREA added), foreign str[N] the unit in
    which it tells where that is none of the layer's, else empty (None: all are the layer's).
    """

    name: pa.StringArray
    value: Floats
    time_us: NDArray[np.int64]
    lon: Floats
    lat: Floats
    area: list[str]
    state: NDArray[np.uint8]
    apart: NDArray[np.bool_]
    foreign: list[str] | None = None


def layers_of(platform: Platform) -> dict[str, Layer]:
    """The bundled layers and the workspace's own."""
    return load_layers(platform.workspace / FOLDER)


def require_past(platform: Platform, at: datetime | None) -> datetime | None:
    """The instant asked for; InputError where it has not come, None for now."""
    if at is not None and at > platform.clock.now() + timedelta(seconds=AHEAD_US // 1_000_000):
        raise InputError(
            "that instant is in the future", "give an earlier --at, or now", code="at_in_future"
        )
    return at


def make_points(
    platform: Platform,
    layer: Layer,
    *,
    name: pa.StringArray,
    value: Floats,
    time_us: NDArray[Any],
    lon: Floats,
    lat: Floats,
    area: list[str],
    apart: NDArray[np.bool_],
    at: datetime | None = None,
    foreign: list[str] | None = None,
) -> LayerPoints:
    """Puts what has no place of its own to that of its area, and judges each value."""
    known = platform.reference.areas.by_code
    lon, lat = lon.copy(), lat.copy()
    unplaced = np.flatnonzero(~np.isfinite(lon))
    by_area = np.zeros(len(value), np.bool_)
    for row in unplaced.tolist():
        found = known.get(area[row])
        for one in pointed([found] if found is not None else []):
            if one.lon or one.lat:
                lon[row], lat[row], by_area[row] = one.lon, one.lat, True
    now = at or platform.clock.now()
    state = judge(layer, value, time_us, apart, now)
    if foreign is not None:
        state[[bool(word) for word in foreign]] = DOUBTFUL
    state[by_area] |= BY_AREA
    return LayerPoints(
        name=name,
        value=value,
        time_us=time_us,
        lon=lon,
        lat=lat,
        area=area,
        state=state,
        apart=apart,
        foreign=foreign,
    )


def judge(
    layer: Layer,
    value: Floats,
    time_us: NDArray[Any],
    apart: NDArray[np.bool_],
    now: datetime,
) -> NDArray[np.uint8]:
    """uint8[N]: DOUBTFUL where the value cannot be, the time has not come or one id stands in two
    places; STALE where it is older than the layer's cadence; else CURRENT.
    """
    state = np.zeros(len(value), np.uint8)
    state[time_us < to_us(now - timedelta(seconds=layer.cadence_s))] = STALE
    low = -np.inf if layer.low is None else layer.low
    high = np.inf if layer.high is None else layer.high
    doubtful = (value < low) | (value > high) | (time_us > to_us(now) + AHEAD_US)
    if not layer.moves:
        doubtful |= apart
    state[doubtful] = DOUBTFUL
    return state


def pack_points(points: LayerPoints) -> bytes:
    """Columns for a map, little endian: `TWLY`, uint32 n, float32 west, south, east, north; then
    uint32[n] the sensor's place in the list of the layer, uint16[n] lon and uint16[n] lat in
    1/65535 of the box, float32[n] value, uint8[n] state. What has no place, or is hidden, is left
    out.
    """
    rows = np.flatnonzero(np.isfinite(points.lon) & np.isfinite(points.value))
    lon, lat = points.lon[rows], points.lat[rows]
    west, east = (float(lon.min()), float(lon.max())) if len(rows) else (0.0, 0.0)
    south, north = (float(lat.min()), float(lat.max())) if len(rows) else (0.0, 0.0)
    wide, tall = max(east - west, 1e-9), max(north - south, 1e-9)
    return b"".join(
        (
            MAGIC,
            struct.pack("<I4f", len(rows), west, south, west + wide, south + tall),
            rows.astype("<u4").tobytes(),
            np.round((lon - west) / wide * STEPS).astype("<u2").tobytes(),
            np.round((lat - south) / tall * STEPS).astype("<u2").tobytes(),
            points.value[rows].astype("<f4").tobytes(),
            points.state[rows].tobytes(),
        )
    )
