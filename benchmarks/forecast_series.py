"""Series of daily counts to judge forecasts by: made up in many ways, simulated person by
person, real if given.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

WEEK = np.array([1.15, 1.2, 1.1, 1.05, 1.0, 0.8, 0.7])
DAYS = 160
DAY = np.arange(DAYS)
Row = tuple[str, NDArray[Any], tuple[int, ...]]  # kind, counts, cuts


class Series(msgspec.Struct, frozen=True):
    """Counts by day (NaN where missing) and the numbers of known days at which forecasts of it
    are made.
    """

    kind: str
    counts: NDArray[Any]
    cuts: tuple[int, ...]


def _serial(mean_d: float) -> NDArray[Any]:
    days = np.arange(1, 29)
    weight = days ** (3.0) * np.exp(-days / (mean_d / 4.0))
    return np.asarray(weight / weight.sum())


def _reported(
    mean: NDArray[Any], k: float, week: float, chance: np.random.Generator
) -> NDArray[Any]:
    """Negative binomial counts about a mean, with a weekly pattern of this strength."""
    factor = (WEEK**week)[(np.arange(len(mean)) + chance.integers(7)) % 7]
    return np.asarray(chance.poisson(chance.gamma(k, np.maximum(mean * factor, 1e-9) / k)), float)


def renewal(
    reproduction: NDArray[Any],
    start: float,
    generation_d: float,
    susceptible: float,
    chance: np.random.Generator,
) -> NDArray[Any]:
    """Expected infections of a day under a given course of R, with depletion."""
    serial, found, left = _serial(generation_d), [start] * 3, 1.0
    for r in reproduction[3:]:
        past = np.array(found[-28:][::-1])
        new = min(
            r * left * float((past * serial[: len(past)]).sum()) * chance.lognormal(0, 0.03),
            left * susceptible * 0.3,
        )
        left = max(0.0, left - new / susceptible)
        found.append(max(new, 0.05))
    return np.array(found)


def made_up(seed: int) -> list[Series]:
    """One series of each kind. Cut dates fall in growth, near the peak, in decline and in the
    tail.
    """
    c = np.random.default_rng([seed, 20_30])
    rows = [*outbreaks(c), *courses(c), *small_and_steady(c), *poor_reports(c)]
    return [
        Series(kind, counts, tuple(x for x in cuts if 10 <= x < DAYS - 7))
        for kind, counts, cuts in rows
    ]


def outbreaks(c: np.random.Generator) -> Iterator[Row]:
    """One wave each: ended by depletion, by measures, or logistic."""
    epi = renewal(np.full(DAYS, c.uniform(1.5, 2.5)), 5.0, c.uniform(3, 6), 200_000.0, c)
    top = int(epi.argmax())
    around = (top - 20, top - 7, top + 7, top + 25)
    yield "depletion", _reported(epi, 15.0, 1.0, c), around
    yield "depletion, small", _reported(epi * 30 / epi.max(), 5.0, 0.5, c), around
    turn = int(c.integers(30, 50))
    steps = np.where(turn > DAY, c.uniform(1.6, 2.6), c.uniform(0.6, 0.85))
    steps = np.convolve(np.pad(steps, 5, "edge"), np.ones(11) / 11, "valid")
    cuts = (turn - 10, turn, turn + 8, turn + 25)
    yield "lockdown", _reported(renewal(steps, 3.0, 4.0, 1e8, c), 20.0, 0.7, c), cuts
    logistic = 4_000 / (1 + np.exp(-(DAY - 55) * c.uniform(0.07, 0.15)))
    yield "logistic", _reported(np.gradient(logistic) + 1, 8.0, 0.8, c), (35, 50, 62, 85)
    yield "plateau", _reported(logistic * 20 + 5, 60.0, 0.5, c), (40, 55, 70, 100)
    big = renewal(np.where(DAY < 55, 1.35, 0.92), 8_000.0, 4.0, 5e8, c)
    yield "large counts", _reported(big, 100.0, 1.2, c), (30, 52, 62, 95)


def courses(c: np.random.Generator) -> Iterator[Row]:
    """R that wanders, a season, waves, noise."""
    wander = np.clip(np.exp(np.cumsum(c.normal(0, 0.035, DAYS)) * 0.6), 0.6, 1.7)
    yield (
        "drifting",
        _reported(renewal(wander, 150.0, 5.0, 1e8, c), 25.0, 1.0, c),
        (40, 65, 90, 120),
    )
    season = 400 * np.exp(1.6 * np.sin(2 * np.pi * (DAY / 120 + c.random())))
    yield "seasonal", _reported(season, 12.0, 1.0, c), (45, 75, 105, 130)
    waves = renewal(np.where((DAY // 35) % 2 == 0, 1.45, 0.72), 40.0, 4.0, 1e8, c)
    yield "waves", _reported(waves, 20.0, 0.8, c), (30, 42, 65, 80)
    noisy = renewal(np.where(DAY < 60, 1.25, 0.95), 100.0, 5.0, 1e7, c)
    yield "very noisy", _reported(noisy, 2.5, 0.5, c), (35, 58, 80)


def small_and_steady(c: np.random.Generator) -> Iterator[Row]:
    """Few cases or none, and many that stay as they are."""
    yield "steady, few", _reported(np.full(DAYS, c.uniform(2, 8)), 2.0, 0.3, c), (30, 80, 130)
    yield "steady, many", _reported(np.full(DAYS, 3_000.0), 80.0, 1.5, c), (30, 80, 130)
    yield "rare", _reported(np.where(DAY % 50 < 10, 1.5, 0.08), 1.0, 0.0, c), (40, 75, 120)
    late = np.where(DAY < 60, 0.0, 2.0 * np.exp(0.12 * np.minimum(DAY - 60, 40)))
    yield "zeros, then growth", _reported(late, 10.0, 0.5, c), (70, 80, 90)


def poor_reports(c: np.random.Generator) -> Iterator[Row]:
    """Weekends without reports: as gaps, and as zeros that Monday makes up for."""
    gaps = _reported(renewal(np.where(DAY < 50, 1.5, 0.9), 20.0, 5.0, 1e6, c), 10.0, 0.0, c)
    gaps[(DAY + int(c.integers(7))) % 7 >= 5] = np.nan
    yield "no weekends", gaps, (40, 55, 75, 100)
    dump = _reported(renewal(np.where(DAY < 45, 1.4, 0.88), 60.0, 5.0, 1e7, c), 15.0, 0.3, c)
    dump[DAY % 7 == 0] += (np.roll(dump, 1) + np.roll(dump, 2))[DAY % 7 == 0]
    dump[DAY % 7 >= 5] = 0.0
    yield "zeros at weekends", dump, (42, 56, 80)


def simulated(seed: int) -> list[Series]:
    """Confirmed cases of our own simulator, part of them reported, late; each known to cuts
    about its peak.
    """
    from twinward.citybase.people.plain_city import plain_base
    from twinward.decision.simulation import epidemic

    c = np.random.default_rng([seed, 7])
    base, found = plain_base(100_000, 1), []
    closed = [{"type": kind, "start_day": 35} for kind in ("workplace_closure", "school_closure")]
    disease = epidemic.load_disease("sars-cov-2-ancestral", ["transmission.r0=2.2"])
    for kind, extra in (("agents, free", []), ("agents, closures", closed)):
        measures = epidemic.read_measures({"measures": extra}) if extra else ()
        outcome = epidemic.run(
            epidemic.Scenario(
                base=base, disease=disease, days=150, seed=seed, infected=30, measures=measures
            )
        )
        mean = np.convolve(outcome.series["new_infections"] * 0.4, _serial(6.0))[:150]
        top = int(mean.argmax())
        cuts = tuple(x for x in (top - 20, top - 6, top + 8, top + 25) if 10 <= x < 143)
        found.append(Series(kind, _reported(mean, 20.0, 0.8, c), cuts))
    return found


def shanghai(folder: Path) -> list[Series]:
    """Shanghai 2022, the city and its districts, cut at five dates of the outbreak."""
    city: dict[date, float] = {}
    with (folder / "shanghai_data.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.reader(list(file)[1:]):
            city[date.fromisoformat(f"{row[0][:4]}-{row[0][4:6]}-{row[0][6:]}")] = float(
                row[1] or 0
            ) + float(row[2] or 0)
    districts: dict[str, dict[date, float]] = defaultdict(lambda: defaultdict(float))
    with (folder / "shanghai_district_data.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            day = date.fromisoformat(f"{row['date'][:4]}-{row['date'][4:6]}-{row['date'][6:]}")
            districts[row["district"].removesuffix("新区").removesuffix("区")][day] += float(
                row["count"] or 0
            )
    found = []
    for name, by_day in [("city", city), *sorted(districts.items())]:
        if sum(by_day.values()) < 1_000:
            continue
        first, last = min(by_day), max(by_day)
        counts = np.array(
            [
                by_day.get(first + timedelta(days=k), 0.0 if name != "city" else np.nan)
                for k in range((last - first).days + 1)
            ]
        )
        cuts = [
            (date(2022, m, d) - first).days + 1
            for m, d in ((3, 20), (3, 31), (4, 10), (4, 20), (5, 1))
        ]
        found.append(
            Series(
                "shanghai" if name == "city" else "shanghai districts",
                counts,
                tuple(x for x in cuts if x >= 10),
            )
        )
    return found
