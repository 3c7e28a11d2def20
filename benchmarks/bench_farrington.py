"""Farrington's flexible detector beside R's `surveillance`, on the same series in the same run.

python -m benchmarks.bench_farrington [--series 140] [--weeks 52] [--nightly 500000] [--json]

Needs Rscript and the Debian package r-cran-surveillance; without them only our side is timed.
CPU seconds of both, without the start of either. The series are drawn: negative binomial with a
season, of 2 to 80 cases a week.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import tempfile
import time
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twinward.core.chance import generator
from twinward.decision.surveillance.aberration.farrington import judge_many

MONDAY, YEARS_BEHIND = date(2012, 1, 2), 5
Floats = NDArray[np.float64]
BATCH = 10_000
IN_R = """
suppressMessages(library(surveillance))
arguments <- commandArgs(trailingOnly = TRUE)
counts <- as.matrix(read.csv(arguments[1], header = FALSE))
weeks <- as.integer(arguments[2])
made <- sts(observed = counts, start = c(2012, 1), frequency = 52,
            epoch = as.Date("2012-01-02") + 7 * (seq_len(nrow(counts)) - 1))
control <- list(range = (nrow(counts) - weeks + 1):nrow(counts), noPeriods = 10, b = 4, w = 3,
                weightsThreshold = 2.58, pastWeeksNotIncluded = 26, pThresholdTrend = 1,
                thresholdMethod = "nbPlugin", alpha = 0.01, limit54 = c(0, 50), verbose = FALSE,
                glmWarnings = FALSE)
used <- system.time(found <- farringtonFlexible(made, control = control))
write.table(found@upperbound, arguments[3], sep = ",", row.names = FALSE, col.names = FALSE)
cat(used[["user.self"]] + used[["sys.self"]], as.character(packageVersion("surveillance")))
"""


def draw(series: int, weeks: int, seed: int) -> Floats:
    """float64[series, weeks] counts."""
    chance = generator(seed, "bench.farrington")
    mean = np.exp(chance.uniform(np.log(2), np.log(80), series))[:, None]
    season = 1 + 0.4 * np.sin(2 * np.pi * (np.arange(weeks) / 52.18 + chance.random((series, 1))))
    return np.asarray(chance.poisson(chance.gamma(8.0, mean * season / 8.0)), dtype=np.float64)


def time_peer(counts: Floats, weeks: int) -> tuple[float, Floats, str] | None:
    """CPU seconds, thresholds float64[weeks, series] and version of R's; None without it."""
    if shutil.which("Rscript") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        script, data, out = (Path(folder, name) for name in ("side.R", "counts.csv", "found.csv"))
        script.write_text(IN_R, "utf-8")
        np.savetxt(data, counts.T, fmt="%d", delimiter=",")
        command = ["Rscript", str(script), str(data), str(weeks), str(out)]
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
        used, version = answer.stdout.split()[-2:]
        return float(used), np.loadtxt(out, delimiter=",", ndmin=2), version


def time_nightly(series: int) -> float:
    """CPU seconds for the latest week of so many series with YEARS_BEHIND years behind them."""
    length = 52 * YEARS_BEHIND + 1
    counts = draw(BATCH, length, 2)
    now = np.array([length - 1])
    started = time.process_time()
    for _ in range(series // BATCH):
        judge_many(MONDAY, counts, now)
    return time.process_time() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=140)
    parser.add_argument("--weeks", type=int, default=52)
    parser.add_argument("--nightly", type=int, default=0, help="also the latest week of so many")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    counts = draw(options.series, 52 * YEARS_BEHIND + options.weeks, 1)
    nows = np.arange(52 * YEARS_BEHIND, counts.shape[1])
    judge_many(MONDAY, counts[:1], nows[:1])  # compiles
    started = time.process_time()
    _, _, threshold = judge_many(MONDAY, counts, nows)
    found: dict[str, object] = {"ours_cpu_s": time.process_time() - started}
    peer = time_peer(counts, options.weeks)
    if peer is not None:
        used, theirs, version = peer
        found["peer"], found["peer_cpu_s"] = f"R surveillance {version}", used
        found["times_faster"] = used / float(str(found["ours_cpu_s"]))
        found["thresholds_equal"] = float((theirs == threshold.T).mean())
    if options.nightly:
        found["nightly_cpu_s"] = time_nightly(options.nightly)
    if options.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:18} {value if isinstance(value, str) else format(value, '.3f')}")


if __name__ == "__main__":
    main()
