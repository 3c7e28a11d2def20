"""The outbreak simulator measured beside Covasim and LASER: user CPU of whole processes, less the
same at one day.

Every process is pinned to one core, but for the two-thread gain. `--only` runs some parts; `--scale
0.02` runs all of them on so much smaller cities, to see that they work. The report page
docs/explanation/simulation-verification.md holds what was measured.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
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
    """One process: its last line as JSON, with user CPU, wall and peak memory of the whole
    process.
    """
    started = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--days", str(days)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | ALONE,
        preexec_fn=pinned if pin else None,
    )
    assert process.stdout is not None
    text = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed")
    answer = json.loads(text.strip().splitlines()[-1])
    return answer | {
        "user_s": used.ru_utime,
        "whole_wall_s": time.perf_counter() - started,
        "rss_mb": used.ru_maxrss * 1024 / 1e6,
    }


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
        "name": name,
        "residents": residents,
        "cpu_s": cpu,
        "attack_rate": last["attack_rate"],
        "infections": last["infections"],
        "agent_days_per_cpu_s": residents * DAYS / cpu,
        "ns_per_infection": cpu * 1e9 / max(last["infections"], 1),
        "bytes_per_resident": last["rss_mb"] * 1e6 / residents,
        "peak_day": last["peak_day"],
        "r0": last.get("r0_realised", last.get("r0", 0.0)),
        "wall_s": last.get("wall_s", last["whole_wall_s"]),
        "whole_wall_s": last["whole_wall_s"],
    }
    print(
        f"{name:<28} {residents:>12,} {cpu:>9.2f} {result['agent_days_per_cpu_s'] / 1e6:>10.1f} "
        f"{result['ns_per_infection']:>10.0f} {result['attack_rate']:>7.3f} "
        f"{result['bytes_per_resident']:>8.0f} "
        f"{result['wall_s']:>8.2f}",
        flush=True,
    )
    return result


def growth(scale: float, rounds: int) -> list[dict[str, Any]]:
    """Cost by number of residents, without and with every measure."""
    rows = []
    for size in (100_000, 1_000_000, 10_000_000, 25_000_000):
        repeats = rounds if size <= 1_000_000 else 1
        rows.append(measure("twinward", OURS, int(size * scale), repeats))
        if size < 25_000_000:
            rows.append(
                measure("twinward, all measures", [*OURS, *MEASURES], int(size * scale), repeats)
            )
    return rows


def laser(scale: float, rounds: int) -> list[dict[str, Any]]:
    """LASER's SEIR on patches beside the run without measures."""
    rows = []
    for size, repeats in ((1_000_000, rounds), (10_000_000, 1)):
        mine = measure("twinward", OURS, int(size * scale), repeats)
        peer = measure("laser SEIR patches", [*PEER, "laser"], int(size * scale), repeats)
        rows += [mine, peer, ratio("against LASER", mine, peer)]
    return rows


def covasim(scale: float, rounds: int) -> list[dict[str, Any]]:
    """Covasim hybrid without measures beside ours; its reinfections count."""
    mine = measure("twinward", OURS, int(1_000_000 * scale), rounds)
    peer = measure("covasim hybrid", [*PEER, "covasim"], int(1_000_000 * scale), 1)
    return [mine, peer, ratio("against Covasim", mine, peer)]


def measures(scale: float, rounds: int) -> list[dict[str, Any]]:
    """Covasim with testing, tracing, closure and vaccination beside every measure of ours."""
    mine = measure("twinward, all measures", [*OURS, *MEASURES], int(1_000_000 * scale), rounds)
    peer = measure("covasim, measures", [*PEER, "covasim", "--measures"], int(1_000_000 * scale), 1)
    return [mine, peer, ratio("against Covasim, measures", mine, peer)]


def ratio(name: str, mine: dict[str, Any], peer: dict[str, Any]) -> dict[str, Any]:
    """Agent-days a CPU second of ours over the peer's, and how far the attack rates are apart."""
    times = mine["agent_days_per_cpu_s"] / peer["agent_days_per_cpu_s"]
    apart = abs(mine["attack_rate"] - peer["attack_rate"])
    print(f"{name:<28} {times:>12.1f} times; attack rates {apart:.3f} apart", flush=True)
    return {"name": name, "ratio": times, "attack_apart": apart}


