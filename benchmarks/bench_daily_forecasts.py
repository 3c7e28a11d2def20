"""Forecasts of daily counts, for 14 days and for four weeks, against rules fixed beforehand.

python -m benchmarks.bench_daily_forecasts FILE(area,date,new) [--every 7] [--first-day 35] [--json]

Days 1 to 14: against the flat rule (`baselines.last_value`: the last count, wide by past changes of
a day). Weeks 1 to 4 that end on the day of the origin: against the FluSight baseline and the damped
rule on the sums of weeks. All weighted interval scores, on the counts and on log(1 + count).
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.bench_weekly_forecasts import read, score
from twinward.decision.surveillance.forecasting.backtest import quantiles
from twinward.decision.surveillance.forecasting.baselines import last_value
from twinward.decision.surveillance.forecasting.day_ensemble import (
    forecast_days,
    forecast_weeks_of_days,
)
from twinward.decision.surveillance.forecasting.score import LEVELS
from twinward.decision.surveillance.forecasting.week_rules import damped_root, hub_baseline

Floats = NDArray[np.float64]
DAYS, WEEKS = 14, 4
LOW, HIGH = LEVELS.index(0.05), LEVELS.index(0.95)


def judge_days(counts: Floats, now: int) -> tuple[list[float], list[bool]]:
    """Mean scores (ours, flat; the same on logs) and what the 90 % interval held."""
    came = counts[now : now + DAYS]
    ours = forecast_days(counts[:now], DAYS)[: len(came)]
    flat = quantiles(last_value(counts[:now], DAYS, 1))[: len(came)]
    tables = (ours, flat)
    found = [float(score(t, came).mean()) for t in tables]
    found += [float(score(np.log1p(t), np.log1p(came)).mean()) for t in tables]
    return found, list((came >= ours[:, LOW]) & (came <= ours[:, HIGH]))


def judge_weeks(counts: Floats, now: int) -> tuple[list[float], list[bool]]:
    """Mean scores (ours, baseline, damped; the same on logs) and what the 90 % interval held."""
    past = counts[now % 7 : now].reshape(-1, 7).sum(axis=1)
    ahead = min(WEEKS, (len(counts) - now) // 7)
    came = counts[now : now + 7 * ahead].reshape(-1, 7).sum(axis=1)
    ours = forecast_weeks_of_days(counts[:now], WEEKS)[:ahead]
    tables = (ours, *(rule(past, WEEKS)[:ahead] for rule in (hub_baseline, damped_root)))
    found = [float(score(t, came).sum()) for t in tables]
    found += [float(score(np.log1p(t), np.log1p(came)).sum()) for t in tables]
    return found, list((came >= ours[:, LOW]) & (came <= ours[:, HIGH]))


def measure(final: dict[str, dict[str, float]], every: int, first: int) -> dict[str, float]:
    """Ratios of means over all forecasts; origins end on the weekday of the last day of a file."""
    days, weeks, day_in, week_in = [], [], [], []
    for values in final.values():
        counts = np.array([values[day] for day in sorted(values)])
        for now in range(len(counts) - 7, first, -every):
            row, held = judge_days(counts, now)
            days.append(row)
            day_in += held
            row, held = judge_weeks(counts, now)
            weeks.append(row)
            week_in += held
    day, week = np.sum(days, axis=0), np.sum(weeks, axis=0)
    return {
        "areas": len(final),
        "origins": len(days),
        "days_to_flat": day[0] / day[1],
        "days_log_to_flat": day[2] / day[3],
        "days_coverage_90": float(np.mean(day_in)),
        "weeks_to_baseline": week[0] / week[1],
        "weeks_to_damped": week[0] / week[2],
        "weeks_log_to_baseline": week[3] / week[4],
        "weeks_log_to_damped": week[3] / week[5],
        "weeks_coverage_90": float(np.mean(week_in)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--every", type=int, default=7, help="days between origins")
    parser.add_argument("--first-day", type=int, default=35, help="days before the first origin")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    started = time.process_time()
    found = measure(read(options.file), options.every, options.first_day)
    found["cpu_s"] = time.process_time() - started
    if options.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:24} {value:.3f}")


if __name__ == "__main__":
    main()
