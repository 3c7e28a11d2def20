"""Trees are found again where the truth is known, and their probabilities mean what they say."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from scipy import optimize, stats

from twinward.decision.tracing.chains.reconstruct import ChainAnswer, reconstruct_chain
from twinward.decision.tracing.chains.serial_interval import get_serial_interval
from twinward.decision.tracing.chains.statistics import (
    measure_dispersion,
    r_by_generation,
    top_share,
)
from twinward.decision.tracing.chains.table import build_line_list
from twinward.rehearsal.chain_truth import DISEASES, ChainTruth, pretend_outbreak


def answer_for(truth: ChainTruth, disease: str | None, *, onset_only: bool = False) -> ChainAnswer:
    columns = (
        {word: truth.columns[word] for word in ("id", "onset", "confirmed")}
        if onset_only
        else truth.columns
    )
    cases = build_line_list(
        columns, {} if onset_only else truth.places, [] if onset_only else truth.contacts
    )
    return reconstruct_chain(cases, get_serial_interval(disease) if disease else None)


def right_links(answer: ChainAnswer, truth: ChainTruth) -> np.ndarray:
    return np.array([truth.infector[link.infectee] == link.infector for link in answer.links])


def outbreak(disease: str, seed: int, **changes: float) -> ChainTruth:
    return pretend_outbreak(msgspec.structs.replace(DISEASES[disease], **changes), seed)


@pytest.mark.parametrize("disease", sorted(DISEASES))
def test_contacts_households_and_places_beat_onset_dates_alone(disease: str) -> None:
    truth = outbreak(disease, 11, contact_recall=0.5, false_contacts=0.4, onset_missing=0.1)
    full = right_links(answer_for(truth, disease), truth)
    bare = right_links(answer_for(truth, disease, onset_only=True), truth)
    assert full.sum() > 0.5 * len(truth.infector)
    assert full.sum() > 3 * bare.sum()


def test_probabilities_are_calibrated_over_many_outbreaks() -> None:
    said, came = [], []
    for seed, disease in enumerate(sorted(DISEASES), start=21):
        truth = outbreak(disease, seed, contact_recall=0.4, false_contacts=0.3)
        answer = answer_for(truth, disease)
        said += [link.probability for link in answer.links]
        came += right_links(answer, truth).tolist()
    p, right = np.array(said), np.array(came)
    for low, high in ((0.0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1.01)):
        mine = (p >= low) & (p < high)
        assert abs(p[mine].mean() - right[mine].mean()) < 0.15, (
            low,
            p[mine].mean(),
            right[mine].mean(),
        )
    assert abs(p.mean() - right.mean()) < 0.08


def test_a_tree_has_no_cycle_and_its_generations_follow_its_links() -> None:
    truth = outbreak("sars-cov-2-ancestral", 31)
    answer = answer_for(truth, None)
    generation = {link.infectee: link.generation for link in answer.links}
    for link in answer.links:
        assert generation.get(link.infector, 0) == link.generation - 1
    assert answer.generations == max(generation.values()) + 1
    assert len(answer.links) + len(answer.unlinked) == answer.cases == len(truth.infector)
    assert sum(row.cases for row in answer.r_by_generation) == answer.cases


def test_the_same_list_gives_the_same_answer() -> None:
    truth = outbreak("ebola", 41)
    assert answer_for(truth, "ebola") == answer_for(truth, "ebola")


def test_infectors_in_the_list_are_kept_and_said_to_be_stated() -> None:
    truth = outbreak("sars-2003", 51)
    columns = {**truth.columns, "infector": [truth.infector[name] for name in truth.columns["id"]]}
    answer = reconstruct_chain(build_line_list(columns, truth.places), None)
    links = {link.infectee: link for link in answer.links}
    for name, infector in truth.infector.items():
        if infector:
            assert links[name].infector == infector
            assert links[name].stated
    children = np.array(
        [sum(1 for by in truth.infector.values() if by == name) for name in truth.infector]
    )
    assert abs(answer.k / measure_dispersion(children).k - 1) < 0.2


def test_an_imported_case_has_no_infector_and_a_stranger_in_time_stays_unlinked() -> None:
    columns = {
        "id": ["a", "b", "c", "late"],
        "onset": ["2024-01-01", "2024-01-08", "2024-01-09", "2024-12-01"],
        "imported": ["yes", "", "yes", ""],
        "household": ["h", "h", "h", "h"],
    }
    answer = reconstruct_chain(build_line_list(columns, {}), get_serial_interval("sars-2003"))
    assert [(link.infector, link.infectee) for link in answer.links] == [("a", "b")]
    assert set(answer.unlinked) == {"a", "c", "late"}


def test_an_undated_case_is_linked_only_where_a_contact_is_stated() -> None:
    columns = {"id": ["a", "b", "c", "d"], "onset": ["1", "6", "", ""]}
    answer = reconstruct_chain(
        build_line_list(columns, {}, [("b", "c")]), get_serial_interval("sars-2003")
    )
    links = {link.infectee: link for link in answer.links}
    assert links["c"].infector == "b"
    assert links["c"].stated
    assert "d" in answer.unlinked


def test_genetic_distance_decides_between_equal_dates() -> None:
    columns = {
        "id": ["root", "x", "y", *(f"x{i}" for i in range(6)), *(f"y{i}" for i in range(6))],
        "onset": ["0", "8", "8", *["16"] * 12],
    }
    near = [("x", f"x{i}", "0") for i in range(6)] + [("y", f"y{i}", "0") for i in range(6)]
    far = [("x", f"y{i}", "12") for i in range(6)] + [("y", f"x{i}", "12") for i in range(6)]
    answer = reconstruct_chain(
        build_line_list(columns, {}, genetic=[*near, *far, ("x", "y", "9")]),
        get_serial_interval("sars-2003"),
    )
    links = {link.infectee: link.infector for link in answer.links}
    assert [links[f"x{i}"] for i in range(6)] == ["x"] * 6
    assert [links[f"y{i}"] for i in range(6)] == ["y"] * 6


@pytest.mark.parametrize("n", [1, 2])
def test_tiny_lists_are_answered(n: int) -> None:
    columns = {"id": ["a", "b"][:n], "onset": ["2024-01-01", "2024-01-06"][:n]}
    answer = reconstruct_chain(build_line_list(columns, {}), None)
    assert answer.cases == n


def test_k_is_the_maximum_of_the_negative_binomial_likelihood() -> None:
    children = np.random.Generator(np.random.Philox(5)).negative_binomial(0.3, 0.3 / 1.8, 500)
    mean = children.mean()
    best = optimize.minimize_scalar(
        lambda k: -stats.nbinom.logpmf(children, k, k / (k + mean)).sum(),
        bounds=(0.01, 20),
        method="bounded",
    )
    fit = measure_dispersion(children)
    assert fit.k == pytest.approx(best.x, rel=1e-3)
    assert fit.low < 0.3 < fit.high


def test_top_share_and_r_by_generation_count_what_the_tree_shows() -> None:
    parent = np.array([-1, 0, 0, 0, 0, 1, 1, 2, 5, 5])
    generation = np.array([0, 1, 1, 1, 1, 2, 2, 2, 3, 3])
    children = np.bincount(parent[parent >= 0], minlength=10)
    assert top_share(children) == pytest.approx(6 / 9)
    rows = r_by_generation(parent, generation, 0.5)
    assert [(row.cases, row.r) for row in rows] == [
        (1, 4.0),
        (4, 0.75),
        (3, pytest.approx(2 / 3)),
        (2, 0.0),
    ]
    assert all(row.low <= row.r <= row.high for row in rows)


def test_a_small_cluster_is_one_chain_and_a_list_of_imports_is_none() -> None:
    columns = {"id": list("abcdef"), "onset": ["0", "5", "6", "11", "12", "17"]}
    answer = reconstruct_chain(build_line_list(columns, {}), get_serial_interval("sars-2003"))
    assert answer.unlinked == ["a"]
    answer = reconstruct_chain(build_line_list({**columns, "imported": ["yes"] * 6}, {}), None)
    assert answer.unlinked == list("abcdef")
