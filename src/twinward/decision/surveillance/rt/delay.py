"""Counts by day of infection from counts by day of report, when the delay between is known.

Richardson and Lucy's deconvolution (Goldstein et al. 2009, PNAS 106:21825): the infections that,
convolved with the delay, give the reports; a plain shift is wrong where delays are wide.
"""

from __future__ import annotations

import math

import msgspec
import numpy as np
from scipy.stats import gamma

from twinward.core.errors import InputError
from twinward.decision.surveillance.arrays import Floats
from twinward.decision.surveillance.counts import CountSeries
from twinward.decision.surveillance.rt.cori import fill_unknown

ROUNDS = 12  # few: more follow the noise
SMOOTH_D = 7


def infections_by_day(series: CountSeries, mean_d: float, sd_d: float) -> CountSeries:
    """The series moved to days of infection; days less than half complete at its end fall away."""
    delay = make_delay(mean_d, sd_d)
    reports = fill_unknown(series.new)
    lead = len(delay) - 1
    padded = np.concatenate([np.full(lead, reports[0] / 2), reports])
    infections = deconvolve(padded, delay)[lead:]
    complete = int((np.cumsum(delay) < 0.5).sum())
    last = max(1, len(infections) - complete)
    share = np.where(reports > 0, series.imported / np.maximum(reports, 1e-9), 0.0)
    return msgspec.structs.replace(
        series,
        new=infections[:last],
        imported=infections[:last] * share[:last],
        notes=(*series.notes, f"days are those of infection; the last {complete} are still open"),
    )


def make_delay(mean_d: float, sd_d: float) -> Floats:
    """Probabilities of delays of 0, 1, 2 … days of a gamma distribution."""
    if not (math.isfinite(mean_d) and mean_d >= 0.5 and math.isfinite(sd_d) and sd_d > 0):
        raise InputError(
            f"the delay must have a mean of 0.5 days or more and a deviation above 0, "
            f"got {mean_d:g},{sd_d:g}",
            "write --delay 7,4",
            code="bad_delay",
        )
    law = gamma((mean_d / sd_d) ** 2, scale=sd_d**2 / mean_d)
    last = math.ceil(law.ppf(0.995)) + 1
    steps = np.diff(law.cdf(np.concatenate([[0.0], np.arange(last) + 0.5])))
    return np.asarray(steps / steps.sum())


def deconvolve(reports: Floats, delay: Floats) -> Floats:
    """Infections whose convolution with the delay is nearest to the reports (Poisson)."""
    days = len(reports)
    reach = np.array([delay[: days - day].sum() for day in range(days)])  # reported so far
    shift = round(float((delay * np.arange(len(delay))).sum()))
    width = np.ones(SMOOTH_D)
    level = np.convolve(reports, width, "same") / np.convolve(np.ones(days), width, "same")
    found = np.maximum(np.concatenate([level[shift:], np.full(shift, level[-1])])[:days], 1e-3)
    for _ in range(ROUNDS):
        expected = np.maximum(np.convolve(found, delay)[:days], 1e-9)
        ratio = np.convolve((reports / expected)[::-1], delay)[:days][::-1]
        found = found * ratio / np.maximum(reach, 1e-6)
    return np.asarray(found)
