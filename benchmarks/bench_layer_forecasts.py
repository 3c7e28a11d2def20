"""How well the forecasts of layers keep their word: on the later half of hourly series, the error of the forecast
that was shown against that of the last value. `python -m benchmarks.bench_layer_forecasts NAME=FILE.csv ...`, each
file with the columns time,value, one row an hour; a walk by chance and a constant are held beside them.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twinward.decision.layers.ahead import HOURS_AHEAD, forecast
from twinward.service.city.layer_series import LEARNT_DAYS

EVERY_H = 6
HOUR_S = 3600
Floats = NDArray[np.float64]


def read_series(path: Path) -> Floats:
    """float64[hours], NaN where the file has no row of that hour."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [
            (int(datetime.fromisoformat(row["time"]).timestamp()) // HOUR_S, float(row["value"]))
            for row in csv.DictReader(file)
        ]
    first = min(hour for hour, _ in rows)
    values = np.full(max(hour for hour, _ in rows) - first + 1, np.nan)
    for hour, value in rows:
        values[hour - first] = value
    return values


def hold_out(values: Floats) -> dict[str, float | int | None]:
    """Every sixth hour of the later half as if it were now: what was said, against what came."""
    shown = np.empty((0, 3))
    told = hidden = won = inside = hours = 0
    for at in range(len(values) // 2, len(values) - HOURS_AHEAD, EVERY_H):
        past = values[max(0, at - LEARNT_DAYS * 24) : at]
        if not np.isfinite(past[-1]):
            continue
        told += 1
        ahead, _ = forecast(past)
        if ahead is None:
            hidden += 1
            continue
        came = values[at : at + HOURS_AHEAD]
        known = np.isfinite(came)
        if not known.any():
            continue
        model = np.abs(came - ahead.middle)[known]
        last = np.abs(came - past[-1])[known]
        won += int(model.mean() < last.mean())
        inside += int(((came >= ahead.low) & (came <= ahead.high))[known].sum())
        hours += int(known.sum())
        shown = np.vstack([shown, [model.mean(), last.mean(), ahead.better]])
    return {
        "hours": len(values),
        "origins": told,
        "shown": len(shown),
        "better_on": won,
        "error": round(float(shown[:, 0].mean()), 4) if len(shown) else None,
        "error_of_last": round(float(shown[:, 1].mean()), 4) if len(shown) else None,
        "better": round(1 - float(shown[:, 0].sum() / shown[:, 1].sum()), 3)
        if len(shown)
        else None,
        "promised": round(float(shown[:, 2].mean()), 3) if len(shown) else None,
        "inside_8_of_10": round(inside / hours, 3) if hours else None,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("series", nargs="*", help="NAME=FILE.csv")
    options = parser.parse_args()
    chance = np.random.default_rng(1)
    found = {}
    for one in options.series:
        name, _, file = one.partition("=")
        found[name] = hold_out(read_series(Path(file)))
    walks = [hold_out(np.cumsum(chance.normal(size=60 * 24))) for _ in range(20)]
    found["20 walks by chance"] = {
        "origins": sum(one["origins"] or 0 for one in walks),
        "shown": sum(one["shown"] or 0 for one in walks),
        "better_on": sum(one["better_on"] or 0 for one in walks),
    }
    found["a constant"] = hold_out(np.full(60 * 24, 3.0))
    json.dump(found, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
