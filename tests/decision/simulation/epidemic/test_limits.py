"""What must hold in any run: sums, limits, and the same bytes on any number of threads."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from twinward.citybase.people.plain_city import plain_base
from twinward.core.errors import InputError
from twinward.decision.simulation import epidemic
from twinward.decision.simulation.epidemic.outcome import COMPARTMENTS

RESIDENTS, DAYS = 20_000, 120
BASE = plain_base(RESIDENTS, 5, 1)
DISEASE = epidemic.load_disease("sars-cov-2-ancestral")


def outcome(
    disease: Any = DISEASE, measures: list[dict[str, Any]] | None = None, **asked: Any
) -> epidemic.SimulationOutcome:
    told = {"base": BASE, "days": DAYS, "seed": 3, "infected": 40} | asked
    return epidemic.run(
        epidemic.Scenario(
            disease=disease, measures=epidemic.read_measures({"measures": measures or []}), **told
        )
    )


def test_compartments_sum_to_the_residents_every_day() -> None:
    run = outcome()
    total = sum(run.series[name] for name in COMPARTMENTS)
    assert (total == RESIDENTS).all()
    assert min(int(run.series[name].min()) for name in COMPARTMENTS) >= 0


def test_every_table_sums_to_the_new_infections() -> None:
    run = outcome()
    for table in (run.by_area, run.by_age, run.by_setting, run.by_strain):
        assert (table.sum(axis=1) == run.series["new_infections"]).all()


def test_the_result_is_the_same_on_one_two_and_four_threads() -> None:
    runs = [outcome(threads=threads, infected=8_000, days=20) for threads in (1, 2, 4)]
    assert len({run.sha256 for run in runs}) == 1


def test_the_same_seed_gives_the_same_run_and_another_seed_another() -> None:
    assert outcome().sha256 == outcome().sha256 != outcome(seed=4).sha256


def test_without_transmission_only_the_seeds_are_infected() -> None:
    run = outcome(epidemic.load_disease("sars-cov-2-ancestral", ["transmission.r0=0"]))
    assert run.infections == 40
    assert run.r0_realised == 0


def test_nobody_infected_stays_nobody() -> None:
    assert outcome(infected=0).infections == 0


def test_a_city_that_meets_nobody_outside_infects_only_households() -> None:
    run = outcome(measures=[{"type": "lockdown", "reduction": 1.0}])
    settings = run.by_setting.sum(axis=0)
    names = epidemic.SETTINGS
    allowed = {"household", "imported", "care_home", "hospital"}
    assert sum(int(n) for n, name in zip(settings, names, strict=True) if name not in allowed) == 0
    assert settings[names.index("household")] > 0


def test_full_vaccination_with_a_perfect_vaccine_stops_everything() -> None:
    perfect = epidemic.load_disease(
        "sars-cov-2-ancestral",
        ["doses.0.infection=1.0", "doses.1.infection=1.0", "doses.0.half_life_d=0"],
    )
    everybody = epidemic.InitialState(
        infected=np.arange(40),
        infected_days_ago=np.zeros(40, int),
        vaccinated=np.arange(RESIDENTS),
        doses=np.ones(RESIDENTS, int),
        dose_days_ago=np.full(RESIDENTS, 20),
    )
    assert outcome(perfect, initial=everybody).infections == 40


def test_the_infection_tree_is_a_forest_in_time() -> None:
    tree = outcome(keep_tree=True).tree
    assert tree is not None
    day_of = dict(zip(tree.infectee.tolist(), tree.day.tolist(), strict=True))
    for infector, day in zip(tree.infector.tolist(), tree.day.tolist(), strict=True):
        assert infector == 0xFFFFFFFF or day_of[infector] < day or len(day_of) < len(tree.infectee)


def test_household_infections_happen_inside_the_household() -> None:
    tree = outcome(keep_tree=True).tree
    assert tree is not None
    mine = tree.setting == epidemic.SETTINGS.index("household")
    home = np.asarray(BASE.household_of)
    assert mine.any()
    assert (home[tree.infectee[mine]] == home[tree.infector[mine]]).all()


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"days": 0}, "no_days"),
        ({"days": 9_999}, "too_many_days"),
        ({"infected": RESIDENTS + 1}, "too_many_infected"),
        ({"threads": 0}, "bad_threads"),
        ({"mixing": "odd"}, "bad_mixing"),
        ({"seed": 2**64}, "bad_seed"),
        (
            {
                "importations": (
                    epidemic.Importation(first_day=0, last_day=2, per_day=1.0, area="?"),
                )
            },
            "unknown_area",
        ),
        (
            {
                "importations": (
                    epidemic.Importation(first_day=0, last_day=2, per_day=1.0, strain=3),
                )
            },
            "unknown_strain",
        ),
        (
            {
                "initial": epidemic.InitialState(
                    apart=np.array([RESIDENTS]), apart_days=np.array([1])
                )
            },
            "bad_initial",
        ),
    ],
)
def test_what_cannot_be_run_is_said_before_anything_runs(asked: dict[str, Any], code: str) -> None:
    with pytest.raises(InputError) as refused:
        outcome(**asked)
    assert refused.value.code == code


def test_beds_that_are_full_cost_lives() -> None:
    none = epidemic.load_disease(
        "sars-cov-2-ancestral",
        ["capacity.hospital_beds_per_1000=0", "capacity.icu_beds_per_1000=0"],
    )
    many = epidemic.load_disease(
        "sars-cov-2-ancestral",
        ["capacity.hospital_beds_per_1000=500", "capacity.icu_beds_per_1000=500"],
    )
    assert outcome(none).deaths > 1.5 * outcome(many).deaths


def test_imported_cases_come_when_and_where_they_are_asked_for() -> None:
    area = BASE.leaf_codes[2]
    entry = epidemic.Importation(first_day=5, last_day=7, per_day=30.0, area=area)
    quiet = msgspec.structs.replace(
        epidemic.load_disease("sars-cov-2-ancestral", ["transmission.r0=0"])
    )
    run = outcome(quiet, infected=0, importations=(entry,), keep_tree=True)
    assert run.tree is not None
    assert set(run.tree.day.tolist()) == {5, 6}
    first, last = int(BASE.leaf_start[2]), int(BASE.leaf_start[3])
    assert ((run.tree.infectee >= first) & (run.tree.infectee < last)).all()
