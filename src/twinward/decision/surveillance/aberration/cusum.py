"""CUSUM of residuals: small excesses that last add up to an alarm.

Residuals of an adaptive regression over the steps before (level, trend, weekday), as Fricker,
Hegler, Dunfee 2008, Stat Med 27:3407, who find it better than EARS in every scenario. They are
standardised by the two-thirds power, which makes overdispersed counts nearly normal.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr

from twinward.decision.surveillance.aberration.thresholds import Thresholds
from twinward.decision.surveillance.arrays import Floats

REFERENCE = 0.5  # k, in standard deviations
DECISION = 4.0  # h: a false alarm in 335 steps
WINDOW = {1: 56, 7: 52}  # steps of the baseline, by days of a step
GUARD = 2  # steps before today that are not in the baseline
FEWEST = 28
STATES = 400  # of the Markov chain
LEAST_MEAN = 0.25


def detect_cusum(counts: Floats, step_d: int, alpha: float | None = None) -> Thresholds:
    """Thresholds given the sum so far; the sum starts anew after an alarm.

    alpha: share of steps with a false alarm, 1 / average run length in control
    """
    limit = DECISION if alpha is None else decision_limit(alpha)
    rows: list[tuple[int, float, float, int]] = []
    total = 0.0
    for now in range(FEWEST + GUARD, len(counts)):
        if not np.isfinite(counts[now]):
            continue
        low = max(0, now - GUARD - WINDOW[step_d])
        found = _predict(counts[low : now - GUARD], low, now, step_d == 1)
        if found is None:
            continue
        mean, sd = found
        reach = limit + REFERENCE - total
        threshold = (mean ** (2 / 3) + reach * sd) ** 1.5
        score = (counts[now] ** (2 / 3) - mean ** (2 / 3)) / sd
        total = max(0.0, total + score - REFERENCE)
        alarm = total > limit
        rows.append((now, mean, threshold, int(alarm)))
        total = 0.0 if alarm else total
    table = np.array(rows, dtype=float).reshape(-1, 4)
    return Thresholds(
        places=table[:, 0].astype(np.int64),
        expected=table[:, 1],
        threshold=table[:, 2],
        alarm=table[:, 3].astype(np.int64),
        wanted=FEWEST + GUARD + 1,
    )


def average_run_length(k: float, h: float, shift: float = 0.0) -> float:
    """Steps to an alarm of the one-sided CUSUM of normal residuals with this mean.

    By a Markov chain of STATES states (Brook and Evans 1972, Biometrika 59:539).
    """
    width = 2 * h / (2 * STATES - 1)
    centres = width * np.arange(STATES)
    upper = ndtr(centres[None, :] + width / 2 - centres[:, None] + k - shift)
    lower = ndtr(centres[None, :] - width / 2 - centres[:, None] + k - shift)
    move = upper - lower
    move[:, 0] = upper[:, 0]
    return float(np.linalg.solve(np.eye(STATES) - move, np.ones(STATES))[0])


def decision_limit(alpha: float) -> float:
    """h with an average run length of 1 / alpha in control."""

    def gap(h: float) -> float:
        return float(np.log(average_run_length(REFERENCE, h)) + np.log(alpha))

    return float(brentq(gap, 0.05, 14.0, xtol=1e-4))


def _predict(counts: Floats, low: int, now: int, weekday: bool) -> tuple[float, float] | None:
    """Mean of the step `now` and the deviation of its two-thirds power."""
    known = np.isfinite(counts)
    if known.sum() < FEWEST:
        return None
    at = np.arange(low, low + len(counts))[known]
    y = counts[known]
    x = _design(at, now, weekday)
    beta, *_ = np.linalg.lstsq(x, y, rcond=None)
    mean = max(float((_design(np.array([now]), now, weekday) @ beta)[0]), LEAST_MEAN)
    fitted = np.maximum(x @ beta, LEAST_MEAN)
    freedom = max(len(y) - x.shape[1], 1)
    phi = max(float(((y - fitted) ** 2 / fitted).sum() / freedom), 1.0)
    inflation = 1.0 + 2.0 * x.shape[1] / len(y)
    return mean, float((2 / 3) * mean ** (1 / 6) * np.sqrt(phi * inflation))


def _design(at: Floats, now: int, weekday: bool) -> Floats:
    columns = [np.ones(len(at)), (at - now) / 56.0]
    if weekday:
        columns += [(at % 7 == day).astype(float) for day in range(6)]
    return np.stack(columns, axis=1)
