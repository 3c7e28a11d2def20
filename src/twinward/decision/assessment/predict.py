"""PREDICT: what comes next if nothing more is done: a forecast with its fingerprint, or a
measured figure's trend.
"""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward import __version__
from twinward.core.lazy import LazyModule
from twinward.decision.assessment.situation import (
    Figure,
    Situation,
    figure,
    new_by_day,
    recent_cases,
    series,
)

special = LazyModule("scipy.special")

LEAST_DAYS = 7
RENEWAL = (
    "renewal model of the reported counts, fitted by `twinward calibrate`'s method; "
    "reports, not true infections"
)
TREND = (
    "straight line through the readings of the last day; the interval is the prediction's own, 90 %"
)
LEAST_READINGS = 4


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """The forecast of one day: median and central intervals of 50 and 90 %."""

    day: str
    median: float
    low_50: float
    high_50: float
    low_90: float
    high_90: float


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """`fingerprint` names every input: the same gives the same bytes. `not_made` says why there
    is none.
    """

    incident: str
    as_of: str
    model: str
    simulated: bool = True
    fingerprint: str = ""
    days: list[Day] = []
    figures: list[Figure] = []
    reaches: list[str] = []
    not_made: str | None = None


def counts_to_forecast(picture: Situation, most_d: int = 120) -> tuple[date, list[int]] | None:
    """(first day, counts) of all days up to yesterday: today's reports are not whole. None where
    there are too few.
    """
    by_day = {day: n for day, n in new_by_day(picture).items() if day < picture.today}
    if (
        not by_day
        or (picture.today - min(by_day)).days < LEAST_DAYS
        or sum(by_day.values()) < LEAST_DAYS
    ):
        return None
    length = min((picture.today - min(by_day)).days, most_d)
    first = picture.today - timedelta(days=length)
    return first, series(by_day, picture.today - timedelta(days=1), length)


def fingerprint(picture: Situation, first: date, counts: list[int], days: int, seed: int) -> str:
    told = f"{__version__}|{picture.incident}|{first}|{counts}|{days}|{seed}"
    return hashlib.sha256(told.encode()).hexdigest()


def from_quantiles(
    picture: Situation,
    first: date,
    counts: list[int],
    table: NDArray[Any],
    levels: NDArray[Any],
    seed: int,
    thresholds: dict[str, float],
) -> Prediction:
    """The prediction from forecast quantiles, float64[days, levels]; `thresholds`: level -> new
    cases in 7 days.
    """
    at = [int(np.argmin(np.abs(np.asarray(levels) - q))) for q in (0.5, 0.25, 0.75, 0.05, 0.95)]
    days = [
        Day(
            day=(first + timedelta(days=len(counts) + n)).isoformat(),
            **dict(
                zip(
                    ("median", "low_50", "high_50", "low_90", "high_90"),
                    (round(float(row[k]), 1) for k in at),
                    strict=True,
                )
            ),
        )
        for n, row in enumerate(table)
    ]
    week = sum(day.median for day in days[:7])
    low, high = sum(day.low_90 for day in days[:7]), sum(day.high_90 for day in days[:7])
    past = sum(counts[-7:])
    says = (
        f"{week:,.0f} new in the 7 days to come ({low:,.0f} to {high:,.0f}), after {past:,} in "
        f"the last 7"
    )
    told = figure(
        "new in 7 days to come",
        week,
        "persons",
        says,
        [c.seq for c in recent_cases(picture, 7)],
        low=low,
        high=high,
    )
    reaches = [
        f"level {level} asks for {least:g} new in 7 days: "
        f"{'likely' if week >= least else 'possible'}"
        for level, least in thresholds.items()
        if past < least <= high
    ]
    return Prediction(
        incident=picture.incident,
        as_of=picture.now.isoformat(),
        model=RENEWAL,
        days=days,
        figures=[told],
        fingerprint=fingerprint(picture, first, counts, len(days), seed),
        reaches=reaches,
    )


def from_readings(picture: Situation, hours: int, thresholds: dict[str, float]) -> Prediction:
    """Each measured figure `hours` ahead by its trend; `thresholds`: `figure|level` -> value."""
    figures, reaches = [], []
    for name, area in sorted({(one.figure, one.area) for one in picture.readings}):
        of = sorted(
            (one for one in picture.readings if (one.figure, one.area) == (name, area)),
            key=lambda r: r.at,
        )
        of = [one for one in of if picture.now - one.at <= timedelta(days=1)]
        if len(of) < LEAST_READINGS:
            continue
        ahead, low, high = extrapolate(
            [(one.at - picture.now).total_seconds() / 3600 for one in of],
            [one.value for one in of],
            float(hours),
        )
        says = f"{name} in {picture.name(area)}: {ahead:.2f} in {hours} h ({low:.2f} to {high:.2f})"
        figures.append(
            figure(
                f"{name} in {hours} h", ahead, "", says, [one.seq for one in of], low=low, high=high
            )
        )
        for key, least in thresholds.items():
            which, _, level = key.partition("|")
            if which == name and of[-1].value < least <= high:
                word = "likely" if ahead >= least else "possible"
                reaches.append(
                    f"level {level} asks for {name} {least:g} in {picture.name(area)}: {word}"
                )
    why = (
        None
        if figures
        else f"fewer than {LEAST_READINGS} readings in a day, and no counts of {LEAST_DAYS} days"
    )
    told = f"{__version__}|{picture.incident}|{hours}|" + "|".join(
        f"{r.seq}:{r.value}" for r in picture.readings
    )
    return Prediction(
        incident=picture.incident,
        as_of=picture.now.isoformat(),
        model=TREND,
        figures=figures,
        reaches=reaches,
        fingerprint=hashlib.sha256(told.encode()).hexdigest() if figures else "",
        not_made=why,
    )


def extrapolate(x: list[float], y: list[float], at: float) -> tuple[float, float, float]:
    """(value, low, high) at `at` of the least-squares line, with its 90 % prediction interval."""
    slope, intercept = np.polyfit(x, y, 1)
    n, middle = len(x), float(np.mean(x))
    rest = np.asarray(y) - (intercept + slope * np.asarray(x))
    sigma = float(np.sqrt((rest**2).sum() / max(n - 2, 1)))
    spread = float(((np.asarray(x) - middle) ** 2).sum()) or 1.0
    reach = (
        float(special.stdtrit(max(n - 2, 1), 0.95))
        * sigma
        * float(np.sqrt(1 + 1 / n + (at - middle) ** 2 / spread))
    )
    ahead = float(intercept + slope * at)
    return ahead, ahead - reach, ahead + reach
