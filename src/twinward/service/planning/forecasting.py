"""Use case: fit a series of counts, fix a forecast, and only then look at what came."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.errors import InputError
from twinward.decision.surveillance.forecasting.backtest import check_coverage, judge, quantiles
from twinward.decision.surveillance.forecasting.baselines import last_value, log_linear
from twinward.decision.surveillance.forecasting.day_ensemble import sum_last_weeks
from twinward.decision.surveillance.forecasting.fitted import Track
from twinward.decision.surveillance.forecasting.model import PRIORS
from twinward.decision.surveillance.forecasting.observed import Observed, read_after, read_until
from twinward.decision.surveillance.forecasting.parameter_search import (
    MOST_TRIALS,
    TRIALS,
    fit_posterior,
    search,
)
from twinward.decision.surveillance.forecasting.renewal import RenewalFit, fit_renewal, predict
from twinward.decision.surveillance.forecasting.score import LEVELS
from twinward.decision.surveillance.forecasting.series_shape import Every, Holds
from twinward.decision.surveillance.forecasting.week_ensemble import forecast_weeks

MOST_PREDICTED = 120


class CalibrationRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a person asked: `days` to predict after `until` from the counts in `path` up to it."""

    path: Path
    until: date
    days: int
    population: float | None = None
    seed: int = 1
    trials: int = TRIALS
    folder: Path | None = None  # where the search is kept and the results are written
    resume: bool = False  # go on with the search that is kept there
    negative_missing: bool = False
    every: Every | None = None  # day or week, where the spacing leaves it open
    holds: Holds | None = None  # new cases or running totals


class FixedForecast(msgspec.Struct, frozen=True, kw_only=True):
    """A fixed forecast: quantiles float64[days, 23], and what it was made from."""

    observed: Observed
    fit: RenewalFit
    quantiles: NDArray[Any]
    baselines: dict[str, NDArray[Any]]
    track: Track | None = None


def calibrate(
    request: CalibrationRequest, progress: Callable[[str, float], None] | None = None
) -> tuple[FixedForecast, dict[str, object]]:
    """The forecast and the answer of `twinward calibrate`. Days after `until` are read when the
    forecast is fixed.
    """
    _check(request)
    started = time.perf_counter()
    observed = read_until(
        request.path, request.until, request.negative_missing, request.every, request.holds
    )
    _check_population(observed, request.population)
    tell = progress or (lambda stage, share: None)
    counts, population, seed = observed.counts, request.population, request.seed
    if request.folder is not None:
        request.folder.mkdir(exist_ok=True)
    found = search(
        counts,
        population,
        seed,
        request.trials,
        request.folder,
        request.resume,
        lambda done, wanted: tell(f"{done} of {wanted} trials", 0.8 * done / wanted),
    )
    forecast = _forecast(
        observed, *fit_posterior(counts, population, found, seed), request.days, population, seed
    )
    tell("checking coverage on the past", 0.85)
    answer = _answer(forecast, request.until)
    answer |= {"trials": len(found.trials), "resumed": found.resumed}
    if request.every == "week":
        answer |= _weekly(request, counts)
        tell("done", 1.0)
        answer["seconds"] = time.perf_counter() - started
        return forecast, answer
    answer["coverage_check"] = check_coverage(counts, request.days, population, seed)
    came = read_after(request.path, request.until, request.days, request.every, request.holds)
    if came is not None:
        answer |= judge(forecast.quantiles, came)
        answer["baselines"] = {
            name: judge(table, came) for name, table in forecast.baselines.items()
        }
    tell("done", 1.0)
    answer["seconds"] = time.perf_counter() - started
    return forecast, answer


def _weekly(request: CalibrationRequest, counts: NDArray[Any]) -> dict[str, object]:
    """The forecast of `request.days` weeks, made by the ensemble of weeks and judged by week."""
    known = np.flatnonzero(np.isfinite(counts))
    last = request.until - timedelta(days=len(counts) - 1 - int(known[-1]))
    sums = sum_last_weeks(counts[: known[-1] + 1])
    table = forecast_weeks(sums, request.days, request.population).quantiles
    rows = [
        {
            "date": (last + timedelta(days=7 * (k + 1))).isoformat(),
            "to": (last + timedelta(days=7 * (k + 1))).isoformat(),
            "values": {
                f"{level:g}": float(value) for level, value in zip(LEVELS, row, strict=True)
            },
        }
        for k, row in enumerate(table)
    ]
    found: dict[str, object] = {
        "weeks": rows,
        "quantiles": rows,
        "coverage_check": None,
        "notes": ["counts of weeks: --predict counts weeks, each row is the week that ends on it"],
    }
    came = read_after(request.path, last, 7 * request.days, request.every, request.holds)
    if came is not None:
        by_week = came.reshape(request.days, 7).sum(axis=1)
        if np.isfinite(by_week).any():
            found |= judge(table, by_week)
    return found


