"""Recall, precision and calibration of contacts against known truth, beside two rules in use, as
a Markdown table.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.bench_tracing import SCOPE_PARTS, START
from benchmarks.city_movement import START_US
from twinward.citybase.people.plain_city import plain_base
from twinward.core.geography import M_PER_DEGREE
from twinward.core.scope import Scope
from twinward.decision.tracing.contacts import calibration as calibrated
from twinward.decision.tracing.contacts import search as weighed
from twinward.decision.tracing.contacts.evidence import TracedContact
from twinward.decision.tracing.contacts.search import ContactQuestion, list_contacts
from twinward.decision.tracing.contacts.venue_kinds import VenueRules
from twinward.decision.tracing.scoped_lake import ScopedLake
from twinward.rehearsal.movement import Presences, Sampling, live_days, observe, true_contacts
from twinward.storage.lake.lake import Lake

RESIDENTS, DAYS, CASES = 2_000, 14, 12
FIT_SEED, TEST_SEEDS = (
    11,
    (12, 13),
)  # the model's calibration was fitted on the first: the others are new to it
LEAST_MIN = 15.0
SLOT_S, RULE_CELL_M, RULE_HOURS = 600, 800.0, 30.0
COUNTED = ("half", "third", "near", "coarse")
How = tuple[
    float, float, float
]  # error of an axis in metres, minutes between fixes, radius asked for
FITTED: tuple[How, ...] = (
    (15.0, 15.0, 50.0),
    (15.0, 5.0, 50.0),
    (15.0, 40.0, 50.0),
    (5.0, 15.0, 50.0),
    (50.0, 15.0, 50.0),
    (15.0, 15.0, 25.0),
    (15.0, 15.0, 100.0),
    (50.0, 15.0, 100.0),
)


def coarse_rule(columns: dict[str, Any]) -> Any:
    """800 m cells, 10 minutes, 30 hours in 14 days: the cell of everyone in every slot, held
    until the next fix.
    """
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


def contacts_of(
    truth: Presences, seed: int, how: How, chosen: Any
) -> Iterator[tuple[int, list[TracedContact], Any]]:
    """(case, its contacts, the columns observed) under one mix of error, sampling and radius."""
    sigma_m, every_min, radius_m = how
    columns = observe(truth, DAYS, Sampling(every_min=every_min, sigma_m=sigma_m), START_US, seed)
    with tempfile.TemporaryDirectory(prefix="truth-") as folder:
        lake = Lake(Path(folder))
        lake.append(
            [pa.table(columns | {"subject": pa.array(columns["subject"]).dictionary_encode()})],
            START,
        )
        opened = ScopedLake(lake.snapshot(), Scope(**SCOPE_PARTS))
        for case in chosen:
            question = ContactQuestion(
                subject=str(case),
                start=START,
                end=START + timedelta(days=DAYS),
                radius_m=radius_m,
                min_duration_min=0,
            )
            yield int(case), list_contacts(opened, question, VenueRules()).contacts, columns


def town(seed: int) -> tuple[Presences, Any]:
    """The truth of one pretended town, and the cases asked about."""
    truth = live_days(plain_base(RESIDENTS, seed), RESIDENTS, DAYS, seed)
    return truth, np.random.default_rng(seed).choice(RESIDENTS, CASES, replace=False)


def measure(how: How) -> dict[str, Any]:
    """All cases of all test towns under one mix."""
    totals = {name: np.zeros(3, np.int64) for name in COUNTED}
    said, was, cases = [], [], 0
    for seed in TEST_SEEDS:
        truth, chosen = town(seed)
        grid = None
        for case, contacts, columns in contacts_of(truth, seed, how, chosen):
            grid = coarse_rule(columns) if grid is None else grid
            met, cases = true_contacts(truth, case, 0, DAYS * 86_400), cases + 1
            real = {other for other, (minutes, _) in met.items() if minutes >= LEAST_MIN}
            long = [c for c in contacts if c.minutes >= LEAST_MIN]
            for name, least in (("half", 0.5), ("third", 0.3), ("near", 0.0)):
                totals[name] += score(
                    {int(c.subject) for c in long if c.probability >= least}, real
                )
            hours = ((grid == grid[case]) & (grid[case] >= 0)).sum(axis=1) * SLOT_S / 3600
            totals["coarse"] += score(
                set(np.flatnonzero(hours >= RULE_HOURS).tolist()) - {case}, real
            )
            said += [c.probability for c in long]
            was += [int(c.subject) in met for c in long]
    out: dict[str, Any] = {"calibration": calibration(np.array(said), np.array(was))}
    for name, (hits, found, true) in totals.items():
        out[name] = (hits / max(true, 1), hits / max(found, 1), found / cases)
    return out


def fit() -> None:
    """Print the coefficients of `calibration.CALIBRATION`, from one town under all mixes."""
    from sklearn.linear_model import LogisticRegression

    weighed.calibrate = lambda seen, _: seen.together  # type: ignore[attr-defined]
    truth, chosen = town(FIT_SEED)
    rows, was = [], []
    for how in FITTED:
        for case, contacts, _ in contacts_of(truth, FIT_SEED, how, chosen):
            met = true_contacts(truth, case, 0, DAYS * 86_400)
            rows.append(calibrated.calibration_terms(seen_of(contacts), how))
            was += [int(c.subject) in met for c in contacts]
    terms = np.concatenate(rows)
    scale = np.maximum(terms.std(axis=0), 1e-9)
    model = LogisticRegression(C=10, max_iter=3000, fit_intercept=False)
    scale[0] = 1.0
    model.fit(terms / scale, was)
    print("CALIBRATION = " + str(tuple(np.round(model.coef_[0] / scale, 3).tolist())))


def seen_of(contacts: list[TracedContact]) -> calibrated.SeenContacts:
    """What the calibration takes, from contacts whose probability was left as position says it."""
    return calibrated.SeenContacts(
        together=np.array([c.probability for c in contacts]),
        minutes=np.array([c.minutes for c in contacts]),
        moving_min=np.array(
            [sum(e.minutes for e in c.episodes if e.setting == "transport") for c in contacts]
        ),
        meetings=np.array([float(len(c.episodes)) for c in contacts]),
        nearest_m=np.array([c.nearest_m for c in contacts]),
        pairs=np.array([float(sum(e.pairs for e in c.episodes)) for c in contacts]),
    )


def calibration(said: Any, was: Any) -> float:
    """Expected calibration error over ten bins: the mean gap between what was said and what was
    so.
    """
    if not len(said):
        return float("nan")
    bins = np.minimum((said * 10).astype(np.int64), 9)
    gaps = [
        abs(said[bins == b].mean() - was[bins == b].mean()) * (bins == b).sum()
        for b in np.unique(bins)
    ]
    return float(sum(gaps) / len(said))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one row only")
    parser.add_argument(
        "--fit", action="store_true", help="print the coefficients of the calibration instead"
    )
    options = parser.parse_args()
    if options.fit:
        fit()
        return
    print(
        "| error an axis | a fix every | radius | p at least 0.5: recall / precision / flagged a "
        "case "
        "| p at least 0.3 | calibration error | rule radius, 15 min | rule 800 m, 30 h |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for how in FITTED[:1] if options.quick else (*FITTED, (300.0, 15.0, 500.0)):
        found = measure(how)
        told = {name: "{:.2f} / {:.2f} / {:.0f}".format(*found[name]) for name in COUNTED}
        print(
            f"| {how[0]:.0f} m | {how[1]:.0f} min | {how[2]:.0f} m | {told['half']} | "
            f"{told['third']} | "
            f"{found['calibration']:.2f} | {told['near']} | {told['coarse']} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
