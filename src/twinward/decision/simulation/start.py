"""Puts the outbreak where it stands on day 0: seeds drawn at random, or the state that was handed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from twinward.core.chance import generator
from twinward.decision.simulation.kernels.severe import keep_apart
from twinward.decision.simulation.kernels.start import set_doses, set_immune
from twinward.decision.simulation.kernels.tables import REFRACTORY_DAYS
from twinward.decision.simulation.kernels.words import HOME
from twinward.decision.simulation.scenario import InitialState

if TYPE_CHECKING:
    from twinward.decision.simulation.engine import Engine

OLDEST_D = 30  # an infection older than this is no longer carried
OLDEST_EVENT_D = 399


def begin(engine: Engine) -> None:
    """The first infected of a run."""
    initial = engine.scenario.initial
    if initial is None:
        chance = generator(engine.scenario.seed, "simulation.seeds")
        chosen = draw_distinct(chance, engine.residents, engine.scenario.infected)
        none = np.zeros(len(chosen), np.int64)
        engine.infect_outside(0, chosen, none, none)
        return
    words = engine.city.words
    if len(initial.immune):
        engine.immune_at_start = int(
            set_immune(words, rows(initial.immune), clip(initial.immune_days_ago, OLDEST_EVENT_D), REFRACTORY_DAYS)
        )
    if len(initial.vaccinated):
        set_doses(words, rows(initial.vaccinated), clip(initial.doses, 3), clip(initial.dose_days_ago, OLDEST_EVENT_D))
    if len(initial.apart):
        keep_apart(words, rows(initial.apart), HOME, 0, clip(initial.apart_days, 60))
    infect_earlier(engine, initial)


def infect_earlier(engine: Engine, initial: InitialState) -> None:
    """Those who carry the disease already, oldest infection first; their remaining course is drawn from today.

    A record keeps the true day of infection, so that its resident is as infectious today as that says.
    """
    who, ago = rows(initial.infected), clip(initial.infected_days_ago, OLDEST_D)
    strain = rows(initial.strain) if len(initial.strain) else np.zeros(len(who), np.int64)
    order = np.argsort(-ago, kind="stable")
    engine.infect_outside(0, who[order], strain[order], -ago[order])


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
