"""What a reading concerns: the places, the equipment and the roads near a sensor that is at or past
the mark of a coupling row, and the incident that its readings opened.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.citybase.places.roads import ROADS
from twinward.core.clock import from_us
from twinward.core.geography import distance_m
from twinward.library.layers.layer import COUPLINGS, Coupling, Layer, load_couplings
from twinward.service.city.layer_points import (
    DOUBTFUL,
    layers_of,
)
from twinward.service.city.layer_sources import read_points
from twinward.service.platform import Caller, Platform, snapshot_of
from twinward.service.visibility import concerns
from twinward.twins.emergency.incidents.rows import INCIDENTS

MOST_FIRED, MOST_CONCERNED = 50, 60


class Concerned(msgspec.Struct, frozen=True, kw_only=True):
    """A place (`kind` as the city names it) or a sensor of a layer (`kind` is the layer)."""

    kind: str
    name: str
    lon: float
    lat: float
    distance_m: int
    value: float | None


class FiredCoupling(msgspec.Struct, frozen=True, kw_only=True):
    """A sensor past its mark, and what it concerns, nearest first. `incident` is the open one of
    the row's hazard in whose area it stands. Roads are pieces between junctions.
    """

    sensor: str
    value: float
    occurred_at: datetime
    stale: bool
    area: str | None
    lon: float | None
    lat: float | None
    concerned: list[Concerned]
    left_out: int
    roads_closed: int
    road_m: int
    incident: str | None


class CouplingView(msgspec.Struct, frozen=True, kw_only=True):
    """A coupling row and where it fires now."""

    id: str
    layer: str
    mark: float
    unit: str
    within_m: float
    title: str
    title_zh: str
    hazard: str
    figure: str
    source: str
    fired: list[FiredCoupling]


def list_couplings(platform: Platform, caller: Caller) -> list[CouplingView]:
    """Every row with the sensors that are past its mark; readings that cannot be are no reason."""
    layers = layers_of(platform)
    return [
        CouplingView(
            id=row.id,
            layer=row.layer,
            mark=row.mark,
            unit=layers[row.layer].unit,
            within_m=row.within_m,
            title=row.title,
            title_zh=row.zh,
            hazard=row.hazard,
            figure=row.figure,
            source=row.source,
            fired=list_fired(platform, caller, row, layers),
        )
        for row in load_couplings(platform.workspace / COUPLINGS)
        if row.layer in layers
    ]


def list_fired(
    platform: Platform, caller: Caller, row: Coupling, layers: dict[str, Layer]
) -> list[FiredCoupling]:
    layer = layers[row.layer]
    points = read_points(platform, caller, layer)
    past = points.value <= row.mark if layer.worse == "low" else points.value >= row.mark
    found = np.flatnonzero(past & ((points.state & 0x0F) != DOUBTFUL))
    if not len(found):
        return []
    open_here = open_incidents(platform, caller, row.hazard)
    areas = platform.reference.areas
    order = found[np.argsort(-points.value[found], kind="stable")][:MOST_FIRED]
    fired = []
    for at in order.tolist():
        lon, lat = float(points.lon[at]), float(points.lat[at])
        placed = bool(np.isfinite(lon))
        near = list_concerned(platform, caller, row, layers, lon, lat) if placed else []
        roads = closed_roads(platform, lon, lat, row.within_m) if placed else (0, 0.0)
        code = points.area[at]
        fired.append(
            FiredCoupling(
                sensor=points.name[at].as_py(),
                value=float(points.value[at]),
                occurred_at=from_us(int(points.time_us[at])),
                stale=bool((points.state[at] & 0x0F) != 0),
                area=code or None,
                lon=round(lon, 6) if placed else None,
                lat=round(lat, 6) if placed else None,
                concerned=near[:MOST_CONCERNED],
                left_out=max(0, len(near) - MOST_CONCERNED),
                roads_closed=roads[0] if row.closes_roads else 0,
                road_m=round(roads[1]) if row.closes_roads else 0,
                incident=next(
                    (
                        name
                        for name, area in open_here
                        if code in areas.by_code and areas.is_under(code, area)
                    ),
                    None,
                ),
            )
        )
    return fired


def open_incidents(platform: Platform, caller: Caller, hazard: str) -> list[tuple[str, str]]:
    """(id, area) of the open incidents of a hazard, the smallest area first."""
    with platform.store.read() as reader:
        rows = snapshot_of(platform, reader).list_rows(INCIDENTS, status="open")
    depth = platform.reference.areas.path
    mine = [
        (row.id, row.area)
        for row in rows
        if row.hazard.partition("/")[0] == hazard and concerns(platform, caller, row.area)
    ]
    return sorted(mine, key=lambda one: -len(depth(one[1])))


def list_concerned(
    platform: Platform,
    caller: Caller,
    row: Coupling,
    layers: dict[str, Layer],
    lon: float,
    lat: float,
) -> list[Concerned]:
    """Places of the row's kinds and sensors of its layers within its distance, nearest first."""
    found = []
    kind, name, at = places_of(platform.workspace / "city")
    if len(kind):
        away = distance_m(lon, lat, at[:, 0], at[:, 1])
        for place in np.flatnonzero((away <= row.within_m) & np.isin(kind, row.places)).tolist():
            found.append(
                Concerned(
                    kind=str(kind[place]),
                    name=str(name[place]),
                    lon=round(float(at[place, 0]), 6),
                    lat=round(float(at[place, 1]), 6),
                    distance_m=round(float(away[place])),
                    value=None,
                )
            )
    for other in row.layers:
        if other not in layers:
            continue
        points = read_points(platform, caller, layers[other])
        placed = np.isfinite(points.lon) & ((points.state & 0x10) == 0)
        away = distance_m(lon, lat, points.lon, points.lat)
        for sensor in np.flatnonzero(placed & (away <= row.within_m)).tolist():
            found.append(
                Concerned(
                    kind=other,
                    name=points.name[sensor].as_py().partition(":")[2],
                    lon=round(float(points.lon[sensor]), 6),
                    lat=round(float(points.lat[sensor]), 6),
                    distance_m=round(float(away[sensor])),
                    value=float(points.value[sensor]),
                )
            )
    return sorted(found, key=lambda one: (one.distance_m, one.kind, one.name))


