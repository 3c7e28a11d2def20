"""Use case: delivery rounds in the city, planned for areas or a list of stops, and anew when a
vehicle fails.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from time import perf_counter

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.errors import UNREADABLE, InputError
from twinward.decision.logistics.routing.fleet import Kind, Stop, Vehicle, Ways
from twinward.decision.logistics.routing.hours import (
    DAY_S,
    clock_s,
    hours_of,
    in_night,
    show_clock,
)
from twinward.decision.logistics.routing.replan import replan
from twinward.decision.logistics.routing.rounds import Round, RoundsAnswer, plan_city_rounds
from twinward.decision.logistics.routing.travel import straight_m
from twinward.service.city.planned_vehicles import keep_rounds
from twinward.service.logistics.benchmark_instances import read_text, require_limit
from twinward.service.logistics.delivery_stops import stops_of_areas, stops_of_file
from twinward.service.logistics.demand_points import (
    DEPOT_NAME,
    DRONE_MPS,
    travel_costs,
)
from twinward.service.logistics.round_ways import find_round_ways
from twinward.service.platform import Caller, Platform

__all__ = ["clock_s", "hours_of", "in_night", "show_clock", "stops_of_areas", "stops_of_file"]
MOST_STOPS = 1000
MOST_VEHICLES = 1000
OFF_ROAD_TOLD_M = 150.0


class RoundsPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a later replan needs: depot, stops and fleet, beside the rounds and how good they
    are.

    Times are seconds after midnight; `objective` and `bound` metres still to drive.
    """

    depot: tuple[float, float]
    stops: list[Stop]
    vehicles: list[Vehicle]
    rounds: list[Round]
    left_out: list[tuple[str, str]]
    objective: float
    bound: float
    gap: float
    binding: str
    relaxation: str | None
    distances: str
    time_limit_s: float
    seconds: float
    broken: list[str] = []
    off_road: list[
        tuple[str, float]
    ] = []  # points that are not beside a crossing, with the metres counted to it


def make_fleet(
    lorries: int,
    capacity: float,
    drones: int,
    payload: float,
    drone_range_m: float,
    hours: tuple[float, float],
    flights: int = 1,
) -> list[Vehicle]:
    """Lorries for the whole time, and each drone's flights as one vehicle each, one after
    another.
    """
    if (
        min(lorries, drones) < 0
        or flights < 1
        or not 1 <= lorries + drones * flights <= MOST_VEHICLES
    ):
        raise InputError(
            f"a fleet has 1 to {MOST_VEHICLES:,} vehicles, each flight of a drone counted as one",
            "say --lorries, --drones and --flights",
            code="bad_rounds",
        )
    fleet = [
        Vehicle(id=f"lorry-{n + 1}", capacity=capacity, starts_s=hours[0], ends_s=hours[1])
        for n in range(lorries)
    ]
    slot = (hours[1] - hours[0]) / flights
    fleet += [
        Vehicle(
            id=f"drone-{n + 1}" + (f"-flight-{f + 1}" if flights > 1 else ""),
            kind="drone",
            capacity=payload,
            range_m=drone_range_m,
            starts_s=hours[0] + f * slot,
            ends_s=hours[0] + (f + 1) * slot,
        )
        for n in range(drones)
        for f in range(flights)
    ]
    return fleet


def plan_rounds_for(
    platform: Platform | None,
    caller: Caller | None,
    depot: tuple[float, float],
    stops: Sequence[Stop],
    vehicles: Sequence[Vehicle],
    *,
    by: str = "auto",
    time_limit_s: float = 30.0,
) -> RoundsPlan:
    """The day's rounds; without a platform the ways are straight."""
    require_may_plan(platform, caller)
    require_limit(time_limit_s)
    start = perf_counter()
    ways, how, off = find_ways(platform, depot, stops, by)
    answer = plan_city_rounds(stops, vehicles, ways, lambda: perf_counter() - start, time_limit_s)
    plan = show(depot, stops, vehicles, answer, how, time_limit_s, perf_counter() - start, [])
    return msgspec.structs.replace(plan, off_road=off)


def replan_rounds_for(
    platform: Platform | None,
    caller: Caller | None,
    earlier: RoundsPlan,
    at_s: float,
    broken: Sequence[str],
    *,
    by: str = "auto",
    time_limit_s: float = 30.0,
) -> RoundsPlan:
    """The rest of the day without the broken vehicles; what was visited stays as it was. A time
    before a fleet that drives past midnight began is of that night.
    """
    require_may_plan(platform, caller)
    require_limit(time_limit_s)
    start = perf_counter()
    out = sorted({*earlier.broken, *broken})
    starts, ends = (
        min(one.starts_s for one in earlier.vehicles),
        max(one.ends_s for one in earlier.vehicles),
    )
    if at_s < starts and at_s + DAY_S <= ends:
        at_s += DAY_S
    ways, how, off = find_ways(platform, earlier.depot, earlier.stops, by)
    answer = replan(
        earlier.rounds,
        earlier.stops,
        earlier.vehicles,
        ways,
        at_s,
        frozenset(out),
        lambda: perf_counter() - start,
        time_limit_s,
    )
    plan = show(
        earlier.depot,
        earlier.stops,
        earlier.vehicles,
        answer,
        how,
        time_limit_s,
        perf_counter() - start,
        out,
    )
    return msgspec.structs.replace(plan, off_road=off)


