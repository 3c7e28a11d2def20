"""p-median, delivery rounds and sharing: published instances beside the project, and made ones of
other sizes.

Run: python -m benchmarks.bench_logistics [--shared DIR] [--only median,rounds,sharing] (about four
minutes)
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tests.decision.logistics.instances import dense_graph, random_graph, random_rounds

from twinward.core.chance import generator
from twinward.decision.logistics.allocation.sharing import PackedItem, PackedLot, share
from twinward.decision.logistics.routing.vehicle_routing import plan_rounds
from twinward.decision.logistics.routing.vrplib import read_vrplib
from twinward.decision.logistics.siting.orlib import read_orlib
from twinward.decision.logistics.siting.p_median import solve_p_median

PMED = {
    "pmed1.txt": 5819,
    "pmed2.txt": 4093,
    "pmed3.txt": 4250,
    "pmed4.txt": 3034,
    "pmed5.txt": 1355,
}
ROUTES = {
    "E-n22-k4.txt": ("nearest", 375.0),
    "RC208.vrp": ("dimacs", 776.1),
}  # best known, CVRPLIB and DIMACS 2021
DENSE = (
    (100, 10),
    (400, 5),
    (600, 5),
    (600, 200),
    (800, 5),
    (800, 10),
    (800, 80),
    (900, 5),
    (900, 10),
    (900, 90),
)
SPARSE = ((600, 5), (900, 200))
AREAS, ITEMS, DAYS, SOURCES = 234, 30, 14, 20
MEDIAN_LIMIT_S, ROUNDS_LIMIT_S, SHARING_LIMIT_S = 20.0, 20.0, 60.0


def stopwatch() -> Callable[[], float]:
    start = time.perf_counter()
    return lambda: time.perf_counter() - start


def show_median(label: str, text: str, best: str) -> None:
    seconds, cpu = stopwatch(), time.process_time()
    instance = read_orlib(text)
    answer = solve_p_median(instance.cost, instance.p, seconds, MEDIAN_LIMIT_S)
    print(
        f"| {label} | {len(instance.cost)} | {instance.p} | {answer.objective:g} | {best} | "
        f"{answer.bound:g} "
        f"| {100 * answer.gap:.2f} % | {seconds():.1f} | {time.process_time() - cpu:.1f} |",
        flush=True,
    )


def bench_median(shared: Path) -> None:
    print(
        "| p-median | nodes | p | value | optimum | bound | gap | wall s | CPU s |\n"
        + "|---" * 9
        + "|"
    )
    for name, optimum in PMED.items():
        if (shared / name).is_file():
            show_median(name, (shared / name).read_text(), str(optimum))
    for n, p in DENSE:
        show_median("made, dense", dense_graph(n, p, n + p), "")
    for n, p in SPARSE:
        show_median("made, sparse", random_graph(n, p, n + p), "")


def show_rounds(label: str, text: str, rounding: str, best: float | None) -> None:
    seconds, cpu = stopwatch(), time.process_time()
    case = read_vrplib(text)
    answer = plan_rounds(case, rounding, seconds, ROUNDS_LIMIT_S)
    above = "" if best is None else f"{100 * (answer.cost / best - 1):.1f} %"
    print(
        f"| {label}, {rounding} | {len(case.names) - 1} | {answer.cost:g} | {best or ''} | {above} "
        f"| {answer.bound:.1f} | {100 * answer.gap:.1f} % | {seconds():.1f} | "
        f"{time.process_time() - cpu:.1f} |",
        flush=True,
    )


def bench_rounds(shared: Path) -> None:
    print(
        "| rounds | stops | length | best known | above it | bound | gap | wall s | CPU s |\n"
        + "|---" * 9
        + "|"
    )
    for name, (rounding, best) in ROUTES.items():
        if (shared / name).is_file():
            show_rounds(name, (shared / name).read_text(), rounding, best)
    for n in (51, 201):
        show_rounds("made", random_rounds(n, n)[0], "nearest", None)


def make_items(seed: int) -> list[PackedItem]:
    """Items of 234 subdistricts over 14 days; 20 depots with three lots each and some production,
    packs of 0 to 100.

    Half of the items are scarce: 60 to 130 % of the need is there.
    """
    rng = generator(seed, "bench-sharing")
    where, depots = rng.random((AREAS, 2)) * 60, rng.random((SOURCES, 2)) * 60
    km = 1.3 * np.hypot(*(depots[:, None] - where[None]).transpose(2, 0, 1))
    items = []
    for number in range(ITEMS):
        growth = np.exp(0.05 * np.arange(DAYS)) * rng.uniform(0.8, 1.2, (AREAS, DAYS))
        need = rng.lognormal(6, 1, AREAS)[:, None] * growth
        held = rng.uniform(0.6, 1.3) * need.sum() * rng.dirichlet(np.ones(SOURCES))
        lots: list[PackedLot] = []
        for n, quantity in enumerate(held.tolist()):
            lots += [
                PackedLot(source=n, quantity=0.3 * quantity),
                PackedLot(source=n, quantity=0.2 * quantity, last=int(rng.integers(2, 8))),
                PackedLot(source=n, quantity=0.2 * quantity, last=int(rng.integers(6, 13))),
            ]
            if n % 3 == 0:
                lots += [
                    PackedLot(source=n, quantity=0.9 * quantity / DAYS, first=day)
                    for day in range(DAYS)
                ]
        urgency, pack = rng.choice([1.0, 1.5, 2.0], AREAS), float(rng.choice([0, 10, 50, 100]))
        lead_d = rng.integers(0, 2, SOURCES)
        items.append(
            PackedItem(
                name=f"item {number}",
                need=need,
                urgency=urgency,
                cost=km,
                lots=tuple(lots),
                lead_d=lead_d,
                pack=pack,
            )
        )
    return items


def bench_sharing() -> None:
    print(
        "| sharing | subdistricts | items | days | gap of all | worst item | wall s | CPU s |\n"
        + "|---" * 8
        + "|"
    )
    for seed in (1, 2):
        items = make_items(seed)
        seconds, cpu = stopwatch(), time.process_time()
        answer = share(items, seconds, SHARING_LIMIT_S)
        worst = max(one.gap for one in answer.items)
        print(
            f"| made, seed {seed} | {AREAS} | {ITEMS} | {DAYS} | {100 * answer.gap:.2f} % | "
            f"{100 * worst:.2f} % "
            f"| {seconds():.1f} | {time.process_time() - cpu:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--shared", type=Path, default=Path("../shared/data/location_routing"))
    parser.add_argument("--only", default="median,rounds,sharing")
    options = parser.parse_args()
    subjects = options.only.split(",")
    if "median" in subjects:
        bench_median(options.shared)
    if "rounds" in subjects:
        bench_rounds(options.shared)
    if "sharing" in subjects:
        bench_sharing()
