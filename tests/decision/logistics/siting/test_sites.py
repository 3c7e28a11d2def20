"""Sites in a city: each aim against all choices, room kept, what has none said with the way out."""

from __future__ import annotations

import time
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from twinward.core.chance import generator
from twinward.core.errors import InputError
from twinward.decision.logistics.siting.sites import SiteAnswer, choose_sites


def town(seed: int, areas: int = 14, places: int = 7) -> tuple[Any, Any]:
    rng = generator(seed, "test-siting")
    xy, sites = rng.random((areas, 2)) * 9000, rng.random((places, 2)) * 9000
    return np.hypot(*(xy[:, None] - sites[None]).transpose(2, 0, 1)), rng.integers(
        1, 50, areas
    ).astype(float)


def choose(cost: Any, demand: Any, p: int, aim: Any, capacity: Any = None) -> SiteAnswer:
    began = time.thread_time()
    return choose_sites(cost, demand, p, aim, capacity, lambda: time.thread_time() - began, 10.0)


@pytest.mark.parametrize("seed", [1, 2])
def test_median_and_centre_are_the_best_of_all_choices(seed: int) -> None:
    cost, demand = town(seed)
    choices = [list(chosen) for chosen in combinations(range(7), 3)]
    found = choose(cost, demand, 3, "median")
    assert found.objective == pytest.approx(
        min((cost[:, c].min(axis=1) * demand).sum() for c in choices)
    )
    assert found.gap < 1e-9 and "one more would save" in found.binding
    farthest = choose(cost, demand, 3, "centre")
    best = min(cost[:, c].min(axis=1).max() for c in choices)
    assert best <= farthest.objective <= best + 10 and farthest.gap == 0
    assert farthest.farthest == int(np.argmax(cost[:, farthest.open].min(axis=1)))


def test_no_site_serves_more_than_its_room() -> None:
    cost, demand = town(3)
    room = np.full(7, demand.sum() / 3.4)
    found = choose(cost, demand, 4, "capacitated", room)
    assert ((found.share * demand[:, None]).sum(axis=0) <= room[found.open] + 1e-6).all()
    assert found.unmet.sum() == pytest.approx(0, abs=1e-6) and found.relaxation is None
    assert found.gap < 0.01
    assert found.objective >= choose(cost, demand, 4, "median").objective - 1e-6


def test_what_finds_no_room_is_said_with_the_cheapest_way_out() -> None:
    cost, demand = town(4)
    found = choose(cost, demand, 2, "capacitated", np.full(7, demand.sum() / 4))
    assert found.unmet.sum() == pytest.approx(demand.sum() / 2, rel=1e-6)
    assert found.relaxation is not None and "2 more sites" in found.relaxation


def test_where_no_way_leads_another_place_serves_and_where_none_leads_it_is_refused() -> None:
    cost, demand = town(5)
    cost[0, :6] = np.inf
    assert 6 in choose(cost, demand, 2, "median").open
    cost[0, 6] = np.inf
    with pytest.raises(InputError) as refused:
        choose(cost, demand, 2, "median")
    assert refused.value.code == "disconnected"


@pytest.mark.parametrize(
    ("p", "aim", "demand", "code"),
    [
        (0, "median", 1.0, "bad_p"),
        (8, "centre", 1.0, "bad_p"),
        (2, "median", -1.0, "bad_need"),
        (2, "median", 0.0, "bad_need"),
        (2, "capacitated", 1.0, "missing_field"),
    ],
)
def test_what_makes_no_sense_is_refused(p: int, aim: Any, demand: float, code: str) -> None:
    cost, _ = town(6)
    with pytest.raises(InputError) as refused:
        choose(cost, np.full(14, demand), p, aim)
    assert refused.value.code == code
