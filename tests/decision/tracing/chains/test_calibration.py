"""On outbreaks that share no code with the model, what is said comes true as often as it is
said.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from twinward.decision.tracing.chains.reconstruct import ChainAnswer, reconstruct_chain
from twinward.decision.tracing.chains.serial_interval import get_serial_interval
from twinward.decision.tracing.chains.statistics import measure_dispersion
from twinward.decision.tracing.chains.table import build_line_list
from twinward.rehearsal.chain_lists import (
    CitySpec,
    HospitalSpec,
    VillageSpec,
    city_outbreak,
    hospital_outbreak,
    village_outbreak,
)
from twinward.rehearsal.chain_truth import ChainTruth

VILLAGES = {
    "usual": VillageSpec(),
    "school": VillageSpec(at_home=0.15, in_class=0.03, k=0.4),
    "one great spreader": VillageSpec(in_class=0.03, k=0.25, nearby=0.01),
}


def ask(truth: ChainTruth, disease: str | None, *leave_out: str) -> ChainAnswer:
    columns = {word: cells for word, cells in truth.columns.items() if word not in leave_out}
    cases = build_line_list(columns, truth.places, truth.contacts)
    return reconstruct_chain(cases, get_serial_interval(disease) if disease else None)


def said_and_came(answer: ChainAnswer, truth: ChainTruth) -> tuple[float, float]:
    """Mean probability of the links, and the share of them that is right."""
    right = [truth.infector[link.infectee] == link.infector for link in answer.links]
    return float(np.mean([link.probability for link in answer.links])), float(np.mean(right))


def among_first(answer: ChainAnswer, truth: ChainTruth, first: int) -> float:
    """Share of cases with an infector whose infector is among the first candidates."""
    named = {
        row.infectee: [one.infector for one in row.candidates[:first]] for row in answer.candidates
    }
    return float(np.mean([by in named[case] for case, by in truth.infector.items() if by]))


@pytest.mark.parametrize("disease", ["measles", None])
@pytest.mark.parametrize("village", VILLAGES)
def test_a_village_of_children_without_contacts(village: str, disease: str | None) -> None:
    pairs, first_three = [], []
    for seed in (1, 2, 3):
        truth = village_outbreak(VILLAGES[village], seed)
        answer = ask(truth, disease)
        pairs.append(said_and_came(answer, truth))
        first_three.append(among_first(answer, truth, 3))
    said, came = np.mean(pairs, axis=0)
    assert abs(said - came) < 0.1, pairs
    assert np.mean(first_three) >= 0.45, first_three


def test_contacts_written_the_other_way_round_are_turned_by_the_dates() -> None:
    truth = city_outbreak(CitySpec(turned=0.5), 5)
    answer = ask(truth, "sars-cov-2-ancestral")
    stated = [link for link in answer.links if link.stated]
    right = [truth.infector[link.infectee] == link.infector for link in stated]
    assert len(stated) > 0.8 * len(truth.contacts)
    assert np.mean(right) > 0.75
    assert 0.3 < answer.contacts_turned < 0.7
    assert abs(np.mean([link.probability for link in stated]) - np.mean(right)) < 0.1
    directed = ask(city_outbreak(CitySpec(), 5), "sars-cov-2-ancestral")
    assert directed.contacts_turned < 0.1


@pytest.mark.parametrize("left_out", [(), ("imported",)])
def test_k_counts_those_of_whom_it_is_known_whom_they_met(left_out: tuple[str, ...]) -> None:
    """A traveller whom nobody asked is not somebody who infected nobody."""
    truth = city_outbreak(CitySpec(), 6)
    answer = ask(truth, "sars-cov-2-ancestral", *left_out)
    met = {name for pair in truth.contacts for name in pair}
    offspring = Counter(source for source, _ in truth.contacts)
    of_them = measure_dispersion(np.array([offspring[name] for name in sorted(met)]))
    assert answer.counted.cases == len(met)
    assert answer.counted.left_out == len(truth.infector) - len(met)
    assert of_them.low < answer.k < of_them.high
    assert answer.counted.k_of_all < 0.6 * answer.k


def test_wrong_contacts_inside_hospitals_are_not_taken_for_proof() -> None:
    pairs = []
    for seed in (1, 2, 3):
        truth = hospital_outbreak(HospitalSpec(), seed)
        pairs.append(said_and_came(ask(truth, "mers"), truth))
    said, came = np.mean(pairs, axis=0)
    assert abs(said - came) < 0.1, pairs


def test_candidates_hold_the_infector_of_the_link_and_add_up_to_one() -> None:
    truth = village_outbreak(VillageSpec(), 4)
    answer = ask(truth, "measles")
    rows = {row.infectee: row for row in answer.candidates}
    assert list(rows) == [name for name, _ in answer.days]
    for row in rows.values():
        told = [one.probability for one in row.candidates]
        assert told == sorted(told, reverse=True)
        assert sum(told) + row.others + row.outside == pytest.approx(1.0, abs=0.01)
    for link in answer.links:
        assert link.candidates == rows[link.infectee].candidates
    at_the_top = [link.infector == link.candidates[0].infector for link in answer.links]
    assert np.mean(at_the_top) > 0.8
