"""p-median and delivery rounds on the published instances beside the project, and on made ones of other sizes.

Run: python -m benchmarks.bench_logistics [--shared DIR] [--limit S]
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from tests.decision.logistics.instances import random_graph, random_rounds

from twinward.decision.logistics.orlib import read_orlib
from twinward.decision.logistics.p_median import solve_p_median
from twinward.decision.logistics.routing import plan_rounds
from twinward.decision.logistics.vrplib import read_vrplib

PMED = {"pmed1.txt": 5819, "pmed2.txt": 4093, "pmed3.txt": 4250, "pmed4.txt": 3034, "pmed5.txt": 1355}
ROUTES = {"E-n22-k4.txt": ("nearest", 375.0), "RC208.vrp": ("dimacs", 776.1)}  # best known, CVRPLIB and DIMACS 2021
MADE = ((300, 10), (600, 5), (900, 90), (900, 200))


def show_median(label: str, text: str, best: str, limit_s: float) -> None:
    instance = read_orlib(text)
    start, cpu = time.perf_counter(), time.process_time()
    answer = solve_p_median(instance.cost, instance.p, lambda: time.perf_counter() - start, limit_s)
    print(
        f"| {label} | {len(instance.cost)} | {instance.p} | {answer.objective:g} | {best} | {answer.bound:g} "
        f"| {100 * answer.gap:.2f} % | {time.perf_counter() - start:.1f} | {time.process_time() - cpu:.1f} |",
        flush=True,
    )


def show_rounds(label: str, text: str, rounding: str, best: str, limit_s: float) -> None:
    case = read_vrplib(text)
    start, cpu = time.perf_counter(), time.process_time()
    answer = plan_rounds(case, rounding, lambda: time.perf_counter() - start, limit_s)
    print(
        f"| {label}, {rounding} | {len(case.names) - 1} | {answer.cost:g} | {best} | {answer.bound:.1f} "
        f"| {100 * answer.gap:.1f} % | {time.perf_counter() - start:.1f} | {time.process_time() - cpu:.1f} |",
        flush=True,
    )


def main(shared: Path, limit_s: float) -> None:
    print(
        "| p-median | nodes | p | value | optimum | bound | gap | wall s | CPU s |\n"
        "|---|---|---|---|---|---|---|---|---|"
    )
    for name, optimum in PMED.items():
        if (shared / name).is_file():
            show_median(name, (shared / name).read_text(), str(optimum), limit_s)
    for n, p in MADE:
        show_median("made", random_graph(n, p, n + p), "", limit_s)
    print("| rounds | stops | length | best known | bound | gap | wall s | CPU s |\n|---|---|---|---|---|---|---|---|")
    for name, (rounding, best) in ROUTES.items():
        if (shared / name).is_file():
            show_rounds(name, (shared / name).read_text(), rounding, f"{best:g}", limit_s)
    for n in (51, 101, 201):
        show_rounds("made", random_rounds(n, n)[0], "nearest", "", limit_s)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--shared", type=Path, default=Path("../shared/data/location_routing"))
    parser.add_argument("--limit", type=float, default=20.0)
    options = parser.parse_args()
    main(options.shared, options.limit)
