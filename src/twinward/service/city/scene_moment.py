"""What of the scene moves, at one instant: people counted in public places, and vehicles. In the
past as it was told then; ahead where a plain model is worth more than the last value.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
import numpy as np

from twinward.core.clock import from_us, to_us
from twinward.library.layers.layer import Layer
from twinward.service.city.layer_points import (
    DOUBTFUL,
    LayerPoints,
    layers_of,
)
from twinward.service.city.layer_series import get_history
from twinward.service.city.layer_sources import read_points
from twinward.service.city.planned_vehicles import PlannedVehicle, list_planned
from twinward.service.platform import Caller, Platform

STATE = 0x0F
KEPT_FOR = 4  # times its cadence a value stands for what is there
MOST_SHOWN = 5_000
MOST_AHEAD = 100  # places whose next hours are reckoned for one answer
CROWD = "crowd"
HOUR = timedelta(hours=1)


class MomentCount(msgspec.Struct, frozen=True, kw_only=True):
    """People counted at a place; `persons` None: fewer than k, which is not told. `ahead`: a
    forecast of what is counted there, with `low` and `high` of eight in ten.
    """

    place: str
    lon: float
    lat: float
    persons: int | None
    told_at: datetime
    ahead: bool = False
    low: int | None = None
    high: int | None = None


class MomentVehicle(msgspec.Struct, frozen=True, kw_only=True):
    """A vehicle where it was last told to be; `held`: the instant lies ahead, where nobody knows
    it. `planned`: ahead, where its timetable or its round has it then, which is no forecast;
    `then` is its way on by the same plan, as seconds after the instant, lon, lat.
    """

    vehicle: str
    lon: float
    lat: float
    speed: float | None
    told_at: datetime
    held: bool = False
    planned: bool = False
    then: list[tuple[float, float, float]] = []


class SceneMoment(msgspec.Struct, frozen=True, kw_only=True):
    """`when`: `past`, `now` or `forecast`; `as_of`: up to when what is shown was told. `left_out`:
    things beyond the most that are shown, and places without a forecast.
    """

    at: datetime
    now: datetime
    when: str
    as_of: datetime
    k: int
    crowd: list[MomentCount]
    vehicles: list[MomentVehicle]
    left_out: int


def get_moment(
    platform: Platform, caller: Caller, at: datetime | None, ahead_s: float = 0.0
) -> SceneMoment:
    """The scene's counts and vehicles at an instant; now where none is given. Of planned vehicles
    also the way of the next `ahead_s` seconds, by which a picture moves them.
    """
    now = platform.clock.now()
    at = at or now
    when = "now" if abs(at - now) < timedelta(seconds=1) else "past" if at < now else "forecast"
    as_of = min(at, now)
    known = [layer for layer in layers_of(platform).values() if layer.origin == "sensors"]
    crowd, vehicles, left_out = list[MomentCount](), list[MomentVehicle](), 0
    for layer in known:
        if layer.observed != CROWD and not layer.moves:
            continue
        points = read_points(platform, caller, layer, at=as_of if when == "past" else None)
        rows = rows_of(layer, points, as_of)
        left_out += max(0, len(rows) - MOST_SHOWN)
        rows = rows[:MOST_SHOWN]
        if layer.moves:
            vehicles += [vehicle_of(points, row, held=when == "forecast") for row in rows]
            continue
        counts = [count_of(platform, points, row) for row in rows]
        if when == "forecast":
            ahead = [count_ahead(platform, caller, layer, one, at) for one in counts[:MOST_AHEAD]]
            left_out += len(counts) - sum(one is not None for one in ahead)
            counts = [one for one in ahead if one is not None]
        crowd += counts
    if when == "forecast":
        planned = list_planned(platform, at, ahead_s)
        driven = {one.source for one in planned}
        vehicles = [one for one in vehicles if source_of(one.vehicle) not in driven]
        left_out += max(0, len(planned) - MOST_SHOWN)
        vehicles += [planned_vehicle(one, now) for one in planned[:MOST_SHOWN]]
    return SceneMoment(
        at=at,
        now=now,
        when=when,
        as_of=as_of,
        k=platform.settings.k_anonymity,
        crowd=crowd,
        vehicles=vehicles,
        left_out=left_out,
    )


def rows_of(layer: Layer, points: LayerPoints, as_of: datetime) -> list[int]:
    """Those that have a place, can be believed and are not older than four times the cadence."""
    oldest = to_us(as_of - timedelta(seconds=KEPT_FOR * layer.cadence_s))
    good = np.isfinite(points.lon) & np.isfinite(points.value)
    good &= (points.time_us >= oldest) & (points.time_us <= to_us(as_of))
    good &= (points.state & STATE) != DOUBTFUL
    found: list[int] = np.flatnonzero(good).tolist()
    return found


def told(persons: float, k: int) -> int | None:
    """A count as it may be shown: nobody, or k and more."""
    whole = max(0, round(persons))
    return whole if whole == 0 or whole >= k else None


def count_of(platform: Platform, points: LayerPoints, row: int) -> MomentCount:
    return MomentCount(
        place=points.name[row].as_py(),
        lon=round(float(points.lon[row]), 6),
        lat=round(float(points.lat[row]), 6),
        persons=told(float(points.value[row]), platform.settings.k_anonymity),
        told_at=from_us(int(points.time_us[row])),
    )


def count_ahead(
    platform: Platform, caller: Caller, layer: Layer, now: MomentCount, at: datetime
) -> MomentCount | None:
    """The count that is expected at an instant ahead; None where no forecast reaches it."""
    history = get_history(platform, caller, layer.id, now.place)
    if history.ahead is None or history.ahead_from is None:
        return None
    hour = (at - history.ahead_from) // HOUR
    if not 0 <= hour < len(history.ahead.middle):
        return None
    k = platform.settings.k_anonymity
    return msgspec.structs.replace(
        now,
        persons=told(history.ahead.middle[hour], k),
        low=told(history.ahead.low[hour], k),
        high=told(history.ahead.high[hour], k),
        ahead=True,
    )


def source_of(vehicle: str) -> str:
    """The operator whose feed told of a vehicle; empty for any other."""
    source, found, _ = vehicle.partition(":")[2].partition("/")
    return source if found else ""


def planned_vehicle(one: PlannedVehicle, now: datetime) -> MomentVehicle:
    return MomentVehicle(
        vehicle=one.vehicle,
        lon=one.lon,
        lat=one.lat,
        speed=None,
        told_at=now,
        planned=True,
        then=one.then,
    )


def vehicle_of(points: LayerPoints, row: int, *, held: bool) -> MomentVehicle:
    return MomentVehicle(
        vehicle=points.name[row].as_py(),
        lon=round(float(points.lon[row]), 6),
        lat=round(float(points.lat[row]), 6),
        speed=round(float(points.value[row]), 1),
        told_at=from_us(int(points.time_us[row])),
        held=held,
    )
