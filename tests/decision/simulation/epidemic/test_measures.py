"""Every measure works, none makes an outbreak larger on average, and tracing finds the contacts
that transmit.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from twinward.citybase.people.plain_city import plain_base
from twinward.core.errors import InputError
from twinward.decision.simulation import epidemic

BASE = plain_base(20_000, 5, 1)
SIMULATOR = epidemic.Simulator(BASE)
DISEASE = epidemic.load_disease("sars-cov-2-ancestral")
SEEDS = range(6)
TEST = {"type": "symptomatic_testing", "coverage": 0.9, "delay_d": 1}

ALONE: dict[str, list[dict[str, Any]]] = {
    "case_isolation": [TEST, {"type": "case_isolation"}],
    "household_quarantine": [TEST, {"type": "household_quarantine"}],
    "quarantine_facility": [TEST, {"type": "quarantine_facility", "places": 100_000}],
    "contact_tracing": [
        TEST,
        {"type": "contact_tracing", "tracers_per_100k": 1000.0, "backward": 0.5},
    ],
    "mass_testing": [{"type": "mass_testing", "every_d": 3}, {"type": "case_isolation"}],
    "school_closure": [{"type": "school_closure"}],
    "workplace_closure": [{"type": "workplace_closure"}],
    "distancing": [{"type": "distancing"}],
    "gathering_limit": [{"type": "gathering_limit", "persons": 0.5}],
    "lockdown": [{"type": "lockdown", "reduction": 0.5}],
    "masks": [{"type": "masks", "efficacy": 0.4}],
    "vaccination": [{"type": "vaccination", "doses_per_100k_day": 3000.0}],
}


def attacks(measures: list[dict[str, Any]], days: int = 120) -> list[float]:
    told = epidemic.read_measures({"measures": measures})
    ask = epidemic.Scenario(
        base=BASE, disease=DISEASE, days=days, seed=0, infected=40, measures=told
    )
    return [SIMULATOR.run(epidemic.with_seed(ask, seed)).attack_rate for seed in SEEDS]


NOTHING = attacks([])


@pytest.mark.parametrize("name", list(ALONE))
def test_a_measure_makes_the_outbreak_smaller_over_paired_seeds(name: str) -> None:
    assert np.mean(attacks(ALONE[name])) < np.mean(NOTHING) - 0.01


@pytest.mark.parametrize(
    ("weak", "strong"),
    [
        ({"type": "lockdown", "reduction": 0.2}, {"type": "lockdown", "reduction": 0.6}),
        ({"type": "masks", "compliance": 0.2}, {"type": "masks", "compliance": 0.9}),
        ({"type": "distancing", "start_day": 60}, {"type": "distancing", "start_day": 5}),
        (
            {"type": "vaccination", "doses_per_100k_day": 300.0},
            {"type": "vaccination", "doses_per_100k_day": 3000.0},
        ),
    ],
)
def test_more_of_a_measure_leaves_fewer_infected(
    weak: dict[str, Any], strong: dict[str, Any]
) -> None:
    assert np.mean(attacks([strong])) < np.mean(attacks([weak]))


def run(measures: list[dict[str, Any]], **asked: Any) -> epidemic.SimulationOutcome:
    told = {"base": BASE, "disease": DISEASE, "days": 60, "seed": 1, "infected": 200} | asked
    return SIMULATOR.run(
        epidemic.Scenario(measures=epidemic.read_measures({"measures": measures}), **told)
    )


def test_a_closed_school_has_no_infections_and_an_open_one_has() -> None:
    setting = epidemic.SETTINGS.index("school_class")
    assert run([]).by_setting[:, setting].sum() > 0
    assert run([{"type": "school_closure"}]).by_setting[:, setting].sum() == 0


def test_an_area_measure_holds_in_its_area_alone() -> None:
    area = BASE.leaf_codes[0]
    shut = run(
        [{"type": "lockdown", "areas": [area], "reduction": 1.0}], level="area", keep_tree=True
    )
    assert shut.tree is not None
    inside = np.arange(BASE.residents) < int(BASE.leaf_start[1])
    outside_home = shut.tree.setting == epidemic.SETTINGS.index("community")
    assert outside_home.any()
    assert not inside[shut.tree.infectee[outside_home]].any()
    assert not inside[shut.tree.infector[outside_home]].any()


def test_perfect_isolation_of_everybody_found_at_once_stops_transmission_outside_the_facility() -> (
    None
):
    daily = epidemic.load_disease("sars-cov-2-ancestral", [f"test.sensitivity={[1.0] * 10}"])
    shut = run(
        [
            {"type": "mass_testing", "every_d": 1},
            {"type": "quarantine_facility", "places": 100_000, "days": 60},
        ],
        disease=daily,
    )
    assert (
        shut.infections == 200
    )  # all were found on the day of infection, before they were infectious


def test_a_facility_without_places_takes_nobody() -> None:
    full = run([TEST, {"type": "quarantine_facility", "places": 0}])
    none = run([TEST])
    assert full.sha256 == none.sha256


def test_tracing_finds_infections_among_contacts() -> None:
    """With every contact found, and tests that never fail, the contacts a case infected are
    confirmed early.
    """
    sure = epidemic.load_disease("sars-cov-2-ancestral", [f"test.sensitivity={[1.0] * 25}"])
    found = dict.fromkeys(
        ("household", "school", "work", "care_home", "community", "transport", "random"), 1.0
    )
    tracing = {
        "type": "contact_tracing",
        "found": found,
        "tracers_per_100k": 1e5,
        "cases_per_tracer_day": 10.0,
    }
    half = TEST | {"coverage": 0.5}
    traced = run(
        [half, tracing | {"days_back": 10}, {"type": "case_isolation"}],
        disease=sure,
        days=40,
        infected=20,
    )
    untraced = run([half, {"type": "case_isolation"}], disease=sure, days=40, infected=20)
    confirmed = traced.series["new_confirmed"].sum() / traced.infections
    assert confirmed > 1.3 * untraced.series["new_confirmed"].sum() / untraced.infections
    assert traced.series["new_quarantined"].sum() > 0


def test_a_trigger_starts_a_measure_only_when_its_threshold_is_passed() -> None:
    never = {"figure": "infections_per_100k_7d", "start_above": 1e9}
    soon = {"figure": "infections_per_100k_7d", "start_above": 100.0}
    assert run([{"type": "lockdown", "trigger": never}]).sha256 == run([]).sha256
    assert run([{"type": "lockdown", "trigger": soon}]).infections < run([]).infections


def test_vaccine_goes_to_the_oldest_first_and_never_beyond_supply() -> None:
    given = run([{"type": "vaccination", "doses_per_100k_day": 500.0, "dose_interval_d": 0}])
    assert given.series["new_vaccinated"].max() <= 100
    assert given.series["new_vaccinated"].sum() > 0


def test_the_benchmark_set_names_every_kind_of_measure_and_holds_the_outbreak() -> None:
    measures = epidemic.load_measures(
        Path(__file__).parents[4] / "benchmarks" / "all-measures.toml"
    )
    assert len({type(m) for m in measures}) == len(measures) == 14
    ask = epidemic.Scenario(
        base=BASE, disease=DISEASE, days=180, seed=1, infected=20, measures=measures
    )
    assert SIMULATOR.run(ask).attack_rate < 0.5


@pytest.mark.parametrize(
    ("measure", "code"),
    [
        ({"type": "sorcery"}, "bad_measures"),
        ({"type": "masks", "efficacy": 1.2}, "bad_measures"),
        ({"type": "masks", "start_day": 9, "end_day": 9}, "bad_measures"),
        ({"type": "masks", "ages": [50, 20]}, "bad_measures"),
        ({"type": "lockdown", "areas": ["nowhere"]}, "unknown_area"),
        ({"type": "quarantine_facility", "places": -1}, "bad_measures"),
    ],
)
def test_a_measure_that_cannot_be_is_refused(measure: dict[str, Any], code: str) -> None:
    with pytest.raises(InputError) as refused:
        run([measure])
    assert refused.value.code == code


def test_two_of_a_kind_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(InputError) as refused:
        run(
            [
                {"type": "gathering_limit", "persons": 2.0},
                {"type": "gathering_limit", "persons": 5.0},
            ]
        )
    assert refused.value.code == "contradictory_measures"
