"""Finds the rate of attempts that gives a disease its R0 among these residents."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.decision.simulation.course import by_year, heterogeneity_table
from twinward.decision.simulation.kernels.tables import HOUSEHOLD, TEAM, City, Mixing
from twinward.decision.simulation.kernels.words import FIXED, NO_TEAM_KIND
from twinward.library.diseases import Disease

SAMPLE = 4_000
SLICES = 32  # of the distribution of individual infectiousness
ROUNDS = 30


def attempts_for_r0(disease: Disease, city: City, mixing: Mixing, theory: bool) -> float:
    """Mean attempts for one unit of contact weight over a whole infection with symptoms.

    R0 is the mean number infected by a typical infectee early on: one who was infected in proportion to contacts and
    susceptibility, whose own infector is no longer susceptible, while everybody else is. Repeated attempts on the few
    members of a household or team count once.
    """
    target = disease.transmission.r0.value
    if target == 0:
        return 0.0
    sample = _Sample(disease, city, mixing, theory)
    if sample.mean(1.0) <= 0:
        return 0.0
    low, high = 0.0, 1e-3
    while sample.mean(high) < target and high < 1e9:
        low, high = high, high * 4
    for _ in range(ROUNDS):
        middle = (low + high) / 2
        low, high = (middle, high) if sample.mean(middle) < target else (low, middle)
    return (low + high) / 2


class _Sample:
    """Every n-th resident, with the household and team sizes that bound how many each can infect."""

    def __init__(self, disease: Disease, city: City, mixing: Mixing, theory: bool) -> None:
        fixed = city.words[:: max(1, len(city.words) // SAMPLE), FIXED]
        age = (fixed >> np.uint64(27)).astype(np.int64) & 127
        kind = (fixed >> np.uint64(24)).astype(np.int64) & 7
        size = (fixed >> np.uint64(57)).astype(np.int64) & 63
        team = (fixed & np.uint64((1 << 24) - 1)).astype(np.int64)
        weights = np.diff(mixing.cumulative.astype(np.float64), axis=1, prepend=0.0)
        self.weight = weights[(age * 8 + kind) * 2 + (size > 1)]
        team_size = np.diff(city.team_start.astype(np.int64))[team]
        self.others = np.stack([size, np.where(kind == NO_TEAM_KIND, 1, team_size)], axis=1) - 1.0
        ready = np.ones(101, np.float32) if theory else by_year(disease, disease.transmission.susceptibility)
        self.own, self.mean_ready = ready[age].astype(np.float64), float(ready[age].mean())
        loud = by_year(disease, disease.severity.symptomatic)[age].astype(np.float64)
        self.share = np.stack([loud, 1 - loud])
        self.levels = np.array([1.0, disease.transmission.asymptomatic.value])
        self.slices = heterogeneity_table(disease.transmission.dispersion_k.value).reshape(SLICES, -1).mean(axis=1)
        total = self.weight.sum(axis=1)
        typical = total * self.own
        self.typical = typical / max(typical.sum(), 1e-300)
        inward = self.weight[:, [HOUSEHOLD, TEAM]] / np.maximum(total, 1e-300)[:, None]
        self.others = np.maximum(self.others - inward, 0.0)

    def mean(self, attempts: float) -> float:
        return float((self.typical * self._offspring(attempts)).sum())

    def _offspring(self, attempts: float) -> NDArray[Any]:
        mean_level = (self.share * self.levels[:, None]).sum(axis=0)
        wide = self.weight[:, 2:].sum(axis=1) * attempts * mean_level * self.mean_ready
        close = np.zeros_like(wide)
        for column, layer, ready in ((0, HOUSEHOLD, self.mean_ready), (1, TEAM, self.own)):
            others = self.others[:, column]
            for share, level in zip(self.share, self.levels, strict=True):
                tried = (
                    attempts
                    * level
                    * self.weight[:, layer, None]
                    * self.slices[None, :]
                    * np.atleast_1d(ready)[:, None]
                )
                reached = others[:, None] * -np.expm1(-tried / np.maximum(others, 1e-9)[:, None])
                close += share * reached.mean(axis=1)
        return np.asarray(wide + close)
