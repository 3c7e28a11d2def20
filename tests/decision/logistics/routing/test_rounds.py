"""Rounds of a city's fleet: windows, ranges and payloads kept, what cannot be served named,
breakdowns answered.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from twinward.core.chance import generator
from twinward.core.errors import InputError
from twinward.decision.logistics.routing.fleet import Stop, Vehicle, Ways
from twinward.decision.logistics.routing.replan import replan
from twinward.decision.logistics.routing.rounds import RoundsAnswer, plan_city_rounds

MOST_S = 1.0


def clock() -> Any:
    began = time.monotonic()
    return lambda: time.monotonic() - began


def made(n: int, seed: int = 1) -> tuple[list[Stop], Ways]:
    """The depot in the middle of stops at random on ten kilometres; lorries drive 10 m/s on a
    grid, drones fly 20.
    """
    xy = np.concatenate(
        [[[5000.0, 5000.0]], generator(seed, "test-rounds").random((n, 2)) * 10_000]
    )
    road = np.abs(xy[:, None] - xy[None]).sum(axis=2)
    air = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    stops = [Stop(id=f"s{i}", lon=0, lat=0, demand=float(1 + i % 3)) for i in range(n)]
    return stops, Ways(
        metres={"lorry": road, "drone": air}, seconds={"lorry": road / 10, "drone": air / 20}
    )


def solve(stops: list[Stop], vehicles: list[Vehicle], ways: Ways) -> RoundsAnswer:
    return plan_city_rounds(stops, vehicles, ways, clock(), MOST_S)


def lorries(n: int, **more: Any) -> list[Vehicle]:
    return [Vehicle(id=f"v{i}", **({"capacity": 12.0} | more)) for i in range(n)]


def test_every_stop_is_served_once_within_loads_and_above_the_bound() -> None:
    stops, ways = made(15)
    found = solve(stops, lorries(4), ways)
    assert sorted(v.stop for r in found.rounds for v in r.visits) == sorted(s.id for s in stops)
    assert all(r.load <= 12 for r in found.rounds)
    assert 0 < found.bound <= found.objective
    assert found.left_out == [] and found.relaxation is None


def test_nobody_arrives_outside_a_window() -> None:
    stops, ways = made(10, 2)
    early = [28_800.0 + 1_800 * (i % 3) for i in range(10)]
    timed = [
        Stop(id=s.id, lon=0, lat=0, demand=1, early_s=t, late_s=t + 1800)
        for s, t in zip(stops, early, strict=True)
    ]
    found = solve(timed, lorries(6, starts_s=27_000.0, ends_s=50_000.0), ways)
    arrive = {v.stop: v.arrive_s for r in found.rounds for v in r.visits}
    assert found.left_out == []
    assert all(t <= arrive[s.id] <= t + 1800 for s, t in zip(timed, early, strict=True))


def test_a_drone_keeps_to_its_range_and_payload() -> None:
    stops, ways = made(8, 3)
    found = solve(
        stops, [Vehicle(id="d", kind="drone", capacity=2.0, range_m=7000.0), *lorries(3)], ways
    )
    flown = next((r for r in found.rounds if r.vehicle == "d"), None)
    assert flown is None or (flown.distance_m <= 7000 and flown.load <= 2)
    alone = solve(stops, [Vehicle(id="d", kind="drone", capacity=2.0, range_m=7000.0)], ways)
    why = dict(alone.left_out)
    assert why and set(why.values()) <= {
        "it is out of range",
        "it needs more than a vehicle carries",
        "the fleet has no room or time left for it",
    }
    assert alone.relaxation is not None


def test_what_finds_no_room_is_left_out_and_named_with_the_way_out() -> None:
    stops, ways = made(12, 4)
    found = solve(stops, lorries(1), ways)
    assert found.left_out and "more vehicles" in str(found.relaxation)
    assert sum(r.load for r in found.rounds) <= 12
    assert found.binding.startswith("room")


def test_a_broken_lorry_leaves_its_stops_to_the_others_and_the_visited_stay() -> None:
    stops, ways = made(14, 5)
    fleet = lorries(4, starts_s=28_800.0)
    plan = solve(stops, fleet, ways)
    broken = max(plan.rounds, key=lambda r: len(r.visits))
    at_s = broken.visits[0].leave_s + 1
    anew = replan(
        plan.rounds, stops, fleet, ways, at_s, frozenset({broken.vehicle}), clock(), MOST_S
    )
    for before in plan.rounds:
        after = next(r for r in anew.rounds if r.vehicle == before.vehicle)
        done = [v for v in before.visits if v.arrive_s <= at_s]
        assert after.visits[: after.done] == done
        assert all(v.arrive_s >= at_s for v in after.visits[after.done :])
    served = [v.stop for r in anew.rounds for v in r.visits]
    assert len(served) == len(set(served))
    assert sorted([*served, *(name for name, _ in anew.left_out)]) == sorted(s.id for s in stops)
    rest = next(r for r in anew.rounds if r.vehicle == broken.vehicle)
    assert len(rest.visits) == rest.done == 1


def test_with_nobody_left_every_open_stop_is_named() -> None:
    stops, ways = made(4, 6)
    plan = solve(stops, lorries(1), ways)
    anew = replan(plan.rounds, stops, lorries(1), ways, 0.0, frozenset({"v0"}), clock(), MOST_S)
    assert len(anew.left_out) == 4


@pytest.mark.parametrize(
    ("stops", "vehicles"),
    [
        ([], lorries(1)),
        ([Stop(id="a", lon=0, lat=0, demand=-1)], lorries(1)),
        ([Stop(id="a", lon=0, lat=0, demand=1, early_s=9, late_s=8)], lorries(1)),
        ([Stop(id="a", lon=0, lat=0, demand=1)] * 2, lorries(1)),
        ([Stop(id="a", lon=0, lat=0, demand=1)], [Vehicle(id="v", capacity=0)]),
    ],
)
def test_what_makes_no_sense_is_refused(stops: list[Stop], vehicles: list[Vehicle]) -> None:
    with pytest.raises(InputError) as refused:
        solve(stops, vehicles, made(2)[1])
    assert refused.value.code == "bad_rounds"
