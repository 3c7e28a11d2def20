"""Weekly forecasts of long series against two baselines fixed beforehand.

python -m benchmarks.bench_weekly_forecasts FILE(area,date,new) [--first FILE] [--from DATE]
[--every 1] [--json]

`--first` holds values as first reported (area,date,new): at each origin the weeks of it that are
known then stand for the later values, and the forecast is held against the later ones.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twinward.decision.surveillance.forecasting.score import LEVELS
from twinward.decision.surveillance.forecasting.week_ensemble import forecast_weeks
from twinward.decision.surveillance.forecasting.week_rules import damped_root, hub_baseline

Floats = NDArray[np.float64]
AHEAD, FIRST_WEEK = 4, 6
COVERED = {"50": (0.25, 0.75), "90": (0.05, 0.95), "95": (0.025, 0.975)}


def read(path: Path) -> dict[str, dict[str, float]]:
    """area -> week -> count."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["new"]:
                found[row["area"]][row["date"]] = float(row["new"])
    return found


def score(table: Floats, came: Floats) -> Floats:
    """float64[weeks] WIS, as in `weighted_interval_score`, of each week ahead."""
    levels = np.array(LEVELS)
    gap = came[:, None] - table
    return np.asarray(2 * np.where(gap >= 0, levels * gap, (levels - 1) * gap).mean(axis=1))


def measure(
    final: dict[str, dict[str, float]], first: dict[str, dict[str, float]], start: str, every: int
) -> dict[str, float]:
    """Ratios of means over all forecasts, and of the geometric mean over areas; coverage."""
    sums = []
    inside: dict[str, list[float]] = {name: [] for name in COVERED}
    for area, values in final.items():
        weeks = sorted(values)
        counts = np.array([values[week] for week in weeks])
        early = np.array([first.get(area, {}).get(week, values[week]) for week in weeks])
        rows = []
        for now in range(FIRST_WEEK, len(weeks) - 1, every):
            if weeks[now] < start:
                continue
            seen = early[: now + 1]
            came = counts[now + 1 : now + 1 + AHEAD]
            ours = forecast_weeks(seen, AHEAD).quantiles[: len(came)]
            rules = [rule(seen, AHEAD)[: len(came)] for rule in (hub_baseline, damped_root)]
            both = [[score(t, came), score(np.log1p(t), np.log1p(came))] for t in (ours, *rules)]
            rows.append(np.mean(both, axis=2).ravel())
            for name, (low, high) in COVERED.items():
                lower, upper = (ours[:, LEVELS.index(level)] for level in (low, high))
                inside[name] += list((came >= lower) & (came <= upper))
        if rows:
            sums.append(np.sum(rows, axis=0))
    table = np.array(sums)  # ours, ours log, baseline, baseline log, damped, damped log
    whole = table.sum(axis=0)
    middle = np.exp(np.log(table[:, 0] / table[:, 2]).mean())
    return {
        "areas": len(table),
        "to_baseline": whole[0] / whole[2],
        "to_baseline_geometric": float(middle),
        "to_damped": whole[0] / whole[4],
        "log_to_baseline": whole[1] / whole[3],
        "log_to_damped": whole[1] / whole[5],
        **{f"coverage_{name}": float(np.mean(held)) for name, held in inside.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--first", type=Path)
    parser.add_argument("--from", dest="start", default="", help="first origin")
    parser.add_argument("--every", type=int, default=1, help="only every n-th origin")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    started = time.process_time()
    first = read(options.first) if options.first else {}
    found = measure(read(options.file), first, options.start, options.every)
    found["cpu_s"] = time.process_time() - started
    if options.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:24} {value:.3f}")


if __name__ == "__main__":
    main()
