"""PREDICT: what comes next if nothing more is done: a forecast with its fingerprint, or a
measured figure's trend.
"""

from __future__ import annotations

import hashlib
from datetime import date, timedelta

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward import __version__
from twinward.core.lazy import LazyModule
from twinward.decision.assessment.proportions import growth_per_day
from twinward.decision.assessment.situation import (
    Figure,
    Situation,
    figure,
    new_by_day,
    recent_cases,
)
from twinward.library.texts import say, say_name

special = LazyModule("scipy.special")

LEAST_DAYS = 7
WEEK_D, GROWTH_D = 7, 14
TO_90 = 1.645  # standard deviations to either end of a central interval of 90 %
PRIOR_WEEKS, WIDEST = 2.0, 2.0  # weeks that the model's own width counts for; assumptions
WORTH_SAYING = 1.05
Floats = NDArray[np.float64]
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


def counts_to_forecast(picture: Situation, most_d: int = 120) -> tuple[date, Floats] | None:
    """(first day, counts) from the first day with an infection up to yesterday: today's reports are
    not whole.

    A day of which no source told anything is NaN where sources tell daily counts, and 0 where
    persons are reported one by one. None where fewer than LEAST_DAYS days or infections are known.
    """
    by_day = {day: n for day, n in new_by_day(picture).items() if day < picture.today}
    begun = [day for day, n in by_day.items() if n > 0]
    if not begun:
        return None
    told = {row.day for row in picture.counts if row.day < picture.today}
    length = min((picture.today - min(begun)).days, most_d)
    first = picture.today - timedelta(days=length)
    days = [first + timedelta(days=n) for n in range(length)]
    unknown = 0.0 if not told else np.nan
    counts = np.array([float(by_day[day]) if day in by_day else unknown for day in days])
    if np.isfinite(counts).sum() < LEAST_DAYS or np.nansum(counts) < LEAST_DAYS:
        return None
    return first, counts


def fingerprint(picture: Situation, first: date, counts: Floats, days: int, seed: int) -> str:
    residents = picture.residents.get(picture.area, 0)
    told = f"{__version__}|{picture.incident}|{first}|{counts.tolist()}|{residents}|{days}|{seed}"
    return hashlib.sha256(told.encode()).hexdigest()


def from_draws(
    picture: Situation,
    first: date,
    counts: Floats,
    draws: Floats,
    before: Floats | None,
    seed: int,
    thresholds: dict[str, float],
) -> Prediction:
    """The prediction from possible courses, float64[N, days].

    before: float64[N, WEEK_D] what would have been said of the last week, from the days before it
    alone, or None; where it missed, the intervals are as much wider. thresholds: level -> new
    cases in 7 days. A sum has the interval of the sums of the courses: bad days come together.
    """
    wider = width_of(counts[-WEEK_D:], before)
    draws = widen(draws, wider)
    table = np.quantile(draws, (0.5, 0.25, 0.75, 0.05, 0.95), axis=0).T
    names = ("median", "low_50", "high_50", "low_90", "high_90")
    days = [
        Day(
            day=(first + timedelta(days=len(counts) + n)).isoformat(),
            **dict(zip(names, (round(float(value), 1) for value in row), strict=True)),
        )
        for n, row in enumerate(table)
    ]
    whole = min(WEEK_D, draws.shape[1])
    low, week, high = (
        float(x) for x in np.quantile(draws[:, :whole].sum(axis=1), (0.05, 0.5, 0.95))
    )
    seqs = [c.seq for c in recent_cases(picture, WEEK_D)]
    past, known = counts[-WEEK_D:], int(np.isfinite(counts[-WEEK_D:]).sum())
    last = float(np.nansum(past))
    says = (
        say("predict.week", week=week, days=whole, low=low, high=high, last=last)
        if known >= WEEK_D
        else say(
            "predict.week_part", week=week, days=whole, low=low, high=high, last=last, known=known
        )
    )
    told = figure(f"new in {whole} days to come", week, "persons", says, seqs, low=low, high=high)
    reaches = [
        say("predict.level_likely", level=level, least=least)
        if week >= least
        else say("predict.level_possible", level=level, least=least)
        for level, least in thresholds.items()
        if np.nansum(past) < least <= high
    ]
    figures = [told, *trend(counts, draws, seqs), *hindsight(past, before, wider, seqs)]
    return Prediction(
        incident=picture.incident,
        as_of=picture.now.isoformat(),
        model=say("model.renewal"),
        days=days,
        figures=figures,
        fingerprint=fingerprint(picture, first, counts, len(days), seed),
        reaches=reaches,
    )


