"""What a city is made from: residents of each leaf area, ages, household sizes, facilities, and
stated assumptions.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.citybase.schema import KINDERGARTEN, PRIMARY, SECONDARY, UNIVERSITY

AGES = 101
STAGES = (KINDERGARTEN, PRIMARY, SECONDARY, UNIVERSITY)
UNIVERSITY_YEARS = 4  # of age, to which gross enrolment refers


class Assumptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Figures no source file gives; `[assumptions]` of a city file replaces any of them.

    care_home_share 3 % of residents of 65 and over: the share Shanghai plans for ("9073": 90 % of
    the old at home, 7 % with help of the community, 3 % in homes). university_share 0.544: gross
    enrolment in China, Ministry of Education, statistical bulletin for 2020, of four years of age;
    it falls with age to 0 at university_to. upper_secondary_share and employed_*: rounded so that
    those who meet others at school or work agree with Mistry et al. 2021, Nat Commun 12:323, for
    Shanghai. workplace_exponent 1.059: Axtell 2001, "Zipf distribution of U.S. firm sizes", Science
    293. All other figures are round numbers of ours, to be replaced where a city knows better.
    """

    kindergarten_from: int = 3
    primary_from: int = 6
    secondary_from: int = 12
    upper_secondary_from: int = 15
    university_from: int = 18
    university_to: int = 28  # exclusive
    kindergarten_share: float = 0.95
    upper_secondary_share: float = 0.8
    university_share: float = 0.544
    kindergarten_size: int = 280  # mean places of a school where none are given
    primary_size: int = 800
    secondary_size: int = 900
    university_size: int = 8000
    kindergarten_class: int = 28
    primary_class: int = 38
    secondary_class: int = 40
    university_class: int = 45
    pupils_per_staff: float = 12.0
    care_home_share: float = 0.03
    care_home_beds: int = 150
    care_home_ward: int = 25
    beds_per_care_staff: float = 3.0
    hospital_staff_per_1000: float = 9.0
    residents_per_hospital: int = 60_000
    employed_16_19: float = 0.5  # of those who are not enrolled
    employed_20_29: float = 0.78
    employed_30_49: float = 0.85
    employed_50_54: float = 0.44
    employed_55_59: float = 0.315
    employed_60_64: float = 0.152
    employed_65_69: float = 0.1
    employed_70_74: float = 0.053
    employed_75_100: float = 0.0115
    workplace_exponent: float = 1.059
    workplace_max: int = 5000
    team_size: int = 12
    jobs_density_exponent: float = (
        0.25  # jobs a resident rise with the density of residents to this power
    )
    mean_commute_km: float = (
        9.0  # straight line, home area to work area; lowered in a city too small for it
    )

    def stage_ages(self) -> dict[int, tuple[int, int]]:
        """First age and last age plus one of each school stage."""
        edges = (
            self.kindergarten_from,
            self.primary_from,
            self.secondary_from,
            self.university_from,
        )
        return dict(
            zip(STAGES, zip(edges, (*edges[1:], self.university_to), strict=True), strict=True)
        )

    def enrolment(self) -> NDArray[np.float64]:
        """Share enrolled by single year of age."""
        rate = np.zeros(AGES)
        for stage, (low, high) in self.stage_ages().items():
            rate[low:high] = self.kindergarten_share if stage == KINDERGARTEN else 1.0
        rate[self.upper_secondary_from : self.university_from] = self.upper_secondary_share
        ages = np.arange(self.university_from, self.university_to)
        falling = (1.0 - (ages - self.university_from) / len(ages)) ** 2
        rate[ages] = np.minimum(
            self.university_share * UNIVERSITY_YEARS * falling / falling.sum(), 1.0
        )
        return rate

    def employment(self) -> NDArray[np.float64]:
        """Share at work, of those not enrolled, by single year of age."""
        rate = np.zeros(AGES)
        for name in self.__struct_fields__:
            if name.startswith("employed_"):
                low, high = (int(part) for part in name.split("_")[1:])
                rate[low : high + 1] = getattr(self, name)
        return rate


