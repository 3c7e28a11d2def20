"""The last minutes of a vehicle of public transport or of the rescue services: where it was, how
old that is, and that it fell silent. Of persons there is none.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
import numpy as np

from twinward.core.clock import from_us
from twinward.core.errors import AbsentError
from twinward.core.ids import is_personal
from twinward.library.layers.layer import Layer, get_layer
from twinward.service.city.layer_points import (
    SILENT_AFTER,
    VEHICLE,
    layers_of,
)
from twinward.service.city.layer_sources import prefixes_of
from twinward.service.city.transit_state import (
    SeenVehicle,
    TransitState,
    find_timetable,
    folder_of,
    list_states,
)
from twinward.service.platform import Caller, Platform

MOST_POINTS = 2_000


class VehicleRun(msgspec.Struct, frozen=True, kw_only=True):
    """What a vehicle is driving, as its operator's feed says."""

    route: str | None = None
    trip: str | None = None
    stop: str | None = None
    delay_s: int | None = None


class TrackPoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where it was and how fast, in the unit of the layer."""

    at: datetime
    lon: float
    lat: float
    value: float


class VehicleTrack(msgspec.Struct, frozen=True, kw_only=True):
    """Where a vehicle was in the last minutes, oldest first; the last is where it was last heard,
    `age_s` ago, be that before these minutes. `status` `silent`: nothing came for seven times the
    cadence; whoever follows it lets it go.
    """

    sensor: str
    layer: str
    unit: str
    cadence_s: int
    status: Literal["current", "stale", "silent"]
    age_s: int
    points: list[TrackPoint]
    left_out: int
    run: VehicleRun


def get_track(
    platform: Platform, caller: Caller, name: str, sensor: str, minutes: int
) -> VehicleTrack:
    """The track; AbsentError `not_a_vehicle` for a layer of other things, `unknown_sensor` for
    what is not of the layer.
    """
    layer = get_layer(layers_of(platform), name)
    if layer.observed != VEHICLE or not layer.moves:
        raise AbsentError(
            f"layer {name} is not of vehicles",
            "only vehicles of public transport and of the rescue services are followed",
            code="not_a_vehicle",
        )
    require_of(platform, layer, sensor)
    now = platform.clock.now()
    intake = platform.intake.open()
    late = now + timedelta(minutes=5)  # what clocks differ
    told: Any = intake.track(sensor, now - timedelta(minutes=minutes), late)
    placed = np.flatnonzero(np.isfinite(told.lon))
    if not len(placed):
        told = intake.track(sensor, now - timedelta(days=1), late)
        placed = np.flatnonzero(np.isfinite(told.lon))[-1:]
    shown = placed[-MOST_POINTS:].tolist()
    points = [
        TrackPoint(
            at=from_us(int(told.time_us[row])),
            lon=round(float(told.lon[row]), 6),
            lat=round(float(told.lat[row]), 6),
            value=float(told.value[row]),
        )
        for row in shown
    ]
    if not points:
        raise AbsentError(
            f"{sensor} told no place within a day",
            "it can be followed when it is heard again",
            code="no_track",
        )
    age_s = max(0, round((now - points[-1].at).total_seconds()))
    return VehicleTrack(
        sensor=sensor,
        layer=name,
        unit=layer.unit,
        cadence_s=layer.cadence_s,
        status=status_of(age_s, layer.cadence_s),
        age_s=age_s,
        points=points,
        left_out=len(placed) - len(shown),
        run=find_run(platform, sensor),
    )


def require_of(platform: Platform, layer: Layer, sensor: str) -> None:
    """AbsentError where a sensor is of a person, of another layer, or of none."""
    mine, others = prefixes_of(platform, layer)
    if (
        is_personal(sensor)
        or not sensor.startswith(mine)
        or any(sensor.startswith(other) for other in others)
    ):
        raise AbsentError(
            f"layer {layer.id} has no sensor {sensor!r}",
            "list the layer's sensors to see their names",
            code="unknown_sensor",
        )


def status_of(age_s: int, cadence_s: int) -> Literal["current", "stale", "silent"]:
    if age_s > SILENT_AFTER * cadence_s:
        return "silent"
    return "stale" if age_s > cadence_s else "current"


def find_run(platform: Platform, sensor: str) -> VehicleRun:
    """The run of a vehicle whose operator sends feeds; all None for any other."""
    source, _, who = sensor.partition(":")[2].partition("/")
    for state in list_states(platform.workspace):
        if state.source == source and who in state.vehicles:
            return run_of(platform, state, state.vehicles[who])
    return VehicleRun()


def run_of(platform: Platform, state: TransitState, seen: SeenVehicle) -> VehicleRun:
    table = find_timetable(folder_of(platform.workspace, state.source))
    route = seen.route or (table.trips.get(seen.trip, "") if table is not None else "")
    trip = state.trips.get(seen.trip)
    stop = seen.stop or (trip.stop if trip is not None else "")
    named = table.stops.get(stop) if table is not None else None
    return VehicleRun(
        route=(table.routes.get(route, route) if table is not None else route) or None,
        trip=seen.trip or None,
        stop=(named.name if named is not None else stop) or None,
        delay_s=trip.delay_s if trip is not None else None,
    )
