"""Forecasts of counts against two simple ones: on made-up series, simulated ones and, if given,
Shanghai 2022.

python -m benchmarks.bench_forecast [--seeds 5,6] [--shanghai DIR] [--every 1] [--trials 192 |
--no-search] [--json]
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.forecast_series import Series, made_up, shanghai, simulated
from twinward.decision.surveillance.forecasting.backtest import judge, quantiles
from twinward.decision.surveillance.forecasting.baselines import last_value, log_linear
from twinward.decision.surveillance.forecasting.parameter_search import (
    TRIALS,
    fit_posterior,
    search,
)
from twinward.decision.surveillance.forecasting.renewal import fit_renewal, predict

DAYS, SEED = 20, 1
SMALLEST = 0.05  # added to each WIS before ratios are taken, for series of zeros
Forecaster = Callable[[NDArray[Any], int], NDArray[Any]]


def forecaster(trials: int) -> Forecaster:
    """Draws of the calibrated model, or without trials of the model on evenly spread parameters."""

    def forecast(known: NDArray[Any], days: int) -> NDArray[Any]:
        if not trials:
            return predict(fit_renewal(known, None, SEED), len(known), days, None, SEED)
        fit, _ = fit_posterior(known, None, search(known, None, SEED, trials), SEED)
        return predict(fit, len(known), days, None, SEED)

    return forecast


def measure(series: list[Series], every: int, forecast: Forecaster) -> dict[str, Any]:
    """By kind of series: WIS over that of the simple forecasts (geometric mean over forecasts),
    and coverage.
    """
    by_kind: dict[str, list[list[float]]] = {}
    cuts = [(one, cut) for one in series for cut in one.cuts][::every]
    started = time.process_time()
    for one, cut in cuts:
        known, came = one.counts[:cut], one.counts[cut : cut + DAYS]
        draws = (
            forecast(known, len(came)),
            last_value(known, len(came), SEED),
            log_linear(known, len(came), SEED),
        )
        model, last, line = (judge(quantiles(table), came) for table in draws)
        row = [model["wis"], last["wis"], line["wis"], model["coverage_50"], model["coverage_90"]]
        by_kind.setdefault(one.kind, []).append(row)
    cpu_s = time.process_time() - started
    rows = {kind: summary(np.array(found)) for kind, found in by_kind.items()}
    rows["all"] = summary(np.concatenate([np.array(found) for found in by_kind.values()]))
    return {"forecasts": len(cuts), "cpu_s_each": cpu_s / len(cuts), "kinds": rows}


def summary(rows: NDArray[Any]) -> dict[str, float]:
    ratios = np.exp(np.log((rows[:, :1] + SMALLEST) / (rows[:, 1:3] + SMALLEST)).mean(axis=0))
    return {
        "n": len(rows),
        "wis_to_last_value": float(ratios[0]),
        "wis_to_log_linear": float(ratios[1]),
        "coverage_50": float(rows[:, 3].mean()),
        "coverage_90": float(rows[:, 4].mean()),
        "worst_to_last_value": float(((rows[:, 0] + SMALLEST) / (rows[:, 1] + SMALLEST)).max()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="5", help="of the made-up and simulated series")
    parser.add_argument("--shanghai", type=Path, help="folder of the outbreak of 2022")
    parser.add_argument("--every", type=int, default=1, help="only every n-th forecast")
    parser.add_argument("--trials", type=int, default=TRIALS)
    parser.add_argument("--no-search", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    series = shanghai(options.shanghai) if options.shanghai else []
    for seed in (int(word) for word in options.seeds.split(",") if word):
        series += made_up(seed) + simulated(seed)
    found = measure(series, options.every, forecaster(0 if options.no_search else options.trials))
    if options.json:
        print(json.dumps(found))
        return
    print(f"{found['forecasts']} forecasts, {found['cpu_s_each']:.2f} CPU s each")
    for kind, row in found["kinds"].items():
        print(
            f"{kind:20} n {row['n']:3}  WIS / last value {row['wis_to_last_value']:.2f}  / "
            f"log-linear "
            f"{row['wis_to_log_linear']:.2f}  inside 50 % {row['coverage_50']:.0%}  90 % "
            f"{row['coverage_90']:.0%}"
            f"  worst / last value {row['worst_to_last_value']:.2f}"
        )


if __name__ == "__main__":
    main()
