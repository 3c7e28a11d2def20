"""The renewal model of daily counts: its priors, one day of it, and how likely a count is under it.

log R drifts as an autoregression towards 0, faster from above than from below: growth meets
measures and caution sooner than decline ends. Now and then R bends, more often down than up, as
when measures come. Cori et al. 2013, Am J Epidemiol 178:1505, for the renewal equation.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln
from scipy.stats import qmc

from twinward.core.chance import stream

WINDOW_D = 21  # past days that can still cause infections
OUTLIER = 0.01  # share of reports that follow no model
BEND_SHARE, BEND_MEAN, BEND_SD = 0.02, -0.3, 0.4  # of days on which log R bends, and by how much

# name: (lowest, highest, on a logarithmic scale); assumptions, wide enough for acute infections
PRIORS: dict[str, tuple[float, float, bool]] = {
    "drift_sd": (0.02, 0.20, True),  # of log R in a day
    "growth_half_life_d": (3.0, 12.0, True),  # in which log R above 0 halves when left alone
    "dispersion_k": (2.0, 300.0, True),  # of the negative binomial counts
    "generation_mean_d": (2.5, 7.0, False),
    "decline_half_life_d": (20.0, 120.0, True),  # in which log R below 0 halves
}
# of one incident among several: it grows on what others bring in, and its reports come in heaps
PART_PRIORS = PRIORS | {
    "drift_sd": (0.04, 0.30, True),
    "growth_half_life_d": (4.0, 24.0, True),
    "dispersion_k": (0.8, 300.0, True),
}


def even_points(seed: int, number: int, name: str) -> NDArray[Any]:
    """float64[number, 5] points spread evenly over the unit cube of the priors (Sobol)."""
    return np.asarray(qmc.Sobol(len(PRIORS), rng=int(stream(seed, name))).random(number))


def from_unit(
    points: NDArray[Any], priors: dict[str, tuple[float, float, bool]] = PRIORS
) -> NDArray[Any]:
    """Parameters, columns as PRIORS, of points in the unit cube."""
    columns = []
    for column, (low, high, logarithmic) in zip(points.T, priors.values(), strict=True):
        columns.append(low * (high / low) ** column if logarithmic else low + (high - low) * column)
    return np.stack(columns, axis=1)


def to_unit(parameters: NDArray[Any]) -> NDArray[Any]:
    """The points of the unit cube that `from_unit` turns into these parameters."""
    columns = []
    for column, (low, high, logarithmic) in zip(parameters.T, PRIORS.values(), strict=True):
        columns.append(
            np.log(column / low) / np.log(high / low)
            if logarithmic
            else (column - low) / (high - low)
        )
    return np.stack(columns, axis=1)


def step(
    log_r: NDArray[Any],
    past: NDArray[Any],
    serial: NDArray[Any],
    susceptible: NDArray[Any],
    parameters: NDArray[Any],
    population: float | None,
    chance: np.random.Generator,
) -> tuple[NDArray[Any], ...]:
    """One day on: (log R, incidence, share still susceptible)."""
    memory = np.where(
        log_r > 0, 0.5 ** (1.0 / parameters[:, 1:2]), 0.5 ** (1.0 / parameters[:, 4:5])
    )
    log_r = memory * log_r + parameters[:, 0:1] * chance.standard_normal(log_r.shape)
    bent = chance.random(log_r.shape) < BEND_SHARE
    log_r[bent] += chance.normal(BEND_MEAN, BEND_SD, int(bent.sum()))
    pressure = np.einsum("mpw,mw->mp", past, serial)
    fresh = np.clip(np.exp(np.clip(log_r, -4, 3)) * susceptible * pressure, 1e-3, 1e12)
    if population:
        fresh = np.maximum(np.minimum(fresh, susceptible * population), 1e-3)
        susceptible = np.maximum(susceptible - fresh / population, 0.0)
    return log_r, fresh, susceptible


def generation(mean_d: float) -> NDArray[Any]:
    """Gamma with half the mean as standard deviation, by whole days from 1 to WINDOW_D, the
    longest first.
    """
    shape, scale = 4.0, mean_d / 4.0
    days = np.arange(1, WINDOW_D + 1)
    density = (shape - 1) * np.log(days) - days / scale
    weight = np.exp(density - density.max())
    return np.asarray((weight / weight.sum())[::-1])


def log_likelihood(count: float, expected: NDArray[Any], k: NDArray[Any]) -> NDArray[Any]:
    """Negative binomial with a small share of reports that may be anything up to ten times the
    count.
    """
    total = gammaln(count + k) - gammaln(k) - gammaln(count + 1)
    total = total + k * np.log(k / (k + expected)) + count * np.log(expected / (k + expected))
    return np.asarray(
        np.logaddexp(np.log(1 - OUTLIER) + total, np.log(OUTLIER / (10 * count + 10)))
    )


def weekday_factors(counts: NDArray[Any]) -> NDArray[Any]:
    """float64[7] reporting of each day of the week relative to the mean, shrunk to 1 where the data
    are thin.

    Position 0 is the weekday of counts[0]. Shrinkage after James and Stein 1961: by the noise of
    the estimates.
    """
    if len(counts) < 21:
        return np.ones(7)
    filled = np.where(np.isfinite(counts), counts, np.nan)
    ratio = np.full(len(counts), np.nan)
    for day in range(3, len(counts) - 3):
        week = filled[day - 3 : day + 4]
        if np.isfinite(week).all() and week.sum() >= 14:
            ratio[day] = np.log((filled[day] + 0.5) / (week.mean() + 0.5))
    groups = [ratio[np.arange(len(ratio)) % 7 == k] for k in range(7)]
    groups = [group[np.isfinite(group)] for group in groups]
    if min(map(len, groups)) < 2:
        return np.ones(7)
    means = np.array([np.median(group) for group in groups])
    noise = np.mean([group.var(ddof=1) / len(group) for group in groups])
    spread = max(means.var(ddof=1), 1e-9)
    factors = np.exp(means * max(0.0, 1.0 - noise / spread))
    return np.asarray(factors / factors.mean())
