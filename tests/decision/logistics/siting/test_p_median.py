"""The p-median: published optima, every small instance against all choices, bounds that hold."""

from __future__ import annotations

from itertools import combinations
from time import thread_time

import numpy as np
import pytest
from tests.decision.logistics.instances import published, random_graph

from twinward.core.errors import InputError
from twinward.decision.logistics.siting.kernels import interchange, reduced_costs
from twinward.decision.logistics.siting.orlib import read_orlib
from twinward.decision.logistics.siting.p_median import MedianAnswer, solve_p_median


def solve(text: str, limit_s: float = 20.0) -> MedianAnswer:
    instance = read_orlib(text)
    start = thread_time()
    return solve_p_median(instance.cost, instance.p, lambda: thread_time() - start, limit_s)


@pytest.mark.parametrize(
    ("number", "optimum"), [(1, 5819), (2, 4093), (3, 4250), (4, 3034), (5, 1355)]
)
def test_published_optima_are_reached_and_proven(number: int, optimum: int) -> None:
    answer = solve(published(f"pmed{number}.txt"))
    assert answer.objective == optimum
    assert answer.gap < 0.01


@pytest.mark.parametrize("seed", range(6))
def test_small_instances_equal_the_best_of_all_choices(seed: int) -> None:
    text = random_graph(14, 1 + seed % 4, seed)
    instance = read_orlib(text)
    best = min(
        float(instance.cost[:, list(sites)].min(axis=1).sum())
        for sites in combinations(range(14), instance.p)
    )
    answer = solve(text)
    assert answer.objective == best
    assert answer.bound == best
    assert answer.optimal


@pytest.mark.parametrize(("n", "p"), [(60, 3), (60, 25), (120, 12), (40, 40), (40, 1)])
def test_the_bound_never_passes_the_value_and_p_sites_are_open(n: int, p: int) -> None:
    text = random_graph(n, p, n + p)
    instance = read_orlib(text)
    answer = solve(text, 3.0)
    assert len(set(answer.open)) == p
    assert instance.cost[:, answer.open].min(axis=1).sum() == pytest.approx(answer.objective)
    assert answer.bound <= answer.objective + 1e-9
    assert answer.gap < 0.01


def test_fractional_costs_are_not_rounded_into_a_false_proof() -> None:
    rng = np.random.Generator(np.random.Philox(3))
    xy = rng.random((12, 2))
    cost = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    best = min(cost[:, list(sites)].min(axis=1).sum() for sites in combinations(range(12), 3))
    start = thread_time()
    answer = solve_p_median(cost, 3, lambda: thread_time() - start, 10.0)
    assert answer.objective == pytest.approx(best, abs=1e-9)
    assert answer.bound <= best + 1e-9
    assert answer.bound > best - 1e-3


def test_a_later_line_replaces_an_earlier_one_in_either_direction() -> None:
    instance = read_orlib("3 3 1\n1 2 10\n2 3 4\n2 1 3\n")
    assert instance.cost[0].tolist() == [0.0, 3.0, 7.0]


def test_edges_without_cost_join_their_ends() -> None:
    instance = read_orlib("3 2 1\n1 2 0\n2 3 5\n")
    assert instance.cost[0].tolist() == [0.0, 0.0, 5.0]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "bad_orlib"),
        ("3 2\n1 2 5\n2 3 5", "bad_orlib"),
        ("3 2 4\n1 2 5\n2 3 5", "bad_orlib"),
        ("3 2 0\n1 2 5\n2 3 5", "bad_orlib"),
        ("3 2 1\n1 2 5\n2 9 5", "bad_orlib"),
        ("3 2 1\n1 2 5\n2 3 -5", "bad_orlib"),
        ("3 2 1\n1 2 5\n2 3 nan", "bad_orlib"),
        ("3 2 1\n1 2 5\n2 3", "bad_orlib"),
        ("3 2 1\n1 2 5\n2 3 x", "bad_orlib"),
        ("3 5 1\n1 2 5\n2 3 5", "bad_orlib"),
        ("3 1 1\n1 2 5", "disconnected"),
    ],
)
def test_faulty_files_are_named_with_their_line(text: str, code: str) -> None:
    with pytest.raises(InputError) as error:
        read_orlib(text)
    assert error.value.code == code
    assert error.value.advice


def slow_interchange_gain(cost: np.ndarray, sites: set[int]) -> float:
    """The best single swap by trying all of them."""
    now = cost[:, sorted(sites)].min(axis=1).sum()
    swaps = [
        now - cost[:, sorted((sites - {leave}) | {enter})].min(axis=1).sum()
        for leave in sites
        for enter in set(range(cost.shape[1])) - sites
    ]
    return float(max(swaps))


@pytest.mark.parametrize("p", [1, 2, 5])
def test_interchange_stops_only_where_no_swap_gains(p: int) -> None:
    cost = read_orlib(random_graph(25, p, 7)).cost
    is_open = np.zeros(25, bool)
    is_open[:p] = True
    value = interchange(cost, is_open, 1e-9)
    assert value == cost[:, is_open].min(axis=1).sum()
    assert slow_interchange_gain(cost, set(np.flatnonzero(is_open).tolist())) <= 1e-9


def test_reduced_costs_are_the_sums_that_they_say() -> None:
    rng = np.random.Generator(np.random.Philox(4))
    cost, price, reduced = rng.random((9, 7)), rng.random(9), np.zeros(7)
    reduced_costs(cost, price, reduced)
    np.testing.assert_allclose(reduced, np.minimum(0.0, cost - price[:, None]).sum(axis=0))
