"""Follows the renewal model through a series by particle filter, for many parameter sets at once,
and predicts.

Sets spread evenly over the priors are weighted by how well they predicted each next day; `study`
searches instead. Gordon, Salmond, Smith 1993, IEE Proceedings F 140:107, for the filter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.chance import generator
from twinward.decision.surveillance.forecasting.model import (
    PART_PRIORS,
    PRIORS,
    WINDOW_D,
    even_points,
    from_unit,
    generation,
    log_likelihood,
    step,
    weekday_factors,
)

SETS, PARTICLES = 128, 160  # parameter sets, and particles of each
FITTED_D = 84  # days before the forecast that are followed; older ones say little about now
RESTARTED = 0.02  # share of particles that each day follow the count alone, against jumps
TRAJECTORIES = 8_000
LEAST_SHARE = 0.19  # of the prior that the posterior keeps at least, in effect

Watch = Callable[
    [int, NDArray[Any], NDArray[Any]], None
]  # day, expected counts before the report, log R after it


class RenewalFit(msgspec.Struct, frozen=True, kw_only=True):
    """Weighted parameter sets and their particles at the last observed day. M sets, P particles,
    W past days.
    """

    parameters: NDArray[Any]  # float64[M, 5], columns as PRIORS
    weights: NDArray[Any]  # float64[M], summing to 1
    log_r: NDArray[Any]  # float64[M, P]
    past: NDArray[Any]  # float64[M, P, W] incidence, the newest last
    serial: NDArray[Any]  # float64[M, W] generation time, the longest first
    susceptible: NDArray[Any]  # float64[M, P] share left
    weekday: NDArray[Any]  # float64[7] reporting by day of week, day 0 is the first observed
    evidence: NDArray[Any]  # float64[M] log-likelihood of the followed days


class Paths(msgspec.Struct, frozen=True, kw_only=True):
    """Possible futures, float64[N, days] each: counts as they would be reported, what was
    expected of them, log R.
    """

    counts: NDArray[Any]
    expected: NDArray[Any]
    log_r: NDArray[Any]


def fit_renewal(
    counts: NDArray[Any],
    population: float | None,
    seed: int,
    sets: int = SETS,
    particles: int = PARTICLES,
    serial: NDArray[Any] | None = None,
    part: bool = False,
) -> RenewalFit:
    """Fits daily counts (NaN for missing days) without a search; the first predicted day follows
    the last entry.

    serial: float64[WINDOW_D] the generation time of a known disease, the longest first; else it is
    fitted as well. part: the counts are those of one incident among several
    """
    parameters = from_unit(
        even_points(seed, sets, "forecast.parameters"), PART_PRIORS if part else PRIORS
    )
    fit = follow(
        counts, parameters, population, generator(seed, "forecast.fit"), particles, serial=serial
    )
    return msgspec.structs.replace(fit, weights=temper(fit.evidence))


def follow(
    counts: NDArray[Any],
    parameters: NDArray[Any],
    population: float | None,
    chance: np.random.Generator,
    particles: int = PARTICLES,
    watch: Watch | None = None,
    serial: NDArray[Any] | None = None,
) -> RenewalFit:
    """Every parameter set through the last FITTED_D days, all of equal weight; `watch` sees each
    followed day.
    """
    skipped = max(0, len(counts) - FITTED_D)
    series = counts[skipped:]
    weekday = np.roll(weekday_factors(series), skipped)  # position k: k-th day of `counts` modulo 7
    if serial is None:
        serial = np.stack([generation(mean) for mean in parameters[:, 3]])
    else:
        serial = np.broadcast_to(serial, (len(parameters), WINDOW_D))
    level, trend = _start(series)
    shape = (len(parameters), particles)
    past = (
        level * np.exp(trend * np.arange(-WINDOW_D + 1, 1)) * chance.lognormal(0, 0.3, (*shape, 1))
    )
    log_r = chance.normal(trend * parameters[:, 3:4], 0.3, shape)
    susceptible = np.ones(shape)
    evidence = np.zeros(len(parameters))
    spare = np.empty_like(past)  # the two take turns: a new array a day costs as much as the rest
    for day, count in enumerate(series, start=skipped):
        log_r, fresh, susceptible = step(
            log_r, past, serial, susceptible, parameters, population, chance
        )
        expected = fresh * weekday[day % 7]
        spare[:, :, :-1], spare[:, :, -1] = past[:, :, 1:], fresh
        past, spare = spare, past
        if np.isfinite(count):
            _begin_anew(count / weekday[day % 7], log_r, past, fresh, chance)
            log_weight = log_likelihood(count, fresh * weekday[day % 7], parameters[:, 2:3])
            top = log_weight.max(axis=1, keepdims=True)
            weight = np.exp(log_weight - top)
            evidence += np.log(weight.mean(axis=1)) + top[:, 0]
            chosen = _resample(weight, chance)
            log_r, susceptible = (
                np.take_along_axis(x, chosen, axis=1) for x in (log_r, susceptible)
            )
            _take_rows(past, chosen, spare)
            past, spare = spare, past
        if watch is not None:
            watch(day, expected, log_r)
    return RenewalFit(
        parameters=parameters,
        weights=np.full(len(parameters), 1.0 / len(parameters)),
        log_r=log_r,
        past=past,
        serial=serial,
        susceptible=susceptible,
        weekday=weekday,
        evidence=evidence,
    )


def predict(
    fit: RenewalFit, observed_days: int, days: int, population: float | None, seed: int
) -> NDArray[Any]:
    """float64[TRAJECTORIES, days] possible counts after the last observed day."""
    return project(fit, observed_days, days, population, seed).counts


def project(
    fit: RenewalFit,
    observed_days: int,
    days: int,
    population: float | None,
    seed: int,
    number: int = TRAJECTORIES,
) -> Paths:
    """`number` possible courses of the days after the last observed one."""
    chance = generator(seed, "forecast.predict")
    m = chance.choice(len(fit.weights), number, p=fit.weights)
    p = chance.integers(0, fit.log_r.shape[1], number)
    log_r, past = fit.log_r[m, p][:, None], fit.past[m, p][:, None, :]
    susceptible, parameters, serial = (
        fit.susceptible[m, p][:, None],
        fit.parameters[m],
        fit.serial[m],
    )
    counts, expected, followed = (np.empty((number, days)) for _ in range(3))
    for day in range(days):
        log_r, fresh, susceptible = step(
            log_r, past, serial, susceptible, parameters, population, chance
        )
        past = np.concatenate([past[:, :, 1:], fresh[:, :, None]], axis=2)
        expected[:, day], followed[:, day] = fresh[:, 0], log_r[:, 0]
        counts[:, day] = report(
            fresh[:, 0] * fit.weekday[(observed_days + day) % 7], parameters[:, 2], chance
        )
    return Paths(counts=counts, expected=expected, log_r=followed)


def report(expected: NDArray[Any], k: NDArray[Any], chance: np.random.Generator) -> NDArray[Any]:
    """Negative binomial counts about what is expected."""
    return np.asarray(chance.poisson(np.minimum(chance.gamma(k, expected / k), 1e15)), float)


def temper(evidence: NDArray[Any], least_share: float = LEAST_SHARE) -> NDArray[Any]:
    """Weights in proportion to the likelihood, flattened until at least this share of the sets
    counts in effect.

    The evidence is noisy, and a series says how its past ended, not how its future will.
    """
    power = 1.0
    while True:
        weight = np.exp(power * (evidence - evidence.max()))
        weight /= weight.sum()
        if 1.0 / (weight**2).sum() >= least_share * len(weight) or power < 1e-3:
            return np.asarray(weight)
        power *= 0.8


def _begin_anew(
    level: float,
    log_r: NDArray[Any],
    past: NDArray[Any],
    fresh: NDArray[Any],
    chance: np.random.Generator,
) -> None:
    """Puts the last few particles at today's level, in place, so that a jump (imports, a new way of
    counting) is not missed.
    """
    few = max(1, int(RESTARTED * log_r.shape[1]))
    shape = (len(log_r), few, 1)
    flat = max(level, 0.3) * chance.lognormal(0.0, 0.4, shape) * np.ones(past.shape[2])
    log_r[:, -few:] = chance.normal(0.0, 0.4, shape[:2])
    past[:, -few:], fresh[:, -few:] = flat, flat[:, :, -1]


def _take_rows(past: NDArray[Any], chosen: NDArray[Any], into: NDArray[Any]) -> None:
    """As `np.take_along_axis(past, chosen[:, :, None], 1)`, by whole rows."""
    sets, particles, days = past.shape
    at = (chosen + np.arange(sets)[:, None] * particles).ravel()
    # an index is never outside; "clip" lets numpy write into `into` without a copy between
    np.take(past.reshape(-1, days), at, axis=0, out=into.reshape(-1, days), mode="clip")


def _start(series: NDArray[Any]) -> tuple[float, float]:
    """Incidence and daily growth at the beginning of a series."""
    known = series[np.isfinite(series)]
    early = known[: min(7, len(known))]
    if not len(early):
        return 0.3, 0.0
    level = max(float(early[: max(1, len(early) // 2)].mean()), 0.3)
    later = max(float(early[len(early) // 2 :].mean()), 0.3)
    return level, float(np.clip(np.log(later / level) / max(1.0, len(early) / 2), -0.3, 0.3))


def _resample(weight: NDArray[Any], chance: np.random.Generator) -> NDArray[Any]:
    """Systematic resampling in each row."""
    total = np.cumsum(weight, axis=1)
    total /= total[:, -1:]
    rows, particles = weight.shape
    places = (chance.random((rows, 1)) + np.arange(particles)) / particles
    offset = np.arange(rows)[:, None]
    found = np.searchsorted(
        (total + offset).ravel(), (places + offset).ravel(), side="left"
    ).reshape(rows, particles)
    return np.asarray(np.minimum(found - offset * particles, particles - 1))
