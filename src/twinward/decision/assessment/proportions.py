"""The statistics of the five functions: rates, shares and growth, each with an interval."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.core.lazy import LazyModule
from twinward.library.texts import say

special = LazyModule("scipy.special")


GRID = 2_000
LOW, HIGH = 0.05, 0.95
LEAST_FOR_SCATTER = 6  # known days


def rate_ratio(now: int, before: int, spread: float = 1.0) -> tuple[float, float, float]:
    """(median, low, high) of the ratio of two means seen once each, with Jeffreys priors: a
    beta-prime. `spread`: variance of a count over its mean, 1 as of Poisson counts.
    """
    counts = now / spread + 0.5, before / spread + 0.5
    parts = [float(special.betaincinv(*counts, q)) for q in (0.5, LOW, HIGH)]
    middle, low, high = (part / (1 - part) if part < 1 else math.inf for part in parts)
    return middle, low, high


def probability_above(
    hits: int, of: int, limit: float, prior: float = 0.5, strength: float = 1.0
) -> float:
    """The probability that a share is above a limit, after `hits` of `of`; beta prior of a mean
    and a strength.
    """
    return 1 - float(
        special.betainc(hits + prior * strength, of - hits + (1 - prior) * strength, limit)
    )


def share_differs(hits: int, of: int, others: int, of_others: int, by: float) -> float:
    """The probability that a share is greater than another by more than `by`; flat priors."""
    return exceeds((hits + 1.0, of - hits + 1.0), (others + 1.0, of_others - others + 1.0), by)


def growth_differs(now: float, before: float, others: float, others_before: float) -> float:
    """The probability that one area grows faster than the rest, from counts of two equal periods
    each.

    The ratio of two Poisson means is x / (1 - x) of a beta distributed x: comparing ratios is
    comparing these.
    """
    return exceeds((now + 0.5, before + 0.5), (others + 0.5, others_before + 0.5), 0.0)


def probability_greater(now: int, before: int) -> float:
    """The probability that one Poisson mean is above another, each seen once; Jeffreys priors."""
    return 1 - float(special.betainc(now + 0.5, before + 0.5, 0.5))


SURE = 0.99  # more than this no count of reports carries


def say_probability(value: float) -> str:
    """A probability as far as it carries: never certain, two digits at most."""
    if value > SURE:
        return say("course.over_99")
    return say("course.under_1") if value < 1 - SURE else f"{value:.0%}".replace("%", " %")


def exceeds(one: tuple[float, float], other: tuple[float, float], by: float) -> float:
    """P(X > Y + by) of two independent beta variables, summed over a grid of Y."""
    edges = np.linspace(0.0, 1.0, GRID + 1)
    mass = np.diff(special.betainc(*other, edges))
    above = 1 - special.betainc(*one, np.clip((edges[1:] + edges[:-1]) / 2 + by, 0.0, 1.0))
    return float((mass * above).sum())


def growth_per_day(
    counts: NDArray[Any] | list[int] | list[float],
) -> tuple[float, float, float] | None:
    """(slope, low, high) of log counts by day: a Poisson regression whose interval is widened by
    over-dispersion.

    None where there are fewer than 5 known days (NaN: not known) or nothing but zeros. McCullagh
    and Nelder 1989, Generalized Linear Models, section 6.2 (quasi-likelihood) for the widening.
    """
    y = np.asarray(counts, float)
    known = np.isfinite(y)
    days, y = np.flatnonzero(known).astype(float), y[known]
    n = len(y)
    if n < 5 or y.sum() < 3:
        return None
    x = np.stack([np.ones(n), days - days.mean()], axis=1)
    beta = np.array([math.log(max(y.mean(), 0.1)), 0.0])
    for _ in range(50):
        mean = np.exp(np.clip(x @ beta, -20, 20))
        information = x.T @ (mean[:, None] * x) + np.diag([0.0, 1e-6])
        step = np.linalg.solve(information, x.T @ (y - mean))
        beta = beta + np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-9:
            break
    mean = np.exp(np.clip(x @ beta, -20, 20))
    spread = max(1.0, float(((y - mean) ** 2 / mean).sum() / (n - 2)))
    error = math.sqrt(
        spread * float(np.linalg.inv(x.T @ (mean[:, None] * x) + np.diag([0.0, 1e-6]))[1, 1])
    )
    reach = float(special.stdtrit(n - 2, HIGH)) * error
    return float(beta[1]), float(beta[1]) - reach, float(beta[1]) + reach


def turning_point(counts: list[int] | list[float], least_d: int = 4) -> tuple[int, float] | None:
    """(days before the last, gain in quasi-log-likelihood) of the best day at which the growth
    changed, if any.

    Two Poisson growth lines against one; None where two lines gain less than the BIC's price of two
    parameters.
    """
    y = np.asarray(counts, float)
    if len(y) < 2 * least_d or np.nansum(y) < 20:
        return None
    whole, spread = fit_line(y)
    best = max(
        (fit_line(y[:cut])[0] + fit_line(y[cut:])[0] - whole, cut)
        for cut in range(least_d, len(y) - least_d + 1)
    )
    gain = best[0] / spread
    return (len(y) - best[1], gain) if gain > math.log(len(y)) else None


def scatter_of(counts: list[float]) -> float:
    """Variance of a day over its mean, about a line of growth; 1 where too few are known."""
    y = np.asarray(counts, float)
    return fit_line(y)[1] if np.isfinite(y).sum() > LEAST_FOR_SCATTER else 1.0


def fit_line(y: NDArray[Any]) -> tuple[float, float]:
    """(log-likelihood without constants, over-dispersion) of a Poisson growth line."""
    days = np.flatnonzero(np.isfinite(y))
    found = growth_per_day(y)
    y = y[days]
    slope = found[0] if found else 0.0
    shape = np.exp(slope * (days - days.mean())) if len(days) else np.ones(0)
    mean = np.maximum(shape * y.sum() / shape.sum(), 1e-9)
    return float((y * np.log(mean) - mean).sum()), max(
        1.0, float(((y - mean) ** 2 / mean).sum() / max(len(y) - 2, 1))
    )
