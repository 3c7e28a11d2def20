"""One run of a peer simulator in its own process: prints one JSON line. Run by .venv-bench,
never imported.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

MEASURES = Path(__file__).resolve().parent / "all-measures.toml"


def covasim(
    residents: int, days: int, seed: int, measures: bool, infected: int, count: bool
) -> dict[str, float]:
    """Covasim 4.0.1, hybrid, set to our disease and city; optionally every measure. `count` asks
    for R0 as well.

    Infections count reinfections, the attack rate whoever was ever infected.
    """
    import covasim as cv
    import numpy as np

    import covasim_side as side

    told, pars = side.interventions(MEASURES, residents) if measures else ([], {})
    sim = cv.Sim(
        people=side.people(residents),
        pop_size=residents,
        pop_infected=infected,
        n_days=days,
        rand_seed=seed,
        verbose=0,
        interventions=told,
        pop_scale=1,
        **side.parameters(),
        **pars,
    )
    sim.run()
    new = sim.results["new_infections"].values
    ever = np.unique(
        np.concatenate([part["target"] for part in sim.diseases.covid.infection_log.chunks])
    )
    r0, generation_time_d = side.reproduction(sim, residents) if count else (0.0, 0.0)
    return {
        "infections": float(new.sum()),
        "attack_rate": len(ever) / residents,
        "peak_day": int(new.argmax()),
        "r0": r0,
        "generation_time_d": generation_time_d,
    }


def laser(
    residents: int, days: int, seed: int, measures: bool, infected: int, count: bool
) -> dict[str, float]:
    """laser.generic 1.1.0 SEIR on 100 patches joined by gravity; no households, schools, tracing
    or measures.
    """
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
        SEIR.Susceptible(model),
        SEIR.Recovered(model),
        SEIR.Infectious(model, infectious),
        SEIR.Exposed(model, exposed, infectious),
        SEIR.Transmission(model, exposed),
    ]
    model.run()
    new = np.asarray(model.nodes.newly_infected).sum(axis=1)
    return {
        "infections": float(new.sum()) + infected,
        "attack_rate": (float(new.sum()) + infected) / residents,
        "peak_day": int(new.argmax()),
        "r0": 0.0,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("peer", choices=["covasim", "laser"])
    parser.add_argument("--residents", type=int, required=True)
    parser.add_argument("--days", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--infected", type=int, default=100)
    parser.add_argument("--measures", action="store_true")
    parser.add_argument("--count-r0", action="store_true")
    told = parser.parse_args()
    run = covasim if told.peer == "covasim" else laser
    print(
        json.dumps(
            run(told.residents, told.days, told.seed, told.measures, told.infected, told.count_r0)
        )
    )


if __name__ == "__main__":
    main()
