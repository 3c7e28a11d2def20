"""Finds sensors that are stuck, that drift away from their neighbours, or that were exchanged with
another, from the hourly means of one layer.
"""

from __future__ import annotations

import warnings
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

LEAST_HOURS = 72  # of history before anything is said
STUCK_H = 12
RECENT_H = 24
DRIFT_SIGMA = 4.0  # of the residual's own noise, over the whole window
DRIFT_OF_SPREAD = 0.5  # and as a share of how far sensors of the layer lie apart
SWAP_GAIN = 3.0  # how much better the other's history must fit than the own one
SWAP_OF_SPREAD = 0.2
LEAST_PEERS = 5
Floats = NDArray[np.float64]


class SensorFault(msgspec.Struct, frozen=True, kw_only=True):
    """`kind`: stuck, drifting or swapped. `since_h` hours ago; `amount` in the layer's unit (how
    far it has drifted); `other` the row of the sensor it was exchanged with.
    """

    row: int
    kind: str
    since_h: int
    amount: float
    other: int | None = None


def find_faults(values: Floats, rests_at: float | None = None) -> list[SensorFault]:
    """Faults of the sensors of a layer; `values` float64[sensors, hours], oldest first, NaN where
    nothing was heard. A sensor has one fault at most: stuck before swapped before drifting.
    """
    found: dict[int, SensorFault] = {}
    if values.shape[1] < LEAST_HOURS:
        return []
    for fault in [
        *find_stuck(values, rests_at),
        *find_swapped(values),
        *find_drifting(values),
    ]:
        found.setdefault(fault.row, fault)
    return [found[row] for row in sorted(found)]


