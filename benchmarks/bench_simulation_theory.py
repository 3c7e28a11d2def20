"""The outbreak simulator against theory: R0 and generation time as asked, growth, final size,
extinction.

python -m benchmarks.bench_simulation_theory [--only r0 growth size extinction] [--seeds 20]
[--city DIR]
    [--residents 100000 1000000]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from scipy.optimize import brentq

from twinward.citybase.columns import open_city
from twinward.citybase.people.plain_city import plain_base
from twinward.citybase.schema import CityBase
from twinward.decision.simulation.epidemic import (
    Scenario,
    SimulationOutcome,
    Simulator,
    load_disease,
)
from twinward.decision.simulation.epidemic.course import make_history, profile_of
from twinward.library.hazards.diseases import Disease

DEFAULT = "sars-cov-2-ancestral"
OTHERS = ("influenza-pandemic", "sars-2003", "sars-cov-2-omicron-ba2", "measles")
LONGEST_GAP_D = 120


def gaps(disease: Disease) -> np.ndarray[Any, Any]:
    """Share of generation times by days, from latency and infectiousness."""
    history, profile = make_history(disease, 1.0, 1.0), profile_of(disease)
    days, share = np.unique(history.latent, return_counts=True)
    gap = np.zeros(LONGEST_GAP_D)
    for day, weight in zip(days, share / share.sum(), strict=True):
        gap[day : day + len(profile) - 1] += weight * profile[:-1]
    return gap


def runs(simulator: Simulator, base: CityBase, seeds: int, **told: Any) -> list[SimulationOutcome]:
    scenario = Scenario(base=base, seed=0, **told)
    return [
        simulator.run(msgspec.structs.replace(scenario, seed=seed)) for seed in range(1, seeds + 1)
    ]


def tell(name: str, asked: float, values: list[float]) -> None:
    mean, error = (
        np.mean(values),
        np.std(values, ddof=1) / len(values) ** 0.5 if len(values) > 1 else np.nan,
    )
    sys.stdout.write(
        f"{name:<58} {asked:9.4f} {mean:9.4f} +- {error:.4f}  {(mean / asked - 1):+7.2%}\n"
    )
    sys.stdout.flush()


def of_the_first(outcome: SimulationOutcome) -> float:
    """Mean infected by the initial infected, from the tree."""
    assert outcome.tree is not None
    infectee, infector = np.asarray(outcome.tree.infectee), np.asarray(outcome.tree.infector)
    first = infector == 0xFFFFFFFF
    return float(np.isin(infector[~first], infectee[first]).sum() / first.sum())


def measure_r0(simulator: Simulator, base: CityBase, seeds: int) -> None:
    """R0 of the run and of its tree, and the generation time, in the city's settings."""
    asked = [(DEFAULT, r0) for r0 in (1.5, 2.5, 4.0)] + [(name, None) for name in OTHERS]
    infected = max(100, base.residents // 2_000)
    for name, r0 in asked:
        disease = load_disease(name, [] if r0 is None else [f"transmission.r0={r0}"])
        days = 75 if name == "sars-2003" else 55
        done = runs(
            simulator, base, seeds, disease=disease, days=days, infected=infected, keep_tree=True
        )
        told, gap = f"{name}, {base.residents:,}, {infected} infected", gaps(disease)
        tell(f"R0 {told}", disease.transmission.r0.value, [run.r0_realised for run in done])
        tell(
            f"  of the initial infected, from the tree {'':<10}",
            disease.transmission.r0.value,
            list(map(of_the_first, done)),
        )
        tell(
            "  generation time",
            float(gap @ np.arange(LONGEST_GAP_D)),
            [run.generation_time_d for run in done],
        )


def measure_growth(simulator: Simulator, base: CityBase, seeds: int) -> None:
    """Growth a day in one pool, all seeds together, between 0.1 % and 2 % infected: Euler and
    Lotka.
    """
    for r0 in (1.5, 2.5, 4.0):
        disease = load_disease(DEFAULT, [f"transmission.r0={r0}"])
        gap, told = (
            gaps(disease),
            {"days": 120, "infected": base.residents // 5_000, "mixing": "uniform"},
        )
        wanted = brentq(
            lambda r, gap=gap, r0=r0: r0 * gap @ np.exp(-r * np.arange(LONGEST_GAP_D)) - 1, 0.0, 2.0
        )
        done = runs(simulator, base, seeds, disease=disease, **told)
        new = np.sum([run.series["new_infections"] for run in done], axis=0) / seeds
        left = 1.0 - np.cumsum(new) / base.residents
        days = np.flatnonzero((left < 0.999) & (left > 0.98))
        slope = np.polyfit(days, np.log(new[days] / left[days]), 1)[0]
        tell(f"growth a day, R0 {r0}, {base.residents:,}", float(wanted), [float(slope)])


def measure_size(simulator: Simulator, base: CityBase, seeds: int) -> None:
    """Final size of one pool with the default 100 initial infected: Kermack and McKendrick 1927."""
    for r0 in (1.5, 2.0, 2.5, 4.0):
        disease, share = load_disease(DEFAULT, [f"transmission.r0={r0}"]), 100 / base.residents
        wanted = brentq(
            lambda z, r0=r0, share=share: z - 1 + (1 - share) * np.exp(-r0 * z), 1e-9, 1.0
        )
        done = runs(
            simulator,
            base,
            seeds,
            disease=disease,
            days=500 if r0 < 2 else 300,
            infected=100,
            mixing="uniform",
        )
        tell(
            f"final size, R0 {r0}, {base.residents:,}, 100 infected",
            float(wanted),
            [run.attack_rate for run in done],
        )


def measure_extinction(simulator: Simulator, base: CityBase, seeds: int) -> None:
    """Outbreaks from one case that die out: Lloyd-Smith et al. 2005, Nature 438:355; ten runs a
    seed.
    """
    for r0, k in ((1.5, 0.45), (2.5, 0.45), (2.5, 5.0)):
        settings = [
            f"transmission.r0={r0}",
            f"transmission.dispersion_k={k}",
            "transmission.asymptomatic=1.0",
        ]
        done = runs(
            simulator,
            base,
            10 * seeds,
            disease=load_disease(DEFAULT, settings),
            days=60,
            infected=1,
            mixing="uniform",
        )
        wanted = brentq(lambda q, r0=r0, k=k: q - (1 + r0 / k * (1 - q)) ** -k, 0.0, 0.999)
        tell(
            f"died out, R0 {r0}, k {k}, {base.residents:,}",
            float(wanted),
            [float(run.infections < 100) for run in done],
        )


PARTS = {
    "r0": measure_r0,
    "growth": measure_growth,
    "size": measure_size,
    "extinction": measure_extinction,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--residents", type=int, nargs="*", default=[100_000, 1_000_000])
    parser.add_argument("--city", type=Path, help="a city base in place of plain cities")
    told = parser.parse_args()
    bases = (
        [open_city(told.city)]
        if told.city
        else [plain_base(residents, 1) for residents in told.residents]
    )
    for base in bases:
        simulator = Simulator(base)
        for part in told.only:
            PARTS[part](simulator, base, told.seeds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
