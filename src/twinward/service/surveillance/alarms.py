"""Use case: which days or weeks of a file of counts lie above what is usual."""

from __future__ import annotations

import math
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

from twinward.core.errors import InputError
from twinward.decision.surveillance.aberration.cusum import detect_cusum
from twinward.decision.surveillance.aberration.ears import EarsMethod, detect_ears
from twinward.decision.surveillance.aberration.farrington import (
    FarringtonSettings,
    detect_farrington,
)
from twinward.decision.surveillance.aberration.thresholds import Thresholds
from twinward.decision.surveillance.counts import CountSeries, read_counts

AlarmMethod = Literal["farrington", "ears-c1", "ears-c2", "ears-c3", "cusum"]
METHODS: tuple[AlarmMethod, ...] = ("farrington", "ears-c1", "ears-c2", "ears-c3", "cusum")
FARRINGTON_ALPHA = 0.01


class AlarmRow(msgspec.Struct, frozen=True, kw_only=True):
    """One day or week that was judged."""

    date: date
    observed: float
    expected: float
    threshold: float
    alarm: bool


class AlarmAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The judged days or weeks, and what has to be said about the data behind them."""

    rows: list[AlarmRow]
    method: AlarmMethod
    enough: bool
    notes: list[str]


def detect(
    path: Path,
    method: AlarmMethod,
    alpha: float | None = None,
    excluded: tuple[tuple[date, date], ...] = (),
) -> AlarmAnswer:
    """Thresholds and alarms; `excluded`: past outbreaks that are no part of what is usual."""
    if alpha is not None and not (math.isfinite(alpha) and 0 < alpha < 0.5):
        raise InputError(
            f"alpha must be above 0 and below 0.5, got {alpha:g}",
            "write --alpha 0.01",
            code="bad_alpha",
        )
    series = read_counts(path)
    notes = list(series.notes)
    if method == "farrington" and series.step_d == 1:
        series = sum_weeks(series)
        notes.append("daily counts are added to weeks that begin on Monday")
    baseline = _without(series, excluded)
    if excluded:
        left_out = int((~np.isfinite(baseline)).sum() - (~np.isfinite(series.new)).sum())
        notes.append(f"{left_out} {series.unit} are excluded from the baseline")
    found = _run(msgspec.structs.replace(series, new=baseline), method, alpha)
    if not len(found.places):
        known = int(np.isfinite(series.new).sum())
        notes.insert(0, f"too few {series.unit}: {known} of {found.wanted}")
    return AlarmAnswer(
        rows=[
            AlarmRow(
                date=series.day(int(place)),
                observed=float(series.new[place]),
                expected=float(found.expected[n]),
                threshold=float(found.threshold[n]),
                alarm=bool(found.alarm[n]),
            )
            for n, place in enumerate(found.places)
        ],
        method=method,
        enough=bool(len(found.places)),
        notes=notes,
    )


def _run(series: CountSeries, method: AlarmMethod, alpha: float | None) -> Thresholds:
    if method == "farrington":
        settings = FarringtonSettings(alpha=FARRINGTON_ALPHA if alpha is None else alpha)
        return detect_farrington(series.first, series.new, settings)
    if method == "cusum":
        return detect_cusum(series.new, series.step_d, alpha)
    ears: EarsMethod = method
    return detect_ears(series.new, ears, alpha)


def sum_weeks(series: CountSeries) -> CountSeries:
    """Whole weeks from Monday; a week with an unknown day is unknown."""
    skip = -series.first.weekday() % 7
    weeks = (len(series.new) - skip) // 7
    if weeks < 1:
        raise InputError(
            f"too few days: {len(series.new)} of 7", "give whole weeks", code="too_few_days"
        )
    span = slice(skip, skip + 7 * weeks)
    return msgspec.structs.replace(
        series,
        first=series.first + timedelta(days=skip),
        step_d=7,
        new=series.new[span].reshape(weeks, 7).sum(axis=1),
        imported=series.imported[span].reshape(weeks, 7).sum(axis=1),
    )


def _without(series: CountSeries, excluded: tuple[tuple[date, date], ...]) -> np.ndarray:
    new = series.new.copy()
    for start, end in excluded:
        low = math.ceil((start - series.first).days / series.step_d)
        high = (end - series.first).days // series.step_d
        new[max(0, low) : max(0, high + 1)] = np.nan
    return new
