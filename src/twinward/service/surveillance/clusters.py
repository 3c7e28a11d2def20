"""Use case: clusters of cases in space, or in space and time, from three files."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path

import msgspec
import numpy as np

from twinward.core.errors import InputError
from twinward.decision.surveillance.arrays import Floats
from twinward.decision.surveillance.scan.inputs import ScanInputs, read_scan_inputs
from twinward.decision.surveillance.scan.scan import (
    Cluster,
    Model,
    relative_risk,
    scan_space,
    scan_space_time,
)
from twinward.decision.surveillance.scan.time_steps import TimeSteps, make_time_steps
from twinward.decision.surveillance.scan.zones import longest_window, make_zones, time_windows

MOST_REPLICATES = 99_999
MOST_PLACES = 20_000


class ScanRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a person asked. `permutation` needs no population, only dates."""

    cases: Path
    population: Path | None
    points: Path
    space_time: bool = False
    max_share: float = 0.5
    replicates: int = 999
    seed: int = 1
    model: Model = "poisson"
    prospective: bool = False
    max_distance: float = math.inf
    max_days: int | None = None


class ClusterRow(msgspec.Struct, frozen=True, kw_only=True, rename={"start": "from", "end": "to"}):
    """A cluster as member areas, the nearest to its centre first."""

    areas: list[str]
    cases: int
    expected: float
    relative_risk: float | None
    llr: float
    p: float
    start: date | None
    end: date | None
    population: float
    radius: float
    recurrence_days: float | None


class ScanAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Clusters, the strongest first, and what could not be placed."""

    clusters: list[ClusterRow]
    places: int
    cases: int
    population: float
    unplaced: list[str]
    notes: list[str]


def scan(request: ScanRequest) -> ScanAnswer:
    """Clusters that share no area; p is the rank among `replicates` random maps."""
    if not 1 <= request.replicates <= MOST_REPLICATES:
        raise InputError(
            f"replicates must be 1 to {MOST_REPLICATES:,}, got {request.replicates:,}",
            "999 is usual",
            code="bad_replicates",
        )
    inputs = read_scan_inputs(request.cases, request.population, request.points)
    if len(inputs.areas) > MOST_PLACES:
        raise InputError(
            f"{len(inputs.areas):,} places are too many to scan",
            f"give at most {MOST_PLACES:,}",
            code="too_many_places",
        )
    if request.space_time or request.model == "permutation":
        found, steps = _space_time(inputs, request)
    else:
        found, steps = _space(inputs, request), None
    return _answer(inputs, found, steps, request)


def _space(inputs: ScanInputs, request: ScanRequest) -> list[Cluster]:
    cases = np.bincount(inputs.place, weights=inputs.cases, minlength=len(inputs.areas))
    cases = cases.astype(np.int64)
    if cases.sum() == 0:
        return []
    zones = make_zones(
        inputs.points,
        inputs.geographic,
        inputs.population,
        request.max_share,
        request.max_distance,
    )
    return scan_space(cases, inputs.population, zones, request.replicates, request.seed)


def _space_time(inputs: ScanInputs, request: ScanRequest) -> tuple[list[Cluster], TimeSteps]:
    if inputs.days is None:
        raise InputError(
            f"{request.cases.name} has no column date, a scan in time needs one",
            "add the date of each row, or leave out --space-time",
            code="missing_column",
        )
    steps = make_time_steps(inputs.days)
    days = len(steps.starts)
    if days < 2:
        raise InputError(
            "all cases have the same date, a scan in time needs at least 2 steps",
            "give more dates, or leave out --space-time",
            code="too_few_days",
        )
    cases = np.zeros((len(inputs.areas), days), dtype=np.int64)
    at = np.array([steps.place(day) for day in inputs.days])
    np.add.at(cases, (inputs.place, at), inputs.cases.astype(np.int64))
    if cases.sum() == 0:
        return [], steps
    population = inputs.population
    if request.model == "permutation":
        population = cases.sum(axis=1).astype(float)
        weight = np.outer(population, cases.sum(axis=0)) / float(cases.sum()) ** 2
    else:
        weight = _person_time(population, steps)
    zones = make_zones(
        inputs.points, inputs.geographic, population, request.max_share, request.max_distance
    )
    longest = longest_window(days, _steps_of(request.max_days, steps))
    windows = time_windows(days, longest, request.prospective)
    found = scan_space_time(
        cases, weight, zones, windows, request.replicates, request.seed, request.model
    )
    return found, steps


def _person_time(population: Floats, steps: TimeSteps) -> Floats:
    ends = [*steps.starts[1:], steps.end]
    length = np.array([(b - a).days for a, b in zip(steps.starts, ends, strict=True)], float)
    weight = np.outer(population, length)
    return np.asarray(weight / weight.sum())


def _steps_of(max_days: int | None, steps: TimeSteps) -> int | None:
    if max_days is None:
        return None
    length = (steps.end - steps.starts[0]).days / len(steps.starts)
    return max(1, int(max_days / length))


def _answer(
    inputs: ScanInputs, found: list[Cluster], steps: TimeSteps | None, request: ScanRequest
) -> ScanAnswer:
    total = int(inputs.cases.sum())
    rows = []
    for one in found:
        start, end = (None, None)
        if steps is not None and one.start is not None and one.stop is not None:
            start, end = steps.starts[one.start], steps.last_day(one.stop)
        rows.append(
            ClusterRow(
                areas=[inputs.areas[member] for member in one.members],
                cases=one.cases,
                expected=one.expected,
                relative_risk=relative_risk(one.cases, one.expected, total),
                llr=one.llr,
                p=one.p,
                start=start,
                end=end,
                population=float(inputs.population[one.members].sum()),
                radius=one.radius,
                recurrence_days=1.0 / one.p if request.prospective else None,
            )
        )
    return ScanAnswer(
        clusters=rows,
        places=len(inputs.areas),
        cases=total,
        population=float(inputs.population.sum()),
        unplaced=inputs.unplaced,
        notes=inputs.notes if total else ["no cases: nothing can be a cluster", *inputs.notes],
    )
