"""The ensemble of weekly forecasts: flat, two damped, pooled; combined, calibrated, sorted.

Combined on the root scale by weights that move from equal towards the inverse of each part's past
score, half shrunk to equal and none above a cap; the width is tracked by how often past forecasts
held (conformal control, Angelopoulos, Candes, Tibshirani 2023, arXiv 2307.16895).
"""

from __future__ import annotations

import msgspec
import numpy as np

from twinward.decision.surveillance.arrays import Floats
from twinward.decision.surveillance.forecasting.pooled import (
    HORIZONS,
    can_pool,
    pooled_quantiles,
)
from twinward.decision.surveillance.forecasting.score import LEVELS
from twinward.decision.surveillance.forecasting.week_rules import (
    MIDDLE,
    damped_root,
    flat_root,
)

PARTS = ("flat", "damped", "slower", "pooled")
PRIOR_WEIGHTS = (0.08, 0.45, 0.30, 0.17)  # by WIS on two development sets (docs)
SLOWER = 0.7  # damping a week of the second damped rule
CAP = 0.6
PAST = 12  # past origins by which parts are weighed and the width is tracked
FEWEST_SCORED = 6
WIDTH = (0.7, 1.8)
GAIN = 0.04  # how far a miss moves the width
TARGET = 0.9
MOST_WEEKS = 26
LEVEL_COLUMN = np.array(LEVELS)


class WeekForecast(msgspec.Struct, frozen=True, kw_only=True):
    """quantiles: float64[weeks, 23]; weights of the parts and widths by week ahead."""

    quantiles: Floats
    weights: Floats  # float64[parts]
    width: Floats  # float64[weeks]


def forecast_weeks(counts: Floats, weeks: int, population: float | None = None) -> WeekForecast:
    """Forecast of the weeks after the last, from 2 known weeks on; NaN weeks are filled in."""
    filled = fill_weeks(counts)
    first = max(FEWEST_SCORED, len(filled) - PAST - HORIZONS)
    origins = list(range(first, len(filled) - 1)) if len(filled) > 8 else []
    now = len(filled) - 1
    tables = _all_parts(filled, [*origins, now])
    weights = _weights(tables[:-1], filled, origins)
    combined = [np.tensordot(weights, table, axes=1) for table in tables]
    width = _track(combined[:-1], filled, origins)
    final = _widen(combined[-1], width)
    if weeks > HORIZONS:
        final, width = _carry_on(final, width, weeks)
    table = np.maximum(np.maximum(final[:weeks], 0.0) ** 4 - 1, 0.0)
    if population is not None:
        table = np.minimum(table, population)
    return WeekForecast(quantiles=np.sort(table, axis=1), weights=weights, width=width[:weeks])


def fill_weeks(counts: Floats) -> Floats:
    """The series from its first known week; unknown weeks inside lie between their neighbours."""
    known = np.flatnonzero(np.isfinite(counts))
    if not len(known):
        return np.zeros(1)
    inside = counts[known[0] : known[-1] + 1]
    at = np.arange(len(inside))
    finite = np.isfinite(inside)
    return np.asarray(np.interp(at, at[finite], inside[finite]))


def _all_parts(counts: Floats, origins: list[int]) -> list[Floats]:
    """float64[parts, HORIZONS, 23] on the root scale, for each origin."""
    pooled = [now for now in origins if can_pool(counts[: now + 1])]
    trees = pooled_quantiles([counts] * len(pooled), pooled) if pooled else np.zeros((0, 4, 23))
    by_origin = dict(zip(pooled, trees, strict=True))
    found = []
    for now in origins:
        seen = counts[: now + 1]
        flat = (flat_root(seen, HORIZONS) + 1) ** 0.25 if len(seen) > 1 else None
        damped = (damped_root(seen, HORIZONS) + 1) ** 0.25
        flat = damped if flat is None else flat
        slower = (damped_root(seen, HORIZONS, SLOWER) + 1) ** 0.25
        pooled_part = by_origin.get(now, (flat + damped) / 2)
        found.append(np.stack([flat, damped, slower, pooled_part]))
    return found


def _weights(tables: list[Floats], counts: Floats, origins: list[int]) -> Floats:
    """float64[parts] from past scores on the root scale, half shrunk to the prior ones."""
    prior = np.array(PRIOR_WEIGHTS)
    scores = np.zeros(len(PARTS))
    number = 0
    for table, now in zip(tables, origins, strict=True):
        for h in range(min(HORIZONS, len(counts) - 1 - now)):
            came = (counts[now + 1 + h] + 1) ** 0.25
            scores += [_pinball(part[h], came) for part in table]
            number += 1
    if number < 2 * FEWEST_SCORED:
        return prior
    inverse = prior / np.maximum(scores / number, 1e-9) ** 2
    mixed = 0.5 * prior + 0.5 * inverse / inverse.sum()
    mixed = np.minimum(mixed, CAP)
    return np.asarray(mixed / mixed.sum())


def _pinball(quantiles: Floats, came: float) -> float:
    gap = came - quantiles
    return float(np.where(gap >= 0, LEVEL_COLUMN * gap, (LEVEL_COLUMN - 1) * gap).mean())


def _track(tables: list[Floats], counts: Floats, origins: list[int]) -> Floats:
    """float64[HORIZONS] width factors: a miss widens more than a hit narrows."""
    width = np.ones(HORIZONS)
    low, high = LEVELS.index(0.05), LEVELS.index(0.95)
    for now in range(len(counts) - 1):
        for h in range(HORIZONS):
            origin = now - h
            if origin not in origins:
                continue
            table = _widen(tables[origins.index(origin)], width)[h]
            came = (counts[now + 1] + 1) ** 0.25
            missed = float(not table[low] <= came <= table[high])
            width[h] = np.clip(width[h] * np.exp(GAIN * (missed - (1 - TARGET))), *WIDTH)
    return width


def _widen(table: Floats, width: Floats) -> Floats:
    middle = table[:, MIDDLE : MIDDLE + 1]
    return np.asarray(middle + (table - middle) * width[: len(table), None])


def _carry_on(table: Floats, width: Floats, weeks: int) -> tuple[Floats, Floats]:
    """Weeks beyond the trained ones: the last median, wider with the root of time."""
    rows = [*table]
    middle = table[-1, MIDDLE]
    for week in range(HORIZONS + 1, weeks + 1):
        rows.append(middle + (table[-1] - middle) * np.sqrt(week / HORIZONS))
    return np.array(rows), np.concatenate([width, np.full(weeks - HORIZONS, width[-1])])