def find_stuck(values: Floats, rests_at: float | None) -> list[SensorFault]:
    """Sensors that say one value to the end for STUCK_H hours that were heard, though they moved
    before and though most of their layer moves; a value at which things rest is no fault.
    """
    found = []
    moving = 0
    runs = []
    for row, series in enumerate(values):
        heard = series[~np.isnan(series)]
        run = length_of_last_run(heard)
        before = heard[: len(heard) - run]
        varied = len(before) > STUCK_H and len(np.unique(before)) > len(before) // 4
        moving += int(run < STUCK_H // 2 and len(heard) > STUCK_H)
        runs.append((row, run, varied, float(heard[-1]) if len(heard) else np.nan))
    if moving * 2 < len(values):
        return []  # the whole layer stands still: nothing can be told of one
    for row, run, varied, last in runs:
        if run >= STUCK_H and varied and not (rests_at is not None and last == rests_at):
            found.append(SensorFault(row=row, kind="stuck", since_h=run, amount=last))
    return found


def length_of_last_run(heard: Floats) -> int:
    """How many values at the end are the same."""
    if not len(heard):
        return 0
    other = np.flatnonzero(heard != heard[-1])
    return len(heard) - (int(other[-1]) + 1 if len(other) else 0)


def residuals_of(values: Floats) -> Floats:
    """What is left of each sensor when its own level and what the layer does together are taken
    off, twice over: the median of a layer is moved little by a few that are wrong.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        left = values - np.nanmedian(values, axis=1, keepdims=True)
        left = left - np.nanmedian(left, axis=0, keepdims=True)
        left = left - np.nanmedian(left, axis=1, keepdims=True)
    return np.asarray(left)


def find_drifting(values: Floats) -> list[SensorFault]:
    """Sensors whose difference from the layer moves one way by more than their noise and than
    sensors of the layer differ in what they do.
    """
    if len(values) < LEAST_PEERS:
        return []
    left = residuals_of(values)
    hours = np.arange(values.shape[1], dtype=np.float64)
    amounts, noises = np.full(len(left), np.nan), np.full(len(left), np.nan)
    for row, series in enumerate(left):
        heard = ~np.isnan(series)
        if heard.sum() < LEAST_HOURS:
            continue
        slope, start = robust_line(hours[heard], series[heard])
        amounts[row] = slope * (hours[heard][-1] - hours[heard][0])
        rest = series[heard] - (start + slope * hours[heard])
        days = daily_means(rest)
        noises[row] = max(1.4826 * float(np.median(np.abs(days - np.median(days)))), 1e-9)
    usual = spread_of(amounts)
    found = []
    for row in np.flatnonzero(np.isfinite(amounts)).tolist():
        away = abs(amounts[row])
        if away > DRIFT_SIGMA * max(noises[row], usual) and away > DRIFT_OF_SPREAD * spread_of(
            left.ravel()
        ):
            found.append(
                SensorFault(
                    row=row,
                    kind="drifting",
                    since_h=values.shape[1],
                    amount=round(float(amounts[row]), 6),
                )
            )
    return found


def robust_line(x: Floats, y: Floats) -> tuple[float, float]:
    """(slope, start) through the medians of the first and the last third (Tukey's line)."""
    third = max(len(x) // 3, 1)
    slope = (np.median(y[-third:]) - np.median(y[:third])) / max(
        np.median(x[-third:]) - np.median(x[:third]), 1.0
    )
    return float(slope), float(np.median(y - slope * x))


def daily_means(rest: Floats) -> Floats:
    whole = len(rest) // 24 * 24
    return np.asarray(rest[:whole].reshape(-1, 24).mean(axis=1)) if whole else rest


def spread_of(values: NDArray[Any]) -> float:
    """1.4826 times the median distance from the median: the standard deviation of a normal law."""
    known = values[np.isfinite(values)]
    if not len(known):
        return 0.0
    return 1.4826 * float(np.median(np.abs(known - np.median(known))))


def find_swapped(values: Floats) -> list[SensorFault]:
    """Pairs whose last day fits the other's history far better than the own, both ways.

    A history is the mean of each hour of the day; what the layer did together on the last day is
    taken off before days are held against one another.
    """
    n, hours = values.shape
    if n < LEAST_PEERS or hours < LEAST_HOURS:
        return []
    usual = by_hour_of_day(values[:, : hours - RECENT_H])
    recent = values[:, hours - RECENT_H :]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        together = np.nanmedian(recent - usual, axis=0)
        recent = recent - together
        own = np.nanmean(np.abs(recent - usual), axis=1)
        level_gap = np.nanmedian(np.abs(usual - np.nanmedian(usual, axis=0)))
    suspects = np.flatnonzero(own > SWAP_OF_SPREAD * max(float(level_gap), 1e-9))
    suspects = suspects[np.argsort(-own[suspects])][:400]
    found, taken = list[SensorFault](), set[int]()
    for a in suspects.tolist():
        if a in taken:
            continue
        others = suspects[suspects != a]
        if not len(others):
            break
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            there = np.nanmean(np.abs(recent[a] - usual[others]), axis=1)
            here = np.nanmean(np.abs(recent[others] - usual[a]), axis=1)
        good = (
            (there * SWAP_GAIN < own[a])
            & (here * SWAP_GAIN < own[others])
            & ~np.isin(others, list(taken))
        )
        if not good.any():
            continue
        b = int(others[good][np.argmin((there + here)[good])])
        taken |= {a, b}
        for row, other in ((a, b), (b, a)):
            found.append(
                SensorFault(
                    row=row,
                    kind="swapped",
                    since_h=RECENT_H,
                    amount=round(float(own[row]), 6),
                    other=other,
                )
            )
    return found


def by_hour_of_day(values: Floats) -> Floats:
    """float64[sensors, 24]: the median of each hour of the day, counted back from the end."""
    n, hours = values.shape
    padded = np.full((n, -(-hours // 24) * 24), np.nan)
    padded[:, padded.shape[1] - hours :] = values
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.asarray(np.nanmedian(padded.reshape(n, -1, 24), axis=1))
