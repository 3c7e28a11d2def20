"""Puts the outbreak where it stands on day 0: seeds drawn at random, or the state that was
handed in.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twinward.core.chance import generator
from twinward.decision.simulation.epidemic.kernels.resident_bits import HOME
from twinward.decision.simulation.epidemic.kernels.severe import keep_apart
from twinward.decision.simulation.epidemic.kernels.start import set_doses, set_immune
from twinward.decision.simulation.epidemic.kernels.tables import REFRACTORY_DAYS
from twinward.decision.simulation.epidemic.scenario import InitialState, Scenario

OLDEST_D = 30  # an infection older than this is no longer carried
OLDEST_EVENT_D = 399


class First(NamedTuple):
    """The first infected of a run: rows, strains, days of infection (ascending, up to 0); and
    how many are immune.
    """

    who: NDArray[np.int64]
    strains: NDArray[np.int64]
    days: NDArray[np.int64]
    immune: int


def begin(scenario: Scenario, words: NDArray[Any], residents: int) -> First:
    """Sets who is immune, vaccinated and apart in the words of residents; the caller adds the
    first infected.
    """
    initial = scenario.initial
    if initial is None:
        chosen = draw_distinct(
            generator(scenario.seed, "simulation.seeds"), residents, scenario.infected
        )
        none = np.zeros(len(chosen), np.int64)
        return First(chosen, none, none, 0)
    immune = 0
    if len(initial.immune):
        immune = int(
            set_immune(
                words,
                rows(initial.immune),
                clip(initial.immune_days_ago, OLDEST_EVENT_D),
                REFRACTORY_DAYS,
            )
        )
    if len(initial.vaccinated):
        set_doses(
            words,
            rows(initial.vaccinated),
            clip(initial.doses, 3),
            clip(initial.dose_days_ago, OLDEST_EVENT_D),
        )
    if len(initial.apart):
        keep_apart(words, rows(initial.apart), HOME, 0, clip(initial.apart_days, 60))
    return First(*list_infected(initial), immune)


def list_infected(
    initial: InitialState,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Those who carry the disease already, oldest infection first; their remaining course is drawn
    from today.

    A record keeps the true day of infection, so that its resident is as infectious today as that
    says.
    """
    who, ago = rows(initial.infected), clip(initial.infected_days_ago, OLDEST_D)
    strain = rows(initial.strain) if len(initial.strain) else np.zeros(len(who), np.int64)
    order = np.argsort(-ago, kind="stable")
    return who[order], strain[order], -ago[order]


def draw_distinct(chance: np.random.Generator, residents: int, count: int) -> NDArray[Any]:
    """`count` different rows, without listing all residents where few are asked for."""
    if count * 4 > residents:
        return chance.permutation(residents)[:count].astype(np.int64)
    chosen: NDArray[Any] = np.zeros(0, np.int64)
    while len(chosen) < count:
        drawn = np.concatenate([chosen, chance.integers(0, residents, size=count + 16)])
        _, first = np.unique(drawn, return_index=True)
        chosen = drawn[np.sort(first)][:count]
    return chosen


def rows(values: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(values, np.int64)


def clip(values: NDArray[Any], most: int) -> NDArray[Any]:
    return np.clip(np.asarray(values, np.int64), 0, most)
