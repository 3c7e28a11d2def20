"""What is asked of the simulator: residents, a disease, measures, days, a seed, and where the
outbreak stands.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.citybase.schema import CityBase
from twinward.core.errors import InputError
from twinward.decision.simulation.epidemic.background import Background
from twinward.decision.simulation.epidemic.kernels.resident_bits import MAX_DAYS
from twinward.library.hazards.diseases import Disease
from twinward.library.hazards.measures import Measure, check_measures, label

MIXINGS = ("settings", "uniform")
BYTES_PER_RESIDENT = (
    110  # of the simulator's arrays at the height of a wave (about 90) and a base made in memory
)
MOST_OF_FREE = 0.9  # of the free memory; the rest is for everything else on the machine


class Importation(msgspec.Struct, frozen=True, kw_only=True):
    """Cases that come from outside: a Poisson number a day on first_day <= day < last_day, in an
    area or anywhere.
    """

    first_day: int
    last_day: int
    per_day: float
    area: str | None = None
    strain: int = 0


class InitialState(msgspec.Struct, frozen=True, kw_only=True):
    """Where an outbreak stands on day 0; each array holds resident rows, with one entry of the
    others for each row.

    infected, infected_days_ago   who carries the disease now and for how many days (0-30); seeds
    nothing at random
    strain                        strain of each infected, or empty for the first strain
    apart, apart_days             who is kept apart at home, and for how many more days
    immune, immune_days_ago       who recovered, and how many days ago (up to 399)
    vaccinated, doses, dose_days_ago
    estimated                     share of `infected` that is an estimate of unobserved
    infections, for the report
    """

    infected: NDArray[Any] = np.zeros(0, np.int64)
    infected_days_ago: NDArray[Any] = np.zeros(0, np.int64)
    strain: NDArray[Any] = np.zeros(0, np.int64)
    apart: NDArray[Any] = np.zeros(0, np.int64)
    apart_days: NDArray[Any] = np.zeros(0, np.int64)
    immune: NDArray[Any] = np.zeros(0, np.int64)
    immune_days_ago: NDArray[Any] = np.zeros(0, np.int64)
    vaccinated: NDArray[Any] = np.zeros(0, np.int64)
    doses: NDArray[Any] = np.zeros(0, np.int64)
    dose_days_ago: NDArray[Any] = np.zeros(0, np.int64)
    estimated: float = 0.0


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """One question to the simulator. `infected` residents drawn at random start it, unless
    `initial` says who.

    days: simulated days, day 0 is the day on which the first are infected threads: never changes
    the result background: by how much transmission differs from the disease's own, by day and area
    confirmed_before: those confirmed on the last days before day 0, for measures that wait for a
    figure beds, icu_beds: what the city's hospitals hold (None: the disease file's number for each
    1,000 residents) level: area level in which outcomes are counted (None: the topmost level with
    several areas) contact_factors: float[4, 101] multipliers of contacts by group (household,
    school, work, community) and age finish_share: share of the residents infected from which on
    those who are left meet the infectious at random, which is quicker (1: never) stop_above: more
    infections than this end the run, unfinished (0: never)
    """

    base: CityBase
    disease: Disease
    days: int
    seed: int
    infected: int = 100
    measures: tuple[Measure, ...] = ()
    background: tuple[Background, ...] = ()
    confirmed_before: tuple[int, ...] = ()
    beds: int | None = None
    icu_beds: int | None = None
    importations: tuple[Importation, ...] = ()
    initial: InitialState | None = None
    mixing: str = "settings"
    threads: int = 1
    level: str | None = None
    contact_factors: NDArray[Any] | None = None
    keep_tree: bool = False
    finish_share: float = 1.0
    stop_above: int = 0


def check_scenario(scenario: Scenario) -> None:
    """InputError for what cannot be run; nothing has been computed when it is raised."""
    residents = scenario.base.residents
    _need(residents > 0, "there are no residents", "give a number above 0", "no_residents")
    _need(
        residents < 2**32 - 1,
        "more residents than the simulator can number",
        "at most 4,294,967,294",
        "too_many",
    )
    _need(scenario.days > 0, "0 days cannot be simulated", "give --days 1 or more", "no_days")
    _need(
        scenario.days <= MAX_DAYS,
        f"{scenario.days} days are too many",
        f"at most {MAX_DAYS}",
        "too_many_days",
    )
    _need(
        0 <= scenario.infected <= residents,
        "more infected than residents",
        "lower --infected",
        "too_many_infected",
    )
    _need(
        1 <= scenario.threads <= 256, "threads must be 1 to 256", "give --threads 1", "bad_threads"
    )
    _need(
        -(2**63) <= scenario.seed < 2**63,
        "the seed needs 64 bits",
        "give a smaller number",
        "bad_seed",
    )
    _need(
        min(scenario.beds or 0, scenario.icu_beds or 0) >= 0,
        "fewer than no beds",
        "give 0 or more",
        "bad_beds",
    )
    _need(
        scenario.mixing in MIXINGS,
        f"no mixing {scenario.mixing!r}",
        f"one of {', '.join(MIXINGS)}",
        "bad_mixing",
    )
    check_measures(scenario.measures)
    check_areas((*scenario.measures, *scenario.background), scenario.base)
    _check_importations(scenario)
    if scenario.initial is not None:
        _check_initial(scenario.initial, residents)


def _check_importations(scenario: Scenario) -> None:
    strains = len(scenario.disease.strains)
    codes = {area.code for area in scenario.base.areas} | set(scenario.base.leaf_codes)
    for entry in scenario.importations:
        _need(
            entry.strain <= strains,
            f"no strain {entry.strain}",
            f"0 to {strains}",
            "unknown_strain",
        )
        _need(
            entry.area is None or entry.area in codes,
            f"no area {entry.area!r}",
            "see `twinward city`",
            "unknown_area",
        )
        _need(
            entry.per_day >= 0,
            "a negative number of imported cases",
            "give 0 or more",
            "bad_importation",
        )


def check_areas(measures: tuple[Measure, ...], base: CityBase) -> None:
    """InputError `unknown_area` when a measure names an area that the city does not have."""
    known = {area.code for area in base.areas} | set(base.leaf_codes)
    for measure in measures:
        missing = sorted(set(measure.areas) - known)
        if missing:
            raise InputError(
                f"measure {label(measure)} names areas that this city does not have: "
                f"{', '.join(missing[:5])}",
                "use area codes of the city base",
                code="unknown_area",
            )


def _check_initial(initial: InitialState, residents: int) -> None:
    pairs = (
        ("infected", initial.infected, (initial.infected_days_ago,)),
        ("apart", initial.apart, (initial.apart_days,)),
        ("immune", initial.immune, (initial.immune_days_ago,)),
        ("vaccinated", initial.vaccinated, (initial.doses, initial.dose_days_ago)),
    )
    for name, rows, others in pairs:
        for other in others:
            _need(
                len(rows) == len(other),
                f"initial.{name}: arrays of different length",
                "one entry each",
                "bad_initial",
            )
        inside = len(rows) == 0 or (int(np.min(rows)) >= 0 and int(np.max(rows)) < residents)
        _need(
            inside,
            f"initial.{name} names residents who are not there",
            f"0 to {residents - 1}",
            "bad_initial",
        )


def _need(holds: bool, message: str, advice: str, code: str) -> None:
    if not holds:
        raise InputError(message, advice, code=code)
