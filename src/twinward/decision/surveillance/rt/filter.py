"""R by day with its uncertainty: a hidden Markov filter over a grid of log R, many series at once.

After Parag 2021, PLoS Comput Biol 17:e1009347, with three changes: the noise of log R and the
dispersion of the counts are marginalised instead of set, and on each day R may start anew (a
lockdown, a wave), from the prior or, for a part of a larger area, near the R of that area.
"""

from __future__ import annotations

import math

import msgspec
import numpy as np
from scipy.special import gammaln, ndtr

from twinward.decision.surveillance.arrays import Floats
from twinward.decision.surveillance.rt.cori import (
    QUANTILES,
    find_unexplained,
    infection_pressure,
)

# Assumptions, checked by the coverage of simulated epidemics with a step (tests, docs).
GRID = np.linspace(math.log(0.08), math.log(12.0), 90)  # log R
NOISE = ((0.003, 0.005), (0.003, 0.03), (0.05, 0.02))  # sd of log R a day, anew a day
DISPERSION = (5.0, 12.0, 40.0, 1e6)  # k of the negative binomial; the last is Poisson
PRIOR_LOG_R, PRIOR_SD = math.log(1.2), 0.8
AREA_SD = 0.3  # of log R of a part around its parent area's
CHUNK = 256  # series filtered together


class FilteredR(msgspec.Struct, frozen=True, kw_only=True):
    """R on each day as known on that day; float64[series, days] and float64[series, days, 7]."""

    mean: Floats
    sd: Floats
    quantiles: Floats  # at QUANTILES
    above_one: Floats  # probability that R is above 1
    log_mean: Floats
    log_sd: Floats


def filter_r(
    total: Floats,
    imported: Floats,
    serial: Floats,
    weekday: Floats | None = None,
    parent: tuple[Floats, Floats] | None = None,
) -> FilteredR:
    """Filters each series; the imported cases infect, but nobody here infected them.

    total, imported: float64[series, days], NaN unknown; weekday: float64[series, 7] reporting of
    each day of the week, position 0 that of the first day
    parent: float64[series, days] mean and sd of log R of the area that each series is part of
    """
    parts = []
    for low in range(0, len(total), CHUNK):
        rows = slice(low, low + CHUNK)
        above = None if parent is None else (parent[0][rows], parent[1][rows])
        days = None if weekday is None else weekday[rows]
        parts.append(_filter_chunk(total[rows], imported[rows], serial, days, above))
    if len(parts) == 1:
        return parts[0]
    names = FilteredR.__struct_fields__
    return FilteredR(**{n: np.concatenate([getattr(part, n) for part in parts]) for n in names})


def _filter_chunk(
    total: Floats,
    imported: Floats,
    serial: Floats,
    weekday: Floats | None,
    parent: tuple[Floats, Floats] | None,
) -> FilteredR:
    series, days = total.shape
    factor = _factors(weekday, series, days)
    pressure = infection_pressure(total / factor, serial)
    local = total - imported
    for row in range(series):
        local[row, find_unexplained(local[row], pressure[row])] = 0.0
    moves = np.stack([_move(sd) for sd, _ in NOISE])
    anew = np.array([share for _, share in NOISE])[:, None, None, None]
    start = _bell(np.full((series, 1), PRIOR_LOG_R), np.full((series, 1), PRIOR_SD))[:, 0]
    joint = np.broadcast_to(
        start[None, :, None, :] / (len(NOISE) * len(DISPERSION)),
        (len(NOISE), series, len(DISPERSION), len(GRID)),
    ).copy()
    found = _empty(series, days)
    for day in range(days):
        if day:
            shape = joint.shape
            moved = np.matmul(joint.reshape(len(NOISE), -1, len(GRID)), moves).reshape(shape)
            restart = start
            if parent is not None:
                sd = np.hypot(parent[1][:, day], AREA_SD)
                restart = _bell(parent[0][:, day, None], sd[:, None])[:, 0]
            mass = joint.sum(axis=3, keepdims=True)
            joint = (1 - anew) * moved + anew * mass * restart[None, :, None, :]
            fits = _likelihood(local[:, day], pressure[:, day] * factor[:, day])
            joint *= fits[None]
            joint /= joint.sum(axis=(0, 2, 3), keepdims=True)
        _summarise(joint.sum(axis=(0, 2)), found, day)
    return found