class Facilities(msgspec.Struct, frozen=True, kw_only=True):
    """Sites of one kind with known or seeded position. `capacity` 0 means not given (it is then
    estimated).
    """

    kind: int
    lonlat: NDArray[Any]  # float64 [F, 2]
    leaf: NDArray[Any]  # int64 [F]
    capacity: NDArray[Any]  # int64 [F]: pupils, beds
    given: bool  # False: a seeded stand-in, no such place is published


class CityInputs(msgspec.Struct, frozen=True, kw_only=True):
    """The input of the synthesis. L leaf areas in the order of their codes, Z zones of work (groups
    of leaves).

    residents int64[L]; lonlat float64[L, 2]; radius_m float64[L] (about half the width of a leaf);
    zone_of int64[L]; ages int64[101] summing to the residents; sizes float64[K] shares of
    households of 1..K; men: how many of the residents are men; jobs float64[L] weights of where
    work is.
    """

    residents: NDArray[Any]
    lonlat: NDArray[Any]
    radius_m: NDArray[Any]
    zone_of: NDArray[Any]
    ages: NDArray[Any]
    men: int
    sizes: NDArray[Any]
    jobs: NDArray[Any]
    facilities: list[Facilities]
    assumptions: Assumptions
    seed: int

    @property
    def total(self) -> int:
        return int(self.residents.sum())


def local_km(lonlat: NDArray[Any]) -> NDArray[np.float64]:
    """Degrees to kilometres on the plane that touches the middle of the points; good to 1 %
    across a city.
    """
    middle = lonlat.mean(axis=0)
    return np.asarray(
        (lonlat - middle) * 111.19493 * np.array([np.cos(np.radians(middle[1])), 1.0])
    )


def scatter(
    lonlat: NDArray[Any], radius_m: NDArray[Any], chance: np.random.Generator
) -> NDArray[np.float64]:
    """Points uniform on discs about `lonlat`."""
    turn, reach = (
        chance.random(len(lonlat)) * 2 * np.pi,
        np.sqrt(chance.random(len(lonlat))) * radius_m / 111_194.93,
    )
    east = reach * np.cos(turn) / np.cos(np.radians(lonlat[:, 1]))
    return np.column_stack([lonlat[:, 0] + east, lonlat[:, 1] + reach * np.sin(turn)])


def apportion(weights: NDArray[Any], total: int) -> NDArray[np.int64]:
    """Whole numbers in proportion to `weights` that sum to `total` (largest remainders, ties to
    the first).
    """
    weights = np.asarray(weights, dtype=np.float64)
    exact = weights * (total / weights.sum())
    whole = np.floor(exact).astype(np.int64)
    missing = total - int(whole.sum())
    whole[np.argsort(whole - exact, kind="stable")[:missing]] += 1
    return np.asarray(whole)


def whole_ages(ages: NDArray[Any], total: int) -> NDArray[np.int64]:
    """Whole residents by age that sum to `total`: cumulative rounding, so that bands of whole
    counts keep theirs.
    """
    reached = np.cumsum(np.asarray(ages, dtype=np.float64))
    whole = np.floor(reached * (total / reached[-1]) + 0.5).astype(np.int64)
    return np.asarray(np.diff(whole, prepend=0))


def ranges(counts: NDArray[Any]) -> NDArray[np.int64]:
    """The starts of consecutive ranges with these lengths, and the end of the last."""
    starts: NDArray[np.int64] = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=starts[1:])
    return starts


def over_leaves(frame: CityInputs, threads: int, work: Callable[[int, int], None]) -> None:
    """Calls `work(first, last)` on runs of leaves of about equal residents, on `threads`
    threads.
    """
    cumulative = np.cumsum(frame.residents)
    parts = max(threads * 4, 1)
    marks = np.searchsorted(cumulative, np.linspace(0, cumulative[-1], parts + 1)[1:-1])
    edges = np.unique(np.concatenate([[0], marks, [len(cumulative)]])).tolist()
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work, a, b) for a, b in pairwise(edges)]:
            done.result()
