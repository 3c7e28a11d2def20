"""Three plain forecasts of a weekly series that a good one has to beat, or is made of.

All give float64[horizons, 23] quantiles at LEVELS from the counts up to now alone.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from twinward.core.chance import generator
from twinward.decision.surveillance.arrays import Floats
from twinward.decision.surveillance.forecasting.score import LEVELS

Z = ndtri(np.array(LEVELS))
DRAWS = 8_000
MIDDLE = LEVELS.index(0.5)
# the damped rule: growth halves each week; all constants as in the project's notes on baselines
DAMPING, GROWTH_CAP = 0.5, float(np.log(3.0))
START_SD, PRIOR_WEEKS, ERRORS = 0.30, 8.0, 26
FLAT_DIFFERENCES = 10


def hub_baseline(counts: Floats, horizons: int, seed: int = 1) -> Floats:
    """The FluSight baseline: the last count, wide by sums of past differences of both signs.

    Cramer et al. 2022, PNAS 119:e2113561119; the median is forced, the rest cut at 0.
    """
    known = counts[np.isfinite(counts)]
    steps = np.diff(known) if len(known) > 1 else np.zeros(1)
    both = np.concatenate([steps, -steps])
    chance = generator(seed, "forecast.hub_baseline")
    paths = np.cumsum(chance.choice(both, (DRAWS, horizons)), axis=1)
    table = known[-1] + np.quantile(paths, LEVELS, axis=0).T
    table += known[-1] - table[:, MIDDLE : MIDDLE + 1]
    return np.asarray(np.maximum(table, 0.0))


def weekly_growth(counts: Floats) -> Floats:
    """float64[weeks] growth of log1p from the week before; of the first 0."""
    level = np.log1p(np.maximum(counts, 0.0))
    return np.asarray(np.clip(np.diff(level, prepend=level[0]), -GROWTH_CAP, GROWTH_CAP))


def damped_middles(
    counts: Floats, horizons: int, damping: float = DAMPING, growth: Floats | None = None
) -> Floats:
    """float64[weeks, horizons] log1p medians after each week: its growth, damped each week.

    growth: float64[weeks] where more is known of it than the counts of weeks tell
    """
    level = np.log1p(np.maximum(counts, 0.0))
    growth = weekly_growth(counts) if growth is None else growth
    carried = np.cumsum(damping ** np.arange(1, horizons + 1))
    return np.asarray(level[:, None] + growth[:, None] * carried)


def own_spread(
    counts: Floats,
    middles: Floats,
    start_sd: float = START_SD,
    prior_weeks: float = PRIOR_WEEKS,
) -> Floats:
    """float64[weeks, horizons] deviation of log1p: past errors of the same medians, as known then.

    A start of `start_sd` for a week weighs as `prior_weeks` errors; the last ERRORS count.
    """
    level = np.log1p(np.maximum(counts, 0.0))
    weeks, horizons = middles.shape
    found = np.empty((weeks, horizons))
    for h in range(1, horizons + 1):
        start = start_sd * np.sqrt(h)
        squares = np.zeros(weeks)
        if weeks > h + 1:
            errors = level[h + 1 :] - middles[1 : weeks - h, h - 1]
            squares[h + 1 :] = np.clip(errors, -3 * start, 3 * start) ** 2
        total = np.cumsum(squares)
        last = total - np.concatenate([np.zeros(min(ERRORS, weeks)), total[:-ERRORS]])
        number = np.clip(np.arange(weeks) - h, 0, ERRORS)
        sd = np.sqrt((prior_weeks * start**2 + last) / (prior_weeks + number))
        found[:, h - 1] = np.minimum(sd, 2 * start)
    return found


def root_table(middles: Floats, spread: Floats) -> Floats:
    """float64[..., 23] quantiles on the fourth-root scale of 1 + count."""
    return np.asarray(np.exp(middles / 4)[..., None] * (1 + Z * spread[..., None] / 4))


def damped_root(counts: Floats, horizons: int, damping: float = DAMPING) -> Floats:
    """Growth of the last week, halved each week; fourth-root scale, wide by its own errors."""
    middles = damped_middles(counts, horizons, damping)
    spread = own_spread(counts, middles)
    return np.asarray(
        np.maximum(np.maximum(root_table(middles[-1], spread[-1]), 0.0) ** 4 - 1, 0.0)
    )


def flat_root(counts: Floats, horizons: int) -> Floats:
    """The last count, wide by the last differences on the fourth-root scale."""
    root = (np.maximum(counts, 0.0) + 1) ** 0.25
    steps = np.diff(root)[-FLAT_DIFFERENCES:]
    prior = (0.075 * root[-1]) ** 2
    sd = np.sqrt((float((steps**2).sum()) + 4 * prior) / (len(steps) + 4))
    spread = sd * np.sqrt(np.arange(1, horizons + 1))[:, None]
    return np.asarray(np.maximum(np.maximum(root[-1] + Z * spread, 0.0) ** 4 - 1, 0.0))
