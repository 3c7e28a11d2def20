"""What a run returns: daily series, tables by area, age, setting and strain, headline figures
and a fingerprint.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

COMPARTMENTS = (
    "susceptible",
    "exposed",
    "presymptomatic",
    "asymptomatic",
    "mild",
    "hospital",
    "intensive_care",
    "recovered",
    "dead",
)
EVENTS = (
    "new_infections",
    "new_reinfections",
    "new_symptomatic",
    "new_admissions",
    "new_deaths",
    "turned_away",
    "new_confirmed",
    "tests",
    "new_quarantined",
    "new_vaccinated",
)
SERIES = COMPARTMENTS + EVENTS
AGE_BANDS = tuple(f"{10 * n}-{10 * n + 9}" for n in range(10)) + ("100+",)


class Tree(msgspec.Struct, frozen=True, kw_only=True):
    """Who infected whom, in order. `infector` is 4294967295 where a case was imported."""

    infectee: NDArray[Any]
    infector: NDArray[Any]
    day: NDArray[Any]
    setting: NDArray[Any]
    strain: NDArray[Any]
    area: NDArray[Any]


class SimulationOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """One run. `series[name]` has one number a day; the tables have one row a day.

    active: bool[days, measures], which measures held on each day; beds and icu_beds are the
    hospitals' capacity
    """

    residents: int
    days: int
    seed: int
    threads: int
    disease: str
    series: dict[str, NDArray[Any]]
    by_area: NDArray[Any]
    areas: list[str]
    by_age: NDArray[Any]
    by_setting: NDArray[Any]
    by_strain: NDArray[Any]
    strains: list[str]
    r0_realised: float
    generation_time_d: float
    ever_infected: int
    sha256: str
    fingerprint: str
    cpu_s: float
    wall_s: float
    setup_s: float
    finished: bool
    tree: Tree | None = None
    profile: dict[str, float] = {}
    estimated: float = 0.0
    active: NDArray[Any] = np.zeros((0, 0), np.bool_)
    beds: int = 0
    icu_beds: int = 0

    @property
    def infections(self) -> int:
        return int(self.series["new_infections"].sum())

    @property
    def attack_rate(self) -> float:
        """Share of residents infected at least once."""
        return self.ever_infected / self.residents

    @property
    def deaths(self) -> int:
        return int(self.series["new_deaths"].sum())

    @property
    def peak_day(self) -> int:
        return int(self.series["new_infections"].argmax())

    @property
    def peak_new(self) -> int:
        return int(self.series["new_infections"].max())


class Ensemble(msgspec.Struct, frozen=True, kw_only=True):
    """Outcomes of replicates with seeds seed, seed+1, …, and quantiles over them by day:
    float64[5, days].
    """

    outcomes: list[SimulationOutcome]
    levels: tuple[float, ...]
    quantiles: dict[str, NDArray[Any]]


class Fingerprint:
    """SHA-256 over the infection list, as it grows, and the daily series at the end."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()

    def add(self, *columns: NDArray[Any]) -> None:
        for column in columns:
            self.digest.update(np.ascontiguousarray(column).data)

    def close(self, series: dict[str, NDArray[Any]]) -> str:
        for name in SERIES:
            self.digest.update(name.encode())
            self.digest.update(np.ascontiguousarray(series[name], "<i8").data)
        return self.digest.hexdigest()
