"""Hot loops of the p-median: swap-based local search and the inner sums of the Lagrangian bound."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True)
def nearest_two(cost: Any, is_open: Any, first: Any, second: Any) -> Any:
    """Fills each customer's nearest and second nearest open site (-1 where there is none);
    returns the total cost.
    """
    total = 0.0
    for i in range(cost.shape[0]):
        a, b = -1, -1
        for j in range(cost.shape[1]):
            if not is_open[j]:
                continue
            if a < 0 or cost[i, j] < cost[i, a]:
                a, b = j, a
            elif b < 0 or cost[i, j] < cost[i, b]:
                b = j
        first[i], second[i] = a, b
        total += cost[i, a]
    return total


@njit(cache=True)
def interchange(cost: Any, is_open: Any, tolerance: Any) -> Any:
    """Best-improvement vertex interchange until no swap gains; changes `is_open`, returns the cost
    reached.

    For each site to open, one pass finds the best site to close: what every customer gains by the
    newcomer, and what each old site's customers lose when it closes (Whitaker 1983; Resende,
    Werneck 2004, J Heuristics 10:59).
    """
    n, m = cost.shape
    first, second = np.empty(n, np.int64), np.empty(n, np.int64)
    loss = np.empty(m)
    total = nearest_two(cost, is_open, first, second)
    while True:
        best, enter, leave = tolerance, -1, -1
        for j in range(m):
            if is_open[j]:
                continue
            gain = 0.0
            loss[:] = 0.0
            for i in range(n):
                now = cost[i, first[i]]
                if cost[i, j] < now:
                    gain += now - cost[i, j]
                elif second[i] >= 0:
                    loss[first[i]] += min(cost[i, j], cost[i, second[i]]) - now
                else:
                    loss[first[i]] += cost[i, j] - now
            for r in range(m):
                if is_open[r] and gain - loss[r] > best:
                    best, enter, leave = gain - loss[r], j, r
        if enter < 0:
            return total
        is_open[enter], is_open[leave] = True, False
        total = nearest_two(cost, is_open, first, second)


@njit(cache=True)
def reduced_costs(cost: Any, price: Any, reduced: Any) -> None:
    """reduced[j] = sum over customers of min(0, cost[i, j] - price[i]): what opening j is worth
    at these prices.
    """
    n, m = cost.shape
    reduced[:] = 0.0
    for i in range(n):
        for j in range(m):
            gain = cost[i, j] - price[i]
            if gain < 0.0:
                reduced[j] += gain


@njit(cache=True)
def count_served(cost: Any, price: Any, chosen: Any, served: Any) -> None:
    """How many chosen sites each customer would use at these prices; one for all would prove the
    choice optimal.
    """
    served[:] = 0
    for i in range(cost.shape[0]):
        for j in chosen:
            if cost[i, j] < price[i]:
                served[i] += 1


@njit(cache=True)
def ascend(cost: Any, forced: Any, p: Any, price: Any, upper: Any, enough: Any, steps: Any) -> Any:
    """Subgradient ascent with some sites forced open: (bound, its prices, reduced costs and how
    often each was chosen).

    Ends early when the bound reaches `enough`. The step is halved after eight steps without a
    better bound.
    """
    n, m = cost.shape
    best, step, idle = -1e300, 0.7, 0
    best_price, best_reduced = price.copy(), np.zeros(m)
    reduced, served, chosen_times = np.empty(m), np.empty(n, np.int64), np.zeros(m)
    wanted = p - forced.sum()
    for _ in range(steps):
        reduced_costs(cost, price, reduced)
        ranked = reduced.copy()
        bound = price.sum()
        for j in range(m):
            if forced[j]:
                bound += reduced[j]
                ranked[j] = 1e300
        order = np.argsort(ranked)[:wanted]
        chosen = np.concatenate((order, np.flatnonzero(forced)))
        for j in order:
            bound += reduced[j]
        chosen_times[chosen] += 1
        if bound > best:
            idle = 0 if bound > best + 1e-5 * abs(best) else idle + 1
            best = bound
            best_price[:], best_reduced[:] = price, reduced
            if best >= enough:
                break
        else:
            idle += 1
        if idle >= 8:
            step, idle = step / 2, 0
            price = best_price.copy()
            if step < 2e-3:
                break
            continue
        count_served(cost, price, chosen, served)
        length = 0.0
        for i in range(n):
            length += (1.0 - served[i]) ** 2
        if length == 0.0:
            break
        scale = step * (1.02 * upper - bound) / length
        for i in range(n):
            price[i] += scale * (1.0 - served[i])
    return best, best_price, best_reduced, chosen_times
