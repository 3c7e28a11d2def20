"""Rounds made anew from where everybody is: what was visited stays, what a broken vehicle left
is shared out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from twinward.core.errors import InputError
from twinward.decision.logistics.routing.fleet import DEPOT, Stop, Underway, Vehicle, Ways
from twinward.decision.logistics.routing.rounds import Round, RoundsAnswer, Visit, plan_city_rounds
from twinward.library.wording import count


def replan(
    rounds: Sequence[Round],
    stops: Sequence[Stop],
    vehicles: Sequence[Vehicle],
    ways: Ways,
    at_s: float,
    broken: frozenset[str],
    seconds: Callable[[], float],
    time_limit_s: float,
) -> RoundsAnswer:
    """New rounds from `at_s` on without the broken vehicles; the visits made by then stand at the
    head of each round.

    Goods in a broken vehicle stay in it: its stops are served from what others have to spare, or
    from the depot.
    """
    known = {vehicle.id for vehicle in vehicles}
    if broken - known:
        raise InputError(
            f"there is no vehicle {sorted(broken - known)[0]}",
            f"there are {', '.join(sorted(known))}",
            code="unknown_vehicle",
        )
    point = {stop.id: n + 1 for n, stop in enumerate(stops)}
    by_vehicle = {one.vehicle: one for one in rounds}
    done = {one.vehicle: [v for v in one.visits if v.arrive_s <= at_s] for one in rounds}
    visited = {visit.stop for visits in done.values() for visit in visits}
    left = [stop for stop in stops if stop.id not in visited]
    fleet = [
        find_place(vehicle, by_vehicle.get(vehicle.id), at_s, point, ways)
        for vehicle in vehicles
        if vehicle.id not in broken
    ]
    if left and fleet:
        # the points of the ways are those of all stops: those that are left keep theirs, in their
        # order
        fresh = plan_city_rounds(
            left, vehicles, cut(ways, left, fleet, point), seconds, time_limit_s, moved(fleet, left)
        )
    else:
        fresh = nothing_more([stop.id for stop in left])
    return msgspec.structs.replace(fresh, rounds=join_rounds(vehicles, done, fresh.rounds, at_s))


def nothing_more(left: Sequence[str]) -> RoundsAnswer:
    """What there is to say when all is delivered, or nobody is left to deliver it."""
    return RoundsAnswer(
        objective=0.0,
        bound=0.0,
        gap=0.0,
        rounds=[],
        left_out=[(name, "no vehicle is left") for name in left],
        binding="no vehicle is left" if left else "everything is delivered",
        relaxation=f"{count(len(left), 'stop')} waiting for a vehicle" if left else None,
    )


def join_rounds(
    vehicles: Sequence[Vehicle], done: dict[str, list[Visit]], fresh: Sequence[Round], at_s: float
) -> list[Round]:
    """Each vehicle's day: the visits it has made, then those it is to make."""
    made = {one.vehicle: one for one in fresh}
    joined = []
    for vehicle in vehicles:
        before, after = done.get(vehicle.id, []), made.get(vehicle.id)
        if before or after:
            visits = [*before, *(after.visits if after else [])]
            joined.append(
                Round(
                    vehicle=vehicle.id,
                    visits=visits,
                    done=len(before),
                    load=sum(visit.demand for visit in visits),
                    distance_m=after.distance_m if after else 0.0,
                    back_s=after.back_s if after else at_s,
                )
            )
    return joined


def find_place(
    vehicle: Vehicle, planned: Round | None, at_s: float, point: dict[str, int], ways: Ways
) -> Underway:
    """Where a vehicle is at the instant: at its last stop, on the road from the depot, or still
    there.
    """
    if planned is None or not planned.visits:
        return Underway(
            vehicle=vehicle,
            at=DEPOT,
            from_s=max(at_s, vehicle.starts_s),
            aboard=vehicle.capacity,
            fresh=True,
        )
    made = [visit for visit in planned.visits if visit.arrive_s <= at_s]
    aboard = planned.load - sum(visit.demand for visit in made)
    first = planned.visits[0]
    leaves_s = first.arrive_s - float(ways.seconds[vehicle.kind][DEPOT, point[first.stop]])
    if not made and at_s < leaves_s:
        return Underway(vehicle=vehicle, at=DEPOT, from_s=at_s, aboard=vehicle.capacity, fresh=True)
    where = point[made[-1].stop] if made else DEPOT
    if made and aboard <= 0:  # empty: it comes home and loads again
        home_s = max(at_s, made[-1].leave_s) + float(ways.seconds[vehicle.kind][where, DEPOT])
        return Underway(
            vehicle=vehicle, at=DEPOT, from_s=home_s, aboard=vehicle.capacity, fresh=True
        )
    return Underway(
        vehicle=vehicle,
        at=where,
        from_s=max(at_s, made[-1].leave_s if made else at_s),
        aboard=aboard,
        fresh=False,
    )


def cut(ways: Ways, left: Sequence[Stop], fleet: Sequence[Underway], point: dict[str, int]) -> Ways:
    """The ways between the depot, the stops that are left, and the places where vehicles stand."""
    keep = [DEPOT, *(point[stop.id] for stop in left), *(one.at for one in fleet)]
    return Ways(
        metres={kind: table[keep][:, keep] for kind, table in ways.metres.items()},
        seconds={kind: table[keep][:, keep] for kind, table in ways.seconds.items()},
    )


def moved(fleet: Sequence[Underway], left: Sequence[Stop]) -> list[Underway]:
    """The fleet with its places named as the cut ways name them."""
    return [msgspec.structs.replace(one, at=1 + len(left) + n) for n, one in enumerate(fleet)]
