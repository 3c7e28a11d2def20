"""Recall, precision and calibration of contacts against known truth, beside two rules in use, as a Markdown table."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.bench_tracing import SCOPE_PARTS, START
from benchmarks.city_movement import START_US
from twinward.core.geography import M_PER_DEGREE
from twinward.core.scope import Scope
from twinward.decision.tracing.contacts import ContactQuestion, list_contacts
from twinward.decision.tracing.opened import OpenedLake
from twinward.decision.tracing.settings import Settings
from twinward.population.plain import plain_base
from twinward.rehearsal.movement import Presences, Sampling, live_days, observe, true_contacts
from twinward.storage.lake.lake import Lake

RESIDENTS, DAYS, CASES, SEED = 2_000, 14, 12, 11
LEAST_MIN = 15.0
SLOT_S, RULE_CELL_M, RULE_HOURS = 600, 800.0, 30.0


def coarse_rule(columns: dict[str, Any]) -> Any:
    """800 m cells, 10 minutes, 30 hours in 14 days: the cell of everyone in every slot, held until the next fix."""
    slots = DAYS * 86_400 // SLOT_S
    cell = np.floor(columns["lon"] * M_PER_DEGREE / RULE_CELL_M).astype(np.int64) << 20
    cell += np.floor((columns["lat"] + 90) * M_PER_DEGREE / RULE_CELL_M).astype(np.int64)
    grid = np.full((RESIDENTS, slots), -1, np.int64)
    grid[columns["subject"], (columns["time_us"] - START_US) // (SLOT_S * 1_000_000)] = cell
    for slot in range(1, slots):
        empty = grid[:, slot] < 0
        grid[empty, slot] = grid[empty, slot - 1]
    return grid


def score(found: set[int], truth: set[int]) -> tuple[int, int, int]:
    """(hits, found, true)."""
    return len(found & truth), len(found), len(truth)


def measure(truth: Presences, sampling: Sampling, radius_m: float, chosen: Any) -> dict[str, Any]:
    """All cases of one setting of radius, error and sampling."""
    columns = observe(truth, DAYS, sampling, START_US, SEED)
    folder = Path(tempfile.mkdtemp(prefix="truth-"))
    try:
        lake = Lake(folder)
        lake.append([pa.table(columns | {"subject": pa.array(columns["subject"]).dictionary_encode()})], START)
        opened = OpenedLake(lake.snapshot(), Scope(**SCOPE_PARTS))
        grid = coarse_rule(columns)
        totals = {name: np.zeros(3, np.int64) for name in ("ours", "near", "coarse")}
        said, was = [], []
        for case in chosen:
            met = true_contacts(truth, int(case), 0, DAYS * 86_400)
            real = {other for other, (minutes, _) in met.items() if minutes >= LEAST_MIN}
            question = ContactQuestion(
                subject=str(case), start=START, end=START + timedelta(days=DAYS), radius_m=radius_m, min_duration_min=0
            )
            contacts = list_contacts(opened, question, Settings()).contacts
            sure = {int(c.subject) for c in contacts if c.probability >= 0.5 and c.minutes >= LEAST_MIN}
            totals["ours"] += score(sure, real)
            totals["near"] += score({int(c.subject) for c in contacts if c.minutes >= LEAST_MIN}, real)
            hours = ((grid == grid[case]) & (grid[case] >= 0)).sum(axis=1) * SLOT_S / 3600
            totals["coarse"] += score(set(np.flatnonzero(hours >= RULE_HOURS).tolist()) - {int(case)}, real)
            said += [c.probability for c in contacts if c.minutes >= LEAST_MIN]
            was += [int(c.subject) in met for c in contacts if c.minutes >= LEAST_MIN]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    out: dict[str, Any] = {"calibration": calibration(np.array(said), np.array(was))}
    for name, (hits, found, true) in totals.items():
        out[name] = (hits / max(true, 1), hits / max(found, 1), found / len(chosen))
    return out


def calibration(said: Any, was: Any) -> float:
    """Expected calibration error over ten bins: the mean gap between what was said and what was so."""
    if not len(said):
        return float("nan")
    bins = np.minimum((said * 10).astype(np.int64), 9)
    gaps = [abs(said[bins == b].mean() - was[bins == b].mean()) * (bins == b).sum() for b in np.unique(bins)]
    return float(sum(gaps) / len(said))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one row only")
    options = parser.parse_args()
    base = plain_base(RESIDENTS, SEED)
    truth = live_days(base, RESIDENTS, DAYS, SEED)
    chosen = np.random.default_rng(SEED).choice(RESIDENTS, CASES, replace=False)
    rows = [(15.0, 15.0, 50.0), (15.0, 5.0, 50.0), (15.0, 40.0, 50.0), (5.0, 15.0, 50.0), (50.0, 15.0, 50.0)]
    rows += [(15.0, 15.0, 25.0), (15.0, 15.0, 100.0), (50.0, 15.0, 100.0), (300.0, 15.0, 500.0)]
    print(
        "| error an axis | a fix every | radius | recall | precision | flagged a case | calibration error "
        "| rule 50 m, 15 min: recall / precision / flagged | rule 800 m, 30 h: recall / precision / flagged |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for sigma, every, radius in [(15.0, 15.0, 50.0)] if options.quick else rows:
        found = measure(truth, Sampling(every_min=every, sigma_m=sigma), radius, chosen)
        ours, near, coarse = found["ours"], found["near"], found["coarse"]
        print(
            f"| {sigma:.0f} m | {every:.0f} min | {radius:.0f} m | {ours[0]:.2f} | {ours[1]:.2f} | {ours[2]:.0f} | "
            f"{found['calibration']:.2f} | {near[0]:.2f} / {near[1]:.2f} / {near[2]:.0f} | "
            f"{coarse[0]:.2f} / {coarse[1]:.2f} / {coarse[2]:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
