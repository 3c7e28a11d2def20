"""The renewal model: incidence from past incidence and a drifting reproduction number, seen through noisy reports.

log R drifts as an autoregression towards 0, faster from above than from below: growth meets measures and caution sooner
than decline ends. A particle
filter follows each of many parameter sets, spread evenly over their priors by a Sobol sequence; the sets are weighted
by how well they predicted each next day. Cori et al. 2013, Am J Epidemiol 178:1505, for the renewal equation; Gordon,
Salmond, Smith 1993 for the filter.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln
from scipy.stats import qmc

from twinward.core.chance import generator, stream

SETS, PARTICLES = 128, 160  # parameter sets, and particles of each
WINDOW_D = 21  # past days that can still cause infections
FITTED_D = 84  # days before the forecast that are followed; older ones say little about now
OUTLIER = 0.01  # share of reports that follow no model
RESTARTED = 0.02  # share of particles that each day follow the count alone, against jumps
TRAJECTORIES = 8_000

# name: (lowest, highest, on a logarithmic scale); assumptions, wide enough for acute infections
PRIORS: dict[str, tuple[float, float, bool]] = {
    "drift_sd": (0.02, 0.20, True),  # of log R in a day
    "growth_half_life_d": (3.0, 10.0, True),  # in which log R above 0 halves when left alone
    "dispersion_k": (2.0, 300.0, True),  # of the negative binomial counts
    "generation_mean_d": (2.5, 7.0, False),
    "decline_half_life_d": (10.0, 60.0, True),  # in which log R below 0 halves
}


class Fit(msgspec.Struct, frozen=True, kw_only=True):
    """Weighted parameter sets and their particles at the last observed day. M sets, P particles, W past days."""

    parameters: NDArray[Any]  # float64[M, 5], columns as PRIORS
    weights: NDArray[Any]  # float64[M], summing to 1
    log_r: NDArray[Any]  # float64[M, P]
    past: NDArray[Any]  # float64[M, P, W] incidence, the newest last
    serial: NDArray[Any]  # float64[M, W] generation time, the longest first
    susceptible: NDArray[Any]  # float64[M, P] share left
    weekday: NDArray[Any]  # float64[7] reporting by day of week, day 0 is the first observed


def fit_renewal(counts: NDArray[Any], population: float | None, seed: int) -> Fit:
    """Fits daily counts (NaN for missing days); the last entry is the day before the first predicted one."""
    chance = generator(seed, "forecast.fit")
    skipped = max(0, len(counts) - FITTED_D)
    series = counts[skipped:]
    weekday = np.roll(weekday_factors(series), skipped)  # position k: k-th day of `counts` modulo 7
    parameters = _draw_parameters(seed)
    serial = np.stack([_generation(mean) for mean in parameters[:, 3]])
    level, trend = _start(series)
    past = level * np.exp(trend * np.arange(-WINDOW_D + 1, 1)) * chance.lognormal(0, 0.3, (SETS, PARTICLES, 1))
    log_r = chance.normal(trend * parameters[:, 3:4], 0.3, (SETS, PARTICLES))
    susceptible = np.ones((SETS, PARTICLES))
    evidence = np.zeros(SETS)
    for day, count in enumerate(series):
        log_r, fresh, susceptible = step(log_r, past, serial, susceptible, parameters, population, chance)
        past = np.concatenate([past[:, :, 1:], fresh[:, :, None]], axis=2)
        if np.isfinite(count):
            factor = weekday[(skipped + day) % 7]
            log_r, past, fresh = _begin_anew(count / factor, log_r, past, fresh, chance)
            expected = fresh * factor
            log_weight = _log_likelihood(count, expected, parameters[:, 2:3])
            top = log_weight.max(axis=1, keepdims=True)
            weight = np.exp(log_weight - top)
            evidence += np.log(weight.mean(axis=1)) + top[:, 0]
            chosen = _resample(weight, chance)
            log_r, susceptible = (np.take_along_axis(x, chosen, axis=1) for x in (log_r, susceptible))
            past = np.take_along_axis(past, chosen[:, :, None], axis=1)
    return Fit(
        parameters=parameters, weights=_temper(evidence), log_r=log_r, past=past, serial=serial,
        susceptible=susceptible, weekday=weekday,
    )  # fmt: skip


def predict(fit: Fit, observed_days: int, days: int, population: float | None, seed: int) -> NDArray[Any]:
    """float64[TRAJECTORIES, days] possible counts after the last observed day."""
    chance = generator(seed, "forecast.predict")
    m = chance.choice(len(fit.weights), TRAJECTORIES, p=fit.weights)
    p = chance.integers(0, fit.log_r.shape[1], TRAJECTORIES)
    log_r, past = fit.log_r[m, p][:, None], fit.past[m, p][:, None, :]
    susceptible, parameters, serial = fit.susceptible[m, p][:, None], fit.parameters[m], fit.serial[m]
    counts = np.empty((TRAJECTORIES, days))
    for day in range(days):
        log_r, fresh, susceptible = step(log_r, past, serial, susceptible, parameters, population, chance)
        past = np.concatenate([past[:, :, 1:], fresh[:, :, None]], axis=2)
        expected = fresh[:, 0] * fit.weekday[(observed_days + day) % 7]
        k = parameters[:, 2]
        counts[:, day] = chance.poisson(np.minimum(chance.gamma(k, expected / k), 1e15))
    return counts


def step(log_r: NDArray[Any], past: NDArray[Any], serial: NDArray[Any], susceptible: NDArray[Any],
         parameters: NDArray[Any], population: float | None,
         chance: np.random.Generator) -> tuple[NDArray[Any], ...]:  # fmt: skip
    """One day on: (log R, incidence, share still susceptible)."""
    memory = np.where(log_r > 0, 0.5 ** (1.0 / parameters[:, 1:2]), 0.5 ** (1.0 / parameters[:, 4:5]))
    log_r = memory * log_r + parameters[:, 0:1] * chance.standard_normal(log_r.shape)
    pressure = np.einsum("mpw,mw->mp", past, serial)
    fresh = np.clip(np.exp(np.clip(log_r, -4, 3)) * susceptible * pressure, 1e-3, 1e12)
    if population:
        fresh = np.maximum(np.minimum(fresh, susceptible * population), 1e-3)
        susceptible = np.maximum(susceptible - fresh / population, 0.0)
    return log_r, fresh, susceptible


def _begin_anew(level: float, log_r: NDArray[Any], past: NDArray[Any], fresh: NDArray[Any],
                chance: np.random.Generator) -> tuple[NDArray[Any], ...]:  # fmt: skip
    """Puts the last few particles at today's level, so that a jump (imports, a new way of counting) is not missed."""
    few = max(1, int(RESTARTED * log_r.shape[1]))
    shape = (len(log_r), few, 1)
    flat = max(level, 0.3) * chance.lognormal(0.0, 0.4, shape) * np.ones(past.shape[2])
    log_r, past, fresh = log_r.copy(), past.copy(), fresh.copy()
    log_r[:, -few:] = chance.normal(0.0, 0.4, shape[:2])
    past[:, -few:], fresh[:, -few:] = flat, flat[:, :, -1]
    return log_r, past, fresh


