"""How forecasts of the same kind would have done on days that are past already: a check by
rolling origin.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.decision.surveillance.forecasting.baselines import last_value, log_linear
from twinward.decision.surveillance.forecasting.renewal import fit_renewal, predict
from twinward.decision.surveillance.forecasting.score import (
    LEVELS,
    coverage,
    weighted_interval_score,
)

ORIGINS, EVERY_D, LEAST_KNOWN_D, LEAST_AHEAD_D, MOST_AHEAD_D = 8, 5, 14, 5, 28
SETS, PARTICLES = 64, 96  # half the forecast's: the check is done eight times


def check_coverage(
    counts: NDArray[Any], days: int, population: float | None, seed: int
) -> dict[str, object] | None:
    """Forecasts made at up to 8 earlier days, each from the days before it alone, scored on those
    after it.

    The model is fitted anew at each origin, without the search, so nothing of the days scored is
    known to it. None where the series is too short. `baselines` holds the same for the two simple
    forecasts.
    """
    came: list[NDArray[Any]] = []
    made: dict[str, list[NDArray[Any]]] = {
        name: [] for name in ("model", "last_value", "log_linear")
    }
    origins = [len(counts) - LEAST_AHEAD_D - EVERY_D * k for k in range(ORIGINS)]
    origins = [
        o
        for o in origins
        if o >= LEAST_KNOWN_D and np.isfinite(counts[:o]).sum() >= LEAST_KNOWN_D // 2
    ]
    for origin in origins:
        known, ahead = counts[:origin], counts[origin : origin + min(days, MOST_AHEAD_D)]
        came.append(ahead)
        draws = predict(
            fit_renewal(known, population, seed, SETS, PARTICLES),
            origin,
            len(ahead),
            population,
            seed,
        )
        made["model"].append(quantiles(draws))
        made["last_value"].append(quantiles(last_value(known, len(ahead), seed)))
        made["log_linear"].append(quantiles(log_linear(known, len(ahead), seed)))
    if not came or not np.isfinite(np.concatenate(came)).any():
        return None
    truth = np.concatenate(came)
    scores = {name: judge(np.concatenate(tables), truth) for name, tables in made.items()}
    model = scores.pop("model")
    return {
        "origins": len(origins),
        "days_scored": int(np.isfinite(truth).sum()),
        **model,
        "baselines": scores,
    }


def quantiles(draws: NDArray[Any]) -> NDArray[Any]:
    """float64[days, 23] of draws float64[N, days]."""
    return np.asarray(np.quantile(draws, LEVELS, axis=0).T)


def judge(table: NDArray[Any], came: NDArray[Any]) -> dict[str, float]:
    """The three figures by which a forecast is judged."""
    return {
        "wis": weighted_interval_score(table, came),
        "coverage_50": coverage(table, came, 0.5),
        "coverage_90": coverage(table, came, 0.9),
    }
