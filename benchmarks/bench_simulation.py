"""The outbreak simulator measured beside Covasim and LASER: user CPU of whole processes, less the same at one day.

Every process is pinned to one core. `--sizes` chooses the numbers of residents; peers run at the sizes of PEERS alone.
The report page docs/explanation/simulation-verification.md holds what was measured.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OURS = [str(ROOT / ".venv/bin/twinward"), "simulate", "--json", "--seed", "1"]
PEER = [str(ROOT / ".venv-bench/bin/python"), str(ROOT / "benchmarks/simulation_peers.py")]
MEASURES = ["--measures", str(ROOT / "benchmarks/all-measures.toml")]
DAYS = 180
ALONE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}


def pinned() -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def run(command: list[str], days: int, pin: bool = True) -> dict[str, Any]:
    """One process: its last line as JSON, with user CPU, wall and peak memory of the whole process."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--days", str(days)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env=os.environ | ALONE, preexec_fn=pinned if pin else None,
    )  # fmt: skip
    assert process.stdout is not None
    text = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed")
    answer = json.loads(text.strip().splitlines()[-1])
    return answer | {
        "user_s": used.ru_utime, "whole_wall_s": time.perf_counter() - started, "rss_mb": used.ru_maxrss * 1024 / 1e6
    }  # fmt: skip


def measure(name: str, command: list[str], residents: int, rounds: int) -> dict[str, Any]:
    """Medians over rounds of a long run less a run of one day."""
    told = [*command, "--residents", str(residents)]
    rows = []
    for _ in range(rounds):
        one, all_days = run(told, 1), run(told, DAYS)
        rows.append((max(all_days["user_s"] - one["user_s"], 1e-3), all_days))
    cpu = statistics.median(row[0] for row in rows)
    last = rows[-1][1]
    result = {
        "name": name, "residents": residents, "cpu_s": cpu, "attack_rate": last["attack_rate"],
        "infections": last["infections"], "agent_days_per_cpu_s": residents * DAYS / cpu,
        "ns_per_infection": cpu * 1e9 / max(last["infections"], 1),
        "bytes_per_resident": last["rss_mb"] * 1e6 / residents,
        "peak_day": last["peak_day"], "r0": last.get("r0_realised", last.get("r0", 0.0)),
        "wall_s": last.get("wall_s", last["whole_wall_s"]), "whole_wall_s": last["whole_wall_s"],
    }  # fmt: skip
    print(
        f"{name:<28} {residents:>12,} {cpu:>9.2f} {result['agent_days_per_cpu_s'] / 1e6:>10.1f} "
        f"{result['ns_per_infection']:>10.0f} {result['attack_rate']:>7.3f} {result['bytes_per_resident']:>8.0f} "
        f"{result['wall_s']:>8.2f}",
        flush=True,
    )
    return result


def paired(seeds: int, residents: int) -> list[dict[str, Any]]:
    """R0, peak day and attack of both, seed by seed, with the spread over seeds."""
    told = []
    for name, command in (("twinward", OURS[:-2]), ("covasim", [*PEER, "covasim"])):
        runs = [run([*command, "--residents", str(residents), "--seed", str(s)], DAYS) for s in range(1, seeds + 1)]
        for figure in ("attack_rate", "peak_day"):
            values = [float(r[figure]) for r in runs]
            told.append(
                {"name": name, "figure": figure, "mean": statistics.mean(values), "sd": statistics.stdev(values)}
            )
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--peer-sizes", type=int, nargs="*", default=[1_000_000])
    parser.add_argument("--laser-sizes", type=int, nargs="*", default=[1_000_000, 10_000_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pairs", type=int, default=0, help="seeds of the paired study at 100,000 residents")
    parser.add_argument("--out", type=Path)
    told = parser.parse_args()
    run([*OURS, *MEASURES, "--residents", "20000"], 60)  # compile before timing
    head = ("residents", "CPU s", "M ad/CPU s", "ns/inf", "attack", "B/res", "wall")
    print(
        f"{'':<28} " + " ".join(f"{word:>{width}}" for word, width in zip(head, (12, 9, 10, 10, 7, 8, 8), strict=True))
    )
    rows = [measure("twinward", OURS, size, told.rounds) for size in told.sizes]
    rows += [measure("twinward, all measures", [*OURS, *MEASURES], size, told.rounds) for size in told.sizes]
    rows += [measure("laser SEIR patches", [*PEER, "laser"], size, told.rounds) for size in told.laser_sizes]
    for size in told.peer_sizes:
        rows.append(measure("covasim hybrid", [*PEER, "covasim"], size, 1))
        rows.append(measure("covasim, measures", [*PEER, "covasim", "--measures"], size, 1))
    pairs = paired(told.pairs, 100_000) if told.pairs > 1 else []
    for row in pairs:
        print(f"{row['name']:<12} {row['figure']:<12} {row['mean']:.3f} (sd {row['sd']:.3f})")
    if told.out:
        told.out.write_text(json.dumps({"rows": rows, "pairs": pairs}, indent=1))


if __name__ == "__main__":
    main()
