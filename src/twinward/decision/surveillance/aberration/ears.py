"""EARS C1, C2 and C3: a moving mean and standard deviation of the seven steps before.

Fricker, Hegler, Dunfee 2008, Stat Med 27:3407. Their nominal false-alarm rate is not the true one:
with a baseline of seven, z = 3 gives 1.55 % a step on normal data and not 0.13 % (docs).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.special import ndtri

from twinward.decision.surveillance.aberration.thresholds import Thresholds
from twinward.decision.surveillance.arrays import Floats

BASELINE = 7
GUARD = 2  # steps between the baseline and today, of C2 and C3
ALPHA = {"ears-c1": 0.001, "ears-c2": 0.001, "ears-c3": 0.025}
LEAST_SD = 1e-12
EarsMethod = Literal["ears-c1", "ears-c2", "ears-c3"]


def detect_ears(counts: Floats, method: EarsMethod, alpha: float | None = None) -> Thresholds:
    """Thresholds from the first step with a whole baseline on; NaN counts leave it out."""
    z = -float(ndtri(ALPHA[method] if alpha is None else alpha))
    guard = 0 if method == "ears-c1" else GUARD
    first = BASELINE + guard
    wanted = first + (2 if method == "ears-c3" else 0)
    places = np.arange(wanted, len(counts))
    if not len(places):
        return _thresholds(places, np.array([]), np.array([]), counts, wanted)
    mean, sd = moving_baseline(counts, guard)
    if method != "ears-c3":
        return _thresholds(places, mean[places], (mean + z * sd)[places], counts, wanted)
    c2 = (counts - mean) / np.maximum(sd, LEAST_SD)
    excess = np.maximum(0.0, np.nan_to_num(c2, posinf=1e6) - 1.0)
    before = excess[places - 1] + excess[places - 2]
    threshold = mean[places] + sd[places] * (z - before)
    return _thresholds(places, mean[places], threshold, counts, wanted)


def moving_baseline(counts: Floats, guard: int) -> tuple[Floats, Floats]:
    """Mean and standard deviation (n - 1) of the baseline of each step; NaN before the first."""
    mean, sd = np.full(len(counts), np.nan), np.full(len(counts), np.nan)
    first = BASELINE + guard
    windows = sliding_window_view(counts, BASELINE)[: len(counts) - first]
    mean[first:] = windows.mean(axis=1)
    sd[first:] = windows.std(axis=1, ddof=1)
    return mean, sd


def _thresholds(
    places: Floats, expected: Floats, threshold: Floats, counts: Floats, wanted: int
) -> Thresholds:
    places = np.asarray(places, dtype=np.int64)
    judged = np.isfinite(counts[places]) & np.isfinite(threshold)
    places, expected, threshold = places[judged], expected[judged], threshold[judged]
    return Thresholds(
        places=places,
        expected=expected,
        threshold=threshold,
        alarm=(counts[places] > threshold).astype(np.int64),
        wanted=wanted,
    )
