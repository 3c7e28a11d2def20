"""One stochastic SEIR run over many cities, day by day.

Exposed and infectious people are whole and travel one by one; the susceptible and recovered move
by expectation, so that the number of people stays the same to the last digit. Every draw is keyed
by run, city and day: a city without travel is the same whatever the others do.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from twinward.core.kernels import key2, mix, uniform

ONE_BY_ONE = 128  # travellers placed one at a time; more are shared out by expectation


@njit(cache=True)
def _normal_quantile(u: Any) -> Any:
    """Quantile of the normal (Acklam's rational approximation, relative error 1e-9)."""
    if u < 0.02425:
        q = math.sqrt(-2 * math.log(max(u, 1e-300)))
        top = (
            (
                ((-7.784894002430293e-03 * q - 3.223964580411365e-01) * q - 2.400758277161838) * q
                - 2.549732539343734
            )
            * q
            + 4.374664141464968
        ) * q + 2.938163982698783
        return top / (
            (
                ((7.784695709041462e-03 * q + 3.224671290700398e-01) * q + 2.445134137142996) * q
                + 3.754408661907416
            )
            * q
            + 1.0
        )
    if u > 1 - 0.02425:
        return -_normal_quantile(1 - u)
    q = u - 0.5
    r = q * q
    top = (
        (
            (
                ((-3.969683028665376e01 * r + 2.209460984245205e02) * r - 2.759285104469687e02) * r
                + 1.383577518672690e02
            )
            * r
            - 3.066479806614716e01
        )
        * r
        + 2.506628277459239
    ) * q
    return top / (
        (
            (
                ((-5.447609879822406e01 * r + 1.615858368580409e02) * r - 1.556989798598866e02) * r
                + 6.680131188771972e01
            )
            * r
            - 1.328068155288572e01
        )
        * r
        + 1.0
    )


@njit(cache=True)
def binomial(n: Any, p: Any, u: Any) -> Any:
    """Binomial by inversion of one uniform; normal with continuity correction where it is large."""
    n = np.int64(n)
    if n <= 0 or p <= 0.0:
        return np.int64(0)
    if p >= 1.0:
        return n
    mean = n * p
    if mean > 40.0 and n - mean > 40.0:
        drawn = np.int64(math.floor(mean + math.sqrt(mean * (1 - p)) * _normal_quantile(u) + 0.5))
        return min(max(drawn, np.int64(0)), n)
    if p > 0.5:
        return n - binomial(n, 1 - p, u)
    odds = p / (1 - p)
    term = math.exp(n * math.log1p(-p))
    total, k = term, np.int64(0)
    while total < u and k < n:
        k += 1
        term *= odds * (n - k + 1) / k
        total += term
    return k


@njit(cache=True)
def _move(who: Any, leave: Any, shares: Any) -> Any:
    """Who is where after the travel of a compartment that moves by expectation."""
    found = who.copy()
    for city in range(len(who)):
        left = who[city] * leave[city]
        if left > 0.0:
            found[city] -= left
            for to in range(len(who)):
                found[to] += left * shares[city, to]
    return found


@njit(cache=True)
def _travel(who: Any, leave: Any, heights: Any, key: Any) -> Any:
    """int64[cities] after the travel of one compartment; heights: running shares of each row."""
    cities = len(who)
    found = who.copy()
    for city in range(cities):
        if who[city] == 0 or leave[city] <= 0.0:
            continue
        here = key2(key, np.uint64(city))
        leavers = binomial(who[city], leave[city], uniform(here))
        found[city] -= leavers
        if leavers <= ONE_BY_ONE:
            for traveller in range(leavers):
                u = uniform(key2(here, np.uint64(traveller + 1)))
                to = min(np.searchsorted(heights[city], u, side="right"), cities - 1)
                found[to] += 1
        else:  # systematic rounding: one draw, right on average, nobody lost
            offset = uniform(key2(here, np.uint64(1)))
            before = np.int64(0)
            for to in range(cities):
                reached = np.int64(heights[city, to] * leavers + offset)
                found[to] += reached - before
                before = reached
            found[city] += leavers - before
    return found


@njit(cache=True, nogil=True)
def run_cities(
    key: Any,
    run: Any,
    days: Any,
    population: Any,
    seeded: Any,
    beta: Any,
    become: Any,
    recover: Any,
    leave: Any,
    shares: Any,
    heights: Any,
    which: Any,
) -> Any:
    """(new, imported, people) of run number `run`: int32[days, cities] twice, and the people left.

    which: int64[days] the flow of each day, -1 for none; imported: infected arrivals
    """
    cities = len(population)
    new = np.zeros((days, cities), np.int32)
    imported = np.zeros((days, cities), np.int32)
    at_run = mix(key + np.uint64(run))
    s = population.astype(np.float64) - seeded
    e = np.zeros(cities, np.int64)
    i = seeded.astype(np.int64)
    r = np.zeros(cities)
    for day in range(days):
        today = key2(at_run, np.uint64(day))
        for city in range(cities):
            n = s[city] + e[city] + i[city] + r[city]
            if (i[city] == 0 and e[city] == 0) or n < 1.0:
                continue
            here = key2(today, np.uint64(city))
            risk = 1.0 - math.exp(-beta[day] * i[city] / n)
            infected = binomial(np.int64(s[city]), risk, uniform(key2(here, np.uint64(1))))
            ill = binomial(e[city], become, uniform(key2(here, np.uint64(2))))
            well = binomial(i[city], recover, uniform(key2(here, np.uint64(3))))
            s[city] -= infected
            e[city] += infected - ill
            i[city] += ill - well
            r[city] += well
            new[day, city] = infected
        flow = which[day]
        if flow < 0:
            continue
        e_after = _travel(e, leave[flow], heights[flow], key2(today, np.uint64(7_000_001)))
        i_after = _travel(i, leave[flow], heights[flow], key2(today, np.uint64(7_000_002)))
        for city in range(cities):
            came = e_after[city] - e[city] + i_after[city] - i[city]
            if came > 0:
                imported[day, city] = came
        e, i = e_after, i_after
        s = _move(s, leave[flow], shares[flow])
        r = _move(r, leave[flow], shares[flow])
    return new, imported, s.sum() + e.sum() + i.sum() + r.sum()
