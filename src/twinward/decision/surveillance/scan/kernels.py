"""The loops of the scan: the best circle or cylinder of one map of cases, and of many random maps.

All loops walk the places around each centre from near to far. `ends` marks the places after which
a circle may close: the last of a group at the same distance, with at most the allowed population.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, prange

from twinward.core.kernels import key2, mix, uniform


@njit(cache=True, inline="always")
def _gain(cases: Any, expected: Any, total: Any, logs: Any) -> Any:
    """Log-likelihood ratio of Kulldorff 1997, Commun Stat Theory Methods 26:1481; 0 for a low."""
    if cases <= expected or expected <= 0.0:
        return 0.0
    gain = cases * (logs[cases] - np.log(expected))
    if cases < total:
        gain += (total - cases) * (logs[total - cases] - np.log(total - expected))
    return gain


@njit(cache=True)
def circle_gains(cases: Any, near: Any, reach: Any, ends: Any, expected: Any, logs: Any) -> Any:
    """float64[centres, rank] gain of each circle; 0 where none may close. `expected` as near."""
    total = np.int64(cases.sum())
    gains = np.zeros(near.shape)
    for centre in range(len(near)):
        inside = np.int64(0)
        for rank in range(reach[centre]):
            inside += cases[near[centre, rank]]
            if ends[centre, rank]:
                gains[centre, rank] = _gain(inside, expected[centre, rank], total, logs)
    return gains


@njit(cache=True)
def random_map(key: Any, heights: Any, total: Any) -> Any:
    """int64[cells] cases thrown into cells; `heights` is the running sum of their shares."""
    found = np.zeros(len(heights), np.int64)
    for case in range(total):
        found[np.searchsorted(heights, uniform(key2(key, np.uint64(case))), side="right")] += 1
    return found


@njit(cache=True, parallel=True)
def random_circle_maxima(
    key: Any,
    maps: Any,
    heights: Any,
    total: Any,
    near: Any,
    reach: Any,
    ends: Any,
    expected: Any,
    logs: Any,
) -> Any:
    """float64[maps] the largest gain over all circles of each random map."""
    best = np.zeros(maps)
    log_in, log_out = np.log(expected), np.log(total - expected)
    for number in prange(maps):
        cases = random_map(mix(key + np.uint64(number)), heights, total)
        top = 0.0
        for centre in range(len(near)):
            inside = np.int64(0)
            for rank in range(reach[centre]):
                inside += cases[near[centre, rank]]
                if inside > expected[centre, rank] and ends[centre, rank]:
                    gain = inside * (logs[inside] - log_in[centre, rank])
                    if inside < total:
                        rest = total - inside
                        gain += rest * (logs[rest] - log_out[centre, rank])
                    top = max(top, gain)
        best[number] = top
    return best


@njit(cache=True, inline="always")
def _cylinder_best(
    by_day: Any, cover: Any, starts: Any, stops: Any, total: Any, logs: Any, top: Any
) -> Any:
    """The best window of one circle; by_day and cover are running sums with a 0 in front."""
    best, at = top, -1
    for window in range(len(starts)):
        inside = by_day[stops[window]] - by_day[starts[window]]
        expected = cover[stops[window]] - cover[starts[window]]
        above = inside - expected
        # the gain is at most above^2 total / (expected (total - expected)): ln x <= x - 1
        if above > 0.0 and above * above * total > best * expected * (total - expected):
            gain = _gain(inside, expected, total, logs)
            if gain > best:
                best, at = gain, window
    return best, at


@njit(cache=True)
def cylinder_gains(
    cases: Any, weight: Any, near: Any, reach: Any, ends: Any, starts: Any, stops: Any, logs: Any
) -> Any:
    """Gain and window of the best cylinder over each circle; cases, weight: [places, days]."""
    total = np.int64(cases.sum())
    days = cases.shape[1]
    gains, windows = np.zeros(near.shape), np.full(near.shape, -1, np.int64)
    for centre in range(len(near)):
        inside, expected = np.zeros(days, np.int64), np.zeros(days)
        by_day, cover = np.zeros(days + 1, np.int64), np.zeros(days + 1)
        for rank in range(reach[centre]):
            place = near[centre, rank]
            for day in range(days):
                inside[day] += cases[place, day]
                expected[day] += weight[place, day]
            if ends[centre, rank]:
                for day in range(days):
                    by_day[day + 1] = by_day[day] + inside[day]
                    cover[day + 1] = cover[day] + expected[day]
                gains[centre, rank], windows[centre, rank] = _cylinder_best(
                    by_day, cover, starts, stops, total, logs, 0.0
                )
    return gains, windows


@njit(cache=True)
def _map_maximum(
    cases: Any, weight: Any, near: Any, reach: Any, ends: Any, starts: Any, stops: Any, logs: Any
) -> Any:
    total = np.int64(cases.sum())
    days = cases.shape[1]
    top = 0.0
    by_day, cover = np.zeros(days + 1, np.int64), np.zeros(days + 1)
    for centre in range(len(near)):
        by_day[:] = 0
        cover[:] = 0.0
        for rank in range(reach[centre]):
            place = near[centre, rank]
            more, sooner = np.int64(0), 0.0
            for day in range(days):
                more += cases[place, day]
                sooner += weight[place, day]
                by_day[day + 1] += more
                cover[day + 1] += sooner
            if ends[centre, rank] and by_day[days] > 0:
                top, _ = _cylinder_best(by_day, cover, starts, stops, total, logs, top)
    return top


@njit(cache=True, parallel=True)
def random_cylinder_maxima(
    key: Any,
    maps: Any,
    heights: Any,
    weight: Any,
    total: Any,
    near: Any,
    reach: Any,
    ends: Any,
    starts: Any,
    stops: Any,
    logs: Any,
) -> Any:
    """float64[maps] the largest gain of each random map of cases over places and days."""
    best = np.zeros(maps)
    for number in prange(maps):
        cases = random_map(mix(key + np.uint64(number)), heights, total).reshape(weight.shape)
        best[number] = _map_maximum(cases, weight, near, reach, ends, starts, stops, logs)
    return best


@njit(cache=True, parallel=True)
def permuted_cylinder_maxima(
    key: Any,
    maps: Any,
    places: Any,
    days: Any,
    weight: Any,
    near: Any,
    reach: Any,
    ends: Any,
    starts: Any,
    stops: Any,
    logs: Any,
) -> Any:
    """float64[maps] as above, the days of the cases shuffled among their places."""
    best = np.zeros(maps)
    for number in prange(maps):
        stream = mix(key + np.uint64(number))
        shuffled = days.copy()
        for last in range(len(shuffled) - 1, 0, -1):
            other = np.int64(uniform(key2(stream, np.uint64(last))) * (last + 1))
            shuffled[last], shuffled[other] = shuffled[other], shuffled[last]
        cases = np.zeros(weight.shape, np.int64)
        for case in range(len(places)):
            cases[places[case], shuffled[case]] += 1
        best[number] = _map_maximum(cases, weight, near, reach, ends, starts, stops, logs)
    return best
