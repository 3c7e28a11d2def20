"""R over a sliding window: the gamma posterior of Cori et al. 2013, Am J Epidemiol 178:1505."""

from __future__ import annotations

import msgspec
import numpy as np
from scipy.signal import lfilter
from scipy.stats import gamma, poisson

from twinward.core.errors import InputError
from twinward.decision.surveillance.arrays import Floats, Ints

PRIOR_SHAPE, PRIOR_SCALE = 1.0, 5.0  # mean and standard deviation 5, as EpiEstim
QUANTILES = (0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975)
WIDEST_R = 18.44  # 97.5 % of the prior
UNEXPLAINED = 1e-3  # probability at WIDEST_R below which cases had no infector among those known


class Windows(msgspec.Struct, frozen=True, kw_only=True):
    """R of each window of days `start` to `end`, both included."""

    start: Ints
    end: Ints
    mean: Floats
    sd: Floats
    quantiles: Floats  # float64[windows, 7] at QUANTILES
    unexplained: Ints  # days whose cases are taken as imported


def infection_pressure(total: Floats, serial: Floats) -> Floats:
    """Infectors of each day: the counts before it weighted by the serial interval, same shape.

    An unknown day weighs as the mean of its known neighbours within a week.
    """
    filled = fill_unknown(total)
    return np.asarray(lfilter(serial, [1.0], filled, axis=-1))


def fill_unknown(total: Floats) -> Floats:
    """Unknown days as the line between their known neighbours; the pressure alone uses them."""
    if np.isfinite(total).all():
        return total
    filled = np.atleast_2d(total).copy()
    days = np.arange(filled.shape[-1])
    for row in filled:
        known = np.isfinite(row)
        row[~known] = np.interp(days[~known], days[known], row[known]) if known.any() else 0.0
    return filled.reshape(total.shape)


def find_unexplained(local: Floats, pressure: Floats) -> Ints:
    """Days after the first whose cases no known infector explains, not even with a high R."""
    known = np.nan_to_num(local)
    odd = poisson.sf(known - 1, WIDEST_R * np.maximum(pressure, 1e-12)) < UNEXPLAINED
    odd &= known > 0
    odd[0] = False
    return np.flatnonzero(odd)


def estimate_cori(
    total: Floats,
    imported: Floats,
    serial: Floats,
    window: int = 7,
    prior: tuple[float, float] = (PRIOR_SHAPE, PRIOR_SCALE),
) -> Windows:
    """R of every window of `window` days that starts on the second day or later.

    total: float64[days] of cases, NaN unknown; imported: those of them infected elsewhere
    serial: float64[lags] from day 0; prior: shape and scale of the gamma
    """
    days = len(total)
    if not 1 <= window < max(days, 2):
        raise InputError(
            f"window must be 1 to {max(1, days - 1)} days, got {window}",
            "give fewer days with --window, or a longer series",
            code="bad_window",
        )
    pressure = infection_pressure(total, serial)
    local = total - imported
    odd = find_unexplained(local, pressure)
    local[odd] = 0.0
    known = np.isfinite(local)
    cases = np.concatenate([[0.0], np.cumsum(np.where(known, local, 0.0))])
    infectors = np.concatenate([[0.0], np.cumsum(np.where(known, pressure, 0.0))])
    start = np.arange(1, days - window + 1)
    end = start + window - 1
    shape = prior[0] + cases[end + 1] - cases[start]
    scale = 1.0 / (1.0 / prior[1] + infectors[end + 1] - infectors[start])
    return Windows(
        start=start,
        end=end,
        mean=shape * scale,
        sd=np.sqrt(shape) * scale,
        quantiles=gamma.ppf(np.array(QUANTILES)[None, :], shape[:, None], scale=scale[:, None]),
        unexplained=odd,
    )


def growth_to_r(rate_per_day: float, serial: Floats) -> float:
    """R of constant exponential growth: 1 / sum of w_s exp(-r s) (Wallinga and Lipsitch 2007)."""
    return float(1.0 / (serial * np.exp(-rate_per_day * np.arange(len(serial)))).sum())