def require_may_plan(platform: Platform | None, caller: Caller | None) -> None:
    """Who plans in a workspace must be allowed to; stops from a file on straight ways need no
    workspace.
    """
    if platform is not None and caller is not None:
        platform.policy.require(caller, "plan_ahead")


def find_ways(
    platform: Platform | None, depot: tuple[float, float], stops: Sequence[Stop], by: str
) -> tuple[Ways, str, list[tuple[str, float]]]:
    if len(stops) > MOST_STOPS:
        raise InputError(
            f"{len(stops)} stops at once",
            f"at most {MOST_STOPS}: name a smaller area",
            code="too_many_stops",
        )
    points = np.array([depot, *((stop.lon, stop.lat) for stop in stops)], float)
    if not (np.abs(points) <= np.array([180.0, 90.0])).all():
        raise InputError(
            "a point is not on the globe",
            "lon, lat in WGS 84; perhaps swapped",
            code="bad_coordinates",
        )
    names = [DEPOT_NAME, *(f"stop {stop.id}" for stop in stops)]
    road = travel_costs(platform, points, points, by, names)
    air = straight_m(points, points)
    metres: dict[Kind, NDArray[np.float64]] = {"lorry": road.metres, "drone": air}
    return (
        Ways(metres=metres, seconds={"lorry": road.seconds, "drone": air / DRONE_MPS}),
        road.how,
        tell_off_road(names, road.off_road_m),
    )


def tell_off_road(names: Sequence[str], off_m: NDArray[np.float64]) -> list[tuple[str, float]]:
    """Points whose way to the network is long enough to be looked at."""
    return [
        (name, round(float(m)))
        for name, m in zip(names, off_m, strict=False)
        if OFF_ROAD_TOLD_M < m < np.inf
    ]


def show(
    depot: tuple[float, float],
    stops: Sequence[Stop],
    vehicles: Sequence[Vehicle],
    answer: RoundsAnswer,
    how: str,
    time_limit_s: float,
    seconds: float,
    broken: list[str],
) -> RoundsPlan:
    return RoundsPlan(
        **msgspec.structs.asdict(answer),
        depot=depot,
        stops=list(stops),
        vehicles=list(vehicles),
        distances=how,
        time_limit_s=time_limit_s,
        seconds=round(seconds, 3),
        broken=broken,
    )


def read_plan(path: Path) -> RoundsPlan:
    """A plan that `--json` wrote: its last line."""
    lines = [line for line in read_text(path).splitlines() if line.strip()]
    try:
        return msgspec.json.decode(lines[-1] if lines else "", type=RoundsPlan)
    except UNREADABLE as error:
        raise InputError(
            f"{path.name} is no plan of rounds: {error}", "give what --json wrote", code="bad_plan"
        ) from error


def keep_plan(platform: Platform | None, caller: Caller | None, plan: RoundsPlan, day: str) -> None:
    """Keeps the plan as that of a day (YYYY-MM-DD): the scene shows its vehicles on that day."""
    if platform is None or caller is None:
        raise InputError("rounds are kept in a workspace", "say --workspace", code="no_workspace")
    platform.policy.require(caller, "plan_ahead")
    try:
        when = date.fromisoformat(day)
    except ValueError as error:
        raise InputError(f"{day!r} is no day", "write it as 2030-03-01", code="bad_date") from error
    places = {one.id: (one.lon, one.lat) for one in plan.stops}
    city = platform.workspace / "city"
    ways = find_round_ways(city, plan.depot, places, plan.rounds, plan.vehicles)
    keep_rounds(platform.workspace, when, plan, ways)


def as_features(plan: RoundsPlan) -> dict[str, object]:
    """Each round as a line from stop to stop, and the stops that are left out as points."""
    point = {stop.id: [stop.lon, stop.lat] for stop in plan.stops}
    features = []
    for one in plan.rounds:
        line = [list(plan.depot), *(point[visit.stop] for visit in one.visits), list(plan.depot)]
        told = {
            "vehicle": one.vehicle,
            "load": one.load,
            "distance_m": one.distance_m,
            "stops": len(one.visits),
        }
        features.append(
            {
                "type": "Feature",
                "geometry": {"type": "LineString", "coordinates": line},
                "properties": told,
            }
        )
    for name, why in plan.left_out:
        geometry = {"type": "Point", "coordinates": point[name]}
        features.append(
            {"type": "Feature", "geometry": geometry, "properties": {"left_out": name, "why": why}}
        )
    return {"type": "FeatureCollection", "features": features}
