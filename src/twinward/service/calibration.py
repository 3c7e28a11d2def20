"""Use case: fit a series of counts, fix a forecast, and only then look at what came."""

from __future__ import annotations

import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.errors import InputError
from twinward.decision.simulation.forecast.baselines import last_value, log_linear
from twinward.decision.simulation.forecast.observed import Observed, read_after, read_until
from twinward.decision.simulation.forecast.renewal import PRIORS, Fit, fit_renewal, predict
from twinward.decision.simulation.forecast.score import LEVELS, coverage, weighted_interval_score

MOST_PREDICTED = 120


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """A fixed forecast: quantiles float64[days, 23], and what it was made from."""

    observed: Observed
    fit: Fit
    quantiles: NDArray[Any]
    baselines: dict[str, NDArray[Any]]


def calibrate(
    path: Path, until: date, days: int, population: float | None, seed: int
) -> tuple[Forecast, dict[str, Any]]:
    """The forecast and the answer of `twinward calibrate`. Days after `until` are read when the forecast is fixed."""
    if not 1 <= days <= MOST_PREDICTED:
        raise InputError(f"{days} days cannot be predicted", f"give 1 to {MOST_PREDICTED}", code="bad_predict")
    if population is not None and population <= 0:
        raise InputError("the population must be above 0", "leave it out when unknown", code="bad_population")
    started = time.perf_counter()
    forecast = make_forecast(read_until(path, until), days, population, seed)
    answer = _answer(forecast, until, days)
    came = read_after(path, until, days)
    if came is not None:
        answer |= _judge(forecast.quantiles, came)
        answer["baselines"] = {name: _judge(table, came) for name, table in forecast.baselines.items()}
    answer["seconds"] = time.perf_counter() - started
    return forecast, answer


def make_forecast(observed: Observed, days: int, population: float | None, seed: int) -> Forecast:
    """Fits the model and the two baselines."""
    counts = observed.counts
    if population is not None and np.nansum(counts) > population:
        raise InputError("more cases than the population", "give a larger --population", code="bad_population")
    fit = fit_renewal(counts, population, seed)
    return Forecast(
        observed=observed,
        fit=fit,
        quantiles=_quantiles(predict(fit, len(counts), days, population, seed)),
        baselines={
            "last_value": _quantiles(last_value(counts, days, seed)),
            "log_linear": _quantiles(log_linear(counts, days, seed)),
        },
    )


def _quantiles(draws: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(np.quantile(draws, LEVELS, axis=0).T)


def _answer(forecast: Forecast, until: date, days: int) -> dict[str, Any]:
    fit = forecast.fit
    sets = {}
    for name, column in zip(PRIORS, fit.parameters.T, strict=True):
        order = np.argsort(column)
        cumulated = np.cumsum(fit.weights[order])
        low, middle, high = (float(column[order][np.searchsorted(cumulated, q)]) for q in (0.05, 0.5, 0.95))
        sets[name] = {"median": middle, "low_90": low, "high_90": high}
    now = np.exp(fit.log_r)
    r_draws = np.repeat(fit.weights / now.shape[1], now.shape[1])
    order = np.argsort(now.ravel())
    cumulated = np.cumsum(r_draws[order])
    r = [float(now.ravel()[order][min(np.searchsorted(cumulated, q), now.size - 1)]) for q in (0.05, 0.5, 0.95)]
    return {
        "parameters": sets,
        "r": {"median": r[1], "low_90": r[0], "high_90": r[2]},
        "wis": None,
        "coverage_50": None,
        "coverage_90": None,
        "quantiles": [
            {
                "date": (until + timedelta(days=k + 1)).isoformat(),
                "values": {f"{level:g}": float(value) for level, value in zip(LEVELS, row, strict=True)},
            }
            for k, row in enumerate(forecast.quantiles[:days])
        ],
        "simulated": True,
    }


def _judge(quantiles: NDArray[Any], came: NDArray[Any]) -> dict[str, float]:
    return {
        "wis": weighted_interval_score(quantiles, came),
        "coverage_50": coverage(quantiles, came, 0.5),
        "coverage_90": coverage(quantiles, came, 0.9),
    }


def draw(forecast: Forecast, until: date, folder: Path) -> list[str]:
    """Plots of the forecast and of the posterior, as PNG and SVG."""
    from twinward.report.forecast import plot_forecast

    return plot_forecast(forecast.observed, until, forecast.quantiles, forecast.fit, folder)
