"""Delivery rounds of a city's own fleet: lorries on roads, drones in the air, time windows, and the plan made anew
from where everybody is when a vehicle breaks down.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec
import numpy as np
import pyvrp
from numpy.typing import NDArray
from pyvrp.stop import MaxRuntime, MultipleCriteria, NoImprovement

from twinward.core.errors import InputError
from twinward.decision.logistics.routing_bound import bound_rounds
from twinward.decision.logistics.vrplib import RoutingInstance

Floats = NDArray[np.float64]
Kind = Literal["lorry", "drone"]
LOAD_SCALE = 100  # pyvrp counts in whole numbers
LEFT_OUT_M = 10_000_000  # a stop left out counts as so many metres
IDLE_ROUNDS = 300
BOUND_SHARE = 0.1
DEPOT = 0


class Stop(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A door where goods are left (contactless: `service_s` and nobody meets). Times in seconds of the day."""

    id: str
    lon: float
    lat: float
    demand: float
    early_s: float = 0.0
    late_s: float = 86_400.0
    service_s: float = 180.0


class Vehicle(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`range_m` for one way out and back (a drone's battery); a plan has it fly once."""

    id: str
    kind: Kind = "lorry"
    capacity: float
    range_m: float | None = None
    starts_s: float = 0.0
    ends_s: float = 86_400.0


class Ways(msgspec.Struct, frozen=True, kw_only=True):
    """Metres and seconds between points, the depot first, for each kind of vehicle; infinite where no way leads."""

    metres: dict[Kind, Floats]
    seconds: dict[Kind, Floats]


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
    """`left_out` are stops that nobody can serve, each with why; `relaxation` the cheapest way to serve them.

    `objective` is the metres still to drive; the bound holds for serving just those stops that are served.
    """

    objective: float
    bound: float
    gap: float
    rounds: list[Round]
    left_out: list[tuple[str, str]]
    binding: str
    relaxation: str | None


class Underway(msgspec.Struct, frozen=True, kw_only=True):
    """Where a vehicle is at the instant of planning: at point `at` (0 the depot), from `from_s` on, with `aboard`."""

    vehicle: Vehicle
    at: int
    from_s: float
    aboard: float
    fresh: bool  # still at the depot: it can load


def check(stops: Sequence[Stop], vehicles: Sequence[Vehicle]) -> None:
    """InputError for what makes no sense, by name."""
    if not stops or not vehicles:
        raise InputError("stops and vehicles are needed", "give at least one of each", code="bad_rounds")
    for names, what in (([s.id for s in stops], "stop"), ([v.id for v in vehicles], "vehicle")):
        if len(set(names)) < len(names):
            raise InputError(f"a {what} occurs twice", "each has its own id", code="bad_rounds")
    for stop in stops:
        if stop.demand < 0 or stop.late_s < stop.early_s or stop.service_s < 0:
            raise InputError(f"stop {stop.id} has a negative demand or an empty window", "mend it", code="bad_rounds")
    for vehicle in vehicles:
        if vehicle.capacity <= 0 or (vehicle.range_m or 1.0) <= 0 or vehicle.ends_s < vehicle.starts_s:
            raise InputError(f"vehicle {vehicle.id} has no capacity, range or time", "mend it", code="bad_rounds")


def plan_city_rounds(
    stops: Sequence[Stop], vehicles: Sequence[Vehicle], ways: Ways, seconds: Callable[[], float], time_limit_s: float,
    underway: Sequence[Underway] | None = None,
) -> RoundsAnswer:  # fmt: skip
    """The shortest rounds found by the limit; `underway` says where the fleet is when the day has already begun."""
    check(stops, vehicles)
    fleet = underway or [
        Underway(vehicle=one, at=DEPOT, from_s=one.starts_s, aboard=one.capacity, fresh=True) for one in vehicles
    ]
    reasons = [why_not(n + 1, stop, fleet, ways) for n, stop in enumerate(stops)]
    can = [n for n, why in enumerate(reasons) if why is None]
    left_out = [(stop.id, why) for stop, why in zip(stops, reasons, strict=True) if why is not None]
    if not can:
        return RoundsAnswer(
            objective=0.0, bound=0.0, gap=0.0, rounds=[], left_out=left_out, binding="no stop can be served",
            relaxation=_relax(stops, left_out, fleet),
        )  # fmt: skip
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
    crowded = [(stops[n].id, "the fleet has no room or time left for it") for n in can if stops[n].id not in served]
    objective = sum(one.distance_m for one in rounds)
    kept = np.array([DEPOT, *(n + 1 for n in can if stops[n].id in served)])
    bound = min(_bound(kept, stops, fleet, ways, BOUND_SHARE * time_limit_s), objective)
    left_out += crowded
    return RoundsAnswer(
        objective=objective, bound=bound, gap=(objective - bound) / objective if objective else 0.0,
        rounds=sorted(rounds, key=lambda one: one.vehicle), left_out=left_out,
        binding=_binding(rounds, fleet, bool(crowded)), relaxation=_relax(stops, left_out, fleet),
    )  # fmt: skip


def why_not(point: int, stop: Stop, fleet: Sequence[Underway], ways: Ways) -> str | None:
    """The reason why no vehicle by itself can serve the stop, None when one can."""
    reasons: list[str] = []
    for one in fleet:
        kind = one.vehicle.kind
        out, back = ways.metres[kind][one.at, point], ways.metres[kind][point, DEPOT]
        arrive = max(one.from_s + ways.seconds[kind][one.at, point], stop.early_s)
        home = arrive + stop.service_s + ways.seconds[kind][point, DEPOT]
        if not np.isfinite(out + back):
            reasons.append("no way leads there")
        elif one.vehicle.range_m is not None and out + back > one.vehicle.range_m:
            reasons.append("it is out of range")
        elif stop.demand > (one.vehicle.capacity if one.fresh else one.aboard):
            reasons.append("it needs more than a vehicle carries")
        elif arrive > stop.late_s or home > one.vehicle.ends_s:
            reasons.append("it cannot be reached in its time window")
        else:
            return None
    return max(set(reasons), key=reasons.count)


def _build(
    stops: Sequence[Stop], fleet: Sequence[Underway], ways: Ways, points: NDArray[np.int64]
) -> pyvrp.ProblemData:
    """pyvrp's data: locations are the depot, the stops, then where each vehicle is; a profile for each kind."""
    kinds = sorted({one.vehicle.kind for one in fleet})
    where = np.concatenate([points, [one.at for one in fleet]])
    matrices = [[_whole(table[kind][np.ix_(where, where)]) for kind in kinds] for table in (ways.metres, ways.seconds)]
    clients = [
        pyvrp.Client(
            location=n + 1, delivery=[int(np.ceil(stop.demand * LOAD_SCALE))], service_duration=int(stop.service_s),
            tw_early=int(stop.early_s), tw_late=int(stop.late_s), required=False, prize=LEFT_OUT_M,
        )
        for n, stop in enumerate(stops)
    ]  # fmt: skip
    depots = [pyvrp.Depot(location=n) for n in (0, *range(len(points), len(where)))]
    types = [
        pyvrp.VehicleType(
            num_available=1, capacity=[int((one.vehicle.capacity if one.fresh else one.aboard) * LOAD_SCALE)],
            start_depot=n + 1, end_depot=0, tw_early=int(max(one.from_s, one.vehicle.starts_s)),
            tw_late=int(one.vehicle.ends_s), profile=kinds.index(one.vehicle.kind), name=str(n),
            reload_depots=[0] if one.vehicle.kind == "lorry" and not one.fresh else [],
            **({"max_distance": int(one.vehicle.range_m)} if one.vehicle.range_m is not None else {}),
        )
        for n, one in enumerate(fleet)
    ]  # fmt: skip
    return pyvrp.ProblemData([pyvrp.Location(0, 0)] * len(where), clients, depots, types, *matrices)


def _whole(values: Floats) -> NDArray[np.int64]:
    return np.asarray(np.ceil(np.where(np.isfinite(values), values, LEFT_OUT_M)).astype(np.int64))


def _read_round(route: pyvrp.Route, data: pyvrp.ProblemData, fleet: Sequence[Underway], stops: Sequence[Stop]) -> Round:
    one = fleet[int(data.vehicle_type(route.vehicle_type()).name)]
    visits = [
        Visit(
            stop=stops[step.idx].id, arrive_s=float(step.start_time), leave_s=float(step.end_time),
            demand=stops[step.idx].demand,
        )
        for step in route.schedule()
        if step.is_client()
    ]  # fmt: skip
    return Round(
        vehicle=one.vehicle.id, visits=visits, load=sum(visit.demand for visit in visits),
        distance_m=float(route.distance()), back_s=float(route.end_time()),
    )  # fmt: skip


def _bound(
    kept: NDArray[np.int64], stops: Sequence[Stop], fleet: Sequence[Underway], ways: Ways, limit_s: float
) -> float:
    """Metres that no rounds can undercut: the relaxation of one fleet of the largest vehicle on the shortest ways.

    Only where all begin at the depot; who is on the road already need not begin there.
    """
    if any(not one.fresh for one in fleet):
        return 0.0
    least = np.minimum.reduce([ways.metres[kind][np.ix_(kept, kept)] for kind in {one.vehicle.kind for one in fleet}])
    n = len(kept)
    demand = np.array([0.0, *(stops[point - 1].demand for point in kept[1:])])
    case = RoutingInstance(
        names=list(range(n)), depot=0, distance=least, demand=demand, collect=np.zeros(n), collect_last=False,
        early=np.zeros(n), late=np.full(n, np.inf), service=np.zeros(n),
        capacity=max(one.vehicle.capacity for one in fleet), vehicles=None, max_distance=None, max_duration=None,
    )  # fmt: skip
    return bound_rounds(case, least, limit_s)


def _binding(rounds: Sequence[Round], fleet: Sequence[Underway], crowded: bool) -> str:
    """What stands in the way of a shorter plan: loads, time, or only the ways."""
    room = {one.vehicle.id: one.vehicle for one in fleet}
    full = [one.vehicle for one in rounds if one.load > 0.95 * room[one.vehicle].capacity]
    late = [one.vehicle for one in rounds if one.back_s > room[one.vehicle].ends_s - 900]
    if crowded or len(full) >= max(len(rounds) / 2, 1):
        return f"room: {len(full)} of {len(rounds)} vehicles are full"
    return f"time: {len(late)} of {len(rounds)} come back at the end of their time" if late else "only the ways"


def _relax(stops: Sequence[Stop], left_out: Sequence[tuple[str, str]], fleet: Sequence[Underway]) -> str | None:
    if not left_out:
        return None
    missing = {name for name, _ in left_out}
    amount = sum(stop.demand for stop in stops if stop.id in missing)
    largest = max(one.vehicle.capacity for one in fleet)
    reasons = sorted({why for _, why in left_out})
    return (
        f"{len(left_out)} stops ({amount:g} units) are left out: {'; '.join(reasons)}. "
        f"{int(np.ceil(amount / largest))} more vehicles of {largest:g}, or wider windows there, would serve them"
    )
