"""Delivery rounds of a city's own fleet: lorries on roads, drones in the air, time windows, and the
plan made anew from where everybody is when a vehicle breaks down.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import numpy as np
import pyvrp
from numpy.typing import NDArray
from pyvrp.stop import MaxRuntime, MultipleCriteria, NoImprovement

from twinward.core.errors import InputError
from twinward.decision.logistics.routing.bound import bound_rounds
from twinward.decision.logistics.routing.fleet import (
    DEPOT,
    Floats,
    Stop,
    Underway,
    Vehicle,
    Ways,
    check,
)
from twinward.decision.logistics.routing.unserved import NO_ROOM, relax, why_not
from twinward.decision.logistics.routing.vrplib import RoutingInstance
from twinward.library.wording import count

LOAD_SCALE = 100  # pyvrp counts in whole numbers
LEFT_OUT_M = 10_000_000  # a stop left out counts as so many metres
IDLE_ROUNDS = 300
BOUND_SHARE = 0.1


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """When a stop is reached and left again, and how much is left there."""

    stop: str
    arrive_s: float
    leave_s: float
    demand: float


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """One vehicle's day; `done` of its visits were already made when the plan was made."""

    vehicle: str
    visits: list[Visit]
    distance_m: float
    load: float
    back_s: float
    done: int = 0


class RoundsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """`left_out` are stops that nobody can serve, each with why; `relaxation` the cheapest way to
    serve them.

    `objective` is the metres still to drive; the bound holds for serving just those stops that are
    served.
    """

    objective: float
    bound: float
    gap: float
    rounds: list[Round]
    left_out: list[tuple[str, str]]
    binding: str
    relaxation: str | None


def plan_city_rounds(
    stops: Sequence[Stop],
    vehicles: Sequence[Vehicle],
    ways: Ways,
    seconds: Callable[[], float],
    time_limit_s: float,
    underway: Sequence[Underway] | None = None,
) -> RoundsAnswer:
    """The shortest rounds found by the limit; `underway` says where the fleet is when the day
    has already begun.
    """
    check(stops, vehicles)
    fleet = underway or [
        Underway(vehicle=one, at=DEPOT, from_s=one.starts_s, aboard=one.capacity, fresh=True)
        for one in vehicles
    ]
    reasons = [why_not(n + 1, stop, fleet, ways) for n, stop in enumerate(stops)]
    can = [n for n, why in enumerate(reasons) if why is None]
    left_out = [(stop.id, why) for stop, why in zip(stops, reasons, strict=True) if why is not None]
    if not can:
        return RoundsAnswer(
            objective=0.0,
            bound=0.0,
            gap=0.0,
            rounds=[],
            left_out=left_out,
            binding="no stop can be served",
            relaxation=relax(stops, left_out, fleet, ways),
        )
    points = np.array([DEPOT, *(n + 1 for n in can)])
    data = _build([stops[n] for n in can], fleet, ways, points)
    left_s = max(time_limit_s - seconds() - BOUND_SHARE * time_limit_s, 0.2)
    stop_rule = MultipleCriteria([MaxRuntime(left_s), NoImprovement(IDLE_ROUNDS * len(can) + 3000)])
    best = pyvrp.solve(data, stop=stop_rule, seed=0, collect_stats=False, display=False).best
    if not best.is_feasible():
        raise InputError(
            f"no feasible rounds were found in {time_limit_s:g} s",
            "allow more time or wider windows",
            code="out_of_time",
        )
    rounds = [_read_round(route, data, fleet, [stops[n] for n in can]) for route in best.routes()]
    served = {visit.stop for one in rounds for visit in one.visits}
    crowded = [(stops[n].id, NO_ROOM) for n in can if stops[n].id not in served]
    objective = sum(one.distance_m for one in rounds)
    kept = np.array([DEPOT, *(n + 1 for n in can if stops[n].id in served)])
    bound = min(_bound(kept, stops, fleet, ways, BOUND_SHARE * time_limit_s), objective)
    left_out += crowded
    return RoundsAnswer(
        objective=objective,
        bound=bound,
        gap=(objective - bound) / objective if objective else 0.0,
        rounds=sorted(rounds, key=lambda one: one.vehicle),
        left_out=left_out,
        binding=_binding(rounds, fleet, len(crowded)),
        relaxation=relax(stops, left_out, fleet, ways),
    )


