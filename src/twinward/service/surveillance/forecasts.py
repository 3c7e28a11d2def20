"""Use case: forecasts of many series of counts in one call, by area and for the whole."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import msgspec
import numpy as np

from twinward.core.errors import InputError
from twinward.decision.surveillance.arrays import Floats
from twinward.decision.surveillance.forecasting.backtest import judge
from twinward.decision.surveillance.forecasting.coherent import add_up
from twinward.decision.surveillance.forecasting.day_ensemble import (
    forecast_days,
    forecast_weeks_of_days,
)
from twinward.decision.surveillance.forecasting.score import LEVELS
from twinward.decision.surveillance.forecasting.told_change import (
    ToldChange,
    require_change,
    tell_change,
)
from twinward.decision.surveillance.forecasting.week_ensemble import forecast_weeks
from twinward.decision.surveillance.rt.jumps import mask_jumps
from twinward.decision.surveillance.series_by_area import AreaSeries, read_areas, read_later

FEWEST_STEPS = {1: 14, 7: 4}
MOST_PREDICTED = 120
WHOLE = "total"


class ForecastRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a person asked: `predict` days (or weeks, where the file counts weeks) after `until`.

    weekly: of counts of days the sums of the weeks after `until`
    """

    observed: Path
    until: date
    predict: int
    weekly: bool = False
    change: tuple[date, ToldChange] | None = None


class ForecastRow(msgspec.Struct, frozen=True, kw_only=True):
    """One area and day (or week that ends on it)."""

    area: str
    date: date
    quantiles: dict[str, float]


class ForecastAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of every area and of the whole; the medians of the areas add up to the whole's."""

    rows: list[ForecastRow]
    total: list[ForecastRow]
    not_told: list[ForecastRow]  # where a change was told: the same without it
    areas: int
    every: str  # day or week
    until: date
    scores: dict[str, float] | None
    notes: list[str]


def make_change(factor: float, sd: float = 0.2) -> ToldChange:
    """A change of R that a plan makes, its date still open."""
    return require_change(ToldChange(begins=0, factor=factor, sd=sd))


def forecast_areas(request: ForecastRequest) -> ForecastAnswer:
    """23 quantiles a step for each area from counts up to `until` alone."""
    if not 1 <= request.predict <= MOST_PREDICTED:
        raise InputError(
            f"predict must be 1 to {MOST_PREDICTED}, got {request.predict}",
            "give fewer --predict",
            code="bad_predict",
        )
    areas = read_areas(request.observed, request.until)
    notes = list(areas.notes)
    parts = [_forecast(areas, name, row, request, notes) for name, row in areas.counts.items()]
    whole = _forecast_whole(areas, request)
    parts, whole = add_up(parts, whole)
    tables = dict(zip(areas.counts, parts, strict=True))
    told, not_told = _tell(tables, areas, request)
    step_d = 7 if request.weekly else areas.step_d
    told_whole = _tell_one(whole, areas.total(), areas, request)
    return ForecastAnswer(
        rows=_rows(told, areas.until, step_d),
        total=_rows({WHOLE: told_whole}, areas.until, step_d),
        not_told=_rows(not_told, areas.until, step_d),
        areas=len(tables),
        every="day" if step_d == 1 else "week",
        until=request.until,
        scores=_score(told, areas, request),
        notes=notes,
    )


def _forecast(
    areas: AreaSeries, name: str, counts: Floats, request: ForecastRequest, notes: list[str]
) -> Floats:
    known = int(np.isfinite(counts).sum())
    wanted = FEWEST_STEPS[areas.step_d]
    if known < wanted:
        unit = "days" if areas.step_d == 1 else "weeks"
        notes.append(f"{name}: too few {unit}: {known} of {wanted}; the interval is a guess")
    if areas.step_d == 7:
        return forecast_weeks(counts, request.predict).quantiles
    clean, masked = mask_jumps(counts)
    if len(masked):
        days = ", ".join(str(areas.day(int(place))) for place in masked)
        notes.append(f"{name}: a jump of a single day or a new definition, left out: {days}")
    ahead = forecast_weeks_of_days if request.weekly else forecast_days
    return ahead(clean, request.predict)


def _forecast_whole(areas: AreaSeries, request: ForecastRequest) -> Floats:
    total = areas.total()
    if areas.step_d == 7:
        return forecast_weeks(total, request.predict).quantiles
    ahead = forecast_weeks_of_days if request.weekly else forecast_days
    return ahead(mask_jumps(total)[0], request.predict)


def _tell(
    tables: dict[str, Floats], areas: AreaSeries, request: ForecastRequest
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    if request.change is None:
        return tables, {}
    told = {
        name: _tell_one(table, areas.counts[name], areas, request) for name, table in tables.items()
    }
    return told, tables


def _tell_one(table: Floats, counts: Floats, areas: AreaSeries, request: ForecastRequest) -> Floats:
    if request.change is None:
        return table
    if areas.step_d != 1 or request.weekly:
        raise InputError(
            "a change of contacts can be told only to forecasts of days",
            "give daily counts, and leave --weekly out",
            code="weekly_counts",
        )
    begins, change = request.change
    placed = msgspec.structs.replace(change, begins=(begins - request.until).days)
    return tell_change(table, counts, require_change(placed))


def _rows(tables: dict[str, Floats], until: date, step_d: int) -> list[ForecastRow]:
    return [
        ForecastRow(
            area=name,
            date=until + timedelta(days=step_d * (step + 1)),
            quantiles={
                f"{level:g}": float(value) for level, value in zip(LEVELS, row, strict=True)
            },
        )
        for name, table in tables.items()
        for step, row in enumerate(table)
    ]


def _score(
    tables: dict[str, Floats], areas: AreaSeries, request: ForecastRequest
) -> dict[str, float] | None:
    """WIS and coverage where the file holds the steps predicted; read only now."""
    by_week = request.weekly and areas.step_d == 1
    steps = request.predict * 7 if by_week else request.predict
    later = read_later(request.observed, areas, steps)
    came = np.concatenate([later[name] for name in tables])
    if by_week:
        came = came.reshape(-1, 7).sum(axis=1)
    if not np.isfinite(came).any():
        return None
    return judge(np.concatenate(list(tables.values())), came)
