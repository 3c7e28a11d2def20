"""From a disease to the tables that the kernels read."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.decision.simulation.epidemic.fitting.mixing import OLDEST
from twinward.decision.simulation.epidemic.kernels.tables import (
    AGE_STEPS,
    DAYS_PER_STEP,
    QUANTILES,
    History,
    SpreadTables,
)
from twinward.library.hazards.diseases import ByAge, Disease

GRID = 1 << 16  # points at which a gamma distribution is summed
LONGEST_D = 250  # a drawn delay fits into one byte


def by_year(disease: Disease, figure: ByAge) -> NDArray[Any]:
    """float32[101] the figure of each year of age."""
    band = np.searchsorted(disease.ages.from_year, np.arange(OLDEST + 1), side="right") - 1
    return np.asarray(figure.value, np.float32)[band]


def delay_table(mean_d: float, sd_d: float, least_d: int) -> NDArray[Any]:
    """uint8[QUANTILES] days of a gamma distribution, rounded so that the mean is kept (sd 0: the
    two nearest days).
    """
    middle = (np.arange(QUANTILES) + 0.5) / QUANTILES
    if sd_d <= 0 or mean_d <= 0:
        days = np.floor(mean_d + middle)
    else:
        shape, scale = (mean_d / sd_d) ** 2, sd_d**2 / mean_d
        grid, below, _ = gamma_table(shape)
        days = np.rint(np.interp(middle, below, grid) * scale)
    return np.clip(days, least_d, LONGEST_D).astype(np.uint8)


def onset_to_hospital(disease: Disease) -> NDArray[Any]:
    """uint8[QUANTILES] days from symptoms to admission.

    The disease gives a mean alone: a gamma of shape 4 stands for its spread.
    """
    mean_d = disease.course.onset_to_hospital_d.value
    return delay_table(mean_d, mean_d / 2, 1)


def gamma_table(shape: float) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Gamma(shape, 1) on a fine grid: the value, the share below it, and the share of the mean
    below it.

    Sums over the grid in place of SciPy's incomplete gamma functions, whose import takes longer
    than a small run. For shapes below 1 the grid is even in value ** shape, in which the density
    has no pole.
    """
    end = shape + 12.0 * np.sqrt(shape) + 40.0
    step = (np.arange(GRID) + 0.5) / GRID
    if shape < 1.0:
        middle = end * step ** (1.0 / shape)
        density = np.exp(-middle)
        grid = end * (np.arange(GRID + 1) / GRID) ** (1.0 / shape)
    else:
        middle = end * step
        density = np.exp((shape - 1.0) * np.log(middle / shape) - middle + shape)
        grid = end * np.arange(GRID + 1) / GRID
    below = np.concatenate([[0.0], np.cumsum(density)])
    share = np.concatenate([[0.0], np.cumsum(density * middle)])
    return grid, below / below[-1], share / share[-1]


def heterogeneity_table(k: float) -> NDArray[Any]:
    """float32[QUANTILES] the means of equally likely slices of Gamma(k, 1/k), so that their mean
    is exactly 1.
    """
    _, below, share = gamma_table(k)
    return np.asarray(
        np.diff(np.interp(np.arange(QUANTILES + 1) / QUANTILES, below, share)) * QUANTILES,
        np.float32,
    )


def make_history(disease: Disease, attempts: float, mean_quiet: float) -> History:
    """Tables of the course. `attempts` is the mean of the attempts' rate for one unit of contact
    weight.
    """
    course, severity, spread = disease.course, disease.severity, disease.transmission
    factor = np.array([1.0] + [s.transmission_factor.value for s in disease.strains])
    severe = np.array([1.0] + [s.severity_factor.value for s in disease.strains])
    hospital = by_year(disease, severity.hospital_given_symptoms)
    spared = np.zeros(4, np.float32)
    for n, dose in enumerate(disease.doses):
        spared[n + 1] = dose.severe.value
    spared[len(disease.doses) + 1 :] = spared[len(disease.doses)]
    return History(
        latent=delay_table(course.latent_mean_d.value, course.latent_sd_d.value, 1),
        onset=delay_table(
            course.onset_after_latent_mean_d.value, course.onset_after_latent_sd_d.value, 0
        ),
        sick=delay_table(course.sick_mean_d.value, course.sick_sd_d.value, 1),
        infectious=delay_table(float(len(spread.infectiousness.value)), 0.0, 1),
        heterogeneity=heterogeneity_table(spread.dispersion_k.value),
        quiet_rate=(attempts * mean_quiet * factor).astype(np.float32),
        loud_rate=(attempts * factor).astype(np.float32),
        symptomatic=by_year(disease, severity.symptomatic),
        hospital=np.minimum(severe[:, None] * hospital[None, :], 1.0).astype(np.float32),
        spared=spared,
        spared_again=np.float32(disease.immunity.protection_severe.value),
    )


def profile_of(disease: Disease) -> NDArray[Any]:
    """float32[P+1] infectiousness by day since latency, summing to 1, and a last 0."""
    weights = np.asarray(disease.transmission.infectiousness.value, np.float64)
    return np.append(weights / weights.sum(), 0.0).astype(np.float32)


def _waning(half_life_d: float) -> NDArray[Any]:
    days = np.arange(AGE_STEPS) * DAYS_PER_STEP
    return np.ones(AGE_STEPS) if half_life_d <= 0 else 0.5 ** (days / half_life_d)


def make_spread(disease: Disease, theory: bool) -> SpreadTables:
    """Susceptibility and protection. `theory`: everybody alike, and immunity complete and
    lasting.
    """
    strains = 1 + len(disease.strains)
    cross = np.array([1.0] + [s.cross_immunity.value for s in disease.strains])
    immunity = np.zeros((strains + 1, strains, AGE_STEPS), np.float32)
    vaccine = np.zeros((4, strains, AGE_STEPS), np.float32)
    waning = _waning(disease.immunity.half_life_d.value)
    for last in range(strains):
        for new in range(strains):
            between = 1.0 if last == new else min(cross[last], cross[new])
            immunity[last + 1, new] = (
                1.0 if theory else disease.immunity.protection.value * between * waning
            )
    for new in range(strains):
        fits = 1.0 if new == 0 else disease.strains[new - 1].vaccine_factor.value
        for n in range(1, 4):
            if disease.doses:
                dose = disease.doses[min(n, len(disease.doses)) - 1]
                vaccine[n, new] = dose.infection.value * fits * _waning(dose.half_life_d.value)
    susceptibility = by_year(disease, disease.transmission.susceptibility)
    if theory:
        susceptibility = np.ones_like(susceptibility)
    profile = profile_of(disease)
    cumulative = np.concatenate([[0.0], np.cumsum(profile[:-1].astype(np.float64))])
    return SpreadTables(profile, cumulative, susceptibility, immunity, vaccine)
