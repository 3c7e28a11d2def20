"""Use case: the reproduction number of a file of counts."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np

from twinward.core.errors import InputError
from twinward.decision.surveillance.arrays import Floats
from twinward.decision.surveillance.counts import CountSeries, read_counts
from twinward.decision.surveillance.forecasting.model import weekday_factors
from twinward.decision.surveillance.rt.cori import (
    PRIOR_SCALE,
    PRIOR_SHAPE,
    QUANTILES,
    estimate_cori,
)
from twinward.decision.surveillance.rt.delay import infections_by_day
from twinward.decision.surveillance.rt.filter import filter_r
from twinward.decision.surveillance.rt.jumps import mask_jumps
from twinward.decision.surveillance.rt.serial_interval import mean_and_sd, read_serial_interval

FEWEST_DAYS = 14
Method = Literal["cori", "filter"]


class RRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a person asked: R of the counts in `observed`."""

    observed: Path
    serial_interval: str
    window: int = 7
    method: Method = "cori"
    delay: tuple[float, float] | None = None  # mean and sd from infection to report, in days


class RRow(msgspec.Struct, frozen=True, kw_only=True, rename={"start": "from", "end": "to"}):
    """R of the days from `start` to `end`."""

    start: date
    end: date
    mean: float
    sd: float
    quantiles: dict[str, float]
    above_one: float | None = None


class RAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of R and what has to be said about the data behind them."""

    rows: list[RRow]
    method: Method
    serial_interval: dict[str, float]
    enough: bool
    notes: list[str]


def estimate_r(request: RRequest) -> RAnswer:
    """R by window (Cori) or by day (filter); with too few days the prior and a sentence."""
    serial = read_serial_interval(request.serial_interval)
    series = read_counts(request.observed)
    if series.step_d != 1:
        raise InputError(
            f"{request.observed.name}: the dates lie 7 days apart, R needs counts of days",
            "give daily counts",
            code="weekly_counts",
        )
    if request.delay is not None:
        series = infections_by_day(series, *request.delay)
    mean, sd = mean_and_sd(serial)
    notes = list(series.notes)
    short = _too_short(series.new, mean)
    if short:
        rows = [_prior_row(series)]
    elif request.method == "cori":
        rows = _cori_rows(series, serial, request.window, notes)
    else:
        rows = _filter_rows(series, serial, notes)
    return RAnswer(
        rows=rows,
        method=request.method,
        serial_interval={"mean": mean, "sd": sd},
        enough=not short,
        notes=[*([short] if short else []), *notes],
    )


def _too_short(new: Floats, mean_d: float) -> str:
    """Why nothing can be said of R, or an empty text."""
    known, cases = int(np.isfinite(new).sum()), float(np.nansum(new))
    wanted = max(FEWEST_DAYS, int(np.ceil(3 * mean_d)))
    if known < wanted:
        return f"too few days: {known} of {wanted}"
    if cases < 2:
        return f"too few cases: {cases:g} in {known} days"
    return ""


def _prior_row(series: CountSeries) -> RRow:
    from scipy.stats import gamma

    values = gamma.ppf(np.array(QUANTILES), PRIOR_SHAPE, scale=PRIOR_SCALE)
    return RRow(
        start=series.first,
        end=series.day(len(series.new) - 1),
        mean=PRIOR_SHAPE * PRIOR_SCALE,
        sd=PRIOR_SHAPE**0.5 * PRIOR_SCALE,
        quantiles=_named(values),
    )


def _cori_rows(series: CountSeries, serial: Floats, window: int, notes: list[str]) -> list[RRow]:
    found = estimate_cori(series.new, series.imported, serial, window)
    if len(found.unexplained):
        days = ", ".join(str(series.day(int(day))) for day in found.unexplained[:5])
        notes.append(f"no known case explains those of {days}: taken as imported")
    return [
        RRow(
            start=series.day(int(start)),
            end=series.day(int(end)),
            mean=float(found.mean[n]),
            sd=float(found.sd[n]),
            quantiles=_named(found.quantiles[n]),
        )
        for n, (start, end) in enumerate(zip(found.start, found.end, strict=True))
    ]


def _filter_rows(series: CountSeries, serial: Floats, notes: list[str]) -> list[RRow]:
    new, masked = mask_jumps(series.new)
    if len(masked):
        days = ", ".join(str(series.day(int(day))) for day in masked)
        notes.append(f"a jump of a single day or a change of definition, left out: {days}")
    weekday = weekday_factors(new)[None, :]
    found = filter_r(new[None, :], series.imported[None, :], serial, weekday)
    return [
        RRow(
            start=series.day(day),
            end=series.day(day),
            mean=float(found.mean[0, day]),
            sd=float(found.sd[0, day]),
            quantiles=_named(found.quantiles[0, day]),
            above_one=float(found.above_one[0, day]),
        )
        for day in range(1, len(new))
    ]


def _named(values: Any) -> dict[str, float]:
    return {f"{level:g}": float(value) for level, value in zip(QUANTILES, values, strict=True)}
