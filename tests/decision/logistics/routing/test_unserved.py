"""A stop that nobody can serve is told why, by the vehicle that comes nearest, and what would
serve it.
"""

from __future__ import annotations

import numpy as np
import pytest

from twinward.decision.logistics.routing.fleet import Kind, Stop, Underway, Vehicle, Ways
from twinward.decision.logistics.routing.unserved import (
    NO_WAY,
    TOO_FAR,
    TOO_LATE,
    TOO_MUCH,
    relax,
    why_not,
)


def ways(road_m: float, air_m: float = 1000.0) -> Ways:
    def table(metres: float) -> np.ndarray:
        return np.array([[0.0, metres], [metres, 0.0]])

    metres: dict[Kind, np.ndarray] = {"lorry": table(road_m), "drone": table(air_m)}
    return Ways(metres=metres, seconds={kind: one / 10 for kind, one in metres.items()})


def fleet(*vehicles: Vehicle) -> list[Underway]:
    return [
        Underway(vehicle=one, at=0, from_s=one.starts_s, aboard=one.capacity, fresh=True)
        for one in vehicles
    ]


LORRY = Vehicle(id="l", capacity=100, starts_s=28_800, ends_s=36_000)
DRONE = Vehicle(id="d", kind="drone", capacity=5, range_m=1500, starts_s=28_800, ends_s=36_000)


@pytest.mark.parametrize(
    ("stop", "road_m", "vehicles", "why", "remedy"),
    [
        (
            Stop(id="s", lon=0, lat=0, demand=500),
            900.0,
            (LORRY, DRONE),
            TOO_MUCH,
            "a vehicle that carries 500",
        ),
        (
            Stop(id="s", lon=0, lat=0, demand=4),
            np.inf,
            (LORRY, DRONE),
            TOO_FAR,
            "a range of 2,000 m",
        ),
        (Stop(id="s", lon=0, lat=0, demand=4), np.inf, (LORRY,), NO_WAY, "a drone"),
        (
            Stop(id="s", lon=0, lat=0, demand=4, late_s=28_860),
            900.0,
            (LORRY, DRONE),
            TOO_LATE,
            "open until 08:02",
        ),
    ],
)
def test_each_reason_has_its_remedy(
    stop: Stop, road_m: float, vehicles: tuple[Vehicle, ...], why: str, remedy: str
) -> None:
    found = why_not(1, stop, fleet(*vehicles), ways(road_m))
    assert found == why
    assert remedy in str(relax([stop], [("s", why)], fleet(*vehicles), ways(road_m)))


def test_who_can_serve_it_leaves_nothing_out() -> None:
    stop = Stop(id="s", lon=0, lat=0, demand=4)
    assert why_not(1, stop, fleet(DRONE, LORRY), ways(np.inf, 700.0)) is None
    assert relax([stop], [], fleet(LORRY), ways(1.0)) is None
