"""Where to open and how to drive: answers with a bound that proves how good they are.

import twinward as tw
answer = tw.logistics.p_median(costs, p=5)
answer.to_frame(), answer.summary["gap"]
rounds = tw.logistics.route(stops, vehicles, depot=(121.47, 31.23))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.decision.logistics.routing.fleet import Stop, Vehicle, Ways
from twinward.decision.logistics.routing.rounds import RoundsAnswer, plan_city_rounds
from twinward.decision.logistics.routing.travel import DETOUR, straight_m
from twinward.decision.logistics.siting.p_median import MedianAnswer, solve_p_median
from twinward.decision.logistics.siting.sites import Aim, SiteAnswer, choose_sites
from twinward.faces import plots
from twinward.faces.arguments import (
    ArgumentError,
    require_choice,
    require_number,
    require_whole,
    speaks_python,
)
from twinward.faces.frames import Columns, Result, read_columns, require_columns

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Rounds", "Sites", "Stop", "Vehicle", "p_median", "route", "sites"]
AIMS: tuple[Aim, ...] = ("median", "centre", "capacitated")
Floats = NDArray[np.float64]
Point = tuple[float, float]
Names = tuple[list[object], list[object]]  # of the customers, of the sites
Row = TypeVar("Row", Stop, Vehicle)


class Sites(Result):
    """Which sites to open. `open` holds their names (or numbers from 0), `gap` how far the
    objective can be from the best: 0 is proven best.

    Tables: `customers` (the site each is served from, and the cost), `sites` (customers of each).
    """

    def __init__(
        self, cost: Floats, names: Names, answer: MedianAnswer | SiteAnswer, demand: Floats
    ) -> None:
        self.cost, self.answer, self.demand = cost, answer, demand
        self.customers, self.candidates = names
        self.objective, self.bound, self.gap = answer.objective, answer.bound, answer.gap

    @property
    def open(self) -> list[object]:
        return [self.candidates[site] for site in self.answer.open]

    @property
    def summary(self) -> dict[str, object]:
        return {
            "open": len(self.answer.open),
            "objective": float(self.objective),
            "bound": float(self.bound),
            "gap": float(self.gap),
        }

    def list_tables(self) -> list[str]:
        return ["customers", "sites"]

    def _columns(self, table: str) -> Columns:
        share = self._shares()
        if table == "customers":
            nearest = share.argmax(axis=1)
            chosen = np.array(self.answer.open)[nearest]
            return {
                "customer": self.customers,
                "site": [self.candidates[site] for site in chosen],
                "cost": self.cost[np.arange(len(self.cost)), chosen],
                "share": share.max(axis=1),
                "demand": self.demand,
            }
        return {
            "site": self.open,
            "customers": (share > 0).sum(axis=0),
            "demand": (share * self.demand[:, None]).sum(axis=0),
        }

    def _shares(self) -> Floats:
        """float64[customers, open]: which part of each is served from which site."""
        if isinstance(self.answer, SiteAnswer):
            return self.answer.share
        share = np.zeros((len(self.cost), len(self.answer.open)))
        share[np.arange(len(share)), self.cost[:, self.answer.open].argmin(axis=1)] = 1.0
        return share

    def plot(self, axes: Axes | None = None) -> Axes:
        """How far customers have to their nearest open site; returns the matplotlib axes."""
        return plots.plot_sites(self.cost, self.answer.open, axes)


class Rounds(Result):
    """Delivery rounds. `left_out` are stops that nobody can serve, each with why; `relaxation` is
    the cheapest way to serve them.

    Tables: `visits` (vehicle, order, stop, times, demand), `rounds` (one row a vehicle),
    `left_out`.
    """

    def __init__(self, answer: RoundsAnswer, depot: Point, stops: Sequence[Stop]) -> None:
        self.answer, self.depot = answer, depot
        self.places = {stop.id: (stop.lon, stop.lat) for stop in stops}
        self.left_out, self.relaxation = answer.left_out, answer.relaxation

    @property
    def summary(self) -> dict[str, object]:
        one = self.answer
        return {
            "rounds": len(one.rounds),
            "visits": sum(len(row.visits) for row in one.rounds),
            "left_out": len(one.left_out),
            "distance_m": float(one.objective),
            "bound_m": float(one.bound),
            "gap": float(one.gap),
            "binding": one.binding,
        }

    def list_tables(self) -> list[str]:
        return ["visits", "rounds", "left_out"]

    def _columns(self, table: str) -> Columns:
        if table == "left_out":
            return {
                name: [row[k] for row in self.left_out] for k, name in enumerate(("stop", "why"))
            }
        if table == "rounds":
            names = ("vehicle", "distance_m", "load", "back_s")
            return {name: [getattr(row, name) for row in self.answer.rounds] for name in names}
        rows = [
            (one.vehicle, order, visit)
            for one in self.answer.rounds
            for order, visit in enumerate(one.visits, start=1)
        ]
        names = ("stop", "arrive_s", "leave_s", "demand")
        return {
            "vehicle": [row[0] for row in rows],
            "order": [row[1] for row in rows],
            **{name: [getattr(row[2], name) for row in rows] for name in names},
        }

    def plot(self, axes: Axes | None = None) -> Axes:
        """The rounds on the map's plane; returns the matplotlib axes."""
        lines = {
            one.vehicle: np.array(
                [self.depot, *(self.places[visit.stop] for visit in one.visits), self.depot]
            )
            for one in self.answer.rounds
        }
        return plots.plot_rounds(self.depot, lines, axes)


