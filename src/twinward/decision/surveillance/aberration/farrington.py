"""Farrington's detector in the flexible form of Noufaily et al. 2013, Stat Med 32:1206.

For each week a quasi-Poisson regression on the years before: a trend, and one level for each of
`no_periods` parts of the year, whose edges lie around the same week of each year. Past outbreaks
weigh less (Anscombe residuals above 2.58), the last 26 weeks are left out, and the threshold is a
quantile of the negative binomial with the fitted mean and dispersion. The settings and the edges
of the season blocks are those of the reference implementation, so that its thresholds come out.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import msgspec
import numpy as np
from scipy.stats import nbinom, poisson

from twinward.decision.surveillance.aberration.quasi_poisson import PoissonFit, fit_quasi_poisson
from twinward.decision.surveillance.aberration.thresholds import Thresholds
from twinward.decision.surveillance.arrays import Floats, Ints


class FarringtonSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Names and defaults as in the paper."""

    years_back: int = 4
    half_window: int = 3
    no_periods: int = 10
    weights_threshold: float = 2.58
    past_weeks_not_included: int = 26
    trend_p_threshold: float = 1.0
    alpha: float = 0.01
    limit_cases: int = 5  # fewer cases than this …
    limit_weeks: int = 4  # … in so many weeks up to now are no alarm


SETTINGS = FarringtonSettings()
FEWEST_YEARS = 2
YEARS_FOR_TREND = 3  # of history, below which a trend is not fitted


def detect_farrington(
    first: date, counts: Floats, settings: FarringtonSettings = SETTINGS
) -> Thresholds:
    """Thresholds of weekly counts from the first week with FEWEST_YEARS behind it on.

    A week with fewer than `years_back` years behind it is judged by those there are.
    """
    rows: list[tuple[int, float, float]] = []
    for now in range(len(counts)):
        references = reference_weeks(first, now, settings.years_back)
        references = [week for week in references if week >= settings.half_window]
        if len(references) <= FEWEST_YEARS or not np.isfinite(counts[now]):
            continue
        blocks = season_blocks(now, references, settings)
        found = _threshold(counts, blocks, now, settings)
        if found is not None:
            rows.append((now, *found))
    table = np.array(rows, dtype=float).reshape(-1, 3)
    places = table[:, 0].astype(np.int64)
    recent = np.array([_recent(counts, now, settings.limit_weeks) for now in places])
    alarm = (counts[places] > table[:, 2]) & (recent >= settings.limit_cases)
    return Thresholds(
        places=places,
        expected=table[:, 1],
        threshold=table[:, 2],
        alarm=alarm.astype(np.int64),
        wanted=52 * FEWEST_YEARS + settings.half_window + 1,
    )


def reference_weeks(first: date, now: int, years_back: int) -> list[int]:
    """Places of this week and of the nearest week to the same date of each year before."""
    today = first + timedelta(days=7 * now)
    found = [now]
    for back in range(1, years_back + 1):
        try:
            then = today.replace(year=today.year - back)
        except ValueError:  # 29 February
            then = date(today.year - back, 3, 1)
        days = (then - first).days
        found.append(int(np.floor(days / 7 + 0.5)))
    return found


def season_blocks(now: int, references: list[int], settings: FarringtonSettings) -> Ints:
    """The part of the year of each week up to now; 0 where it is not used."""
    w, parts = settings.half_window, settings.no_periods
    blocks = np.zeros(now + 1, dtype=np.int64)
    blocks[now - w : now + 1] = parts
    for later, week in pairwise(references):
        blocks[week - w : week + w + 1] = parts
        if parts == 1:
            continue
        between = later - 2 * w - 1 - week
        length, rest = divmod(between, parts - 1)
        at = week + w + 1
        for part in range(1, parts):
            size = length + (part <= rest)
            blocks[at : at + size] = part
            at += size
    low = max(0, now - settings.past_weeks_not_included)
    blocks[low : now + 1] = 0
    return blocks


def threshold_nb(mean: float, phi: float, alpha: float) -> float:
    """The count that a negative binomial of this mean and dispersion exceeds with `alpha`."""
    if mean <= 0:
        return 0.0
    if phi <= 1:
        return float(poisson.ppf(1 - alpha, mean))
    return float(nbinom.ppf(1 - alpha, mean / (phi - 1), 1 / phi))


def anscombe_weights(residuals: Floats, threshold: float) -> Floats:
    """Weights of weeks: those with a residual above the threshold count less, the sum stays."""
    above = residuals > threshold
    plain = np.ones(len(residuals))
    plain[above] = residuals[above] ** -2.0
    return np.asarray(plain * len(residuals) / plain.sum())


def _threshold(
    counts: Floats, blocks: Ints, now: int, settings: FarringtonSettings
) -> tuple[float, float] | None:
    used = np.flatnonzero((blocks > 0) & np.isfinite(counts[: now + 1]))
    if len(used) < 3 * settings.no_periods:
        return None
    y = counts[used]
    if y.sum() == 0:
        return 0.0, 0.0
    time = (used - used[0]).astype(float)
    groups = [part for part in range(1, settings.no_periods) if (blocks[used] == part).any()]
    season = np.stack([np.ones(len(y)), *(blocks[used] == part for part in groups)], axis=1)
    now_row = np.zeros(season.shape[1])
    now_row[0] = 1.0
    with_trend = np.column_stack([season, time])
    fit = _reweighted(with_trend, y, settings)
    if fit is not None and (now - used[0]) >= 52 * YEARS_FOR_TREND:
        mean = float(np.exp(np.append(now_row, now - used[0]) @ fit.beta))
        if mean <= y.max() and fit.p_value(-1) < settings.trend_p_threshold + 1e-12:
            return mean, threshold_nb(mean, fit.phi, settings.alpha)
    fit = _reweighted(season, y, settings)
    if fit is None:
        return None
    mean = float(np.exp(now_row @ fit.beta))
    return mean, threshold_nb(mean, fit.phi, settings.alpha)


def _reweighted(x: Floats, y: Floats, settings: FarringtonSettings) -> PoissonFit | None:
    fit = fit_quasi_poisson(x, y, np.ones(len(y)))
    if fit is None:
        return None
    residuals = 1.5 * (y ** (2 / 3) * fit.mu ** (-1 / 6) - np.sqrt(fit.mu))
    residuals /= np.sqrt(fit.phi * np.maximum(1 - fit.leverage, 1e-12))
    return fit_quasi_poisson(x, y, anscombe_weights(residuals, settings.weights_threshold))


def _recent(counts: Floats, now: int, weeks: int) -> float:
    return float(np.nansum(counts[max(0, now - weeks + 1) : now + 1]))
