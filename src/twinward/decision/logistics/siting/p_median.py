"""The p-median: which p sites to open so that all customers travel least, with a bound that proves
how good it is.

Interchange gives the sites; a Lagrangian relaxation of "every customer is served" gives the bound
and closes sites that cannot be in any better answer (Beasley 1985, EJOR 21:270); a tree of them,
then HiGHS, decide the rest.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.chance import generator
from twinward.core.errors import InputError
from twinward.decision.logistics.siting.branch_median import MedianTree
from twinward.decision.logistics.siting.exact_median import solve_remaining
from twinward.decision.logistics.siting.kernels import count_served, interchange, reduced_costs

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
ROUNDS = 3000  # subgradient steps at most
PATIENCE = 25  # steps without a better bound before the step length is halved
SHAKES = 60  # perturbed restarts of the interchange
LAGRANGIAN_SHARE = 0.3  # of the time limit
FIRST_SHARE = 0.7  # by then the first of tree and HiGHS ends too
SMALL_REST = 30_000  # pairs of customer and site that HiGHS decides sooner than the tree
TREE_GAPS = (0.009, 0.0)  # what the tree is to prove: first a good answer, then the best
Seconds = Callable[[], float]


class MedianAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """`open` are site indices from 0; `bound` holds whatever the time limit; gap = (objective -
    bound) / objective.
    """

    objective: float
    bound: float
    gap: float
    open: list[int]
    optimal: bool


class _State:
    """The best sites and the best bound so far, with the prices and reduced costs that gave it."""

    def __init__(self, cost: Floats, p: int) -> None:
        self.cost, self.p = cost, p
        self.whole = bool(np.all(cost == np.round(cost)))
        self.sites = np.zeros(cost.shape[1], bool)
        self.value = np.inf
        self.bound = 0.0
        self.price = np.empty(0)
        self.reduced = np.empty(0)

    def offer(self, sites: Bools) -> None:
        value = float(self.cost[:, sites].min(axis=1).sum())
        if value < self.value - 1e-9:
            self.value, self.sites = value, sites.copy()

    @property
    def proven(self) -> bool:
        """No better answer exists; with whole costs a bound within one unit is enough."""
        slack = 1.0 - 1e-6 if self.whole else 1e-9 * max(self.value, 1.0)
        return self.bound > self.value - slack

    def finish(self) -> MedianAnswer:
        bound = min(self.bound, self.value)
        if self.whole:
            bound = min(float(np.ceil(bound - 1e-6)), self.value)
        gap = (self.value - bound) / self.value if self.value > 0 else 0.0
        return MedianAnswer(
            objective=self.value,
            bound=bound,
            gap=gap,
            open=np.flatnonzero(self.sites).tolist(),
            optimal=gap <= 1e-12,
        )


def _search(state: _State, seconds: Seconds, limit_s: float) -> None:
    """Interchange from a greedy-by-distance start, then from shaken copies of the best."""
    rng = generator(0, "p-median-shake")
    m = state.cost.shape[1]
    start = np.zeros(m, bool)
    start[np.argsort(state.cost.sum(axis=0), kind="stable")[: state.p]] = True
    for shake in range(SHAKES + 1):
        interchange(state.cost, start, 1e-9)
        state.offer(start)
        if seconds() > limit_s or state.p == m:
            return
        start = state.sites.copy()
        swaps = min(1 + shake % 5, state.p, m - state.p)
        start[rng.choice(np.flatnonzero(state.sites), swaps, replace=False)] = False
        start[rng.choice(np.flatnonzero(~state.sites), swaps, replace=False)] = True


def _raise_bound(state: _State, seconds: Seconds, limit_s: float) -> None:
    """Subgradient ascent on the customers' prices; each promising choice of sites is tried and
    improved.
    """
    cost, p = state.cost, state.p
    first = np.partition(cost[:, state.sites], min(1, p - 1), axis=1)
    price = (first[:, 0] + first[:, min(1, p - 1)]) / 2 + 1e-3
    reduced, served = np.zeros(cost.shape[1]), np.zeros(cost.shape[0], np.int64)
    step, idle = 1.5, 0
    best_price = price
    for _ in range(ROUNDS):
        reduced_costs(cost, price, reduced)
        chosen = np.argpartition(reduced, p - 1)[:p]
        bound = float(price.sum() + reduced[chosen].sum())
        idle += 1
        if bound > state.bound + 1e-9 * abs(bound):
            if bound > state.bound * (1 + 1e-5):
                idle = 0
            state.bound, state.price, state.reduced = bound, price.copy(), reduced.copy()
            best_price = state.price
            _try_choice(state, chosen, improve=idle == 0)
        if idle >= PATIENCE:
            step, idle, price = step / 2, 0, best_price.copy()
            if step < 1e-4:
                return
            continue
        if state.proven or seconds() > limit_s:
            return
        count_served(cost, price, chosen, served)
        slope = 1.0 - served
        length = float(slope @ slope)
        if length == 0.0:
            return
        price = price + step * (1.02 * state.value - bound) / length * slope


def _count_arcs(state: _State) -> int:
    """How many pairs of customer and site a linear program of the rest would have."""
    possible, _, slack = _reduce(state)
    return int((state.cost[:, possible] <= (state.price + slack)[:, None]).sum())


def _solve_rest(state: _State, seconds: Seconds, limit_s: float) -> None:
    """What is still possible, by HiGHS."""
    possible, forced, slack = _reduce(state)
    left_s = limit_s - seconds()
    if left_s > 0.2:
        value, sites, bound = solve_remaining(
            state.cost, state.p, possible, forced, state.price, slack, state.sites, left_s
        )
        if sites is not None and value < state.value:
            state.offer(sites)
        state.bound = max(state.bound, min(bound, state.value))


def _search_tree(state: _State, seconds: Seconds, limit_s: float) -> None:
    """Branch on sites until the answer is proven or the time is up."""
    tree = MedianTree(state.cost, state.p, state.value, state.sites, whole=state.whole)
    for gap in TREE_GAPS:
        if seconds() < limit_s:
            bound = tree.prove(state.price, gap, seconds, limit_s)
            state.offer(tree.open_sites)
            state.bound = max(state.bound, bound)


def _try_choice(state: _State, chosen: NDArray[np.int64], *, improve: bool) -> None:
    sites = np.zeros(len(state.sites), bool)
    sites[chosen] = True
    value = float(state.cost[:, sites].min(axis=1).sum())
    if improve and value < 1.02 * state.value:
        interchange(state.cost, sites, 1e-9)
    state.offer(sites)


def _reduce(state: _State) -> tuple[Bools, Bools, float]:
    """(possible, forced, slack): sites a better answer may open, those it must, and what it may
    cost above the bound.

    Opening a site outside the p best costs at least the difference of its reduced cost to the p-th
    best; when the bound with it passes the best value, no better answer has it. Likewise for
    closing one of the p best.
    """
    order = np.argsort(state.reduced, kind="stable")
    m, p = len(order), state.p
    limit = state.value - (1.0 - 1e-6 if state.whole else 0.0)
    possible, forced = np.ones(m, bool), np.zeros(m, bool)
    if p == m:
        return possible, possible.copy(), 0.0
    bound = float(state.price.sum() + state.reduced[order[:p]].sum())
    last, following = state.reduced[order[p - 1]], state.reduced[order[p]]
    possible[order[p:]] = bound + state.reduced[order[p:]] - last <= limit + 1e-7
    forced[order[:p]] = bound - state.reduced[order[:p]] + following > limit + 1e-7
    return possible, forced, limit - bound


def solve_p_median(cost: Floats, p: int, seconds: Seconds, time_limit_s: float) -> MedianAnswer:
    """Sites and bound within `time_limit_s` by the stopwatch `seconds`. `cost` is (customers,
    sites), finite, >= 0.

    Raises InputError for a shape, a number or a p that makes no sense.
    """
    if cost.ndim != 2 or 0 in cost.shape or not np.isfinite(cost).all() or (cost < 0).any():
        raise InputError(
            "the cost matrix is empty, negative or not finite",
            "check the distances",
            code="bad_cost",
        )
    if not 1 <= p <= cost.shape[1]:
        raise InputError(
            f"p is {p} with {cost.shape[1]} possible sites",
            "choose p between 1 and that",
            code="bad_p",
        )
    state = _State(np.ascontiguousarray(cost, np.float64), p)
    _search(state, seconds, 0.2 * time_limit_s)
    _raise_bound(state, seconds, LAGRANGIAN_SHARE * time_limit_s)
    if len(state.price):
        ways = (
            (_solve_rest, _search_tree)
            if _count_arcs(state) <= SMALL_REST
            else (_search_tree, _solve_rest)
        )
        for decide, until in zip(ways, (FIRST_SHARE, 0.95), strict=True):
            if not state.proven:
                decide(state, seconds, until * time_limit_s)
    return state.finish()