@speaks_python
def p_median(costs: object, p: int, *, demand: object = None, time_limit_s: float = 20.0) -> Sites:
    """The p sites from which all customers together are served at the least cost.

    costs: float[customers, sites], an array or a frame whose index and columns name them
    demand: float[customers] weights; 1 each when None

    Ends sooner when the answer is proven. Raises ArgumentError (a ValueError).
    """
    cost, names = _read_costs(costs)
    if not np.isfinite(cost).all():
        raise ArgumentError("costs must be finite", "`sites` takes infinite ones", argument="costs")
    weights = _read_demand(demand, len(cost))
    p = require_whole("p", p, 1, cost.shape[1])
    limit = require_number("time_limit_s", time_limit_s, 0.1, 86_400)
    answer = solve_p_median(cost * weights[:, None], p, _stopwatch(), limit)
    return Sites(cost, names, answer, weights)


@speaks_python
def sites(
    costs: object,
    p: int,
    *,
    aim: str = "median",
    demand: object = None,
    capacity: object = None,
    time_limit_s: float = 20.0,
) -> Sites:
    """p sites by an aim: `median` least cost in all, `centre` least farthest customer,
    `capacitated` least cost within what each site has room for.

    costs: as of `p_median`, in metres (`centre` tells them apart to ten); an infinite one is no way
    demand: as of `p_median`; capacity: float[sites], or one
    number for all
    """
    cost, names = _read_costs(costs)
    weights = _read_demand(demand, len(cost))
    p = require_whole("p", p, 1, cost.shape[1])
    wanted = require_choice("aim", aim, AIMS)
    room = None
    if capacity is not None:
        room = np.broadcast_to(np.asarray(capacity, np.float64), cost.shape[1]).copy()
    elif aim == "capacitated":
        raise ArgumentError("capacity is needed for the aim 'capacitated'", argument="capacity")
    limit = require_number("time_limit_s", time_limit_s, 0.1, 86_400)
    answer = choose_sites(cost, weights, p, wanted, room, _stopwatch(), limit)
    return Sites(cost, names, answer, weights)


@speaks_python
def route(
    stops: object,
    vehicles: object,
    depot: Point,
    *,
    metres: object = None,
    speed_kmh: float = 30.0,
    drone_kmh: float = 54.0,
    time_limit_s: float = 10.0,
) -> Rounds:
    """The shortest rounds found from one depot, with a length that no rounds can undercut.

    stops: a frame (or rows, or a file) with id, lon, lat, demand and, where wanted, early_s,
        late_s, service_s; or Stop objects
    vehicles: a frame with id, capacity and, where wanted, kind (lorry, drone), range_m, starts_s,
        ends_s; or Vehicle objects
    metres: float[1 + stops, 1 + stops] by road, the depot first; when None the straight way times
        1.3, as roads make of it
    """
    asked, fleet = _structs("stops", stops, Stop), _structs("vehicles", vehicles, Vehicle)
    points = np.array([depot, *((stop.lon, stop.lat) for stop in asked)], np.float64)
    air = straight_m(points, points)
    road = DETOUR * air if metres is None else np.asarray(metres, np.float64)
    if road.shape != air.shape:
        raise ArgumentError(
            f"metres must have the shape {air.shape} (the depot first), got {road.shape}",
            argument="metres",
        )
    lorry = require_number("speed_kmh", speed_kmh, 0.1, 1000) / 3.6
    drone = require_number("drone_kmh", drone_kmh, 0.1, 1000) / 3.6
    ways = Ways(
        metres={"lorry": road, "drone": air}, seconds={"lorry": road / lorry, "drone": air / drone}
    )
    limit = require_number("time_limit_s", time_limit_s, 0.1, 86_400)
    return Rounds(plan_city_rounds(asked, fleet, ways, _stopwatch(), limit), depot, asked)


def _stopwatch() -> Callable[[], float]:
    start = perf_counter()
    return lambda: perf_counter() - start


def _read_costs(costs: Any) -> tuple[Floats, Names]:
    cost = np.asarray(costs, np.float64)
    if cost.ndim != 2 or 0 in cost.shape:
        raise ArgumentError(
            f"costs must be a table of customers by sites, got the shape {cost.shape}",
            argument="costs",
        )
    if np.isnan(cost).any() or (cost < 0).any():
        raise ArgumentError(
            "costs must be 0 or more, and none missing",
            "an infinite cost is no way",
            argument="costs",
        )
    frame = hasattr(costs, "index") and hasattr(costs, "columns")  # pandas names both
    rows = list(costs.index) if frame else list(range(cost.shape[0]))
    columns = list(costs.columns) if frame else list(range(cost.shape[1]))
    return cost, (rows, columns)


def _read_demand(demand: object, customers: int) -> Floats:
    weights = np.ones(customers) if demand is None else np.asarray(demand, np.float64)
    if weights.shape != (customers,) or not (weights >= 0).all():
        raise ArgumentError(
            f"demand must be {customers} numbers of 0 or more, one a customer", argument="demand"
        )
    return weights


def _structs(argument: str, data: object, kind: type[Row]) -> Sequence[Row]:
    if isinstance(data, Sequence) and data and all(isinstance(row, kind) for row in data):
        return data
    table = read_columns(argument, data)
    require_columns(argument, table, [f.name for f in msgspec.structs.fields(kind) if f.required])
    known = [name for name in kind.__struct_fields__ if name in table]
    cells = zip(*(table[name] for name in known), strict=True)
    found: list[Row] = []
    for number, row in enumerate(cells):
        given = {n: v for n, v in zip(known, row, strict=True) if v is not None and v == v}
        given["id"] = str(given.get("id", ""))
        try:
            found.append(msgspec.convert(given, kind, strict=False))
        except msgspec.ValidationError as error:
            raise ArgumentError(f"{argument}, row {number}: {error}", argument=argument) from error
    return found
