"""Trains the pooled quantile model of weekly counts: `python benchmarks/train_pooled_quantiles.py`.

Simulated renewal epidemics and, where named, CSV files of public weekly series (area,date,new).
Gradient-boosted trees at seven levels, written as plain arrays that a kernel walks.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor

from twinward.core.chance import generator
from twinward.decision.surveillance.forecasting.pooled_features import (
    FEWEST,
    NAMES,
    features_at,
    to_root,
)

LEVELS = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
HORIZONS = 4
DAYS = 560
OUT = Path("src/twinward/decision/surveillance/forecasting/pooled_trees.npz")


def simulate(number: int, seed: int) -> np.ndarray:
    """float64[number, 80] weekly counts: waves, measures, seasons, waning, noisy reports."""
    chance = generator(seed, "train.outbreaks")
    mean_si = chance.uniform(3.0, 6.5, number)
    days = np.arange(1, 22)
    serial = days[None] ** 3.0 * np.exp(-days[None] * 4.0 / mean_si[:, None])
    serial /= serial.sum(axis=1, keepdims=True)
    population = 10 ** chance.uniform(4.0, 7.3, number)
    share = 10 ** chance.uniform(-2.7, -0.2, number)
    waning = 1 / chance.uniform(120, 900, number)
    basic = chance.uniform(1.05, 2.6, number)
    season = chance.uniform(0.0, 0.3, number) * (chance.random(number) < 0.6)
    phase = chance.uniform(0, 2 * np.pi, number)
    drift_sd = 10 ** chance.uniform(-2.3, -1.1, number)
    caution = chance.uniform(0, 0.6, number)
    past = np.maximum(chance.gamma(1.0, 20.0, (number, 1)), 1.0) * np.ones((number, 21))
    susceptible = chance.uniform(0.5, 1.0, number)
    walk = np.zeros(number)
    measure = np.zeros(number)
    counts = np.zeros((number, DAYS))
    for day in range(DAYS):
        walk = 0.985 * walk + drift_sd * chance.standard_normal(number)
        begins = chance.random(number) < 0.004
        measure = np.where(begins, -chance.gamma(2.0, 0.25, number), measure * 0.985)
        variant = chance.random(number) < 0.0015
        basic = np.where(variant, np.minimum(basic * chance.uniform(1.1, 1.6, number), 4), basic)
        susceptible = np.where(variant, np.maximum(susceptible, 0.7), susceptible)
        recent = past[:, -14:].mean(axis=1) / population
        log_r = np.log(basic * susceptible) + season * np.cos(2 * np.pi * day / 365 + phase)
        log_r += walk + measure - caution * np.minimum(recent / 2e-4, 1.5)
        fresh = np.exp(np.clip(log_r, -3, 1.3)) * (past[:, ::-1] * serial).sum(axis=1)
        fresh = np.minimum(fresh + 0.3, susceptible * population * 0.3)
        susceptible = np.clip(susceptible - fresh / population + waning * (1 - susceptible), 0, 1)
        past = np.concatenate([past[:, 1:], fresh[:, None]], axis=1)
        counts[:, day] = fresh * share
    weekly = counts.reshape(number, -1, 7).sum(axis=2)
    delayed = weekly.copy()
    delayed[:, 1:] = 0.6 * weekly[:, 1:] + 0.4 * weekly[:, :-1]
    k = (10 ** chance.uniform(0.9, 2.7, number))[:, None]
    return chance.poisson(chance.gamma(k, np.maximum(delayed, 1e-6) / k)).astype(float)


def make_rows(series: np.ndarray, weight: float, chance: np.random.Generator, keep: float):
    """Features, targets and weights of origins of one series."""
    x, y, w = [], [], []
    root = to_root(series)
    for now in range(FEWEST, len(series) - 1):
        if chance.random() > keep or not np.isfinite(series[: now + 1]).all():
            continue
        found, unit = features_at(root, now)
        for h in range(1, HORIZONS + 1):
            if now + h < len(series) and np.isfinite(series[now + h]):
                row = found.copy()
                row[-1] = h
                x.append(row)
                y.append((root[now + h] - root[now]) / unit)
                w.append(weight)
    return x, y, w


def read_public(paths: list[Path], until: str) -> list[np.ndarray]:
    """Series by area of files with the columns area,date,new, up to a date."""
    found = []
    for path in paths:
        rows = defaultdict(dict)
        with path.open() as file:
            for row in csv.DictReader(file):
                if row["date"] <= until:
                    rows[row["area"]][row["date"]] = float(row["new"])
        found += [np.array([days[d] for d in sorted(days)]) for days in rows.values()]
    return found


def train(public: list[np.ndarray], simulated: int, out: Path) -> None:
    """Fits the trees and writes them."""
    chance = generator(1, "train.rows")
    x, y, w = [], [], []
    for series in simulate(simulated, 7):
        if series.max() >= 20:
            a, b, c = make_rows(series, 1.0, chance, 0.12)
            x, y, w = x + a, y + b, w + c
    for series in public:
        a, b, c = make_rows(series, 2.0, chance, 1.0)
        x, y, w = x + a, y + b, w + c
    table, target, weight = np.array(x), np.array(y), np.array(w)
    print(f"{len(table):,} rows, {len(NAMES)} features")
    columns = defaultdict(list)
    for level in LEVELS:
        model = HistGradientBoostingRegressor(
            loss="quantile",
            quantile=level,
            max_iter=120,
            learning_rate=0.06,
            max_leaf_nodes=12,
            min_samples_leaf=150,
            l2_regularization=1.0,
            random_state=1,
        )
        model.fit(table, target, sample_weight=weight)
        columns["base"].append(float(np.ravel(model._baseline_prediction)[0]))
        for (tree,) in model._predictors:
            nodes = tree.nodes
            columns["starts"].append(sum(map(len, columns["feature"])))
            columns["feature"].append(np.where(nodes["is_leaf"], -1, nodes["feature_idx"]))
            columns["threshold"].append(nodes["num_threshold"])
            columns["left"].append(nodes["left"])
            columns["right"].append(nodes["right"])
            columns["value"].append(nodes["value"])
        print(f"level {level} done")
    np.savez_compressed(
        out,
        levels=np.array(LEVELS),
        base=np.array(columns["base"]),
        starts=np.array(columns["starts"], dtype=np.int32),
        feature=np.concatenate(columns["feature"]).astype(np.int8),
        threshold=np.concatenate(columns["threshold"]).astype(np.float32),
        left=np.concatenate(columns["left"]).astype(np.int16),
        right=np.concatenate(columns["right"]).astype(np.int16),
        value=np.concatenate(columns["value"]).astype(np.float32),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--public", type=Path, nargs="*", default=[])
    parser.add_argument("--until", default="9999")
    parser.add_argument("--simulated", type=int, default=4000)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    train(read_public(options.public, options.until), options.simulated, options.out)
