"""Forecasts a sensor's next hours by a plain model, and only where it did better than the last
value on the sensor's own past.
"""

from __future__ import annotations

import warnings

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
HOURS_AHEAD = 12
LEAST_DAYS = 5
TESTED_DAYS = 3  # the last days, on which model and last value are held against each other
BETTER = 0.95  # of the error of the last value
MOST_KEPT = 0.98


class Ahead(msgspec.Struct, frozen=True, kw_only=True):
    """The next hours: `middle`, and between `low` and `high` eight of ten values came on the days
    that were tested. `error` and `error_of_last` are mean absolute errors over those days.
    """

    middle: list[float]
    low: list[float]
    high: list[float]
    error: float
    error_of_last: float


def forecast(values: Floats, hours: int = HOURS_AHEAD) -> tuple[Ahead | None, str]:
    """(forecast, "") or (None, why there is none): `too_short`, `silent`, `not_better`.

    `values` float64[hours], oldest first, NaN where nothing was heard. The model is the usual value
    of the hour of the day, and of what the last value was away from it a part that fades.
    """
    n = len(values)
    if n < LEAST_DAYS * 24 or np.isfinite(values).sum() < LEAST_DAYS * 12:
        return None, "too_short"
    if not np.isfinite(values[-1]):
        return None, "silent"
    split = n - TESTED_DAYS * 24
    errors, plain = test_on(values, split, hours)
    if not errors.size or not np.isfinite(errors).any():
        return None, "too_short"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        error = float(np.nanmean(np.abs(errors)))
        of_last = float(np.nanmean(np.abs(plain)))
        spread = np.nan_to_num(np.nanquantile(errors, [0.1, 0.9], axis=0))
    if not error < BETTER * of_last:
        return None, "not_better"
    middle = step_ahead(values, n, *learn(values), hours)
    return (
        Ahead(
            middle=np.round(middle, 4).tolist(),
            low=np.round(middle + np.minimum(spread[0], 0), 4).tolist(),
            high=np.round(middle + np.maximum(spread[1], 0), 4).tolist(),
            error=round(error, 4),
            error_of_last=round(of_last, 4),
        ),
        "",
    )


def learn(values: Floats) -> tuple[Floats, float]:
    """The usual value of each hour of the day (index 0 is the hour of values[0]), and how much of
    what a value is away from it is left an hour later.
    """
    n = len(values)
    padded = np.full(-(-n // 24) * 24, np.nan)
    padded[:n] = values
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        usual = np.nanmedian(padded.reshape(-1, 24), axis=0)
    usual = np.where(np.isfinite(usual), usual, np.nanmedian(values))
    away = values - usual[np.arange(n) % 24]
    now, later = away[:-1], away[1:]
    both = np.isfinite(now) & np.isfinite(later)
    power = float((now[both] ** 2).sum())
    kept = float((now[both] * later[both]).sum()) / power if power > 0 else 0.0
    return usual, min(max(kept, 0.0), MOST_KEPT)


def step_ahead(values: Floats, at: int, usual: Floats, kept: float, hours: int) -> Floats:
    """What is expected of the hours from `at` on, from the value before it."""
    steps = np.arange(1, hours + 1)
    away = values[at - 1] - usual[(at - 1) % 24]
    return np.asarray(usual[(at - 1 + steps) % 24] + away * kept**steps)


def test_on(values: Floats, split: int, hours: int) -> tuple[Floats, Floats]:
    """Errors of the model and of the last value, each float64[starts, hours], over the days after
    `split`; the model knows only what came before it.
    """
    usual, kept = learn(values[:split])
    starts = [at for at in range(split, len(values) - hours + 1) if np.isfinite(values[at - 1])]
    if not starts:
        return np.empty((0, hours)), np.empty((0, hours))
    came = np.stack([values[at : at + hours] for at in starts])
    said = np.stack([step_ahead(values, at, usual, kept, hours) for at in starts])
    last = np.stack([np.full(hours, values[at - 1]) for at in starts])
    return came - said, came - last
