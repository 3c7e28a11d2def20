"""The kernels and their slow obvious twin draw from the same distribution."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ks_2samp
from tests.reference import outbreak

from twinward.citybase.people.plain_city import plain_base
from twinward.decision.simulation import epidemic
from twinward.decision.simulation.epidemic.kernels.resident_bits import FIXED
from twinward.decision.simulation.epidemic.prepare import prepare

# nobody in hospital meets staff in the reference, so nobody goes there
DISEASE = epidemic.load_disease(
    "sars-cov-2-ancestral", [f"severity.hospital_given_symptoms={[0.0] * 9}", "transmission.r0=2.0"]
)
BASE = plain_base(600, 4, 1)
DAYS, INFECTED = 40, 5


def both(seeds: range) -> tuple[list[list[int]], list[list[int]]]:
    simulator = epidemic.Simulator(BASE)
    ask = epidemic.Scenario(base=BASE, disease=DISEASE, days=DAYS, seed=0, infected=INFECTED)
    prepared = prepare(ask, simulator.people.city)
    fixed = simulator.people.city.words[:, FIXED]
    age, kind = (fixed >> np.uint64(27)).astype(int) & 127, (fixed >> np.uint64(24)).astype(int) & 7
    classes = (age * 8 + kind) * 2 + ((fixed >> np.uint64(57)).astype(int) & 63 > 1)
    fast = [
        simulator.run(epidemic.with_seed(ask, s)).series["new_infections"].tolist() for s in seeds
    ]
    slow = [outbreak.run(BASE, prepared, classes, DAYS, INFECTED, s) for s in seeds]
    return fast, slow


def figures(runs: list[list[int]]) -> dict[str, list[float]]:
    table = np.array(runs)
    return {
        "in all": table.sum(axis=1).tolist(),
        "after 10 days": table[:, :10].sum(axis=1).tolist(),
        "after 20 days": table[:, :20].sum(axis=1).tolist(),
        "day of the peak": table.argmax(axis=1).tolist(),
    }


def test_a_few_seeds_have_the_same_mean() -> None:
    fast, slow = (np.array(runs).sum(axis=1) for runs in both(range(10)))
    error = np.sqrt(fast.var(ddof=1) / 10 + slow.var(ddof=1) / 10)
    assert abs(fast.mean() - slow.mean()) < 4 * error


@pytest.mark.slow
def test_two_hundred_seeds_have_the_same_distribution() -> None:
    """Kolmogorov and Smirnov over 200 seeds each; four figures are asked, so each at 0.0025."""
    fast, slow = (figures(runs) for runs in both(range(200)))
    for name in fast:
        assert ks_2samp(fast[name], slow[name]).pvalue > 0.0025, name
