"""Forecasts of daily counts: the weekly ensemble, laid through the days with weekday and noise.

Weeks that end on the last known day are forecast as in `week_ensemble`; between the middles of the
weeks the level moves evenly on the root scale; each day has the share its weekday had, and the
scatter that days had around their week.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from twinward.decision.surveillance.arrays import Floats
from twinward.decision.surveillance.forecasting.model import weekday_factors
from twinward.decision.surveillance.forecasting.score import LEVELS
from twinward.decision.surveillance.forecasting.week_ensemble import forecast_weeks
from twinward.decision.surveillance.forecasting.week_rules import MIDDLE

WEEKDAY_D = 84  # days from which the weekday is learnt
SCATTER_D = 42
FEWEST_IN_WEEK = 4  # known days from which a week is scaled up
PRIOR_SCATTER, PRIOR_DAYS = 0.04, 10.0  # relative variance of a day, and what it weighs
Z = ndtri(np.array(LEVELS))


def forecast_days(counts: Floats, days: int, population: float | None = None) -> Floats:
    """float64[days, 23] quantiles of the days after the last entry of `counts`.

    counts: float64[days], NaN unknown; the last entry is the day before the first forecast
    """
    recent = counts[-WEEKDAY_D:]
    weekday = np.roll(weekday_factors(recent), len(counts) - len(recent))
    factor = weekday[np.arange(len(counts)) % 7]
    level = counts / factor
    weekly = sum_last_weeks(level)
    weeks = -(-(days + 3) // 7)
    found = forecast_weeks(weekly, weeks)
    table = _through_days(weekly, found.quantiles, days)
    table = _add_scatter(table, level)
    ahead = weekday[(len(counts) + np.arange(days)) % 7]
    table = table * ahead[:, None]
    if population is not None:
        table = np.minimum(table, population)
    return np.asarray(np.sort(table, axis=1))


def sum_last_weeks(counts: Floats) -> Floats:
    """Sums of the weeks that end on the last day; NaN where most days of a week are unknown."""
    weeks = len(counts) // 7
    if weeks == 0:
        known = counts[np.isfinite(counts)]
        return np.array([7 * known.mean() if len(known) else 0.0])
    table = counts[len(counts) - 7 * weeks :].reshape(weeks, 7)
    known = np.isfinite(table)
    total = np.where(known, table, 0.0).sum(axis=1)
    number = known.sum(axis=1)
    sums = np.where(number >= FEWEST_IN_WEEK, total * 7 / np.maximum(number, 1), np.nan)
    if not np.isfinite(sums[-1]):
        sums[-1] = sums[np.isfinite(sums)][-1] if np.isfinite(sums).any() else 0.0
    return np.asarray(sums)


def _through_days(weekly: Floats, table: Floats, days: int) -> Floats:
    """Daily rates from weekly quantiles: roots lie straight between the middles of weeks."""
    start = np.full(len(LEVELS), float(weekly[np.isfinite(weekly)][-1]))
    roots = (np.vstack([start, table]) / 7.0) ** 0.25
    middles = np.concatenate([[-3.0], 7.0 * np.arange(1, len(table) + 1) - 3.0])
    ahead = np.arange(1, days + 1)
    columns = [np.interp(ahead, middles, column) for column in roots.T]
    return np.asarray(np.stack(columns, axis=1) ** 4)


def _add_scatter(table: Floats, level: Floats) -> Floats:
    """The scatter of days around their week, added to the width of the level."""
    relative = scatter_of_days(level)
    root = np.maximum(table, 0.0) ** 0.25
    middle = root[:, MIDDLE : MIDDLE + 1]
    rate = np.maximum(middle**4, 0.05)
    noise = Z * middle.clip(0.3) / 4 * np.sqrt(relative + 1.0 / rate)
    wide = np.sign(Z) * np.hypot(root - middle, noise)
    return np.asarray(np.maximum(middle + wide, 0.0) ** 4)


def scatter_of_days(level: Floats) -> float:
    """Relative variance of days around the mean of their week, beyond that of Poisson counts."""
    recent = level[-SCATTER_D:]
    total, number = PRIOR_SCATTER * PRIOR_DAYS, PRIOR_DAYS
    for day in range(3, len(recent) - 3):
        week = recent[day - 3 : day + 4]
        mean = float(np.mean(week))
        if np.isfinite(mean) and mean > 1:
            gap = (recent[day] - mean) ** 2 * 7 / 6 - mean
            total += float(np.clip(gap / mean**2, -0.5, 1.0))
            number += 1
    return max(total / number, 0.002)
