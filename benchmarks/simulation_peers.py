"""One run of a peer simulator in its own process: prints one JSON line. Run by .venv-bench, never imported."""

from __future__ import annotations

import argparse
import json


def covasim(residents: int, days: int, seed: int, measures: bool, infected: int) -> dict[str, float]:
    """Covasim 4.0.1, hybrid, its defaults; optionally testing, tracing, closure, vaccination. Reinfections count."""
    import covasim as cv

    told = []
    if measures:
        told = [
            cv.test_prob(symp_prob=0.12, asymp_prob=0.002, start_day=10, test_delay=2),
            cv.contact_tracing(trace_probs={"h": 0.7, "s": 0.25, "w": 0.2, "c": 0.03}, trace_time=1, start_day=10),
            cv.clip_edges(days=[25, 85], changes=[0.3, 1.0], layers="s"),
            cv.clip_edges(days=[20], changes=[0.72], layers=["w", "c"]),
            cv.vaccinate_prob(vaccine="pfizer", days=list(range(20, 60)), prob=0.004),
        ]
    sim = cv.Sim(
        pop_size=residents, pop_infected=infected, pop_type="hybrid", n_days=days, rand_seed=seed, verbose=0,
        interventions=told, pop_scale=1,
    )  # fmt: skip
    sim.run()
    new = sim.results["new_infections"].values
    return {
        "infections": float(new.sum()), "attack_rate": float(new.sum()) / residents, "peak_day": int(new.argmax()),
        "r0": float(sim.compute_r_eff()[5:25].mean()) if days > 30 else 0.0,
    }  # fmt: skip


def laser(residents: int, days: int, seed: int, measures: bool, infected: int) -> dict[str, float]:
    """laser.generic 1.1.0 SEIR on 100 patches joined by gravity; no households, schools, tracing or measures."""
    import laser.core.distributions as dists
    import numpy as np
    from laser.core import PropertySet
    from laser.core.utils import grid
    from laser.generic import SEIR, Model

    patches = grid(M=10, N=10, population_fn=lambda row, column: residents // 100)
    patches["S"] = patches["population"]
    for state in "EIR":
        patches[state] = 0
    patches["I"] = [infected if n == 0 else 0 for n in range(len(patches))]
    patches["S"] = patches["population"] - patches["I"]
    params = PropertySet({"seed": seed, "nticks": days, "beta": 2.2 / 8.0})
    model = Model(patches, params)
    exposed, infectious = dists.gamma(shape=4.0, scale=0.825), dists.gamma(shape=8.0, scale=1.0)
    model.components = [
        SEIR.Susceptible(model), SEIR.Recovered(model), SEIR.Infectious(model, infectious),
        SEIR.Exposed(model, exposed, infectious), SEIR.Transmission(model, exposed),
    ]  # fmt: skip
    model.run()
    new = np.asarray(model.nodes.newly_infected).sum(axis=1)
    return {"infections": float(new.sum()) + infected, "attack_rate": (float(new.sum()) + infected) / residents,
            "peak_day": int(new.argmax()), "r0": 0.0}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("peer", choices=["covasim", "laser"])
    parser.add_argument("--residents", type=int, required=True)
    parser.add_argument("--days", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--infected", type=int, default=100)
    parser.add_argument("--measures", action="store_true")
    told = parser.parse_args()
    run = covasim if told.peer == "covasim" else laser
    print(json.dumps(run(told.residents, told.days, told.seed, told.measures, told.infected)))


if __name__ == "__main__":
    main()
