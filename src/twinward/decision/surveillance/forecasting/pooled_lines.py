"""The pooled model of weekly counts: lines through features of many series' growth at once.

Least absolute deviations on log growth, one line a horizon, trained over many series and places
together, as the best published models pool (flusion; Tibshirani's quantile autoregression).
`benchmarks/train_pooled_lines.py` trains two sets: on simulated epidemics alone, and on these and
public influenza admissions. A median alone: the width is that of the series' own past errors.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from twinward.decision.surveillance.arrays import Floats
from twinward.decision.surveillance.forecasting.week_rules import GROWTH_CAP, weekly_growth

HORIZONS = 4
LINES = "pooled_lines.json"
Trained = Literal["simulated", "public"]
BACK = 26  # weeks in which the highest and lowest level are looked for
NAMES = (
    "growth",
    "growth_1_before",
    "growth_2_before",
    "growth_3_before",
    "growth_4_before",
    "rising",
    "rising_1_before",
    "growth_of_few",  # times the relative noise of a count, at most NOISE_CAP
    "below_highest",
    "above_lowest",
    "constant",
)
NOISE_CAP, SMALL = 0.3, 0.1  # of the features, so that all have a like size


@cache
def load_lines() -> dict[str, list[list[float]]]:
    """set -> horizon -> a factor a feature."""
    folder = files("twinward.decision.surveillance.forecasting")
    text = folder.joinpath(LINES).read_bytes()
    return msgspec.json.decode(text, type=dict[str, list[list[float]]])


def growth_features(counts: Floats, last_growth: Floats | None = None) -> Floats:
    """float64[weeks, features] of each week from the weeks up to it, in the order of NAMES.

    last_growth: float64[weeks] of each week, where days tell more of it
    """
    level = np.log1p(np.maximum(counts, 0.0))
    growth = weekly_growth(counts)
    before = [np.concatenate([np.zeros(k), growth[: len(growth) - k]]) for k in range(5)]
    before = [column[: len(growth)] for column in before]
    if last_growth is not None:
        before[0] = last_growth
    windows = sliding_window_view(np.pad(level, (BACK - 1, 0), mode="edge"), BACK)
    noise = np.sqrt(1.0 / (1.0 + np.maximum(counts, 0.0)))
    columns = [
        *before,
        np.maximum(before[0], 0.0),
        np.maximum(before[1], 0.0),
        before[0] * np.minimum(noise, NOISE_CAP),
        (windows.max(axis=1) - level) * SMALL,
        (level - windows.min(axis=1)) * SMALL,
        np.ones(len(level)),
    ]
    return np.stack(columns, axis=1)


def pooled_middles(counts: Floats, trained: Trained, last_growth: Floats | None = None) -> Floats:
    """float64[weeks, HORIZONS] log1p medians of the weeks after each week."""
    level = np.log1p(np.maximum(counts, 0.0))
    steps = growth_features(counts, last_growth) @ np.array(load_lines()[trained]).T
    most = GROWTH_CAP * np.sqrt(np.arange(1, HORIZONS + 1))
    return np.asarray(level[:, None] + np.clip(steps, -most, most))
