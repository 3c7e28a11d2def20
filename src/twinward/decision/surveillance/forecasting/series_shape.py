"""What a series of counts is, seen by its spacing and its steps: days, weeks or months, new cases
or running totals.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, pdtr

from twinward.core.errors import InputError

Every = Literal["day", "week"]
Holds = Literal["new", "total"]
FEWEST, FEWEST_TOTALS = 4, 14  # rows below which nothing can be told
NOISE = 0.1
UNLIKELY = 1e-4


def spacing(days: list[date]) -> str:
    """`day`, `week`, `month`, or `sparse` for other distances that recur (two days, a fortnight); a
    missing row changes nothing.
    """
    apart = np.diff([day.toordinal() for day in days])
    if len(apart) < FEWEST - 1:
        return "day"
    least = int(apart.min())
    if least == 7 and (apart % 7 == 0).all():
        return "week"
    whole = np.round(apart / 30.44)
    if least >= 28 and (np.abs(apart - 30.44 * whole) <= 3).all():
        return "month"
    return "sparse" if least >= 2 and (apart % least == 0).all() else "day"


def is_running_total(counts: NDArray[Any]) -> bool:
    """True where a series falls far less often than counts of new cases of its size would by
    chance.

    A count falls below the one before with the probability that one noisy number is below another
    (Poisson, and NOISE of its size: weekends, late reports; our assumption); a real outbreak that
    grows fast for two weeks passes, since its steps are large.
    """
    known = counts[np.isfinite(counts)]
    known = known[int(np.argmax(known > 0)) :] if (known > 0).any() else known[:0]
    if len(known) < FEWEST_TOTALS:
        return False
    step, level = np.diff(known), known[1:] + known[:-1]
    spread = np.sqrt(np.maximum(level, 1.0) + NOISE**2 * (known[1:] ** 2 + known[:-1] ** 2))
    expected = float(ndtr(-np.maximum(step, 0.0) / spread)[level > 1].sum())
    return bool(pdtr(int((step < 0).sum()), expected) < UNLIKELY)


def require_daily(days: list[date], every: Every | None, name: str) -> None:
    """InputError for counts of weeks or months that nobody said to be such, and the other way
    round.
    """
    found = spacing(days)
    if found == "month":
        raise InputError(
            f"{name}: the dates lie a month apart throughout",
            "months are too coarse to forecast: give counts of days, or of weeks with --every week",
            code="monthly_counts",
        )
    if found == "week" and every is None:
        raise InputError(
            f"{name}: the dates lie 7 days apart throughout, so the counts may be of weeks",
            "say --every week if each is the sum of the week that ends on its date, "
            "or --every day if the other days are missing",
            code="weekly_counts",
        )
    if found == "sparse" and every != "day":
        raise InputError(
            f"{name}: the dates lie {int(min(np.diff([day.toordinal() for day in days])))} days "
            "apart throughout, so each count may be of several days",
            "give counts of each day, or of weeks with --every week; say --every day if each is of "
            "its day alone",
            code="sparse_counts",
        )
    if every == "week" and found == "day" and len(days) >= FEWEST:
        raise InputError(
            f"{name}: --every week, but the dates do not lie 7 days apart",
            "leave --every out for counts of days",
            code="weekly_counts",
        )


def require_new(counts: NDArray[Any], holds: Holds | None, name: str, rows: int) -> None:
    """InputError for rates, and for what looks like running totals unless the caller says what it
    is.
    """
    known = counts[np.isfinite(counts)]
    if len(known) and 0 < known.max() < 1:
        raise InputError(
            f"{name}: no row holds 1 or more, so these are rates and no counts",
            "give how many cases came on each day: the rate times the residents",
            code="rates_no_counts",
        )
    if holds is None and is_running_total(counts):
        raise InputError(
            f"{name}: in {rows} rows the column hardly ever falls, which new cases of this size do "
            "not do: it looks like running totals",
            "say --holds total to take the differences, or --holds new if they are new cases",
            code="running_totals",
        )


def differences(counts: dict[date, float], name: str) -> dict[date, float]:
    """New cases from running totals: the first total stands for what came before and is left
    out.
    """
    days = sorted(day for day, count in counts.items() if np.isfinite(count))
    found: dict[date, float] = {}
    for before, day in pairwise(days):
        step = counts[day] - counts[before]
        if step < 0:
            raise InputError(
                f"{name}: the total of {day} is {-step:g} below that of {before}",
                "correct the totals, or take such days as missing with --negative-missing",
                code="bad_observed",
            )
        gap = (day - before).days
        for k in range(gap):  # a missing row: its cases came somewhen between
            found[day - timedelta(days=k)] = step / gap
    return found


def spread_weeks(counts: dict[date, float]) -> dict[date, float]:
    """Sums of weeks shared evenly over the seven days that end on their date."""
    return {day - timedelta(days=k): count / 7.0 for day, count in counts.items() for k in range(7)}
