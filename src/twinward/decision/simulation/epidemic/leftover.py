"""Finishes runs in which most residents are infected: a tenth of the infections, and without this
most of the time.

Once a share of the residents is infected and the peak is past, nearly every attempt meets somebody
who was infected before. From then on each day's chance of those who are left follows from the
attempts that the infectious make, at the rate seen on the day before: who meets whom no longer
changes what a plan is judged by. Held against whole runs in the tests.
"""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from twinward.core.kernels import uniform
from twinward.decision.simulation.epidemic.kernels.leftover import (
    count_open,
    meet_at_random,
    name_sources,
    sum_intensity,
)
from twinward.decision.simulation.epidemic.kernels.recent import mark_of
from twinward.decision.simulation.epidemic.kernels.tables import CityTables, Proposals, SpreadTables
from twinward.decision.simulation.epidemic.ledger import InfectionLedger, make_proposals
from twinward.decision.simulation.epidemic.scenario import Scenario

STEEPEST = 1.0  # power of those left by which they are met less


class RunState(Protocol):
    """What is read of the run that is finished: its tables, its ledger, and its draws."""

    city: CityTables
    spread: SpreadTables
    total: NDArray[np.float64]
    ledger: InfectionLedger
    series: dict[str, NDArray[np.int64]]

    def key(self, name: str, day: int) -> np.uint64: ...


class Leftover:
    """Whether a run is finished at random, and its proposals of a day from then on."""

    def __init__(self, scenario: Scenario, residents: int) -> None:
        self.share, self.residents = scenario.finish_share, residents
        strains = scenario.initial.strain if scenario.initial is not None else ()
        self.plain = not (np.any(strains) or scenario.importations)  # one strain, from within
        self.rate = 0.0  # times that one resident is met for each attempt of all
        self.left, self.fading = 1, 0.0  # residents open when it began; power by which it fades

    def begun(self, day: int, series: dict[str, NDArray[np.int64]]) -> bool:
        """From the day on which `share` is infected and fewer are than the day before."""
        if self.rate > 0.0 or self.share >= 1.0 or not self.plain or day < 4:
            return self.rate > 0.0
        new, left = series["new_infections"], series["susceptible"][day - 1]
        return bool(left <= (1 - self.share) * self.residents and 0 < new[day - 1] < new[day - 2])

    def look_back(
        self, new: NDArray[np.int64], day: int, left: int, chance: float, attempts: list[float]
    ) -> None:
        """The rate of yesterday, and how it fades as fewer are left, by that of two days before.

        Those who are left longest are met least; attempts: of all, one and three days ago.
        """
        last, before = int(new[day - 1]), left + int(new[day - 2 : day].sum())
        self.rate, self.left = rate_seen(last, left, chance, attempts[0]), max(left, 1)
        earlier = rate_seen(int(new[day - 3]), before, chance, attempts[1])
        less = math.log(before / self.left)
        self.fading = min(max(math.log(earlier / self.rate) / less, 0.0), STEEPEST)

    def meet(self, run: RunState, day: int, lo: int, hi: int) -> list[tuple[Proposals, int]] | None:
        """The proposals of a day; None where the run is not finished in this way."""
        if not self.begun(day, run.series):
            return None
        mark, tables = mark_of(day), (run.total, run.spread.profile)
        rec, city, spread = run.ledger.rec, run.city, run.spread
        many, chances = count_open(day, mark, city, spread)
        if self.rate == 0.0:
            past = [float(sum_intensity(day - k, lo, hi, rec, *tables)) for k in (1, 3)]
            new = run.series["new_infections"]
            self.look_back(new, day, int(many), chances / max(many, 1), past)
        met = self.rate * (max(many, 1) / self.left) ** self.fading
        whole = float(sum_intensity(day, lo, hi, rec, *tables))
        key, out = run.key("left", day), make_proposals(int(many) + 1)
        done = int(meet_at_random(day, mark, key, met * whole, city, spread, out))
        name_sources(day, lo, hi, rec, *tables, whole, float(uniform(key)), out, done)
        return [(out, done)]


def rate_seen(new: NDArray[np.int64] | int, left: int, chance: float, attempts: float) -> float:
    """How often a resident was met for each attempt, by how many of those who were open fell."""
    met = -math.log(max(left, 1) / (left + new))
    return max(met / max(chance, 1e-9) / max(attempts, 1e-9), 1e-300)
