"""Shared supplies: worst-served first, whole packs, expiry, lead time; the bound holds against
brute force.
"""

from __future__ import annotations

import time
from itertools import product
from typing import Any

import numpy as np
import pytest

from twinward.core.chance import generator
from twinward.core.errors import InputError
from twinward.decision.logistics.allocation.sharing import (
    UNMET_OVER_WAY,
    ItemAnswer,
    PackedItem,
    PackedLot,
    share,
)


def solve(item: PackedItem, limit_s: float = 20.0) -> ItemAnswer:
    start = time.thread_time()
    return share([item], lambda: time.thread_time() - start, limit_s).items[0]


def item(need: Any, lots: list[PackedLot], cost: Any, **more: Any) -> PackedItem:
    need, cost = np.array(need, float), np.array(cost, float)
    told = {
        "name": "kits",
        "urgency": np.ones(len(need)),
        "lead_d": np.zeros(len(cost), int),
    } | more
    return PackedItem(need=need, cost=cost, lots=tuple(lots), **told)


def sent(found: ItemAnswer) -> dict[tuple[int, int], float]:
    return {(one.source, one.area): one.quantity for one in found.shipments}


def test_enough_goes_to_everybody_by_the_nearest_way() -> None:
    near = item(
        [[5, 5], [10, 0]],
        [PackedLot(source=0, quantity=50), PackedLot(source=1, quantity=50)],
        [[1, 4], [3, 2]],
    )
    found = solve(near)
    assert sent(found) == {(0, 0): 10, (1, 1): 10}
    assert (found.gap, found.objective, found.unmet.sum()) == (0, 30, 0)


def test_what_is_scarce_leaves_no_area_behind() -> None:
    found = solve(item([[10], [30]], [PackedLot(source=0, quantity=20)], [[1, 1]]))
    assert found.unmet[:, 0].tolist() == pytest.approx([5, 15])
    assert found.worst_share == pytest.approx(0.5)
    assert found.binding[0][0] == 0 and found.missing_stock == 20


def test_whole_packs_travel_and_the_bound_is_below_them() -> None:
    found = solve(item([[25], [25]], [PackedLot(source=0, quantity=60)], [[1, 2]], pack=20.0))
    assert {one.packs for one in found.shipments} <= {1, 2}
    assert all(one.quantity == 20 * one.packs for one in found.shipments)
    assert sum(one.quantity for one in found.shipments) <= 60
    assert found.bound <= found.objective


def test_nothing_is_used_after_its_day_or_before_it_is_there() -> None:
    lots = [PackedLot(source=0, quantity=10, last=0), PackedLot(source=0, quantity=10, first=2)]
    found = solve(item([[10, 10, 10]], lots, [[1]]))
    assert found.unmet[0].tolist() == pytest.approx([0, 10, 0])
    late = solve(item([[10, 10, 10]], lots, [[1]], lead_d=np.array([1])))
    assert late.unmet[0].tolist() == pytest.approx([10, 10, 10])


def test_a_more_urgent_area_is_served_first_once_none_is_left_behind() -> None:
    needs = [[10], [10]]
    found = solve(
        item(needs, [PackedLot(source=0, quantity=10)], [[1, 1]], urgency=np.array([1.0, 5.0]))
    )
    assert found.unmet[1, 0] < found.unmet[0, 0]


def test_where_no_way_leads_nothing_is_sent() -> None:
    found = solve(item([[10], [10]], [PackedLot(source=0, quantity=50)], [[1, np.inf]]))
    assert found.unmet[:, 0].tolist() == [0, 10]


@pytest.mark.parametrize("seed", range(6))
def test_no_division_into_packs_is_below_the_bound(seed: int) -> None:
    rng = generator(seed, "test-sharing")
    need = rng.integers(3, 40, (3, 1)).astype(float)
    cost = rng.integers(1, 9, (2, 3)).astype(float)
    stock = rng.integers(10, 60, 2).astype(float)
    found = solve(
        item(need, [PackedLot(source=s, quantity=stock[s]) for s in range(2)], cost, pack=10.0)
    )
    unit, best = UNMET_OVER_WAY * cost.max(), np.inf
    for packs in product(range(5), repeat=6):
        n = np.array(packs).reshape(2, 3)
        if (10 * n.sum(axis=1) > stock).any():
            continue
        unmet = np.maximum(need[:, 0] - 10 * n.sum(axis=0), 0)
        worst = (unmet / need[:, 0]).max()
        best = min(best, unit * (unmet.sum() + worst * need.sum()) + 10 * (cost * n).sum())
    assert found.bound <= best + 1e-6 <= found.objective + 2e-6


def test_packs_cost_little_where_there_are_many() -> None:
    rng = generator(7, "test-sharing-many")
    need = rng.integers(200, 2000, (40, 7)).astype(float)
    where, to = rng.random((5, 2)), rng.random((40, 2))
    cost = np.hypot(*(where[:, None] - to[None]).transpose(2, 0, 1)) + 0.1
    lots = [PackedLot(source=s, quantity=need.sum() / 5.5) for s in range(5)]
    found = solve(item(need, lots, cost, pack=20.0))
    assert found.gap < 0.01 and found.finished


def test_without_time_the_answer_says_so() -> None:
    start = time.thread_time() - 100
    one = item([[5]], [PackedLot(source=0, quantity=5)], [[1]])
    found = share([one], lambda: time.thread_time() - start, 1.0)
    assert (found.items[0].finished, found.gap) == (False, 1.0)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"need": np.array([[-1.0]])}, "bad_need"),
        ({"lots": (PackedLot(source=0, quantity=-1),)}, "negative_stock"),
        ({"cost": np.ones((2, 1)), "lead_d": np.zeros(1, int)}, "bad_cost"),
        ({"pack": -1.0}, "bad_need"),
    ],
)
def test_what_makes_no_sense_is_refused(change: dict[str, Any], code: str) -> None:
    told: dict[str, Any] = {
        "need": [[1.0]],
        "lots": [PackedLot(source=0, quantity=1)],
        "cost": [[1.0]],
    }
    with pytest.raises(InputError) as refused:
        solve(item(**(told | change)))
    assert refused.value.code == code