def weekday_factors(counts: NDArray[Any]) -> NDArray[Any]:
    """float64[7] reporting of each day of the week relative to the mean, shrunk to 1 where the data are thin.

    Position 0 is the weekday of counts[0]. Shrinkage after James and Stein 1961: by the noise of the estimates.
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


def _draw_parameters(seed: int) -> NDArray[Any]:
    even = qmc.Sobol(len(PRIORS), rng=int(stream(seed, "forecast.parameters"))).random(SETS)
    columns = []
    for column, (low, high, logarithmic) in zip(even.T, PRIORS.values(), strict=True):
        columns.append(low * (high / low) ** column if logarithmic else low + (high - low) * column)
    return np.stack(columns, axis=1)


def _generation(mean_d: float) -> NDArray[Any]:
    """Gamma with half the mean as standard deviation, by whole days from 1 to WINDOW_D, the longest first."""
    shape, scale = 4.0, mean_d / 4.0
    days = np.arange(1, WINDOW_D + 1)
    density = (shape - 1) * np.log(days) - days / scale
    weight = np.exp(density - density.max())
    return np.asarray((weight / weight.sum())[::-1])


def _start(series: NDArray[Any]) -> tuple[float, float]:
    """Incidence and daily growth at the beginning of a series."""
    known = series[np.isfinite(series)]
    early = known[: min(7, len(known))]
    level = max(float(early[: max(1, len(early) // 2)].mean()), 0.3)
    later = max(float(early[len(early) // 2 :].mean()), 0.3)
    return level, float(np.clip(np.log(later / level) / max(1.0, len(early) / 2), -0.3, 0.3))


def _log_likelihood(count: float, expected: NDArray[Any], k: NDArray[Any]) -> NDArray[Any]:
    """Negative binomial with a small share of reports that may be anything up to ten times the count."""
    total = gammaln(count + k) - gammaln(k) - gammaln(count + 1)
    total = total + k * np.log(k / (k + expected)) + count * np.log(expected / (k + expected))
    return np.asarray(np.logaddexp(np.log(1 - OUTLIER) + total, np.log(OUTLIER / (10 * count + 10))))


def _resample(weight: NDArray[Any], chance: np.random.Generator) -> NDArray[Any]:
    """Systematic resampling in each row."""
    total = np.cumsum(weight, axis=1)
    total /= total[:, -1:]
    rows, particles = weight.shape
    places = (chance.random((rows, 1)) + np.arange(particles)) / particles
    offset = np.arange(rows)[:, None]
    found = np.searchsorted((total + offset).ravel(), (places + offset).ravel(), side="left").reshape(rows, particles)
    return np.asarray(np.minimum(found - offset * particles, particles - 1))


def _temper(evidence: NDArray[Any], least: float = 24.0) -> NDArray[Any]:
    """Weights of the sets. The evidence is noisy, so it is flattened until at least `least` sets count in effect."""
    power = 1.0
    while True:
        weight = np.exp(power * (evidence - evidence.max()))
        weight /= weight.sum()
        if 1.0 / (weight**2).sum() >= least or power < 1e-3:
            return np.asarray(weight)
        power *= 0.8
