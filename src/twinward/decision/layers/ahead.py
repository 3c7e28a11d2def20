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
TESTED_DAYS = (3, 7)  # least and most of the last days, on which both are held against each other
LEARNT_SHARE = 2  # days of past for each day that is tested
BETTER = 0.95  # of the error of the last value
DAYS_WON = 0.7  # share of the tested days on which the model must do better
MOST_KEPT = 0.98
DAY_H, WEEK_H = 24, 168
LEAST_WEEKS = 3  # of past before the hour of the week is thought of
WEEK_BETTER = 0.97  # of the error by the hour of the day


class Ahead(msgspec.Struct, frozen=True, kw_only=True):
    """The next hours: `middle`, and between `low` and `high` eight of ten values came on the days
    that were tested. `error` and `error_of_last` are mean absolute errors over those days, `better`
    the share by which the first is less. `model`: what is usual by the hour of the `day` or of the
    `week`.
    """

    middle: list[float]
    low: list[float]
    high: list[float]
    error: float
    error_of_last: float
    better: float
    model: str


def forecast(values: Floats, hours: int = HOURS_AHEAD) -> tuple[Ahead | None, str]:
    """(forecast, "") or (None, why there is none): `too_short`, `silent`, `not_better`.

    `values` float64[hours], oldest first, NaN where nothing was heard. The model is the usual value
    of the hour of the day or of the week, and of what the last value was away from it a part that
    fades.
    """
    n = len(values)
    if n < LEAST_DAYS * 24 or np.isfinite(values).sum() < LEAST_DAYS * 12:
        return None, "too_short"
    if not np.isfinite(values[-1]):
        return None, "silent"
    split = n - days_held_out(n) * 24
    period = choose_period(values[:split], hours)
    errors, plain = test_on(values, split, hours, period)
    if not errors.size or not np.isfinite(errors).any():
        return None, "too_short"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        error = float(np.nanmean(np.abs(errors)))
        of_last = float(np.nanmean(np.abs(plain)))
        spread = np.nan_to_num(np.nanquantile(errors, [0.1, 0.9], axis=0))
    if not error < BETTER * of_last or days_won(errors, plain) < DAYS_WON:
        return None, "not_better"
    middle = step_ahead(values, n, *learn(values, period), hours)
    return (
        Ahead(
            middle=np.round(middle, 4).tolist(),
            low=np.round(middle + np.minimum(spread[0], 0), 4).tolist(),
            high=np.round(middle + np.maximum(spread[1], 0), 4).tolist(),
            error=round(error, 4),
            error_of_last=round(of_last, 4),
            better=round(1 - error / of_last, 3),
            model="week" if period == WEEK_H else "day",
        ),
        "",
    )


def days_held_out(hours: int) -> int:
    """How many of the last days are tested: a longer past leaves room for more, and a few days are
    easily won by chance.
    """
    least, most = TESTED_DAYS
    return int(min(max(hours // 24 // (1 + LEARNT_SHARE), least), most))


def days_won(errors: Floats, plain: Floats) -> float:
    """Share of the days, counted from the first start, on which the model's errors are the less."""
    both = np.isfinite(errors) & np.isfinite(plain)
    model, last = (np.where(both, np.abs(one), 0.0).sum(axis=1) for one in (errors, plain))
    day = np.arange(len(errors)) // DAY_H
    told = np.bincount(day, weights=both.sum(axis=1)) > 0
    won = np.bincount(day, weights=model) < np.bincount(day, weights=last)
    return float(won[told].mean()) if told.any() else 0.0


def choose_period(values: Floats, hours: int) -> int:
    """DAY_H, or WEEK_H where the hour of the week did better over the last week of `values`, which
    none of the days on which the forecast is tested is in.
    """
    if len(values) < LEAST_WEEKS * WEEK_H:
        return DAY_H
    split = len(values) - WEEK_H
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        day, week = (
            float(np.nanmean(np.abs(test_on(values, split, hours, period)[0])))
            for period in (DAY_H, WEEK_H)
        )
    return WEEK_H if week < WEEK_BETTER * day else DAY_H


def learn(values: Floats, period: int = DAY_H) -> tuple[Floats, float]:
    """The usual value of each hour of the period (index 0 is the hour of values[0]), and how much
    of what a value is away from it is left an hour later.
    """
    n = len(values)
    padded = np.full(-(-n // period) * period, np.nan)
    padded[:n] = values
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        usual = np.nanmedian(padded.reshape(-1, period), axis=0)
    usual = np.where(np.isfinite(usual), usual, np.nanmedian(values))
    away = values - usual[np.arange(n) % period]
    now, later = away[:-1], away[1:]
    both = np.isfinite(now) & np.isfinite(later)
    power = float((now[both] ** 2).sum())
    kept = float((now[both] * later[both]).sum()) / power if power > 0 else 0.0
    return usual, min(max(kept, 0.0), MOST_KEPT)


def step_ahead(values: Floats, at: int, usual: Floats, kept: float, hours: int) -> Floats:
    """What is expected of the hours from `at` on, from the value before it."""
    steps = np.arange(1, hours + 1)
    period = len(usual)
    away = values[at - 1] - usual[(at - 1) % period]
    return np.asarray(usual[(at - 1 + steps) % period] + away * kept**steps)


def test_on(values: Floats, split: int, hours: int, period: int = DAY_H) -> tuple[Floats, Floats]:
    """Errors of the model and of the last value, each float64[starts, hours], over the days after
    `split`; the model knows only what came before it.
    """
    usual, kept = learn(values[:split], period)
    starts = [at for at in range(split, len(values) - hours + 1) if np.isfinite(values[at - 1])]
    if not starts:
        return np.empty((0, hours)), np.empty((0, hours))
    came = np.stack([values[at : at + hours] for at in starts])
    said = np.stack([step_ahead(values, at, usual, kept, hours) for at in starts])
    last = np.stack([np.full(hours, values[at - 1]) for at in starts])
    return came - said, came - last
