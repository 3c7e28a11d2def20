"""Two simple forecasts to compare with: the last value, and log-linear growth."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.core.chance import generator

DRAWS = 4_000
LAST_D = 28  # days whose changes give the width of the last-value forecast
TREND_D = 14  # days through which the log-linear line is laid


def last_value(counts: NDArray[Any], days: int, seed: int) -> NDArray[Any]:
    """float64[DRAWS, days]: the last count, wide by past daily changes (Cramer et al. 2022, PNAS
    119:e2113561119).
    """
    chance = generator(seed, "forecast.last_value")
    known = counts[np.isfinite(counts)]
    change = np.diff(known[-LAST_D:])
    both = np.concatenate([change, -change])
    paths = known[-1] + np.cumsum(chance.choice(both, (DRAWS, days)), axis=1)
    return np.asarray(np.maximum(paths - np.median(paths, axis=0) + known[-1], 0.0))


def log_linear(counts: NDArray[Any], days: int, seed: int) -> NDArray[Any]:
    """float64[DRAWS, days]: a line through the logarithms of the last TREND_D counts, carried
    on.
    """
    chance = generator(seed, "forecast.log_linear")
    at = np.flatnonzero(np.isfinite(counts))[-TREND_D:]
    logs = np.log(counts[at] + 1)
    at = at - len(counts)  # day 0 is the first predicted
    if len(at) > 4:
        line, spread = np.polyfit(at, logs, 1, cov=True)
    else:
        line, spread = np.polyfit(at, logs, 1), np.eye(2) * 0.01
    noise = float(np.std(logs - np.polyval(line, at)))
    slope, start = chance.multivariate_normal(line, spread, DRAWS).T
    future = slope[:, None] * np.arange(days) + start[:, None]
    return np.asarray(
        np.maximum(np.exp(np.clip(future + chance.normal(0, noise, future.shape), -5, 30)) - 1, 0.0)
    )
