"""The city build: all of Shanghai, wall and CPU seconds, peak memory, bytes a resident; cold
(compiling) and warm.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

TWINWARD = Path(sys.executable).with_name("twinward")


def build(workspace: Path, threads: int, config: Path | None, cache: Path | None) -> dict[str, Any]:
    """One build in a fresh process; `cache` is an empty folder for compiled kernels (cold) or
    None (warm).
    """
    command = [
        str(TWINWARD),
        "city",
        "build",
        "--workspace",
        str(workspace),
        "--threads",
        str(threads),
        "--json",
    ]
    if config:
        command += ["--config", str(config)]
    env = dict(os.environ) | ({"NUMBA_CACHE_DIR": str(cache)} if cache else {})
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report | {
        "wall_s": wall,
        "user_s": after.ru_utime - before.ru_utime,
        "system_s": after.ru_stime - before.ru_stime,
    }


def show(label: str, runs: list[dict[str, Any]]) -> None:
    middle = {
        key: statistics.median(run[key] for run in runs)
        for key in ("seconds", "wall_s", "user_s", "system_s", "peak_rss_mb", "bytes_per_resident")
    }
    print(
        f"| {label} | {middle['seconds']:.1f} | {middle['wall_s']:.1f} | {middle['user_s']:.1f} | "
        f"{middle['system_s']:.1f} | {middle['peak_rss_mb']:.0f} | "
        f"{middle['bytes_per_resident']:.2f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--config", type=Path, help="default: the reference city")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        cold = build(root / "ws", options.threads, options.config, root / "cache")
        warm = [
            build(root / "ws", options.threads, options.config, None)
            for _ in range(options.repeats)
        ]
        one = build(root / "ws1", 1, options.config, None)
    print(
        f"{cold['name']}: {cold['residents']:,} residents, {options.threads} threads, median of "
        f"{options.repeats}"
    )
    print("must 30 s, 2,000 MB, 24 B; aim 12 s, 1,000 MB, 16 B")
    print(
        "| run | seconds | with imports | user CPU s | system CPU s | peak MB | bytes a resident |"
    )
    print("|---|---|---|---|---|---|---|")
    show("cold, kernels compiled", [cold])
    show("warm", warm)
    show("warm, one thread", [one])
    digests = {run["sha256"] for run in [cold, *warm, one]}
    print(f"digest the same in every run: {len(digests) == 1} ({sorted(digests)[0][:16]})")


if __name__ == "__main__":
    main()