def threads(scale: float, rounds: int) -> list[dict[str, Any]]:
    """Wall seconds of a run on one and on two threads, and of a cold compile."""
    told = [*OURS, "--residents", str(int(10_000_000 * scale))]
    walls = {
        n: statistics.median(
            run([*told, "--threads", str(n)], DAYS, pin=False)["wall_s"] for _ in range(rounds)
        )
        for n in (1, 2)
    }
    print(
        f"two threads: {walls[1]:.2f} s to {walls[2]:.2f} s, gain {walls[1] / walls[2]:.2f}",
        flush=True,
    )
    cache = tempfile.mkdtemp()
    try:
        os.environ["NUMBA_CACHE_DIR"] = cache
        small = [*OURS, "--residents", "20000"]
        cold, warm = (run(small, 60) for _ in range(2))
    finally:
        del os.environ["NUMBA_CACHE_DIR"]
        shutil.rmtree(cache, ignore_errors=True)
    start = run([*OURS, "--residents", "100000"], DAYS)
    print(f"cold compile: {cold['user_s'] - warm['user_s']:.1f} CPU s", flush=True)
    print(
        f"whole process, 100,000 residents, warm cache: {start['user_s']:.2f} CPU s, "
        f"{start['whole_wall_s']:.2f} s wall"
    )
    return [
        {
            "name": "threads",
            "wall_1": walls[1],
            "wall_2": walls[2],
            "cold_s": cold["user_s"] - warm["user_s"],
            "start_user_s": start["user_s"],
            "start_wall_s": start["whole_wall_s"],
        }
    ]


def paired(scale: float, rounds: int) -> list[dict[str, Any]]:
    """R0, generation time, peak day and attack of both on 100,000 residents, without and with every
    measure.

    Covasim has our ages, contacts and course (covasim_side.py); R0 is counted alike on both sides.
    Seed by seed, with the spread over seeds.
    """
    told, seeds, size = [], range(1, 2 * rounds + 1), str(int(100_000 * scale))
    for measured in ([], MEASURES):
        means = {}
        for name, command in (
            ("twinward", OURS[:-2]),
            ("covasim", [*PEER, "covasim", "--count-r0"]),
        ):
            more = ["--measures"] if measured and name == "covasim" else measured
            runs = [
                run([*command, *more, "--residents", size, "--seed", str(seed)], DAYS)
                for seed in seeds
            ]
            for figure in ("r0", "generation_time_d", "peak_day", "attack_rate"):
                values = [float(r[figure] if figure in r else r["r0_realised"]) for r in runs]
                mean, sd = statistics.mean(values), statistics.stdev(values)
                means[name, figure] = mean
                what = f"{name}{', measures' if measured else ''}"
                print(
                    f"{what:<20} {figure:<18} {mean:.3f} (sd {sd:.3f} over {len(seeds)} seeds)",
                    flush=True,
                )
                told.append({"name": what, "figure": figure, "mean": mean, "sd": sd})
        apart = abs(means["twinward", "attack_rate"] - means["covasim", "attack_rate"])
        print(f"attack rates {apart:.3f} apart", flush=True)
    return told


PARTS = {
    "threads": threads,
    "laser": laser,
    "covasim": covasim,
    "measures": measures,
    "growth": growth,
    "paired": paired,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--scale", type=float, default=1.0, help="of the numbers of residents")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path)
    told = parser.parse_args()
    run([*OURS, *MEASURES, "--residents", "20000"], 60)  # compile before timing
    head = ("residents", "CPU s", "M ad/CPU s", "ns/inf", "attack", "B/res", "wall")
    print(
        f"{'':<28} "
        + " ".join(
            f"{word:>{width}}" for word, width in zip(head, (12, 9, 10, 10, 7, 8, 8), strict=True)
        )
    )
    rows = {}
    for part in told.only:
        started = time.perf_counter()
        rows[part] = PARTS[part](told.scale, told.rounds)
        print(f"-- {part}: {time.perf_counter() - started:.0f} s", flush=True)
        if told.out:
            told.out.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
