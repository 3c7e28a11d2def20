"""The loops of Farrington's detector: the part of the year of each week, and two regressions.

The design has one level for each part of the year and one slope in time, so the information matrix
is an arrow: each round of the iteration is a weighted line inside the parts (their own means, one
slope), and no matrix is solved. `tests/reference/slow_farrington.py` solves the matrix.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, prange

ROUNDS = 25  # and the tolerance below: as R's glm
TOLERANCE = 1e-8
LOWEST, HIGHEST = -30.0, 30.0  # of the logarithm of a fitted mean
# columns of a row of `judge_weeks`: of the fit with a trend its mean, dispersion, t and freedom; of
# the one without its mean and dispersion; the greatest count; weeks since the first one used
TREND, FLAT, GREATEST, SPAN, COLUMNS = 0, 4, 6, 7, 8


@njit(cache=True)
def season_blocks(now: Any, references: Any, half: Any, parts: Any, left_out: Any) -> Any:
    """int64[now + 1] the part of the year of each week, 0 where it is not used.

    `references`: this week and the same one of the years before, the latest first.
    """
    blocks = np.zeros(now + 1, np.int64)
    blocks[max(now - half, 0) : now + 1] = parts
    for back in range(len(references) - 1):
        later, week = references[back], references[back + 1]
        blocks[week - half : week + half + 1] = parts
        if parts == 1:
            continue
        between = later - 2 * half - 1 - week
        length, rest = between // (parts - 1), between % (parts - 1)
        at = week + half + 1
        for part in range(1, parts):
            size = length + (1 if part <= rest else 0)
            blocks[at : at + size] = part
            at += size
    blocks[max(0, now - left_out) : now + 1] = 0
    return blocks


@njit(cache=True)
def _fit_levels(y: Any, w: Any, block: Any, parts: Any, mu: Any, leverage: Any) -> Any:
    """The fit without a trend, exactly: each part has its own weighted mean. Fills mu, leverage."""
    weight, total = np.zeros(parts + 1), np.zeros(parts + 1)
    for i in range(len(y)):
        weight[block[i]] += w[i]
        total[block[i]] += w[i] * y[i]
    for i in range(len(y)):
        mu[i] = max(total[block[i]] / weight[block[i]], np.exp(LOWEST))
        leverage[i] = w[i] / weight[block[i]]
    return max(total[parts] / weight[parts], np.exp(LOWEST))


@njit(cache=True)
def _centre(values: Any, w: Any, mu: Any, block: Any, weight: Any, mean: Any) -> None:
    """Fills weight and mean of each part, by the working weights w mu."""
    weight[:], mean[:] = 0.0, 0.0
    for i in range(len(values)):
        work = w[i] * mu[i]
        weight[block[i]] += work
        mean[block[i]] += work * values[i]
    for part in range(len(weight)):
        if weight[part] > 0.0:
            mean[part] /= weight[part]


@njit(cache=True)
def _fit_trend(
    y: Any,
    log_y: Any,
    w: Any,
    block: Any,
    time: Any,
    parts: Any,
    start: Any,
    mu: Any,
    leverage: Any,
) -> Any:
    """The fit with a trend, from the means `start`: whether it came to an end, the level of this
    part of the year at time 0, the slope, and 1 / its variance at dispersion 1. Fills mu, leverage.
    """
    n = len(y)
    eta, z = np.log(start), np.empty(n)
    mu[:] = start
    weight, mean_t, mean_z = np.empty(parts + 1), np.empty(parts + 1), np.empty(parts + 1)
    before, slope, done = np.inf, 0.0, False
    for _ in range(ROUNDS):
        for i in range(n):
            z[i] = eta[i] + (y[i] - mu[i]) / mu[i]
        _centre(time, w, mu, block, weight, mean_t)
        _centre(z, w, mu, block, weight, mean_z)
        spread, across, deviance = 0.0, 0.0, 0.0
        for i in range(n):
            apart = w[i] * mu[i] * (time[i] - mean_t[block[i]])
            spread += apart * (time[i] - mean_t[block[i]])
            across += apart * z[i]
        if spread <= 0.0:
            break
        slope = across / spread
        for i in range(n):
            eta[i] = mean_z[block[i]] + slope * (time[i] - mean_t[block[i]])
            eta[i] = min(max(eta[i], LOWEST), HIGHEST)
            mu[i] = np.exp(eta[i])
            deviance += 2.0 * w[i] * (y[i] * (log_y[i] - eta[i]) - y[i] + mu[i])
        if abs(deviance - before) / (abs(deviance) + 0.1) < TOLERANCE:
            done = True
            break
        before = deviance
    level = mean_z[parts] - slope * mean_t[parts]
    _centre(time, w, mu, block, weight, mean_t)
    spread = 0.0
    for i in range(n):
        spread += w[i] * mu[i] * (time[i] - mean_t[block[i]]) ** 2
    done = done and spread > 0.0
    for i in range(n if done else 0):
        apart = time[i] - mean_t[block[i]]
        leverage[i] = w[i] * mu[i] * (1.0 / weight[block[i]] + apart * apart / spread)
    return done, level, slope, spread


@njit(cache=True)
def _dispersion(y: Any, w: Any, mu: Any, freedom: Any) -> Any:
    total = 0.0
    for i in range(len(y)):
        total += w[i] * (y[i] - mu[i]) ** 2 / mu[i]
    return total / freedom


@njit(cache=True)
def weigh_outbreaks(residuals: Any, most: Any) -> None:
    """Residuals become weights: those above `most` count less, the sum is their number."""
    total = 0.0
    for i in range(len(residuals)):
        residuals[i] = residuals[i] ** -2.0 if residuals[i] > most else 1.0
        total += residuals[i]
    residuals *= len(residuals) / total


@njit(cache=True)
def _lower_outbreaks(y: Any, mu: Any, leverage: Any, phi: Any, most: Any, w: Any) -> None:
    """Fills w with the weights of weeks by their Anscombe residuals."""
    for i in range(len(y)):
        w[i] = 1.5 * (np.cbrt(y[i]) ** 2 * mu[i] ** (-1 / 6) - np.sqrt(mu[i]))
        w[i] /= np.sqrt(max(phi, 1.0) * max(1.0 - leverage[i], 1e-12))
    weigh_outbreaks(w, most)


@njit(cache=True)
def _both_fits(
    y: Any, time: Any, block: Any, parts: Any, freedom: Any, most: Any, row: Any
) -> None:
    n = len(y)
    w, mu, leverage = np.ones(n), np.empty(n), np.empty(n)
    _fit_levels(y, w, block, parts, mu, leverage)
    _lower_outbreaks(y, mu, leverage, _dispersion(y, w, mu, freedom), most, w)
    row[FLAT] = _fit_levels(y, w, block, parts, mu, leverage)
    row[FLAT + 1] = _dispersion(y, w, mu, freedom)
    freedom -= 1
    if freedom == 0:
        return
    log_y = np.log(np.maximum(y, 1e-300))
    w[:] = 1.0
    found = _fit_trend(y, log_y, w, block, time, parts, y + 0.1, mu, leverage)
    if not found[0]:
        return
    _lower_outbreaks(y, mu, leverage, _dispersion(y, w, mu, freedom), most, w)
    found = _fit_trend(y, log_y, w, block, time, parts, mu.copy(), mu, leverage)
    if not found[0]:
        return
    _, level, slope, spread = found
    phi = _dispersion(y, w, mu, freedom)
    row[TREND] = np.exp(level + slope * row[SPAN])
    row[TREND + 1] = phi
    row[TREND + 2] = slope / np.sqrt(max(phi, 1e-12) / spread)
    row[TREND + 3] = freedom


@njit(cache=True)
def _judge(counts: Any, blocks: Any, now: Any, parts: Any, most: Any, row: Any) -> None:
    """Fills the row of one week of one series; NaN where there is no such fit."""
    row[:] = np.nan
    n = 0
    for week in range(now + 1):
        if blocks[week] > 0 and np.isfinite(counts[week]):
            n += 1
    if n < 3 * parts:
        return
    y, time, block = np.empty(n), np.empty(n), np.empty(n, np.int64)
    seen = np.zeros(parts + 1, np.int64)
    first, at = -1, 0
    for week in range(now + 1):
        if blocks[week] > 0 and np.isfinite(counts[week]):
            first = week if first < 0 else first
            y[at], time[at], block[at] = counts[week], week - first, blocks[week]
            seen[blocks[week]] = 1
            at += 1
    row[GREATEST], row[SPAN] = y.max(), now - first
    freedom = n - seen.sum()
    if row[GREATEST] > 0.0 and seen[parts] > 0 and freedom > 0:
        _both_fits(y, time, block, parts, freedom, most, row)


@njit(cache=True, parallel=True)
def judge_weeks(counts: Any, nows: Any, blocks: Any, parts: Any, most: Any) -> Any:
    """float64[series, weeks, COLUMNS] both fits of each week `nows` of each of counts[series, :].

    blocks[w, week]: the part of the year of each week up to nows[w], from `season_blocks`.
    """
    found = np.empty((len(counts), len(nows), COLUMNS))
    for job in prange(len(counts) * len(nows)):
        series, at = job // len(nows), job % len(nows)
        _judge(counts[series], blocks[at], nows[at], parts, most, found[series, at])
    return found
