"""The tree proves what the Lagrangian alone cannot, and never a bound above the best."""

from __future__ import annotations

import time
from itertools import combinations

import numpy as np
import pytest
from tests.decision.logistics.instances import random_graph

from twinward.decision.logistics.siting.branch_median import MedianTree
from twinward.decision.logistics.siting.orlib import read_orlib


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("p", [2, 3])
def test_the_tree_finds_and_proves_the_best_of_all_choices(seed: int, p: int) -> None:
    cost = np.ascontiguousarray(read_orlib(random_graph(16, p, seed)).cost)
    best = min(cost[:, list(chosen)].min(axis=1).sum() for chosen in combinations(range(16), p))
    start = np.zeros(16, bool)
    start[:p] = True
    tree = MedianTree(cost, p, float(cost[:, start].min(axis=1).sum()), start, whole=True)
    began = time.thread_time()
    for gap in (0.05, 0.0):
        bound = tree.prove(cost.min(axis=1) + 1.0, gap, lambda: time.thread_time() - began, 20.0)
        assert bound <= best
    assert (tree.value, int(np.ceil(bound - 1e-6))) == (best, best)
    assert cost[:, tree.open_sites].min(axis=1).sum() == best


def test_without_time_the_bound_is_that_of_the_weakest_node() -> None:
    cost = np.ascontiguousarray(read_orlib(random_graph(60, 4, 3)).cost)
    sites = np.zeros(60, bool)
    sites[:4] = True
    value = float(cost[:, sites].min(axis=1).sum())
    tree = MedianTree(cost, 4, value, sites, whole=True)
    assert tree.prove(cost.min(axis=1) + 1.0, 0.0, lambda: 1.0, 0.0) <= tree.value
