"""From what was seen of two persons to the share of such pairs that really was together."""

from __future__ import annotations

import math

import msgspec
import numpy as np
from numpy.typing import NDArray

# Logistic coefficients of `calibration_terms`, fitted by `python -m benchmarks.tracing_truth --fit`
# on one pretended town (seed 11) under eight mixes of error, sampling and radius.
CALIBRATION = (
    0.122,
    0.207,
    -0.402,
    -0.014,
    -0.385,
    0.524,
    -0.458,
    -0.036,
    -0.099,
    -0.001,
    0.098,
    -0.69,
    0.14,
    -0.073,
    -0.001,
    0.378,
    -0.191,
    -0.045,
    0.379,
    0.057,
    -0.141,
)
USUAL_SIGMA_M, USUAL_EVERY_MIN, USUAL_RADIUS_M = 10.6, 15.0, 50.0


class SeenContacts(msgspec.Struct, frozen=True, kw_only=True):
    """Columns, one row a contact: what position says (`together`), minutes together and of them on
    the move, meetings, the nearest that two fixes came, and how many pairs of fixes were near.
    """

    together: NDArray[np.float64]
    minutes: NDArray[np.float64]
    moving_min: NDArray[np.float64]
    meetings: NDArray[np.float64]
    nearest_m: NDArray[np.float64]
    pairs: NDArray[np.float64]


def calibration_terms(seen: SeenContacts, how: tuple[float, float, float]) -> NDArray[np.float64]:
    """One row a contact: log odds of `together`, logs of the rest, and how the data were taken.

    `how` is (error of an axis in metres, minutes between fixes, radius asked for). What was not
    seen when the coefficients were fitted is taken as the nearest that was.
    """
    p = np.clip(seen.together, 1e-4, 1 - 1e-3)
    odds, long = np.log(p / (1 - p)), np.log(np.maximum(seen.minutes, 1.0))
    often = np.log(np.clip(seen.meetings, 1.0, 300.0))
    sigma_m = min(max(how[0], 3.0), 50.0)
    error = math.log(sigma_m / USUAL_SIGMA_M)
    every = math.log(min(max(how[1], 3.0), 40.0) / USUAL_EVERY_MIN)
    radius = math.log(min(max(how[2], 20.0), 150.0) / USUAL_RADIUS_M)
    near, ride, pairs = (
        np.log((seen.nearest_m + 1.0) / sigma_m),
        np.log1p(seen.moving_min),
        np.log1p(seen.pairs),
    )
    one = np.ones(len(p))
    context = [
        one * error,
        one * every,
        one * radius,
        odds * error,
        odds * every,
        odds * radius,
        long * every,
    ]
    nearness = [near, near * error, near * every, near * radius, ride, ride * error, ride * every]
    return np.stack(
        [one, odds, long, often, *context, *nearness, pairs, near * pairs, pairs * every], axis=1
    )


def calibrate(seen: SeenContacts, how: tuple[float, float, float]) -> NDArray[np.float64]:
    """Probability of real co-presence at any meeting: what was seen, by how often it was so."""
    return np.asarray(1.0 / (1.0 + np.exp(-(calibration_terms(seen, how) @ np.array(CALIBRATION)))))