def _factors(weekday: Floats | None, series: int, days: int) -> Floats:
    if weekday is None:
        return np.ones((series, days))
    return weekday[:, np.arange(days) % 7]


def _move(sd: float) -> Floats:
    """float64[grid, grid] transition of log R in a day, rows from."""
    edges = GRID[:-1] + (GRID[1] - GRID[0]) / 2
    reached = ndtr((edges[None, :] - GRID[:, None]) / sd)
    ends = np.zeros((len(GRID), 1))
    return np.diff(np.hstack([ends, reached, ends + 1.0]), axis=1)


def _bell(mean: Floats, sd: Floats) -> Floats:
    """float64[series, 1, grid] a normal over the grid that sums to 1."""
    weight = np.exp(-0.5 * ((GRID - mean[..., None]) / sd[..., None]) ** 2)
    return np.asarray(weight / weight.sum(axis=-1, keepdims=True))


def _likelihood(count: Floats, pressure: Floats) -> Floats:
    """float64[series, dispersion, grid] negative binomial; 1 where nothing is known."""
    known = np.isfinite(count) & (pressure > 1e-9)
    y = np.where(known, count, 0.0)[:, None, None]
    mean = np.exp(GRID)[None, None, :] * np.maximum(pressure, 1e-9)[:, None, None]
    k = np.array(DISPERSION)[None, :, None]
    constant = gammaln(y + k) - gammaln(k) + k * np.log(k)
    log = constant + y * np.log(mean) - (y + k) * np.log(k + mean)
    log -= log.max(axis=(1, 2), keepdims=True)
    return np.where(known[:, None, None], np.exp(log), 1.0)


def _empty(series: int, days: int) -> FilteredR:
    plain = [np.empty((series, days)) for _ in range(5)]
    return FilteredR(
        mean=plain[0],
        sd=plain[1],
        quantiles=np.empty((series, days, len(QUANTILES))),
        above_one=plain[2],
        log_mean=plain[3],
        log_sd=plain[4],
    )


def _summarise(weight: Floats, found: FilteredR, day: int) -> None:
    """Moments and quantiles of one day from float64[series, grid] probabilities."""
    r = np.exp(GRID)
    found.mean[:, day] = weight @ r
    found.sd[:, day] = np.sqrt(np.maximum(weight @ r**2 - found.mean[:, day] ** 2, 0.0))
    found.log_mean[:, day] = weight @ GRID
    spread = weight @ GRID**2 - found.log_mean[:, day] ** 2
    found.log_sd[:, day] = np.sqrt(np.maximum(spread, 0.0))
    reached = np.cumsum(weight, axis=1)
    step = GRID[1] - GRID[0]
    found.above_one[:, day] = 1.0 - _reached_at(reached, 0.0, step)
    for place, level in enumerate(QUANTILES):
        at = np.minimum((reached < level).sum(axis=1), len(GRID) - 1)
        rows = np.arange(len(weight))
        before = np.where(at > 0, reached[rows, at - 1], 0.0)
        share = (level - before) / np.maximum(weight[rows, at], 1e-300)
        found.quantiles[:, day, place] = np.exp(GRID[at] + step * (np.clip(share, 0.0, 1.0) - 0.5))


def _reached_at(reached: Floats, log_r: float, step: float) -> Floats:
    """Probability that log R lies below a value, the mass of a grid point spread over its cell."""
    edges = GRID + step / 2
    return np.array([np.interp(log_r, edges, row) for row in reached])