def trend(counts: Floats, draws: Floats, seqs: list[int]) -> list[Figure]:
    """How fast the known days grew, by the regression that `analyse` uses, and how fast those to
    come do.
    """
    found = []
    past = growth_per_day(counts[-GROWTH_D:])
    if past is not None:
        slope, low, high = past
        says = say("predict.grown", days=GROWTH_D, rate=float(np.expm1(slope)))
        found.append(figure("growth so far", slope, "per day", says, seqs, low=low, high=high))
    week = counts[-WEEK_D:]
    level = float(np.nanmean(week)) if np.isfinite(week).any() else 0.0
    if level > 0 and draws.shape[1] >= WEEK_D:
        ahead = np.log((draws[:, :WEEK_D].mean(axis=1) + 0.1) / (level + 0.1)) / WEEK_D
        low, slope, high = (float(x) for x in np.quantile(ahead, (0.05, 0.5, 0.95)))
        says = say("predict.growing", days=WEEK_D, rate=float(np.expm1(slope)))
        found.append(figure("growth to come", slope, "per day", says, seqs, low=low, high=high))
    return found


def width_of(past: Floats, before: Floats | None) -> float:
    """Times as wide as the model's own: by how far the forecast of a week ago was off, on the
    fourth root and in its own standard deviations; never narrower, one week says too little.
    """
    known = np.isfinite(past)
    if before is None or not known.any():
        return 1.0
    came = max(float(past[known].sum()), 0.0) ** 0.25
    low, middle, high = np.quantile(before[:, known].sum(axis=1), (0.05, 0.5, 0.95)) ** 0.25
    side = high - middle if came > middle else middle - low
    off = (came - middle) / max(float(side), 1e-6) * TO_90
    return float(np.clip(np.sqrt((PRIOR_WEEKS + off**2) / (PRIOR_WEEKS + 1)), 1.0, WIDEST))


def widen(draws: Floats, wider: float) -> Floats:
    """The courses farther from the middle of each day, on the fourth root."""
    if wider == 1.0:
        return draws
    root = np.maximum(draws, 0.0) ** 0.25
    middle = np.median(root, axis=0)
    return np.asarray(np.maximum(middle + (root - middle) * wider, 0.0) ** 4)


def hindsight(past: Floats, before: Floats | None, wider: float, seqs: list[int]) -> list[Figure]:
    """What the same forecast, made a week ago, said of the days that are known since, beside
    what came.
    """
    known = np.isfinite(past)
    if before is None or not known.any():
        return []
    came = float(past[known].sum())
    low, middle, high = (
        float(x) for x in np.quantile(before[:, known].sum(axis=1), (0.05, 0.5, 0.95))
    )
    says = (
        say("predict.held", middle=middle, low=low, high=high, came=came)
        if low <= came <= high
        else say(
            "predict.missed",
            middle=middle,
            low=low,
            high=high,
            came=came,
            times=came / max(middle, 1.0),
        )
    )
    if wider >= WORTH_SAYING:
        says += say("predict.widened", times=wider)
    return [figure("forecast a week ago", middle, "persons", says, seqs, low=low, high=high)]


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
        where = picture.name(area)
        says = say(
            "predict.reading",
            figure=say_name(name),
            area=where,
            ahead=ahead,
            hours=hours,
            low=low,
            high=high,
        )
        figures.append(
            figure(
                f"{name} in {hours} h", ahead, "", says, [one.seq for one in of], low=low, high=high
            )
        )
        for key, least in thresholds.items():
            which, _, level = key.partition("|")
            if which == name and of[-1].value < least <= high:
                code = "predict.figure_likely" if ahead >= least else "predict.figure_possible"
                known = say_name(name)
                reaches.append(say(code, level=level, figure=known, least=least, area=where))
    why = (
        None
        if figures
        else say("predict.few_days", days=LEAST_DAYS)
        if picture.cases or picture.counts
        else say("predict.few_readings", n=LEAST_READINGS)
    )
    told = f"{__version__}|{picture.incident}|{hours}|" + "|".join(
        f"{r.seq}:{r.value}" for r in picture.readings
    )
    return Prediction(
        incident=picture.incident,
        as_of=picture.now.isoformat(),
        model=say("model.trend"),
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
