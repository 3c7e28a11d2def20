"""Farrington's detector in the flexible form of Noufaily et al. 2013, Stat Med 32:1206.

For each week a quasi-Poisson regression on the years before: a trend, and one level for each of
`no_periods` parts of the year, whose edges lie around the same week of each year. Past outbreaks
weigh less (Anscombe residuals above 2.58), the last 26 weeks are left out, and the threshold is a
quantile of the negative binomial with the fitted mean and dispersion. The settings and the edges
of the season blocks are those of the reference implementation, so that its thresholds come out.
"""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import numpy as np
from scipy.special import stdtr
from scipy.stats import nbinom, poisson

from twinward.decision.surveillance.aberration import kernels
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
    weeks = np.flatnonzero(np.isfinite(counts))
    weeks, expected, threshold = judge_many(first, counts[None], weeks, settings)
    judged = np.isfinite(threshold[0])
    places, expected, threshold = weeks[judged], expected[0, judged], threshold[0, judged]
    recent = np.array([_recent(counts, now, settings.limit_weeks) for now in places])
    alarm = (counts[places] > threshold) & (recent >= settings.limit_cases)
    return Thresholds(
        places=places,
        expected=expected,
        threshold=threshold,
        alarm=alarm.astype(np.int64),
        wanted=52 * FEWEST_YEARS + settings.half_window + 1,
    )


def judge_many(
    first: date, counts: Floats, weeks: Ints, settings: FarringtonSettings = SETTINGS
) -> tuple[Ints, Floats, Floats]:
    """Those of `weeks` with enough years behind them; expected and threshold of each series then.

    counts: float64[series, weeks] with one calendar; the answers float64[series, judged weeks],
    NaN where a series has too little.
    """
    nows, blocks = _calendar(first, weeks, counts.shape[1], settings)
    rows = kernels.judge_weeks(
        np.ascontiguousarray(counts, dtype=np.float64),
        nows,
        blocks,
        settings.no_periods,
        settings.weights_threshold,
    )
    trend, flat = rows[..., kernels.TREND], rows[..., kernels.FLAT]
    p_value = 2 * stdtr(rows[..., kernels.TREND + 3], -np.abs(rows[..., kernels.TREND + 2]))
    use_trend = (
        (rows[..., kernels.SPAN] >= 52 * YEARS_FOR_TREND)
        & (trend <= rows[..., kernels.GREATEST])
        & (p_value < settings.trend_p_threshold + 1e-12)
    )
    expected = np.where(use_trend, trend, flat)
    phi = np.where(use_trend, rows[..., kernels.TREND + 1], rows[..., kernels.FLAT + 1])
    expected = np.where(rows[..., kernels.GREATEST] == 0.0, 0.0, expected)
    return nows, expected, thresholds_nb(expected, phi, settings.alpha)


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
    found: Ints = kernels.season_blocks(
        now,
        np.array(references, dtype=np.int64),
        settings.half_window,
        settings.no_periods,
        settings.past_weeks_not_included,
    )
    return found


def thresholds_nb(mean: Floats, phi: Floats, alpha: float) -> Floats:
    """The counts that negative binomials of these means and dispersions exceed with `alpha`."""
    found = np.where(mean > 0, np.nan, np.where(np.isfinite(mean), 0.0, np.nan))
    plain, wide = (mean > 0) & (phi <= 1), (mean > 0) & (phi > 1)
    found[plain] = poisson.ppf(1 - alpha, mean[plain])
    found[wide] = nbinom.ppf(1 - alpha, mean[wide] / (phi[wide] - 1), 1 / phi[wide])
    return np.asarray(found)


def _calendar(
    first: date, weeks: Ints, length: int, settings: FarringtonSettings
) -> tuple[Ints, Ints]:
    """The weeks with more than FEWEST_YEARS behind them, and the parts of the year before each."""
    nows, rows = [], []
    for now in weeks.tolist():
        references = reference_weeks(first, now, settings.years_back)
        references = [week for week in references if week >= settings.half_window]
        if len(references) > FEWEST_YEARS:
            blocks = season_blocks(now, references, settings)
            nows.append(now)
            rows.append(np.pad(blocks, (0, length - now - 1)))
    return np.array(nows, dtype=np.int64), np.array(rows, dtype=np.int64).reshape(-1, length)


def _recent(counts: Floats, now: int, weeks: int) -> float:
    return float(np.nansum(counts[max(0, now - weeks + 1) : now + 1]))
