"""Layers of the city and of society: each with its latest, its age, how much of the city it covers
and whose data it is; "not recorded" is never zero.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.clock import from_us
from twinward.library.layers.layer import FOLDER, Layer, get_layer, read_layer
from twinward.service.city.layer_points import (
    AHEAD_US,
    BY_AREA,
    CURRENT,
    DOUBTFUL,
    SILENT_AFTER,
    STALE,
    VEHICLE,
    Floats,
    LayerPoints,
    layers_of,
    pack_points,
    require_past,
)
from twinward.service.city.layer_sources import read_points
from twinward.service.platform import Caller, Platform
from twinward.service.tracing.city_areas import locate_by_nearest, pointed

STATE = 0x0F
Status = Literal["current", "stale", "silent", "not_recorded"]
STATES = {CURRENT: "current", STALE: "stale", DOUBTFUL: "doubtful"}


class LayerView(msgspec.Struct, frozen=True, kw_only=True):
    """One layer. `status`: `not_recorded` where nobody ever told anything, `silent` where nothing
    came for seven times its cadence, `stale` where nothing came within it.

    `median`, `least`, `greatest` are of what is current; None where nothing is. `covered` of
    `areas` areas of the first level have something current; `hidden` counts are too small
    to be shown. Vehicles of a layer that `follows` may be followed.
    """

    id: str
    group: str
    title: str
    title_zh: str
    unit: str
    unit_zh: str
    source: str
    source_zh: str
    cadence_s: int
    breaks: list[float]
    worse: str
    moves: bool
    follows: bool
    status: Status
    sensors: int
    current: int
    stale: int
    doubtful: int
    apart: int
    unplaced: int
    hidden: int
    newest_at: datetime | None
    oldest_at: datetime | None
    age_s: int | None
    median: float | None
    least: float | None
    greatest: float | None
    covered: int
    areas: int


class LayerSensor(msgspec.Struct, frozen=True, kw_only=True):
    """One sensor of a layer; `by_area`: it stands where its area does, for it told no place."""

    sensor: str
    value: float | None
    occurred_at: datetime
    age_s: int
    state: str
    area: str | None
    lon: float | None
    lat: float | None
    by_area: bool
    apart: bool


def list_layers(platform: Platform, caller: Caller, at: datetime | None = None) -> list[LayerView]:
    """Every layer with its state, now or as it was at an instant; by group, as they are first
    named.
    """
    at = require_past(platform, at)
    heard = platform.intake.open().sensors() if at is None else None
    return [
        view_layer(platform, layer, read_points(platform, caller, layer, heard, at), at)
        for layer in sorted(layers_of(platform).values(), key=lambda one: (one.group, one.id))
    ]


def get_layer_view(
    platform: Platform, caller: Caller, name: str, at: datetime | None = None
) -> LayerView:
    layer = get_layer(layers_of(platform), name)
    at = require_past(platform, at)
    return view_layer(platform, layer, read_points(platform, caller, layer, at=at), at)


def view_layer(
    platform: Platform, layer: Layer, points: LayerPoints, at: datetime | None = None
) -> LayerView:
    now = at or platform.clock.now()
    kind = points.state & STATE
    good = points.value[(kind == CURRENT) & np.isfinite(points.value)]
    sound = points.time_us[points.time_us <= round(now.timestamp() * 1e6) + AHEAD_US]
    newest = from_us(int(sound.max())) if len(sound) else None
    tops = platform.reference.areas.children.get(platform.reference.areas.root, [])
    age_s = None if newest is None else max(0, round((now - newest).total_seconds()))
    return LayerView(
        id=layer.id,
        group=layer.group,
        title=layer.title,
        title_zh=layer.zh,
        unit=layer.unit,
        unit_zh=layer.unit_zh or layer.unit,
        source=layer.source,
        source_zh=layer.source_zh or layer.source,
        cadence_s=layer.cadence_s,
        breaks=list(layer.breaks),
        worse=layer.worse,
        moves=layer.moves,
        follows=layer.moves and layer.observed == VEHICLE,
        status=status_of(len(points.value), age_s, layer.cadence_s),
        sensors=len(points.value),
        current=int((kind == CURRENT).sum()),
        stale=int((kind == STALE).sum()),
        doubtful=int((kind == DOUBTFUL).sum()),
        apart=0 if layer.moves else int(points.apart.sum()),
        unplaced=int((~np.isfinite(points.lon)).sum()),
        hidden=int((~np.isfinite(points.value)).sum()),
        newest_at=newest,
        oldest_at=from_us(int(sound.min())) if len(sound) else None,
        age_s=age_s,
        median=round(float(np.median(good)), 4) if len(good) else None,
        least=round(float(good.min()), 4) if len(good) else None,
        greatest=round(float(good.max()), 4) if len(good) else None,
        covered=count_covered(platform, points, kind == CURRENT),
        areas=len(tops),
    )


def status_of(sensors: int, age_s: int | None, cadence_s: int) -> Status:
    if not sensors or age_s is None:
        return "not_recorded"
    if age_s > SILENT_AFTER * cadence_s:
        return "silent"
    return "stale" if age_s > cadence_s else "current"


def count_covered(platform: Platform, points: LayerPoints, current: NDArray[np.bool_]) -> int:
    """How many areas of the first level have something current: by the area that a sensor tells,
    of one that tells none by where it stands.
    """
    known = platform.reference.areas
    rows = np.flatnonzero(current)
    told = {points.area[row] for row in rows.tolist()}
    if "" in told:
        loose = np.array([points.area[row] == "" for row in rows.tolist()], np.bool_)
        told |= areas_at(platform, points.lon[rows[loose]], points.lat[rows[loose]])
    return len({known.at_depth(code, 1) for code in told if code in known.by_code})


def areas_at(platform: Platform, lon: Floats, lat: Floats) -> set[str]:
    """The lowest areas whose points are nearest to those given; NaN is nowhere."""
    placed = np.isfinite(lon)
    areas = locate_by_nearest(pointed(platform.reference.areas.by_code.values()))
    if areas is None or not placed.any():
        return set()
    found = np.unique(areas.locate(lon[placed], lat[placed]))
    return {areas.codes[row] for row in found.tolist() if row >= 0}


def list_layer_sensors(
    platform: Platform,
    caller: Caller,
    name: str,
    *,
    limit: int,
    offset: int,
    at: datetime | None = None,
) -> tuple[int, list[LayerSensor]]:
    """How many sensors the layer has (or had told anything at an instant), and those asked for, in
    the order of their first reading.
    """
    layer = get_layer(layers_of(platform), name)
    points = read_points(platform, caller, layer, at=require_past(platform, at))
    total = len(points.value)
    now = at or platform.clock.now()
    return total, [
        show_sensor(points, row, now) for row in range(offset, min(offset + limit, total))
    ]


def show_sensor(points: LayerPoints, row: int, now: datetime) -> LayerSensor:
    at = from_us(int(points.time_us[row]))
    value, lon = float(points.value[row]), float(points.lon[row])
    placed = bool(np.isfinite(lon))
    return LayerSensor(
        sensor=points.name[row].as_py(),
        value=value if np.isfinite(value) else None,
        occurred_at=at,
        age_s=max(0, round((now - at).total_seconds())),
        state=STATES[int(points.state[row]) & STATE],
        area=points.area[row] or None,
        lon=round(lon, 6) if placed else None,
        lat=round(float(points.lat[row]), 6) if placed else None,
        by_area=bool(points.state[row] & BY_AREA),
        apart=bool(points.apart[row]),
    )


def pack_layer(platform: Platform, caller: Caller, name: str, at: datetime | None = None) -> bytes:
    """The latest of a layer, now or at an instant, as columns for a map."""
    layer = get_layer(layers_of(platform), name)
    return pack_points(read_points(platform, caller, layer, at=require_past(platform, at)))


def add_layer(workspace: Path, path: Path) -> Layer:
    """Puts a layer's file into the workspace's own folder; the same id replaces."""
    layer = read_layer(path)
    folder = workspace / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{layer.id}.toml").write_bytes(path.read_bytes())
    return layer
