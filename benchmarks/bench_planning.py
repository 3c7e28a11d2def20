"""Plans compared: common random numbers against independent seeds, and the time of whole
comparisons.

python -m benchmarks.bench_planning [--only crn|city|megacity] [--replicates 200] [--workers 2]
[--json]
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from typing import Any

import msgspec
import numpy as np

from twinward.citybase.people.plain_city import plain_base
from twinward.citybase.schema import CityBase
from twinward.decision.planning.candidate import from_plan
from twinward.decision.planning.compare import ComparisonContext, compare
from twinward.decision.planning.costs import load_costs
from twinward.decision.planning.replicates import Experiment, ReplicateRunner
from twinward.decision.simulation.epidemic import Scenario, Simulator, load_disease
from twinward.library.hazards.measures import Measure, SchoolClosure, WorkplaceClosure
from twinward.library.plans.plan_options import draw_plans

HALF_OPEN: tuple[Measure, ...] = (SchoolClosure(), WorkplaceClosure(coverage=0.5))
DAYS, INFECTED = 28, 1_000
LOOKED_AT = (7, 14, 21, 28)


def measure_crn(base: CityBase, replicates: int) -> dict[str, Any]:
    """Variance of (no measure less half open) on the same seeds and on independent ones, by the day
    looked at.

    `most` is the ratio that perfectly correlated runs would give: (a^2 + b^2) / (a - b)^2 for
    standard deviations a, b.
    """
    simulator, disease = Simulator(base), load_disease("sars-cov-2-ancestral")

    def run_all(measures: tuple[Measure, ...], first: int) -> Any:
        scenario = Scenario(
            base=base, disease=disease, days=DAYS, seed=0, infected=INFECTED, measures=measures
        )
        seeds = range(first, first + replicates)
        outcomes = (simulator.run(msgspec.structs.replace(scenario, seed=seed)) for seed in seeds)
        return np.array(
            [np.cumsum(outcome.series["new_infections"]) for outcome in outcomes], float
        )

    none, half, other = run_all((), 1), run_all(HALF_OPEN, 1), run_all(HALF_OPEN, 1 + replicates)
    found: dict[str, Any] = {"replicates": replicates, "residents": base.residents, "by_day": []}
    for day in LOOKED_AT:
        a, b, c = (table[:, day - 1] for table in (none, half, other))
        common, independent = np.var(a - b, ddof=1), np.var(a - c, ddof=1)
        spread = a.std(ddof=1), b.std(ddof=1)
        found["by_day"].append(
            {
                "day": day,
                "none": float(a.mean()),
                "half_open": float(b.mean()),
                "ratio": float(independent / common),
                "correlation": float(np.corrcoef(a, b)[0, 1]),
                "most": float((spread[0] ** 2 + spread[1] ** 2) / (spread[0] - spread[1]) ** 2),
            }
        )
    return found


def measure_comparison(
    residents: int,
    plans: int,
    replicates: int,
    workers: int,
    doubts: bool,
    disease: str = "sars-cov-2-ancestral",
) -> dict[str, Any]:
    """A whole comparison of generated plans; making the plain city is not counted."""
    base = plain_base(residents, 1)
    started, cpu = time.perf_counter(), cpu_seconds()
    question = Experiment(
        base=base,
        disease=load_disease(disease),
        days=DAYS,
        replicates=replicates,
        seed=1,
        infected=INFECTED,
        doubts=doubts,
    )
    arena = ReplicateRunner(question, load_costs())
    packed = time.perf_counter()
    sheet = compare(
        arena,
        [from_plan(plan, []) for plan in draw_plans(plans, 1)],
        ComparisonContext(),
        workers=workers,
    )
    return {
        "residents": residents,
        "plans": plans,
        "replicates": replicates,
        "workers": workers,
        "doubts": doubts,
        "wall_s": round(time.perf_counter() - started, 2),
        "packing_s": round(packed - started, 2),
        "user_cpu_s": round(cpu_seconds() - cpu, 2),
        "first": sheet.first,
        "fingerprint": sheet.fingerprint,
    }


def cpu_seconds() -> float:
    """User CPU of this process and its finished children."""
    return sum(
        resource.getrusage(who).ru_utime for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=["crn", "city", "megacity"])
    parser.add_argument("--replicates", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    result: dict[str, Any] = {}
    if options.only in (None, "city"):
        measure_comparison(20_000, 8, 2, 1, True)  # compile and load the kernels
        result["city"] = [
            measure_comparison(1_000_000, 8, 20, options.workers, doubts)
            for doubts in (False, True)
        ]
    if options.only in (None, "megacity"):
        result["megacity"] = measure_comparison(
            24_870_895, 4, 5, options.workers, True, "sars-cov-2-omicron-ba2"
        )
    if options.only in (None, "crn"):
        result["crn"] = measure_crn(plain_base(1_000_000, 1), options.replicates)
    sys.stdout.write(json.dumps(result, indent=None if options.json else 1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
