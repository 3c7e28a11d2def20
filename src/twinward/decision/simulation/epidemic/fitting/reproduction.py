"""Finds the rate of attempts that gives a disease its R0 among these residents."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.decision.simulation.epidemic.course import (
    by_year,
    delay_table,
    heterogeneity_table,
    onset_to_hospital,
    profile_of,
)
from twinward.decision.simulation.epidemic.fitting.sampled import Sampled, sample_residents
from twinward.decision.simulation.epidemic.kernels.tables import (
    HOUSEHOLD,
    SITE,
    TEAM,
    CityTables,
    Mixing,
)
from twinward.library.hazards.diseases import Disease

SLICES, ROUGH_SLICES = (
    256,
    16,
)  # of the distribution of individual infectiousness, and where the search begins
TOLERANCE = 1e-4
MOST_ROUNDS = 40


def attempts_for_r0(disease: Disease, city: CityTables, mixing: Mixing, theory: bool) -> float:
    """Mean attempts for one unit of contact weight over a whole infection with symptoms.

    R0 is the mean number infected by a typical infectee early on, when nobody is immune but those
    whom the infectee's own household and team have infected: repeated attempts on one contact of a
    day, or on the few members of a household or team, count once, and who is infected there later
    than others finds fewer to infect.
    """
    target = disease.transmission.r0.value
    sampled = sample_residents(city, mixing, _susceptibility(disease, theory))
    rough, model = (_Model(disease, sampled, theory, slices) for slices in (ROUGH_SLICES, SLICES))
    slope = rough.mean(1e-6) * 1e6
    if target == 0 or slope <= 0:
        return 0.0
    # without repeats target / slope would be it; repeats only ask for more
    rate, chord = _solve(rough, target, target / slope, 1.0)
    return _solve(model, target, rate, chord)[0]


def _solve(model: _Model, target: float, rate: float, chord: float) -> tuple[float, float]:
    """The rate at which the model's mean is the target, by steps along the chord of the
    logarithms; and that chord.
    """
    before = None
    for _ in range(MOST_ROUNDS):
        got = model.mean(rate)
        if abs(got - target) < TOLERANCE * target:
            break
        if before is not None and rate != before[0]:
            chord = float(np.clip(np.log(got / before[1]) / np.log(rate / before[0]), 0.05, 1.0))
        before, rate = (
            (rate, got),
            rate * float(np.exp(np.clip(np.log(target / got) / chord, -1.0, 1.0))),
        )
    return rate, chord


def _susceptibility(disease: Disease, theory: bool) -> NDArray[Any]:
    ready = by_year(disease, disease.transmission.susceptibility)
    return np.ones(len(ready)) if theory else ready.astype(np.float64)


class _Model:
    """Offspring of kinds of residents by course: with mild symptoms, without symptoms, with a
    hospital stay.
    """

    def __init__(self, disease: Disease, sampled: Sampled, theory: bool, slices: int) -> None:
        self.sampled, self.growth = sampled, max(disease.transmission.r0.value, 1.0)
        alike = np.concatenate(
            [sampled.weight, sampled.ready, sampled.slots], axis=1
        )  # kinds that meet as many
        _, first, row_of = np.unique(alike, axis=0, return_index=True, return_inverse=True)
        self.row_of = row_of.reshape(-1)
        self.weight, self.ready, self.slots = (
            sampled.weight[first],
            sampled.ready[first],
            sampled.slots[first],
        )
        loud = by_year(disease, disease.severity.symptomatic)[sampled.age].astype(np.float64)
        severe = by_year(disease, disease.severity.hospital_given_symptoms)[sampled.age].astype(
            np.float64
        )
        severe = severe * (0.0 if theory else 1.0)  # in theory nobody is kept from others
        self.share = np.stack([loud * (1 - severe), 1 - loud, loud * severe])
        self.quiet = disease.transmission.asymptomatic.value
        self.slices = (
            heterogeneity_table(disease.transmission.dispersion_k.value)
            .reshape(slices, -1)
            .mean(axis=1)
        )
        self.profile = profile_of(disease)[:-1].astype(np.float64)
        self.at_large = _not_in_hospital(disease, len(self.profile))
        self.ward_factor = disease.transmission.hospital_factor.value

    def mean(self, attempts: float) -> float:
        """Mean offspring of a typical infectee at this rate of attempts."""
        sampled = self.sampled
        loud, severe = self._contacts(attempts, self.at_large)
        quiet, _ = self._contacts(attempts * self.quiet, self.at_large)
        reached = [loud, quiet, severe]
        offspring = self.share[2] * self._staff(attempts)[self.row_of]
        for share, contacts in zip(self.share, reached, strict=True):
            outside = contacts.mean(axis=0)[self.row_of]
            outside[:, SITE] *= 1.0 - sampled.own_team
            offspring += share * np.delete(outside, (HOUSEHOLD, TEAM), axis=1).sum(axis=1)
        for column, layer in ((0, HOUSEHOLD), (1, TEAM)):
            others = np.maximum(sampled.members[:, column] - 1.0, 1e-9)
            chance = np.stack(
                [-np.expm1(-self._of_group(contacts, layer) / others) for contacts in reached]
            )
            offspring += self._inside(others, chance)
        return float((sampled.typical * offspring).sum())

    def _of_group(self, contacts: NDArray[Any], layer: int) -> NDArray[Any]:
        """float64[slices, kinds] contacts in the household, or in the team, there and elsewhere
        on its site.
        """
        if layer == HOUSEHOLD:
            return np.asarray(contacts[:, self.row_of, HOUSEHOLD])
        return np.asarray(
            contacts[:, self.row_of, TEAM] + contacts[:, self.row_of, SITE] * self.sampled.own_team
        )

    def _inside(self, others: NDArray[Any], chance: NDArray[Any]) -> NDArray[Any]:
        """Mean infected by a member inside a group of `others` + 1; chance[courses, slices, kinds]
        of each other one.

        Of the generations inside a group from the first infected on, each is as common among all
        infected as the epidemic's growth between generations leaves it (chain binomial; the third
        generation by its means).
        """

        def expect(values: NDArray[Any]) -> NDArray[Any]:
            return np.asarray((self.share[:, None, :] * values).sum(axis=0).mean(axis=0))

        mean = expect(chance)
        beside = np.maximum(others - 1.0, 0.0)
        first = others * mean
        second = others * expect(
            (1.0 - chance) * -np.expm1(beside * np.log1p(-np.minimum(chance * mean, 1 - 1e-12)))
        )
        third = np.maximum(others - first - second, 0.0) * -np.expm1(
            second * np.log1p(-np.minimum(mean, 1 - 1e-12))
        )
        growth = self.growth
        caused = first + second / growth + third / growth**2
        return np.asarray(caused / (1.0 + first / growth + second / growth**2 + third / growth**3))

    def _contacts(
        self, attempts: float, at_large: NDArray[Any]
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """float64[slices, rows, layers] different susceptible contacts reached over a whole
        infection; and the same while `at_large` float64[days] of each day's contacts take place.
        """
        per_slot = (attempts * self.weight * self.ready / self.slots).astype(np.float32)
        strength = (self.slices[:, None] * self.profile[None, :]).astype(np.float32)
        always = np.zeros((len(self.slices), *per_slot.shape), np.float32)
        kept = np.zeros_like(always)
        for day, share in enumerate(at_large.astype(np.float32)):
            today = -np.expm1(-per_slot * strength[:, day, None, None])
            always += today
            kept += share * today
        return self.slots * always, self.slots * kept

    def _staff(self, attempts: float) -> NDArray[Any]:
        """float64[rows] staff infected by a patient in hospital, whose household contacts they
        are.
        """
        weight, slots = self.weight[:, HOUSEHOLD], self.slots[:, HOUSEHOLD]
        reached = np.zeros(len(weight))
        for day, large in enumerate(self.at_large):
            strength = (
                self.slices[:, None] * self.profile[day] * attempts * (weight / slots)[None, :]
            )
            reached -= (1.0 - large) * self.ward_factor * slots * np.expm1(-strength).mean(axis=0)
        return reached


def _not_in_hospital(disease: Disease, days: int) -> NDArray[Any]:
    """float64[days] chance of a severe case not to be in hospital yet, by day since the end of
    latency.
    """
    course = disease.course
    onset = delay_table(
        course.onset_after_latent_mean_d.value, course.onset_after_latent_sd_d.value, 0
    )
    later = onset_to_hospital(disease)
    first = np.bincount(onset, minlength=days) / len(onset)
    admitted = np.convolve(first, np.bincount(later, minlength=days) / len(later))
    return np.asarray(1.0 - np.concatenate([[0.0], np.cumsum(admitted)])[:days])