def _build(
    stops: Sequence[Stop], fleet: Sequence[Underway], ways: Ways, points: NDArray[np.int64]
) -> pyvrp.ProblemData:
    """pyvrp's data: locations are the depot, the stops, then where each vehicle is; a profile
    for each kind.
    """
    kinds = sorted({one.vehicle.kind for one in fleet})
    where = np.concatenate([points, [one.at for one in fleet]])
    matrices = [
        [_whole(table[kind][np.ix_(where, where)]) for kind in kinds]
        for table in (ways.metres, ways.seconds)
    ]
    clients = [
        pyvrp.Client(
            location=n + 1,
            delivery=[int(np.ceil(stop.demand * LOAD_SCALE))],
            service_duration=int(stop.service_s),
            tw_early=int(stop.early_s),
            tw_late=int(stop.late_s),
            required=False,
            prize=LEFT_OUT_M,
        )
        for n, stop in enumerate(stops)
    ]
    depots = [pyvrp.Depot(location=n) for n in (0, *range(len(points), len(where)))]
    types = [
        pyvrp.VehicleType(
            num_available=1,
            capacity=[int((one.vehicle.capacity if one.fresh else one.aboard) * LOAD_SCALE)],
            start_depot=n + 1,
            end_depot=0,
            tw_early=int(max(one.from_s, one.vehicle.starts_s)),
            tw_late=int(one.vehicle.ends_s),
            profile=kinds.index(one.vehicle.kind),
            name=str(n),
            reload_depots=[0] if one.vehicle.kind == "lorry" and not one.fresh else [],
            **(
                {"max_distance": int(one.vehicle.range_m)}
                if one.vehicle.range_m is not None
                else {}
            ),
        )
        for n, one in enumerate(fleet)
    ]
    return pyvrp.ProblemData([pyvrp.Location(0, 0)] * len(where), clients, depots, types, *matrices)


def _whole(values: Floats) -> NDArray[np.int64]:
    return np.asarray(np.ceil(np.where(np.isfinite(values), values, LEFT_OUT_M)).astype(np.int64))


def _read_round(
    route: pyvrp.Route, data: pyvrp.ProblemData, fleet: Sequence[Underway], stops: Sequence[Stop]
) -> Round:
    one = fleet[int(data.vehicle_type(route.vehicle_type()).name)]
    visits = [
        Visit(
            stop=stops[step.idx].id,
            arrive_s=float(step.start_time),
            leave_s=float(step.end_time),
            demand=stops[step.idx].demand,
        )
        for step in route.schedule()
        if step.is_client()
    ]
    return Round(
        vehicle=one.vehicle.id,
        visits=visits,
        load=sum(visit.demand for visit in visits),
        distance_m=float(route.distance()),
        back_s=float(route.end_time()),
    )


def _bound(
    kept: NDArray[np.int64],
    stops: Sequence[Stop],
    fleet: Sequence[Underway],
    ways: Ways,
    limit_s: float,
) -> float:
    """Metres that no rounds can undercut: the relaxation of one fleet of the largest vehicle on the
    shortest ways.

    Only where all begin at the depot; who is on the road already need not begin there.
    """
    if any(not one.fresh for one in fleet):
        return 0.0
    least = np.minimum.reduce(
        [ways.metres[kind][np.ix_(kept, kept)] for kind in {one.vehicle.kind for one in fleet}]
    )
    n = len(kept)
    demand = np.array([0.0, *(stops[point - 1].demand for point in kept[1:])])
    case = RoutingInstance(
        names=list(range(n)),
        depot=0,
        distance=least,
        demand=demand,
        collect=np.zeros(n),
        collect_last=False,
        early=np.zeros(n),
        late=np.full(n, np.inf),
        service=np.zeros(n),
        capacity=max(one.vehicle.capacity for one in fleet),
        vehicles=None,
        max_distance=None,
        max_duration=None,
    )
    return bound_rounds(case, least, limit_s)


def _binding(rounds: Sequence[Round], fleet: Sequence[Underway], crowded: int) -> str:
    """What stands in the way of a shorter plan: loads, time, or only the ways. `crowded` stops
    found no room.
    """
    room = {one.vehicle.id: one.vehicle for one in fleet}
    full = [one.vehicle for one in rounds if one.load > 0.95 * room[one.vehicle].capacity]
    late = [one.vehicle for one in rounds if one.back_s > room[one.vehicle].ends_s - 900]
    if len(full) >= max(len(rounds) / 2, 1) or (crowded and len(full) > len(late)):
        return f"room: {len(full)} of {len(rounds)} vehicles are full"
    if late:
        return f"time: {len(late)} of {len(rounds)} come back at the end of their time"
    if crowded:
        return f"room and time together: no round has room for {count(crowded, 'stop')}"
    return "only the ways"
