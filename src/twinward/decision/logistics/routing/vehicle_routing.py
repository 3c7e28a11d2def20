"""Delivery rounds: shortest set of rounds from one depot by pyvrp, within a time limit, in the
instance's own units.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
import pyvrp
from numpy.typing import NDArray
from pyvrp.stop import MaxRuntime, MultipleCriteria, NoImprovement

from twinward.core.errors import InputError
from twinward.decision.logistics.routing.bound import bound_rounds
from twinward.decision.logistics.routing.vrplib import RoutingInstance

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
ROUNDINGS = ("nearest", "dimacs", "none")
SCALES = {"nearest": 1, "dimacs": 10, "none": 10_000}  # pyvrp counts in whole numbers
LOAD_SCALE = 1000
FOREVER = 2**52
# iterations without a better answer, for each customer, after which it is not sought further
IDLE_ROUNDS = 200
BOUND_SHARE = 0.15  # of the time limit


class VehicleRound(msgspec.Struct, frozen=True, kw_only=True):
    """One round: node numbers of the file without the depot, its length and its load."""

    nodes: list[int]
    distance: float
    load: float


class RoutingAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """`cost` is the total length under the rounding asked for; `bound` is a length that no
    answer can undercut.
    """

    cost: float
    bound: float
    gap: float
    rounds: list[VehicleRound]


def round_distances(distance: Floats, rounding: str) -> Floats:
    """nearest: whole numbers, half up; dimacs: cut after one decimal; none: as they are."""
    if rounding == "nearest":
        return np.asarray(np.floor(distance + 0.5))
    return np.asarray(np.floor(10 * distance + 1e-9) / 10) if rounding == "dimacs" else distance


def _refuse_impossible(case: RoutingInstance, distance: Floats) -> None:
    """What no plan can do, named before any search."""
    customers = [row for row in range(len(case.names)) if row != case.depot]
    if case.capacity is not None:
        for row in customers:
            amount = max(case.demand[row], case.collect[row])
            if amount > case.capacity:
                raise InputError(
                    f"node {case.names[row]} needs {amount:g}, a vehicle carries {case.capacity:g}",
                    "split the demand over several nodes or use a larger vehicle",
                    code="infeasible",
                )
        for amounts, what in ((case.demand, "deliveries"), (case.collect, "collections")):
            total = float(amounts.sum())
            if case.vehicles is not None and total > case.capacity * case.vehicles:
                need = int(np.ceil(total / case.capacity)) if case.capacity else len(customers)
                raise InputError(
                    f"{what} of {total:g} exceed {case.vehicles} vehicles of {case.capacity:g}",
                    f"at least {need} vehicles are needed",
                    code="infeasible",
                )
    for row in customers:
        at = max(case.early[case.depot] + distance[case.depot, row], case.early[row])
        home = at + case.service[row] + distance[row, case.depot]
        if at > case.late[row] + 1e-9 or home > case.late[case.depot] + 1e-9:
            raise InputError(
                f"node {case.names[row]} cannot be reached within its time window and the depot's",
                "widen the window or start earlier",
                code="infeasible",
            )


def _whole(values: Floats, scale: int, *, up: bool) -> Ints:
    scaled = np.minimum(values * scale, FOREVER)
    return np.asarray((np.ceil(scaled - 1e-6) if up else np.floor(scaled + 1e-6)).astype(np.int64))


def _most(limit: float | None, scale: int) -> int:
    """A limit as a whole number; none is large but far from overflow."""
    return FOREVER if limit is None else int(min(limit * scale, FOREVER))


def _forbidden(case: RoutingInstance) -> NDArray[np.bool_]:
    """Legs that a round must not drive when it collects last: depot to collection, collection to
    delivery.
    """
    n = len(case.names)
    if not case.collect_last:
        return np.zeros((n, n), bool)
    takes = case.collect > 0
    gives = ~takes
    gives[case.depot] = False
    out = np.outer(takes, gives)
    out[case.depot] = takes
    return out


def _build(
    case: RoutingInstance, distance: Floats, scale: int
) -> tuple[pyvrp.ProblemData, list[int]]:
    """pyvrp's data and the row behind each of its clients. Times are rounded so that no window
    is overstepped.
    """
    matrix = _whole(distance, scale, up=True)
    matrix[_forbidden(case)] = (int(matrix.max()) + 1) * 4 * len(case.names)
    early, late = _whole(case.early, scale, up=True), _whole(case.late, scale, up=False)
    service = _whole(case.service, scale, up=True)
    demand, collect = (
        _whole(amounts, LOAD_SCALE, up=True) for amounts in (case.demand, case.collect)
    )
    customers = [row for row in range(len(case.names)) if row != case.depot]
    clients = [
        pyvrp.Client(
            location=row,
            delivery=[int(demand[row])],
            pickup=[int(collect[row])],
            service_duration=int(service[row]),
            tw_early=int(early[row]),
            tw_late=int(late[row]),
        )
        for row in customers
    ]
    capacity = _most(case.capacity, LOAD_SCALE)
    vehicle = pyvrp.VehicleType(
        num_available=min(case.vehicles or len(customers), len(customers)),
        capacity=[capacity],
        tw_early=int(early[case.depot]),
        tw_late=int(late[case.depot]),
        max_distance=_most(case.max_distance, scale),
        shift_duration=_most(case.max_duration, scale),
    )
    depot = pyvrp.Depot(
        location=case.depot, tw_early=int(early[case.depot]), tw_late=int(late[case.depot])
    )
    places = [pyvrp.Location(0, 0) for _ in case.names]  # only drawn, never measured
    return pyvrp.ProblemData(places, clients, [depot], [vehicle], [matrix], [matrix]), customers


def _read_rounds(
    case: RoutingInstance, best: pyvrp.Solution, customers: list[int], distance: Floats
) -> list[VehicleRound]:
    rounds = []
    for route in best.routes():
        rows = [customers[stop.idx] for stop in route if stop.is_client()]
        if not rows:
            continue
        path = [case.depot, *rows, case.depot]
        rounds.append(
            VehicleRound(
                nodes=[case.names[row] for row in rows],
                distance=round(float(distance[path[:-1], path[1:]].sum()), 6),
                load=float(max(case.demand[rows].sum(), case.collect[rows].sum())),
            )
        )
    return sorted(rounds, key=lambda one: one.nodes[0])


def _breaks_order(case: RoutingInstance, rounds: list[VehicleRound]) -> bool:
    row = {name: at for at, name in enumerate(case.names)}
    forbidden = _forbidden(case)
    paths = [[case.depot, *(row[node] for node in one.nodes), case.depot] for one in rounds]
    return any(bool(forbidden[path[:-1], path[1:]].any()) for path in paths)


def plan_rounds(
    case: RoutingInstance,
    rounding: str,
    seconds: Callable[[], float],
    time_limit_s: float,
    seed: int = 0,
) -> RoutingAnswer:
    """The best rounds found by `time_limit_s` on the stopwatch `seconds`, each customer visited
    once.

    Raises InputError `infeasible` when nothing can satisfy the instance or nothing feasible was
    found in time.
    """
    if rounding not in ROUNDINGS:
        raise InputError(
            f"rounding {rounding!r} is unknown",
            f"say one of {', '.join(ROUNDINGS)}",
            code="bad_rounding",
        )
    distance = round_distances(case.distance, rounding)
    _refuse_impossible(case, distance)
    data, customers = _build(case, distance, SCALES[rounding])
    bound = bound_rounds(case, distance, BOUND_SHARE * time_limit_s)
    left_s = max(time_limit_s - seconds() - 0.1, 0.1)
    stop = MultipleCriteria(
        [MaxRuntime(left_s), NoImprovement(IDLE_ROUNDS * len(customers) + 5000)]
    )
    result = pyvrp.solve(data, stop=stop, seed=seed, collect_stats=False, display=False)
    rounds = _read_rounds(case, result.best, customers, distance)
    if not result.is_feasible() or _breaks_order(case, rounds):
        raise InputError(
            f"no feasible rounds were found in {time_limit_s:g} s",
            "allow more vehicles, more capacity, wider time windows or more time",
            code="infeasible",
        )
    cost = round(sum(one.distance for one in rounds), 6)
    bound = min(bound, cost)
    return RoutingAnswer(
        cost=cost, bound=bound, gap=(cost - bound) / cost if cost else 0.0, rounds=rounds
    )
