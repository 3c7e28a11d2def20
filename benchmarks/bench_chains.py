"""How often the likeliest tree names the true infector, and whether its probabilities mean what
they say.

Pretended outbreaks with known trees (twinward.rehearsal.chain_truth); beside it the tree from onset
dates alone. Run: python -m benchmarks.bench_chains [--seeds N] [--large] [--spread] [--apart]

`--apart` asks about outbreaks that share no code with the model (twinward.rehearsal.chain_lists).
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable
from itertools import product

import msgspec
import numpy as np

from twinward.decision.tracing.chains.reconstruct import ChainAnswer, reconstruct_chain
from twinward.decision.tracing.chains.serial_interval import get_serial_interval
from twinward.decision.tracing.chains.statistics import measure_dispersion, top_share
from twinward.decision.tracing.chains.table import build_line_list
from twinward.rehearsal.chain_lists import (
    CitySpec,
    HospitalSpec,
    VillageSpec,
    city_outbreak,
    hospital_outbreak,
    village_outbreak,
)
from twinward.rehearsal.chain_truth import DISEASES, ChainTruth, TruthSpec, pretend_outbreak

# what the list holds, and what is wrong with it
LISTS: dict[str, dict[str, float]] = {
    "onset only": {},
    "home, place, distance, age": {},
    "the same, disease not named": {},
    "with 60 % of contacts, 50 false per 100 cases": {"contact_recall": 0.6, "false_contacts": 0.5},
    "30 % contacts, 30 false, 20 % unreported, 20 % no onset": {
        "contact_recall": 0.3,
        "false_contacts": 0.3,
        "onset_missing": 0.2,
        "unreported": 0.2,
    },
}

# outbreaks made by other hands than the model's: what they are, the disease named, columns left out
FLU = VillageSpec(latent_d=(2.0, 0.8), infectious_d=3.0, at_home=0.4, in_class=0.015)
SCHOOL = VillageSpec(at_home=0.15, in_class=0.03, k=0.4)
SPREADER = VillageSpec(in_class=0.03, k=0.25, nearby=0.01)
NAMED = CitySpec(turned=0.5, others_named=1.0, followed=0.9)
COVID = "sars-cov-2-ancestral"
APART: dict[str, tuple[Callable[[int], ChainTruth], str | None, tuple[str, ...]]] = {
    "village": (lambda seed: village_outbreak(VillageSpec(), seed), "measles", ()),
    "village, no disease": (lambda seed: village_outbreak(VillageSpec(), seed), None, ()),
    "village, no position": (
        lambda seed: village_outbreak(VillageSpec(), seed),
        "measles",
        ("x", "y", "age"),
    ),
    "village, school": (lambda seed: village_outbreak(SCHOOL, seed), "measles", ()),
    "village, spreader": (lambda seed: village_outbreak(SPREADER, seed), "measles", ()),
    "village, influenza": (lambda seed: village_outbreak(FLU, seed), "influenza-pandemic", ()),
    "city": (lambda seed: city_outbreak(CitySpec(), seed), COVID, ()),
    "city, no flags": (lambda seed: city_outbreak(CitySpec(), seed), COVID, ("imported",)),
    "city, half turned": (lambda seed: city_outbreak(CitySpec(turned=0.5), seed), COVID, ()),
    "city, others named": (lambda seed: city_outbreak(NAMED, seed), COVID, ()),
    "hospital": (lambda seed: hospital_outbreak(HospitalSpec(), seed), "mers", ()),
    "hospital, no disease": (lambda seed: hospital_outbreak(HospitalSpec(), seed), None, ()),
}


def reconstruct(truth: ChainTruth, disease: str, label: str) -> ChainAnswer:
    bare = label == "onset only"
    columns = (
        {word: truth.columns[word] for word in ("id", "onset", "confirmed")}
        if bare
        else truth.columns
    )
    cases = build_line_list(columns, {} if bare else truth.places, [] if bare else truth.contacts)
    return reconstruct_chain(cases, None if "not named" in label else get_serial_interval(disease))


def judge(answer: ChainAnswer, truth: ChainTruth) -> tuple[np.ndarray, np.ndarray, list[float]]:
    """Probabilities, hits, and [top-1 accuracy, log ratio of k, error of the top-20 % share]."""
    p = np.array([link.probability for link in answer.links])
    hit = np.array([truth.infector[link.infectee] == link.infector for link in answer.links])
    known = sum(bool(by) for by in truth.infector.values())
    counted = Counter(truth.infector.values())
    children = np.array([counted[name] for name in truth.infector])
    true_k = measure_dispersion(children).k
    return (
        p,
        hit,
        [hit.sum() / known, np.log(answer.k / true_k), answer.top20_share - top_share(children)],
    )


def calibration_error(p: np.ndarray, hit: np.ndarray) -> float:
    """Expected calibration error over ten bins of probability."""
    bins = np.minimum((p * 10).astype(int), 9)
    return float(
        sum(
            abs(p[bins == b].mean() - hit[bins == b].mean()) * (bins == b).mean()
            for b in np.unique(bins)
        )
    )


def table(seeds: int) -> None:
    print(
        "| disease | line list | right infector | mean probability | links right | calibration "
        "error | k found / true |"
    )
    print("|---|---|---|---|---|---|---|")
    for label, changes in LISTS.items():
        everything: list[tuple[np.ndarray, np.ndarray, list[float]]] = []
        for disease, spec in DISEASES.items():
            rows = []
            for seed in range(101, 101 + seeds):
                truth = pretend_outbreak(msgspec.structs.replace(spec, **changes), seed)
                rows.append(judge(reconstruct(truth, disease, label), truth))
            show(disease, label, rows)
            everything += rows
        show("**all**", label, everything)


def show(disease: str, label: str, rows: list[tuple[np.ndarray, np.ndarray, list[float]]]) -> None:
    p, hit = np.concatenate([row[0] for row in rows]), np.concatenate([row[1] for row in rows])
    accuracy, log_k, _ = np.mean([row[2] for row in rows], axis=0)
    print(
        f"| {disease} | {label} | {100 * accuracy:.0f} % | {p.mean():.2f} | {hit.mean():.2f} "
        f"| {calibration_error(p, hit):.3f} | {np.exp(log_k):.2f} |",
        flush=True,
    )


def spread(seeds: int) -> None:
    """By true over-dispersion, share of cases unreported, and with or without contacts; eight
    cases from outside.
    """
    print(
        "| k given | unreported | contacts | right | probability | links right | k true / found | "
        "without infector "
        "/ unlinked / of these rightly |"
    )
    print("|---|---|---|---|---|---|---|---|")
    lists = {
        "none": "home, place, distance, age",
        "60 %": "with 60 % of contacts, 50 false per 100 cases",
    }
    for k, unreported, (contacts, label) in product((0.1, 0.3, 1.0), (0.0, 0.3), lists.items()):
        changes = LISTS[label] | {"k": k, "unreported": unreported, "imports": 8}
        rows, said, was = [], [], []
        for disease, seed in product(
            ("sars-cov-2-ancestral", "influenza-pandemic"), range(301, 301 + seeds)
        ):
            truth = pretend_outbreak(msgspec.structs.replace(DISEASES[disease], **changes), seed)
            answer = reconstruct(truth, disease, label)
            p, hit, (accuracy, log_k, _) = judge(answer, truth)
            alone = {case for case, by in truth.infector.items() if not by}
            rightly = len(alone & set(answer.unlinked))
            rows.append(
                [
                    accuracy,
                    np.log(answer.k) - log_k,
                    np.log(answer.k),
                    len(alone),
                    len(answer.unlinked),
                    rightly,
                ]
            )
            said.append(p.mean())
            was.append(hit.mean())
        accuracy, true_k, k_found, alone_n, unlinked, rightly_n = np.mean(rows, axis=0)
        print(
            f"| {k} | {100 * unreported:.0f} % | {contacts} | {100 * accuracy:.0f} % | "
            f"{np.mean(said):.2f} "
            f"| {np.mean(was):.2f} | {np.exp(true_k):.2f} / {np.exp(k_found):.2f} "
            f"| {alone_n:.0f} / {unlinked:.1f} / {rightly_n:.1f} |",
            flush=True,
        )


def large(cases: int = 10_000) -> None:
    """Seconds for one large outbreak, median of three, kernels compiled before."""
    spec = TruthSpec(
        cases=cases,
        residents=6 * cases,
        r0=2.0,
        imports=20,
        contact_recall=0.3,
        false_contacts=0.3,
        onset_missing=0.1,
        offset_d=(0.3, 2.2),
        incubation_d=(5.2, 2.8),
        k=0.3,
    )
    truth = pretend_outbreak(spec, 1)
    for label in ("all columns and contacts", "onset only", "disease not named"):
        wall, cpu = [], []
        for _ in range(4):
            begin, used = time.perf_counter(), time.process_time()
            answer = reconstruct(truth, "sars-cov-2-ancestral", label)
            wall.append(time.perf_counter() - begin)
            cpu.append(time.process_time() - used)
        accuracy = judge(answer, truth)[2][0]
        print(
            f"{cases} cases, {label}: {np.median(wall[1:]):.1f} s wall, {np.median(cpu[1:]):.1f} "
            f"s CPU, "
            f"{100 * accuracy:.0f} % right"
        )


def apart(seeds: int) -> None:
    """Probability and truth, and how often the infector is among the first three candidates."""
    print("| list | right | first three | said | came true | worst outbreak | k | counted |")
    print("|---|---|---|---|---|---|---|---|")
    for label, (make, disease, leave_out) in APART.items():
        rows = []
        for seed in range(2000, 2000 + seeds):
            truth = make(seed)
            columns = {
                word: cells for word, cells in truth.columns.items() if word not in leave_out
            }
            cases = build_line_list(columns, truth.places, truth.contacts)
            answer = reconstruct_chain(cases, get_serial_interval(disease) if disease else None)
            p, hit, (right, _, _) = judge(answer, truth)
            named = {
                row.infectee: [one.infector for one in row.candidates[:3]]
                for row in answer.candidates
            }
            three = np.mean([by in named[case] for case, by in truth.infector.items() if by])
            counted = answer.counted.cases
            rows.append([right, three, p.mean(), hit.mean(), np.log(answer.k), counted])
        right, three, said, came, log_k, counted = np.mean(rows, axis=0)
        worst = max(abs(row[2] - row[3]) for row in rows)
        print(
            f"| {label} | {right:.2f} | {three:.2f} | {said:.2f} | {came:.2f} | {worst:.2f} "
            f"| {np.exp(log_k):.2f} | {counted:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--large", action="store_true")
    parser.add_argument(
        "--spread",
        action="store_true",
        help="by over-dispersion and reporting instead of by disease",
    )
    parser.add_argument("--apart", action="store_true", help="outbreaks unlike the model")
    options = parser.parse_args()
    if options.large:
        large()
    else:
        (apart if options.apart else spread if options.spread else table)(options.seeds)