def make_forecast(
    observed: Observed, days: int, population: float | None, seed: int
) -> FixedForecast:
    """Fits the model, without a search, and the two baselines: a quarter of a second."""
    _check_population(observed, population)
    return _forecast(
        observed, fit_renewal(observed.counts, population, seed), None, days, population, seed
    )


def _forecast(
    observed: Observed,
    fit: RenewalFit,
    track: Track | None,
    days: int,
    population: float | None,
    seed: int,
) -> FixedForecast:
    counts = observed.counts
    return FixedForecast(
        observed=observed,
        fit=fit,
        quantiles=quantiles(predict(fit, len(counts), days, population, seed)),
        baselines={
            "last_value": quantiles(last_value(counts, days, seed)),
            "log_linear": quantiles(log_linear(counts, days, seed)),
        },
        track=track,
    )


def _check(request: CalibrationRequest) -> None:
    for holds, message, advice, code in (
        (
            1 <= request.days <= MOST_PREDICTED,
            f"{request.days} days cannot be predicted",
            f"give 1 to {MOST_PREDICTED}",
            "bad_predict",
        ),
        (
            request.population is None or request.population > 0,
            "the population must be above 0",
            "leave it out when unknown",
            "bad_population",
        ),
        (
            1 <= request.trials <= MOST_TRIALS,
            f"{request.trials} trials cannot be made",
            f"give 1 to {MOST_TRIALS:,}",
            "bad_trials",
        ),
        (
            request.folder is not None or not request.resume,
            "--resume needs the folder of the search",
            "name it with --out DIR",
            "resume_without_out",
        ),
    ):
        if not holds:
            raise InputError(message, advice, code=code)


def _check_population(observed: Observed, population: float | None) -> None:
    if population is not None and np.nansum(observed.counts) > population:
        raise InputError(
            "more cases than the population", "give a larger --population", code="bad_population"
        )


def _answer(forecast: FixedForecast, until: date) -> dict[str, object]:
    fit = forecast.fit
    sets = {}
    for name, column in zip(PRIORS, fit.parameters.T, strict=True):
        order = np.argsort(column)
        cumulated = np.cumsum(fit.weights[order])
        low, middle, high = (
            float(column[order][np.searchsorted(cumulated, q)]) for q in (0.05, 0.5, 0.95)
        )
        sets[name] = {"median": middle, "low_90": low, "high_90": high}
    now = np.exp(fit.log_r)
    r_draws = np.repeat(fit.weights / now.shape[1], now.shape[1])
    order = np.argsort(now.ravel())
    cumulated = np.cumsum(r_draws[order])
    r = [
        float(now.ravel()[order][min(np.searchsorted(cumulated, q), now.size - 1)])
        for q in (0.05, 0.5, 0.95)
    ]
    return {
        "parameters": sets,
        "r": {"median": r[1], "low_90": r[0], "high_90": r[2]},
        "wis": None,
        "coverage_50": None,
        "coverage_90": None,
        "quantiles": [
            {
                "date": (until + timedelta(days=k + 1)).isoformat(),
                "values": {
                    f"{level:g}": float(value) for level, value in zip(LEVELS, row, strict=True)
                },
            }
            for k, row in enumerate(forecast.quantiles)
        ],
        "simulated": True,
    }


def draw(forecast: FixedForecast, until: date, folder: Path) -> list[str]:
    """Plots of the forecast, of R and of the posterior, as PNG and SVG, and the quantiles as
    CSV.
    """
    from twinward.report.forecast import write_forecast

    return write_forecast(
        forecast.observed,
        until,
        forecast.quantiles,
        forecast.fit.parameters,
        forecast.fit.weights,
        forecast.track,
        folder,
    )
