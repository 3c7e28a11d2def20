"""Finds the rate of attempts that gives a disease its R0 among these residents."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.decision.simulation.course import by_year, heterogeneity_table, profile_of
from twinward.decision.simulation.kernels.tables import HOUSEHOLD, TEAM, City, Mixing
from twinward.decision.simulation.kernels.words import FIXED, NO_TEAM_KIND
from twinward.library.diseases import Disease

SAMPLE = 20_000
SLICES = 16  # of the distribution of individual infectiousness
TOLERANCE = 1e-4
MOST_ROUNDS = 40
COARSE_YEARS, COARSE_TEAM, LARGEST_HOUSEHOLD, LARGEST_TEAM = 5, 4, 10, 80


def attempts_for_r0(disease: Disease, city: City, mixing: Mixing, theory: bool) -> float:
    """Mean attempts for one unit of contact weight over a whole infection with symptoms.

    R0 is the mean number infected by a typical infectee early on: one who was infected in proportion to contacts and
    susceptibility, and whose infector has infected others of the same household or team; everybody else is susceptible.
    Repeated attempts on one contact of a day, or on the few members of a household or team, count once.
    """
    target = disease.transmission.r0.value
    sample = _Sample(disease, city, mixing, theory)
    if target == 0 or sample.mean(1.0) <= 0:
        return 0.0
    low, high = 0.0, target / sample.mean(1e-6) * 1e-6  # without repeats this would be it; repeats only ask for more
    for _ in range(MOST_ROUNDS):
        if sample.mean(high) >= target:
            break
        low, high = high, high * 1.6
    for _ in range(MOST_ROUNDS):
        middle = (low + high) / 2
        low, high = (middle, high) if sample.mean(middle) < target else (low, middle)
        if high - low < TOLERANCE * high:
            break
    return (low + high) / 2


class _Sample:
    """Kinds of residents, by site, household, team and age, with how common each is among the infected."""

    def __init__(self, disease: Disease, city: City, mixing: Mixing, theory: bool) -> None:
        age, kind, size, team, count = _kinds_of_residents(city)
        row = (age * 8 + kind) * 2 + (size > 1)
        self.weight = np.diff(mixing.cumulative.astype(np.float64), axis=1, prepend=0.0)[row]
        self.slots = np.maximum(mixing.contacts.astype(np.float64)[row], 1e-9)
        ready = np.ones(101, np.float32) if theory else by_year(disease, disease.transmission.susceptibility)
        own, mean_ready = ready[age].astype(np.float64), float((ready[age] * count).sum() / count.sum())
        self.ready = np.full(self.weight.shape, mean_ready)
        self.ready[:, TEAM] = own  # a class is of one age
        loud = by_year(disease, disease.severity.symptomatic)[age].astype(np.float64)
        self.share = np.stack([loud, 1 - loud])
        self.levels = np.array([1.0, disease.transmission.asymptomatic.value])
        self.slices = heterogeneity_table(disease.transmission.dispersion_k.value).reshape(SLICES, -1).mean(axis=1)
        self.profile = profile_of(disease)[:-1].astype(np.float64)
        total = self.weight.sum(axis=1)
        typical = total * own * count
        self.typical = typical / max(typical.sum(), 1e-300)
        self.inward = self.weight / np.maximum(total, 1e-300)[:, None]
        self.others = np.maximum(np.stack([size, np.where(kind == NO_TEAM_KIND, 1, team)], axis=1) - 1.0, 1e-9)

    def mean(self, attempts: float) -> float:
        """Mean offspring of a typical infectee at this rate of attempts."""
        contacts = [self._contacts(attempts, level) for level in self.levels]
        offspring = np.zeros(len(self.typical))
        for share, reached in zip(self.share, contacts, strict=True):
            offspring += share * np.delete(reached, (HOUSEHOLD, TEAM), axis=2).sum(axis=2).mean(axis=0)
        for column, layer in ((0, HOUSEHOLD), (1, TEAM)):
            others = self.others[:, column]
            chance = [-np.expm1(-reached[:, :, layer] / others) for reached in contacts]
            # whoever infected me there has infected others there too, the more so the more infectious they are
            mean = sum(share * c.mean(axis=0) for share, c in zip(self.share, chance, strict=True))
            square = sum(share * (c**2).mean(axis=0) for share, c in zip(self.share, chance, strict=True))
            siblings = np.divide(square, mean, out=np.zeros_like(others), where=mean > 0)
            gone = self.inward[:, layer] * (1.0 + np.maximum(others - 1.0, 0.0) * siblings)
            offspring += np.maximum(others - gone, 0.0) * mean
        return float((self.typical * offspring).sum())

    def _contacts(self, attempts: float, level: float) -> NDArray[Any]:
        """float64[slices, kinds, layers] different contacts reached over a whole infection."""
        per_slot = attempts * self.weight * self.ready / self.slots
        strength = level * self.slices[:, None] * self.profile[None, :]
        reached = np.zeros((len(self.slices), *self.weight.shape))
        for day in range(len(self.profile)):
            reached -= self.slots * np.expm1(-per_slot * strength[:, day, None, None])
        return reached


def _kinds_of_residents(city: City) -> tuple[NDArray[Any], ...]:
    """(age, kind of site, household size, team size, residents) of each kind in an even sample."""
    fixed = city.words[:: max(1, len(city.words) // SAMPLE), FIXED]
    age = (fixed >> np.uint64(27)).astype(np.int64) & 127
    kind = (fixed >> np.uint64(24)).astype(np.int64) & 7
    size = np.minimum((fixed >> np.uint64(57)).astype(np.int64) & 63, LARGEST_HOUSEHOLD)
    team = np.diff(city.team_start.astype(np.int64))[(fixed & np.uint64((1 << 24) - 1)).astype(np.int64)]
    team = np.where(kind == NO_TEAM_KIND, 1, np.minimum(team, LARGEST_TEAM))
    team = np.where(team > 2 * COARSE_TEAM, team // COARSE_TEAM * COARSE_TEAM, team)
    rows = np.stack([age // COARSE_YEARS * COARSE_YEARS, kind, size, team])
    kinds, count = np.unique(rows, axis=1, return_counts=True)
    return kinds[0], kinds[1], kinds[2], kinds[3], count.astype(np.float64)
