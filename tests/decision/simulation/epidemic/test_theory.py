"""The simulator against theory: final size, R0, generation time, growth, extinction, households."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq

from twinward.citybase.people.plain_city import plain_base
from twinward.decision.simulation import epidemic
from twinward.decision.simulation.epidemic.course import make_history, profile_of

BASE = plain_base(50_000, 2, 1)
SIMULATOR = epidemic.Simulator(BASE)


def runs(
    settings: list[str], seeds: range, days: int, infected: int = 100
) -> list[epidemic.SimulationOutcome]:
    disease = epidemic.load_disease("sars-cov-2-ancestral", settings)
    ask = epidemic.Scenario(
        base=BASE, disease=disease, days=days, seed=0, infected=infected, mixing="uniform"
    )
    return [SIMULATOR.run(epidemic.with_seed(ask, seed)) for seed in seeds]


def final_size(r0: float, seeded: float) -> float:
    """Kermack and McKendrick 1927: z = 1 - (1 - i0) exp(-R0 z)."""
    return float(brentq(lambda z: z - 1 + (1 - seeded) * np.exp(-r0 * z), 1e-9, 1.0))


@pytest.mark.parametrize("r0", [1.5, 2.5])
def test_final_size_is_within_half_a_percent_of_theory(r0: float) -> None:
    # many at the start, so that the mean of 20 seeds is known to 0.3 %
    mean = np.mean(
        [run.attack_rate for run in runs([f"transmission.r0={r0}"], range(20), 300, 2_500)]
    )
    assert mean == pytest.approx(final_size(r0, 2_500 / BASE.residents), rel=0.005)


def test_r0_and_generation_time_come_back_from_the_list_of_infections() -> None:
    settings = ["transmission.r0=2.0", "transmission.dispersion_k=1000"]
    done = runs(settings, range(20), 60)
    disease = epidemic.load_disease("sars-cov-2-ancestral", settings)
    history, profile = make_history(disease, 1.0, 1.0), profile_of(disease)
    mean_gap = history.latent.mean() + (profile[:-1] * np.arange(len(profile) - 1)).sum()
    assert np.mean([run.r0_realised for run in done]) == pytest.approx(2.0, rel=0.02)
    assert np.mean([run.generation_time_d for run in done]) == pytest.approx(mean_gap, rel=0.02)


def test_early_growth_follows_euler_and_lotka() -> None:
    settings = ["transmission.r0=2.0", "transmission.dispersion_k=1000"]
    disease = epidemic.load_disease("sars-cov-2-ancestral", settings)
    history, profile = make_history(disease, 1.0, 1.0), profile_of(disease)
    days, share = np.unique(history.latent, return_counts=True)
    gap = np.zeros(80)
    for day, weight in zip(days, share / share.sum(), strict=True):
        gap[day : day + len(profile) - 1] += weight * profile[:-1]
    growth = brentq(lambda r: 2.0 * (gap * np.exp(-r * np.arange(80))).sum() - 1, 0.0, 1.0)
    new = np.sum([run.series["new_infections"] for run in runs(settings, range(80), 29, 4)], axis=0)
    slope = np.polyfit(np.arange(17, 29), np.log(new[17:29]), 1)[0]
    assert slope == pytest.approx(growth, rel=0.05)


def test_outbreaks_from_one_case_die_out_as_often_as_a_branching_process() -> None:
    """Lloyd-Smith et al. 2005, Nature 438:355: q = (1 + R0/k (1 - q))^-k."""
    settings = [
        "transmission.r0=2.0",
        "transmission.dispersion_k=0.5",
        "transmission.asymptomatic=1.0",
    ]
    done = runs(settings, range(200), 40, 1)
    died = np.mean([run.infections < 100 for run in done])
    expected = brentq(lambda q: q - (1 + 2.0 / 0.5 * (1 - q)) ** -0.5, 0.0, 0.999)
    assert died == pytest.approx(expected, abs=3 * np.sqrt(expected * (1 - expected) / 200))
