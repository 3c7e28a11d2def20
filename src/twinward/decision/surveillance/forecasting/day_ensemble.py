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
from twinward.decision.surveillance.forecasting.week_ensemble import fill_weeks, forecast_weeks
from twinward.decision.surveillance.forecasting.week_rules import (
    GROWTH_CAP,
    MIDDLE,
    weekly_growth,
)

WEEKDAY_D = 84  # days from which the weekday is learnt
SCATTER_D = 42
FEWEST_IN_WEEK = 4  # known days from which a week is scaled up
PRIOR_SCATTER, PRIOR_DAYS = 0.04, 10.0  # relative variance of a day, and what it weighs
# growth within the last days: days of the line, known ones it needs, and how far growth moves off
# that of whole weeks within half a week (standard deviation), against which its error is held
LINE_D, FEWEST_OF_LINE, TURNING_SD = 10, 7, 0.2
Z = ndtri(np.array(LEVELS))


def forecast_days(counts: Floats, days: int, population: float | None = None) -> Floats:
    """float64[days, 23] quantiles of the days after the last entry of `counts`.

    counts: float64[days], NaN unknown; the last entry is the day before the first forecast
    """
    level, weekday = without_weekdays(counts)
    weekly = sum_last_weeks(level)
    weeks = -(-(days + 3) // 7)
    found = forecast_weeks(weekly, weeks, growth=latest_growth(level, weekly))
    table = _through_days(weekly, found.quantiles, days)
    table = _add_scatter(table, level)
    ahead = weekday[(len(counts) + np.arange(days)) % 7]
    table = table * ahead[:, None]
    if population is not None:
        table = np.minimum(table, population)
    return np.asarray(np.sort(table, axis=1))


def forecast_weeks_of_days(counts: Floats, weeks: int, population: float | None = None) -> Floats:
    """float64[weeks, 23] quantiles of the sums of weeks after the last day of daily counts."""
    level, _ = without_weekdays(counts)
    weekly = sum_last_weeks(counts)
    growth = latest_growth(level, sum_last_weeks(level))
    return forecast_weeks(weekly, weeks, population, growth).quantiles


def without_weekdays(counts: Floats) -> tuple[Floats, Floats]:
    """The counts without the effect of the weekday, and float64[7] factors, the first of day 0."""
    recent = counts[-WEEKDAY_D:]
    weekday = np.roll(weekday_factors(recent), len(counts) - len(recent))
    return counts / weekday[np.arange(len(counts)) % 7], weekday


def latest_growth(level: Floats, weekly: Floats) -> Floats:
    """float64[weeks] growth a week of log1p counts at the end of each week.

    The ratio of two weeks tells of the growth at their border, half a week ago; a line through the
    last days tells of it later and less surely, and counts by the inverse of its variance.
    """
    growth = weekly_growth(fill_weeks(weekly))
    growth = np.pad(growth, (len(weekly) - len(growth), 0))
    ends = len(level) - 7 * np.arange(len(weekly) - 1, -1, -1)
    days = np.arange(LINE_D) - (LINE_D - 1)
    scatter = scatter_of_days(level)
    for week, end in enumerate(ends):
        if end < LINE_D:
            continue
        last = level[end - LINE_D : end]
        known = np.isfinite(last)
        if known.sum() < FEWEST_OF_LINE:
            continue
        apart = days[known] - days[known].mean()
        line = 7 * float(apart @ np.log1p(last[known]) / (apart @ apart))
        noise = 49 * (scatter + 1 / (1 + float(last[known].mean()))) / float(apart @ apart)
        weight = TURNING_SD**2 / (TURNING_SD**2 + noise)
        growth[week] += weight * (np.clip(line, -GROWTH_CAP, GROWTH_CAP) - growth[week])
    return np.asarray(growth)


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
