"""Trains the pooled lines of weekly counts: `python -m benchmarks.train_pooled_lines --public FILE
--until DATE`.

Least absolute deviations of log growth over the next 1 to 4 weeks, by iterated weights. `simulated`
learns from simulated epidemics alone, `public` from these and from the CSV files named
(area,date,new) up to a date, whose weeks weigh three times.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import defaultdict
from pathlib import Path

import numpy as np

from benchmarks.simulated_counts import Floats, simulate_counts
from twinward.core.chance import generator
from twinward.decision.surveillance.forecasting.pooled_lines import (
    HORIZONS,
    LINES,
    growth_features,
)

OUT = Path("src/twinward/decision/surveillance/forecasting") / LINES
FIRST_WEEK, LEAST_COUNT, MOST_WEIGHT = 6, 4.0, 400.0
KEPT, PUBLIC_WEIGHT = 0.3, 3.0
ROUNDS, FLOOR, RIDGE = 25, 0.02, 2e-4
Rows = list[tuple[Floats, Floats, Floats]]  # by horizon: features, log growth, weight


def make_rows(series: list[Floats], kept: float, weight: float) -> Rows:
    """Origins of all series; the noise of small counts weighs less."""
    chance = generator(3, "train.origins")
    parts: list[list[tuple[Floats, Floats, Floats]]] = [[] for _ in range(HORIZONS)]
    for counts in series:
        level, features = np.log1p(counts), growth_features(counts)
        for h in range(1, HORIZONS + 1):
            now = np.arange(FIRST_WEEK, len(counts) - h)
            now = now[(chance.random(len(now)) < kept) & (counts[now] >= LEAST_COUNT)]
            heavy = weight * np.sqrt(np.minimum(1 + counts[now], MOST_WEIGHT))
            parts[h - 1].append((features[now], level[now + h] - level[now], heavy))
    return [
        (np.vstack([a for a, _, _ in of]), np.concatenate([b for _, b, _ in of]),
         np.concatenate([c for _, _, c in of]))
        for of in parts
    ]  # fmt: skip


def fit_lines(*several: Rows) -> list[list[float]]:
    """A factor a feature for each horizon."""
    found = []
    for h in range(HORIZONS):
        x = np.vstack([rows[h][0] for rows in several])
        y = np.concatenate([rows[h][1] for rows in several])
        weight = np.concatenate([rows[h][2] for rows in several])
        factors = np.zeros(x.shape[1])
        for _ in range(ROUNDS):
            light = weight / np.maximum(np.abs(y - x @ factors), FLOOR)
            normal = (x * light[:, None]).T @ x + np.eye(len(factors)) * RIDGE * light.sum()
            factors = np.linalg.solve(normal, (x * light[:, None]).T @ y)
        found.append([round(float(one), 6) for one in factors])
    return found


def read_public(paths: list[Path], until: str) -> list[Floats]:
    """Series by area without gaps of files with the columns area,date,new, up to a date."""
    found = []
    for path in paths:
        rows: dict[str, dict[str, float]] = defaultdict(dict)
        with path.open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if row["date"] <= until and row["new"]:
                    rows[row["area"]][row["date"]] = float(row["new"])
        found += [np.array([days[d] for d in sorted(days)]) for days in rows.values()]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--public", type=Path, nargs="*", default=[])
    parser.add_argument("--until", default="9999")
    parser.add_argument("--simulated", type=int, default=1500)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    series = [one for one in simulate_counts(options.simulated, 21) if one.max() >= 20]
    simulated = make_rows(series, KEPT, 1.0)
    public = read_public(options.public, options.until)
    lines = {"simulated": fit_lines(simulated)}
    both = (simulated, make_rows(public, 1.0, PUBLIC_WEIGHT)) if public else (simulated,)
    lines["public"] = fit_lines(*both)
    options.out.write_text(json.dumps(lines, indent=1) + "\n", "utf-8")
    print(f"{len(series)} simulated and {len(public)} public series; {options.out.name}")


if __name__ == "__main__":
    main()