Places = tuple[NDArray[Any], NDArray[Any], NDArray[np.float64]]


def places_of(folder: Path) -> Places:
    """Kinds, names and points of the city's published places."""
    path = folder / "places.parquet"
    return read_places(path, path.stat().st_mtime_ns) if path.exists() else read_places(None, 0)


@lru_cache(maxsize=4)
def read_places(path: Path | None, stamp: int) -> Places:
    if path is None:
        return np.empty(0, object), np.empty(0, object), np.empty((0, 2))
    import pyarrow.parquet as pq

    table = pq.read_table(path, columns=["kind", "name", "lon", "lat", "synthetic"])
    keep = ~table["synthetic"].to_numpy(zero_copy_only=False)
    kind, name = (np.array(table[column].to_pylist(), object)[keep] for column in ("kind", "name"))
    at = np.column_stack([table["lon"].to_numpy(), table["lat"].to_numpy()])[keep]
    return kind, name, at


def closed_roads(platform: Platform, lon: float, lat: float, within_m: float) -> tuple[int, float]:
    """(pieces of road, their length in m) open to traffic whose middle lies within a distance."""
    path = platform.workspace / "city" / ROADS
    if not path.exists():
        return 0, 0.0
    middle, length = read_roads(path, path.stat().st_mtime_ns)
    near = distance_m(lon, lat, middle[:, 0], middle[:, 1]) <= within_m
    return int(near.sum()), float(length[near].sum())


@lru_cache(maxsize=2)
def read_roads(path: Path, stamp: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Middles and lengths of the city's roads, each once though it goes both ways."""
    with np.load(path, allow_pickle=False) as kept:
        a, b, nodes = kept["edge_from"], kept["edge_to"], kept["node_lonlat"]
        length = kept["length_m"].astype(np.float64)
    low, high = np.minimum(a, b).astype(np.int64), np.maximum(a, b).astype(np.int64)
    _, once = np.unique(low * len(nodes) + high, return_index=True)
    middle = (nodes[a[once]] + nodes[b[once]]) / 2
    return middle, length[once]
