"""Counts by day: what comes next, and how good that was.

import twinward as tw
ahead = tw.surveillance.forecast(counts, days=14)   # a pandas Series with dates
ahead.plot()
tw.surveillance.score(ahead, came)
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from twinward.decision.surveillance.forecasting.backtest import check_coverage, judge
from twinward.decision.surveillance.forecasting.observed import MOST_DAYS, Observed
from twinward.decision.surveillance.forecasting.score import LEVELS
from twinward.faces import plots
from twinward.faces.arguments import ArgumentError, require_number, require_whole, speaks_python
from twinward.faces.frames import Columns, Result, read_columns, require_columns
from twinward.faces.surveillance_questions import (
    Rows,
    estimate_r,
    find_alarms,
    find_clusters,
    forecast_areas,
    nowcast,
    spread_between_cities,
)
from twinward.service.planning.forecasting import MOST_PREDICTED, FixedForecast, make_forecast

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "LEVELS",
    "Forecast",
    "Observed",
    "Rows",
    "backtest",
    "estimate_r",
    "find_alarms",
    "find_clusters",
    "forecast",
    "forecast_areas",
    "nowcast",
    "read_series",
    "score",
    "spread_between_cities",
]
FAN = tuple(LEVELS.index(level) for level in (0.05, 0.25, 0.5, 0.75, 0.95))


class Forecast(Result):
    """A forecast that is fixed: `quantiles` float64[days, 23] at LEVELS, `days` their dates.

    Tables: `quantiles` (a row a day, a column a level), `observed`, and `last_value` and
    `log_linear`, the two simple forecasts that a good one has to beat.
    """

    def __init__(self, fixed: FixedForecast) -> None:
        self.fixed = fixed
        self.observed, self.quantiles = fixed.observed, fixed.quantiles
        self.days = [self.observed.last + timedelta(days=k + 1) for k in range(len(self.quantiles))]

    @property
    def summary(self) -> dict[str, object]:
        low, middle, high = (self.quantiles[-1, FAN[k]] for k in (0, 2, 4))
        fit = self.fixed.fit
        r = np.exp(fit.log_r)
        weights = np.repeat(fit.weights / r.shape[1], r.shape[1])
        order = np.argsort(r.ravel())
        place = np.searchsorted(np.cumsum(weights[order]), 0.5)
        return {
            "until": self.observed.last.isoformat(),
            "days": len(self.days),
            "r_now": float(r.ravel()[order][min(int(place), r.size - 1)]),
            "last_day_median": float(middle),
            "last_day_90": (round(float(low), 1), round(float(high), 1)),
            "simulated": True,
        }

    def list_tables(self) -> list[str]:
        return ["quantiles", "observed", *self.fixed.baselines]

    def _columns(self, table: str) -> Columns:
        if table == "observed":
            count = len(self.observed.counts)
            dates = [self.observed.first + timedelta(days=k) for k in range(count)]
            return {"date": dates, "new": self.observed.counts}
        rows = self.quantiles if table == "quantiles" else self.fixed.baselines[table]
        return {
            "date": self.days,
            **{f"{level:g}": rows[:, k] for k, level in enumerate(LEVELS)},
        }

    def plot(self, axes: Axes | None = None) -> Axes:
        """Counts observed and the fan ahead; returns the matplotlib axes."""
        observed = self._columns("observed")
        past = (observed["date"], observed["new"])
        return plots.plot_forecast(past, (self.days, self.quantiles[:, FAN]), axes)


@speaks_python
def forecast(
    series: object,
    days: int = 14,
    *,
    until: date | str | None = None,
    population: float | None = None,
    seed: int = 1,
) -> Forecast:
    """Fits a renewal model to daily counts and forecasts the days after the last one.

    series: a pandas Series with dates, a mapping date -> count, a frame or CSV file with the
        columns date and new; a missing day is NaN or no row
    days: 1 to 120 ahead; until: the last day that may be used; the last in the series when None
    population: nobody is infected twice in a population of so many

    Raises ArgumentError (a ValueError) that names the argument.
    """
    require_whole("days", days, 1, MOST_PREDICTED)
    if population is not None:
        require_number("population", population, 1, 1e10)
    observed = read_series(series, until)
    fixed = make_forecast(observed, days, population, require_whole("seed", seed, 0, 2**63 - 1))
    return Forecast(fixed)


def score(made: Forecast, came: object) -> dict[str, float]:
    """Weighted interval score and coverage of the 50 and 90 % bands, on the days that came.

    came: as `series` of `forecast`; only the days that were forecast are looked at
    """
    known = _counts("came", came)
    column = np.array([known.get(day, np.nan) for day in made.days])
    if not np.isfinite(column).any():
        raise ArgumentError(
            f"came must have counts from {made.days[0]} to {made.days[-1]}, it has none",
            argument="came",
        )
    return judge(made.quantiles, column)


@speaks_python
def backtest(series: object, days: int = 14, *, seed: int = 1) -> dict[str, object]:
    """How forecasts made at up to eight earlier days did on the days after each, and how two
    simple forecasts did: read it before trusting the widths.
    """
    require_whole("days", days, 1, MOST_PREDICTED)
    found = check_coverage(read_series(series).counts, days, None, seed)
    if found is None:
        raise ArgumentError("series is too short to be tested", argument="series")
    return found


def read_series(series: object, until: date | str | None = None) -> Observed:
    """Daily counts as the model takes them, up to `until`; NaN where a day is missing."""
    counts = _counts("series", series)
    last = _day("until", until) if until is not None else max(counts, default=date.min)
    usable = sorted(day for day, count in counts.items() if day <= last and np.isfinite(count))
    if len(usable) < 3:
        raise ArgumentError(
            f"series must have at least 3 days with a count, got {len(usable)}", argument="series"
        )
    length = (last - usable[0]).days + 1
    if length > MOST_DAYS:
        raise ArgumentError(f"series must span at most {MOST_DAYS} days, got {length}")
    column = np.full(length, np.nan)
    for day in usable:
        column[(day - usable[0]).days] = counts[day]
    return Observed(first=usable[0], counts=column)


def _counts(argument: str, series: object) -> dict[date, float]:
    if isinstance(series, str | Path) or hasattr(series, "columns"):
        table = read_columns(argument, series)
        require_columns(argument, table, ("date", "new"))
        pairs = list(zip(table["date"], table["new"], strict=True))
    elif isinstance(series, Mapping) or hasattr(series, "items"):
        pairs = list(series.items())
    else:
        raise ArgumentError(
            f"{argument} must be a pandas Series with dates, a mapping date -> count, or a frame "
            f"with the columns date and new, got {type(series).__name__}",
            argument=argument,
        )
    counts: dict[date, float] = {}
    for key, value in pairs:
        day = _day(argument, key)
        missing = value is None or value != value or value == ""
        count = float("nan") if missing else float(value)
        if day in counts:
            raise ArgumentError(
                f"{argument}: {day} comes twice", "one row a day", argument=argument
            )
        if count < 0 or np.isinf(count):
            raise ArgumentError(
                f"{argument}: {day} must have a count of 0 or more, got {value}",
                "make it NaN to leave the day out",
                argument=argument,
            )
        counts[day] = count
    return counts


def _day(argument: str, value: object) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError as error:
        raise ArgumentError(
            f"{argument}: {value!r} is not a date", "write dates as 2022-03-31", argument=argument
        ) from error
