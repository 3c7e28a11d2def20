"""What delivery rounds are made of: stops, vehicles, the ways between them, and what of these
makes no sense.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.errors import InputError

Floats = NDArray[np.float64]
Kind = Literal["lorry", "drone"]
DEPOT = 0
MOST_LOAD = 1e12  # units; what is larger is a filler or in the wrong unit, and fits no solver
LATEST_S = 3 * 86_400.0


class Stop(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A door where goods are left (contactless: `service_s` and nobody meets). Times in seconds
    of the day.
    """

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
    """Metres and seconds between points, the depot first, for each kind of vehicle; infinite
    where no way leads.
    """

    metres: dict[Kind, Floats]
    seconds: dict[Kind, Floats]


class Underway(msgspec.Struct, frozen=True, kw_only=True):
    """Where a vehicle is at the instant of planning: at point `at` (0 the depot), from `from_s`
    on, with `aboard`.
    """

    vehicle: Vehicle
    at: int
    from_s: float
    aboard: float
    fresh: bool  # still at the depot: it can load


def check(stops: Sequence[Stop], vehicles: Sequence[Vehicle]) -> None:
    """InputError for what makes no sense, by name."""
    if not stops or not vehicles:
        raise InputError(
            "stops and vehicles are needed", "give at least one of each", code="bad_rounds"
        )
    for names, what in (([s.id for s in stops], "stop"), ([v.id for v in vehicles], "vehicle")):
        if len(set(names)) < len(names):
            raise InputError(f"a {what} occurs twice", "each has its own id", code="bad_rounds")
    for stop in stops:
        check_stop(stop)
    for vehicle in vehicles:
        for holds, what in (
            (0 < vehicle.capacity <= MOST_LOAD, f"a capacity of {vehicle.capacity:g}"),
            (
                vehicle.range_m is None or 0 < vehicle.range_m <= MOST_LOAD,
                f"a range of {vehicle.range_m} m",
            ),
            (vehicle.starts_s <= vehicle.ends_s, "no time to drive in"),
        ):
            if not holds:
                raise InputError(
                    f"vehicle {vehicle.id} has {what}", "give it one above 0", code="bad_rounds"
                )


def check_stop(stop: Stop, where: str = "") -> None:
    """InputError for a demand or a window that makes no sense; `where` is the line it stands in."""
    for holds, what, advice in (
        (
            0 <= stop.demand <= MOST_LOAD,
            f"a demand of {stop.demand:g}",
            f"0 to {MOST_LOAD:g} units can be carried",
        ),
        (
            0 <= stop.early_s <= stop.late_s <= LATEST_S,
            f"a window from {stop.early_s:g} to {stop.late_s:g} s",
            "a window past midnight goes on above 86,400: until two the next morning is 93600",
        ),
        (
            0 <= stop.service_s <= LATEST_S,
            f"a service time of {stop.service_s:g} s",
            "give the seconds at the door",
        ),
        (
            abs(stop.lon) <= 180 and abs(stop.lat) <= 90,
            f"the point {stop.lon:g}, {stop.lat:g}: lon, lat in WGS 84",
            "perhaps lon and lat are swapped",
        ),
    ):
        if not holds:
            raise InputError(f"{where}stop {stop.id} has {what}", advice, code="bad_rounds")
