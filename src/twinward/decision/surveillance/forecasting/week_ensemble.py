"""The ensemble of weekly forecasts: two damped, two pooled; combined, calibrated, sorted.

Growth is believed as far as the series shows that its changes last; a steady series with scatter
is forecast near the mean of its last weeks.

Combined on the root scale by fixed weights; the width is tracked by how often past forecasts held
(conformal control, Angelopoulos, Candes, Tibshirani 2023, arXiv 2307.16895).
"""

from __future__ import annotations

import msgspec
import numpy as np

from twinward.decision.surveillance.arrays import Floats
from twinward.decision.surveillance.forecasting.pooled_lines import HORIZONS, pooled_middles
from twinward.decision.surveillance.forecasting.score import LEVELS
from twinward.decision.surveillance.forecasting.week_rules import (
    MIDDLE,
    damped_middles,
    own_spread,
    root_table,
)

PARTS = ("shorter", "damped", "simulated", "public")
# chosen on influenza admissions and German admissions (docs): weights that follow each part's past
# score were tried there and were worse than these, whatever their memory
WEIGHTS = (0.15, 0.15, 0.35, 0.35)
SHORTER = 0.25  # damping a week of the first part
# chosen on simulated epidemics in their first weeks: with the damped rule's own start 90 % held .80
FIRST_SD, FIRST_WEIGHT = 0.42, 4.0
FEWEST_SCORED = 5
WIDTH = (0.7, 1.8)
GAIN = 0.05  # how far a miss moves the width
TARGET = 0.9
STEPS, PRIOR_STEPS, SCATTER, LEAST_SCATTER = 26, 4.0, 0.5, 0.15
SETTLED = 6  # weeks whose mean a steady series is taken to return to


class WeekForecast(msgspec.Struct, frozen=True, kw_only=True):
    """quantiles: float64[weeks, 23]; weights of the parts and widths by week ahead."""

    quantiles: Floats
    weights: Floats  # float64[parts]
    width: Floats  # float64[weeks]


def forecast_weeks(
    counts: Floats, weeks: int, population: float | None = None, growth: Floats | None = None
) -> WeekForecast:
    """Forecast of the weeks after the last, from 2 known weeks on; NaN weeks are filled in.

    growth: float64[weeks] of log1p counts at the end of each week, where its days tell of it
    """
    filled = fill_weeks(counts)
    if growth is not None:
        known = np.flatnonzero(np.isfinite(counts))
        growth = growth[known[0] : known[-1] + 1] if len(known) else None
    weights = np.array(WEIGHTS)
    combined = np.tensordot(weights, _all_parts(filled, growth), axes=1)
    width = _track(combined, filled)
    final = _widen(combined[-1], width)
    if weeks > HORIZONS:
        final, width = _carry_on(final, width, weeks)
    table = np.maximum(np.maximum(final[:weeks], 0.0) ** 4 - 1, 0.0)
    if population is not None:
        table = np.minimum(table, population)
    return WeekForecast(quantiles=np.sort(table, axis=1), weights=weights, width=width[:weeks])


def fill_weeks(counts: Floats) -> Floats:
    """The series from its first known week; unknown weeks inside lie between their neighbours."""
    known = np.flatnonzero(np.isfinite(counts))
    if not len(known):
        return np.zeros(1)
    inside = counts[known[0] : known[-1] + 1]
    at = np.arange(len(inside))
    finite = np.isfinite(inside)
    return np.asarray(np.interp(at, at[finite], inside[finite]))


def _all_parts(counts: Floats, growth: Floats | None) -> Floats:
    """float64[parts, weeks, HORIZONS, 23] on the root scale, made at each week from those to it."""
    steady, level = steadiness(counts)[:, None], settled_level(counts)[:, None]
    grown = [
        damped_middles(counts, HORIZONS, SHORTER, growth),
        damped_middles(counts, HORIZONS, growth=growth),
        pooled_middles(counts, "simulated", growth),
        pooled_middles(counts, "public", growth),
    ]
    middles = [one + steady * (level - one) for one in grown]
    return np.stack(
        [root_table(one, own_spread(counts, one, FIRST_SD, FIRST_WEIGHT)) for one in middles]
    )


def steadiness(counts: Floats) -> Floats:
    """float64[weeks] how far the changes up to each week are scatter about a level, 0 to 1, by what
    was known then.

    Scatter is undone in the next week: steps of independent counts have an autocorrelation of -1/2
    (a moving average of order one), those of an epidemic one above 0. Steps are of square roots,
    on which scatter is alike for few and many; the autocorrelation of the last STEPS is drawn
    towards 0 by PRIOR_STEPS, and counts from LEAST_SCATTER on.
    """
    root = np.sqrt(np.maximum(counts, 0.0))
    step = np.diff(root, prepend=root[0])
    together = step * np.concatenate([[0.0], step[:-1]])
    squares = step**2

    def last_sums(values: Floats) -> Floats:
        total = np.cumsum(values)
        return np.asarray(
            total - np.concatenate([np.zeros(min(STEPS, len(total))), total[:-STEPS]])
        )

    number = np.minimum(np.arange(len(counts)), STEPS)
    all_squares = np.maximum(last_sums(squares), 1e-12)
    correlation = last_sums(together) / all_squares * number / (number + PRIOR_STEPS)
    share = (-correlation - LEAST_SCATTER) / (SCATTER - LEAST_SCATTER)
    return np.asarray(np.clip(share, 0.0, 1.0))


def settled_level(counts: Floats) -> Floats:
    """float64[weeks] mean log1p of each week and the ones before it, SETTLED at most."""
    level = np.log1p(np.maximum(counts, 0.0))
    total = np.concatenate([[0.0], np.cumsum(level)])
    first = np.maximum(np.arange(1, len(level) + 1) - SETTLED, 0)
    return np.asarray((total[1:] - total[first]) / (np.arange(1, len(level) + 1) - first))


def _track(tables: Floats, counts: Floats) -> Floats:
    """float64[HORIZONS] width factors: a miss widens more than a hit narrows."""
    width = np.ones(HORIZONS)
    low, high = LEVELS.index(0.05), LEVELS.index(0.95)
    for now in range(len(counts) - 1):
        came = (counts[now + 1] + 1) ** 0.25
        for h in range(min(HORIZONS, now - FEWEST_SCORED + 1)):
            row = tables[now - h, h]
            below, above = row[MIDDLE] + (row[[low, high]] - row[MIDDLE]) * width[h]
            missed = float(not below <= came <= above)
            width[h] *= np.exp(GAIN * (missed - (1 - TARGET)))
            width[h] = min(max(width[h], WIDTH[0]), WIDTH[1])
    return width


def _widen(table: Floats, width: Floats) -> Floats:
    middle = table[:, MIDDLE : MIDDLE + 1]
    return np.asarray(middle + (table - middle) * width[: len(table), None])


def _carry_on(table: Floats, width: Floats, weeks: int) -> tuple[Floats, Floats]:
    """Weeks beyond the trained ones: the last median, wider with the root of time."""
    rows = [*table]
    middle = table[-1, MIDDLE]
    for week in range(HORIZONS + 1, weeks + 1):
        rows.append(middle + (table[-1] - middle) * np.sqrt(week / HORIZONS))
    return np.array(rows), np.concatenate([width, np.full(weeks - HORIZONS, width[-1])])
