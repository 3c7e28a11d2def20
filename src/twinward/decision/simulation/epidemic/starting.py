"""Who carries the disease at the start of a run, by what was reported and what is estimated;
fewer of them at will.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.decision.simulation.epidemic.live_state import (
    APART_DAYS,
    IMMUNE_DAYS,
    INFECTED_DAYS,
    LiveResidents,
    draw_rounded,
)
from twinward.decision.simulation.epidemic.report_table import Floats, Report
from twinward.decision.simulation.epidemic.scenario import InitialState

KNOWN, HIDDEN, NEWEST = 0, 1, 2


class Carriers(msgspec.Struct, frozen=True, kw_only=True):
    """Residents drawn for the highest numbers; a run takes those whose luck is below the share that
    it wants.

    rows, ages, kinds (KNOWN, HIDDEN, NEWEST), luck: one entry each; immune_* likewise
    """

    rows: NDArray[np.int64]
    ages: NDArray[np.int64]
    kinds: NDArray[np.int8]
    luck: Floats
    apart: NDArray[np.int64]
    apart_days: NDArray[np.int64]
    immune: NDArray[np.int64]
    immune_ages: NDArray[np.int64]
    immune_known: NDArray[np.bool_]
    immune_luck: Floats

    def take(self, hidden: float, newest: Floats) -> InitialState:
        """The start in which so large a share of the hidden, and of the newest by age, is
        infected.
        """
        share = np.ones(len(self.rows))
        share[self.kinds == HIDDEN] = hidden
        fresh = self.kinds == NEWEST
        share[fresh] = newest[self.ages[fresh]]
        chosen = self.luck < share
        immune = self.immune_known | (self.immune_luck < hidden)
        taken = int(chosen.sum())
        return InitialState(
            infected=self.rows[chosen],
            infected_days_ago=self.ages[chosen],
            apart=self.apart,
            apart_days=self.apart_days,
            immune=self.immune[immune],
            immune_days_ago=self.immune_ages[immune],
            estimated=float((self.kinds[chosen] != KNOWN).sum() / max(1, taken)),
        )


def draw_carriers(
    reports: Sequence[Report],
    delay: int,
    hidden_each: float,
    newest: dict[str, Floats],
    draw: LiveResidents,
) -> Carriers:
    """Carriers on a day.

    reports: area, how many days before that day, new infections found
    hidden_each: infections that nobody found for each that was, at most
    newest: area -> float64[ages] infections so many days ago whose report is yet to come, at most
    """
    infected: list[tuple[NDArray[Any], int, int]] = []
    apart: list[tuple[NDArray[Any], int]] = []
    immune: list[tuple[NDArray[Any], int, int]] = []
    for area, ago, count in sorted(reports):
        age = ago + delay
        if age < 0 or age > IMMUNE_DAYS or not count:
            continue
        known, hidden = (
            draw.draw(area, count),
            draw.draw(area, draw_rounded(count * hidden_each, draw)),
        )
        if age <= INFECTED_DAYS:
            infected += [(known, age, KNOWN), (hidden, age, HIDDEN)]
            if 0 <= ago < APART_DAYS:
                apart.append((known, APART_DAYS - ago))
        else:
            immune += [(known, age, KNOWN), (hidden, age, HIDDEN)]
    for area, expected in sorted(newest.items()):
        for age, number in enumerate(expected):
            infected.append((draw.draw(area, draw_rounded(float(number), draw)), age, NEWEST))
    rows, ages, kinds = columns(infected)
    immune_rows, immune_ages, immune_kinds = columns(immune)
    return Carriers(
        rows=rows,
        ages=ages,
        kinds=kinds.astype(np.int8),
        luck=draw.chance.random(len(rows)),
        apart=columns(apart)[0],
        apart_days=columns(apart)[1],
        immune=immune_rows,
        immune_ages=immune_ages,
        immune_known=immune_kinds == KNOWN,
        immune_luck=draw.chance.random(len(immune_rows)),
    )


def columns(
    parts: Sequence[tuple[NDArray[Any], *tuple[int, ...]]],
) -> tuple[NDArray[np.int64], ...]:
    """Rows, and each number that belongs to them, as arrays of one length."""
    width = len(parts[0]) if parts else 3
    if not parts:
        return tuple(np.zeros(0, np.int64) for _ in range(width))
    rows = np.concatenate([part[0] for part in parts])
    more = [
        np.concatenate([np.full(len(part[0]), part[k], np.int64) for part in parts])
        for k in range(1, width)
    ]
    return (rows, *more)
