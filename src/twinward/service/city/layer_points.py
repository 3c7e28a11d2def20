"""The latest of a layer as columns: where each of its sensors stands, what it said, how old that
is, and whether it can be believed.
"""

from __future__ import annotations

import struct
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from twinward.citybase.columns import open_city, read_manifest
from twinward.core.clock import to_us
from twinward.core.errors import InputError
from twinward.edge.rules.units import conversion, fold_unit
from twinward.library.layers.layer import FOLDER, Layer, load_layers
from twinward.security.privacy.masking import suppress_small
from twinward.service.logistics.supply_queries import list_stocks
from twinward.service.platform import Caller, Platform
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


def read_points(
    platform: Platform,
    caller: Caller,
    layer: Layer,
    heard: Any = None,
    at: datetime | None = None,
) -> LayerPoints:
    """Everything that the layer's sources had last said at an instant (default: now); `heard` is
    the picture of all sensors where the caller has it already.
    """
    if layer.origin == "stocks":
        return of_stocks(platform, caller, layer, at)
    if layer.origin == "residents":
        return of_residents(platform, layer, at)
    return of_sensors(platform, layer, heard, at)


def hear_at(platform: Platform, layer: Layer, at: datetime) -> Any:
    """What the layer's sensors had told at an instant: of the last day, or of seven times the
    cadence where that is longer; of 35 days where there is nothing in these.
    """
    intake = platform.intake.open()
    named = f"{layer.observed}:{layer.named}"
    near = max(timedelta(days=1), timedelta(seconds=SILENT_AFTER * layer.cadence_s))
    found = intake.sensors_at(at, at - min(near, FARTHEST), named)
    return found if len(found.name) else intake.sensors_at(at, at - FARTHEST, named)


def require_past(platform: Platform, at: datetime | None) -> datetime | None:
    """The instant asked for; InputError where it has not come, None for now."""
    if at is not None and at > platform.clock.now() + timedelta(seconds=AHEAD_US // 1_000_000):
        raise InputError(
            "that instant is in the future", "give an earlier --at, or now", code="at_in_future"
        )
    return at


def prefixes_of(platform: Platform, layer: Layer) -> tuple[str, list[str]]:
    """How names of the layer's sensors begin, and those beginnings of it that are another's."""
    mine = f"{layer.observed}:{layer.named}"
    others = [
        f"{one.observed}:{one.named}"
        for one in layers_of(platform).values()
        if one.origin == "sensors" and one.id != layer.id
    ]
    return mine, [one for one in others if one.startswith(mine) and one != mine]


def of_sensors(
    platform: Platform, layer: Layer, heard: Any = None, at: datetime | None = None
) -> LayerPoints:
    if heard is None:
        intake = platform.intake.open()
        heard = intake.sensors() if at is None else hear_at(platform, layer, at)
    now = heard
    mine, others = prefixes_of(platform, layer)
    chosen = pc.starts_with(now.name, mine)
    for other in others:
        chosen = pc.and_not(chosen, pc.starts_with(now.name, other))
    rows = np.flatnonzero(chosen.to_numpy(zero_copy_only=False))
    codes = np.array([*now.areas, ""], object)
    area = codes[now.area[rows]]
    value, foreign = in_unit(layer, now.value[rows], now.unit[rows], now.units)
    return make_points(
        platform,
        layer,
        name=now.name.take(pa.array(rows)),
        value=value,
        time_us=now.time_us[rows],
        lon=now.lon[rows],
        lat=now.lat[rows],
        area=area.tolist(),
        apart=now.apart[rows],
        at=at,
        foreign=foreign,
    )


def in_unit(
    layer: Layer, value: Floats, unit: NDArray[Any], units: list[str]
) -> tuple[Floats, list[str] | None]:
    """Values in the layer's unit, and the words of units that cannot be turned into it (None where
    there are none).
    """
    foreign: NDArray[Any] | None = None
    for number in np.unique(unit[unit >= 0]).tolist():
        factor = layer_factor(layer, units[number])
        here = unit == number
        if factor is None:
            foreign = np.full(len(value), "", object) if foreign is None else foreign
            foreign[here] = units[number]
        elif factor != (1.0, 0.0):
            value = np.where(here, value * factor[0] + factor[1], value)
    return value, None if foreign is None else foreign.tolist()


def layer_factor(layer: Layer, word: str) -> tuple[float, float] | None:
    """(scale, offset) from a sender's unit to the layer's; None for a unit of something else."""
    if fold_unit(word) in {fold_unit(one) for one in (layer.unit, *layer.also)}:
        return 1.0, 0.0
    return next(
        (
            found
            for one in (layer.unit, *layer.also)
            if (found := conversion(word, one)) is not None
        ),
        None,
    )


def of_stocks(
    platform: Platform, caller: Caller, layer: Layer, at: datetime | None = None
) -> LayerPoints:
    """Shares in use, in per cent, of the stocks of one kind; a stock of nothing has no share."""
    held = list_stocks(platform, caller, kind=layer.observed, at=at)
    rows = [row for row in held if row.quantity > 0]
    return make_points(
        platform,
        layer,
        name=pa.array([f"{layer.observed}:{row.holder or row.area}" for row in rows], pa.string()),
        value=np.array([round(100 * row.in_use / row.quantity, 1) for row in rows], np.float64),
        time_us=np.array([to_us(row.stated_at) for row in rows], np.int64),
        lon=np.array([np.nan if row.lon is None else row.lon for row in rows], np.float64),
        lat=np.array([np.nan if row.lat is None else row.lat for row in rows], np.float64),
        area=[row.area for row in rows],
        apart=np.zeros(len(rows), np.bool_),
        at=at,
    )


def of_residents(platform: Platform, layer: Layer, at: datetime | None = None) -> LayerPoints:
    """Counts by area of the level below the first, small ones hidden: no figure of a household.
    Who lived there at a past instant is recorded nowhere.
    """
    folder = platform.workspace / "city"
    counts = dict[str, int]()
    if at is None and (folder / "leaf_start.npy").exists() and layer.ages is not None:
        by_leaf = count_ages(folder, read_manifest(folder).sha256, layer.ages)
        areas = platform.reference.areas
        for leaf, count in by_leaf.items():
            above = areas.at_depth(leaf, 2)
            counts[above] = counts.get(above, 0) + count
    shown = suppress_small(counts, platform.settings.k_anonymity) if counts else {}
    codes = sorted(shown)
    value = [np.nan if shown[code] is None else float(shown[code] or 0) for code in codes]
    now = to_us(platform.clock.now())  # nobody tells them: they stand until the city is built anew
    return make_points(
        platform,
        layer,
        name=pa.array([f"residents:{code}" for code in codes], pa.string()),
        value=np.array(value, np.float64),
        time_us=np.full(len(codes), now, np.int64),
        lon=np.full(len(codes), np.nan),
        lat=np.full(len(codes), np.nan),
        area=codes,
        apart=np.zeros(len(codes), np.bool_),
    )


@lru_cache(maxsize=8)
def count_ages(folder: Path, sha256: str, ages: tuple[int, int]) -> dict[str, int]:
    """Residents of an age by leaf area; read once for each build of the city."""
    base = open_city(folder)
    age = np.asarray(base.age_sex) & AGE_BITS
    of_age = np.concatenate([[0], np.cumsum((age >= ages[0]) & (age <= ages[1]))])
    counts = np.diff(of_age[np.asarray(base.leaf_start).astype(np.int64)])
    return dict(zip(base.leaf_codes, counts.tolist(), strict=True))


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
