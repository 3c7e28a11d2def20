"""Use case: where an outbreak in one city goes next, from flows of people."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np

from twinward.core.errors import InputError
from twinward.decision.surveillance.arrays import Floats
from twinward.decision.surveillance.cities.flows import effective_distance, read_flows
from twinward.decision.surveillance.cities.spread import (
    ARRIVED_CASES,
    SpreadSettings,
    simulate_spread,
)


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """Mean, median and the 90 % interval over runs; None where more than that never arrives."""

    mean: float | None
    median: float | None
    low_90: float | None
    high_90: float | None


class ExpectedCity(msgspec.Struct, frozen=True, kw_only=True):
    """What one city has to expect."""

    city: str
    rank: int  # in the order of arrival, 0 the source
    population: float
    arrival_day: Interval  # of the tenth local case
    first_import_day: Interval
    probability: float  # of runs in which it arrives
    imports_7: Interval
    imports_14: Interval
    cases_14: Interval
    cases: Interval  # in all days
    effective_distance: float | None


class CitiesAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Cities in the order of arrival."""

    cities: list[ExpectedCity]
    order: list[str]
    seed_city: str
    days: int
    runs: int
    people_start: float
    people_end: float
    basis: str  # "flows" or "effective distance alone"
    notes: list[str]


def make_settings(**settings: float) -> SpreadSettings:
    """The settings of a run by their names; what is not named keeps its default."""
    return msgspec.convert(settings, SpreadSettings)


def spread_between_cities(
    flows: Path, population: Path, seed_city: str, settings: SpreadSettings
) -> CitiesAnswer:
    """Metapopulation runs from the seed city; the order rests on the runs, not on distance."""
    read = read_flows(flows, population)
    if seed_city not in read.cities:
        raise InputError(
            f"the seed city {seed_city} has no population",
            f"name one of the cities of {population.name}",
            code="unknown_city",
        )
    source = read.cities.index(seed_city)
    found = simulate_spread(read, source, settings)
    distance = effective_distance(read.people.mean(axis=0))[source]
    arrival, first = found.arrival(), found.first_import()
    order = _order(arrival, first, found.imported.sum(axis=1).mean(axis=0), distance, source)
    imports, cases = (np.cumsum(x, axis=1, dtype=np.int64) for x in (found.imported, found.new))
    week, fortnight = min(6, settings.days - 1), min(13, settings.days - 1)
    rows = [
        ExpectedCity(
            city=read.cities[k],
            rank=rank,
            population=float(read.population[k]),
            arrival_day=_interval(arrival[:, k]),
            first_import_day=_interval(first[:, k]),
            probability=float(np.isfinite(arrival[:, k]).mean()),
            imports_7=_interval(imports[:, week, k].astype(float)),
            imports_14=_interval(imports[:, fortnight, k].astype(float)),
            cases_14=_interval(cases[:, fortnight, k].astype(float)),
            cases=_interval(cases[:, -1, k].astype(float)),
            effective_distance=float(distance[k]) if np.isfinite(distance[k]) else None,
        )
        for rank, k in enumerate(order)
    ]
    notes = [
        f"arrival is the day of case {ARRIVED_CASES} infected in the city; the first case is "
        "chance and detection",
        *read.notes,
    ]
    return CitiesAnswer(
        cities=rows,
        order=[row.city for row in rows],
        seed_city=seed_city,
        days=settings.days,
        runs=settings.runs,
        people_start=float(read.population.sum()),
        people_end=float(found.people.mean()),
        basis="flows",
        notes=notes,
    )


def _order(
    arrival: Floats, first: Floats, imports: Floats, distance: Floats, source: int
) -> list[int]:
    """By median arrival, then first import, then expected imports, then effective distance."""
    far = 1e9
    keys = [np.where(np.isfinite(x), x, far) for x in (arrival, first)]
    middle, early = (np.median(key, axis=0) for key in keys)
    middle[source] = -1.0
    share = np.isfinite(arrival).mean(axis=0)
    return [int(k) for k in np.lexsort((distance, -imports, early, -share, middle))]


def _interval(values: Floats) -> Interval:
    known = np.isfinite(values)
    low, middle, high = np.quantile(np.where(known, values, 1e12), (0.05, 0.5, 0.95))
    mean = float(values[known].mean()) if known.all() else None
    shown = [float(v) if v < 1e11 else None for v in (low, middle, high)]
    return Interval(mean=mean, median=shown[1], low_90=shown[0], high_90=shown[2])
