"""A forecast that is told of a change of contacts: a plan in force, a lockdown, an opening.

No series shows a measure on the day it begins; the plan and the simulator's effect are known then.
Until the change can be seen in reports growth goes on, then it is that of R times the factor.
"""

from __future__ import annotations

import math

import msgspec
import numpy as np
from scipy.special import ndtri

from twinward.core.errors import InputError
from twinward.decision.surveillance.arrays import Floats
from twinward.decision.surveillance.forecasting.day_ensemble import sum_last_weeks
from twinward.decision.surveillance.forecasting.score import LEVELS
from twinward.decision.surveillance.forecasting.week_rules import MIDDLE

STEEPEST = 0.25  # growth and decline a day that is believed
GROWTH_DOUBT = 0.35  # of the growth seen, as a share of it


class ToldChange(msgspec.Struct, frozen=True, kw_only=True):
    """R is multiplied by `factor` (with `sd` of its logarithm) from a day on.

    begins: days from the last known day to the first day of the change, negative when it has begun
    """

    begins: int
    factor: float
    sd: float = 0.2
    generation_d: float = 5.0
    lag_d: float = 4.0  # from infection to report


def require_change(change: ToldChange) -> ToldChange:
    """The change, if it can be worked with."""
    for name, value, low, high in (
        ("factor", change.factor, 0.01, 10.0),
        ("sd", change.sd, 0.0, 2.0),
        ("generation", change.generation_d, 1.0, 60.0),
        ("lag", change.lag_d, 0.0, 60.0),
    ):
        if not (math.isfinite(value) and low <= value <= high):
            raise InputError(
                f"the {name} of a change must be {low:g} to {high:g}, got {value:g}",
                "write --change 2022-04-01,0.4,0.2",
                code="bad_change",
            )
    return change


def tell_change(table: Floats, counts: Floats, change: ToldChange) -> Floats:
    """The quantiles float64[days, 23] moved by a change from the day it shows."""
    growth = recent_growth(counts)
    ahead = np.arange(1, len(table) + 1)
    shows = change.begins + change.lag_d
    after = np.maximum(ahead - max(shows, 0.0), 0.0)
    before = ahead - after
    slope = np.clip(growth + math.log(change.factor) / change.generation_d, -STEEPEST, STEEPEST)
    middle = np.log1p(table[:, MIDDLE])
    path = middle[0] - growth + growth * before + slope * after
    told = np.where(after > 0, path, middle)
    doubt = np.hypot(change.sd / change.generation_d, GROWTH_DOUBT * abs(growth)) * after
    wide = np.log1p(table) - middle[:, None]
    extra = ndtri(np.array(LEVELS)) * doubt[:, None]
    spread = np.sign(ndtri(np.array(LEVELS))) * np.hypot(wide, extra)
    moved = np.expm1(told[:, None] + spread)
    return np.asarray(np.maximum(np.where(after[:, None] > 0, moved, table), 0.0))


def recent_growth(counts: Floats) -> float:
    """Growth of the logarithm a day over the last two weeks."""
    weeks = sum_last_weeks(counts)[-2:]
    if len(weeks) < 2 or not np.isfinite(weeks).all():
        return 0.0
    return float(np.clip((np.log1p(weeks[1]) - np.log1p(weeks[0])) / 7.0, -STEEPEST, STEEPEST))
