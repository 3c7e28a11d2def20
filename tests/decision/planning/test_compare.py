"""Plans on common random numbers: ranked with their chance, paired, the same bytes again,
doubts, fairness.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from twinward.citybase.people.plain_city import plain_base
from twinward.core.errors import InputError
from twinward.decision.planning.candidate import Candidate, from_plan
from twinward.decision.planning.compare import ComparisonContext, compare
from twinward.decision.planning.comparison import Comparison
from twinward.decision.planning.costs import load_costs
from twinward.decision.planning.doubts import PerturbedInputs
from twinward.decision.planning.figures import gini, held
from twinward.decision.planning.odds import sensitivity, stand
from twinward.decision.planning.rationale import explain_ranking
from twinward.decision.planning.replicates import Experiment, Replicate, ReplicateRunner
from twinward.decision.planning.results import beaten_by
from twinward.decision.simulation.epidemic import load_disease
from twinward.library.hazards.measures import Lockdown, Measure, SchoolClosure, WorkplaceClosure
from twinward.library.loading import load_library
from twinward.library.plans.plan_options import draw_plans

BASE = plain_base(12_000, 1)
DAYS = 21


def candidate(name: str, *measures: Measure) -> Candidate:
    return Candidate(id=name, title=name, origin="built in", measures=measures)


COSTS = load_costs()
NONE = candidate("none")
HALF = candidate("half", SchoolClosure(), WorkplaceClosure(coverage=0.5))
SHUT = candidate("shut", SchoolClosure(), WorkplaceClosure(), Lockdown(reduction=0.9))


@pytest.fixture(scope="module")
def arena() -> ReplicateRunner:
    disease = load_disease("sars-cov-2-ancestral")
    return ReplicateRunner(
        Experiment(base=BASE, disease=disease, days=DAYS, replicates=6, seed=3, infected=60),
        load_costs(),
    )


@pytest.fixture(scope="module")
def sheet(arena: ReplicateRunner) -> Comparison:
    return compare(arena, [NONE, HALF, SHUT], ComparisonContext(), ranked_by="infections")


def test_the_plan_that_stops_most_is_first_and_never_certain(sheet: Comparison) -> None:
    assert [plan.id for plan in sheet.plans] == ["shut", "half", "none"]
    assert sheet.first == "shut"
    assert sheet.probability_right == sheet.plans[0].probability_best
    assert 0.85 < (sheet.probability_right or 0) < 1  # six runs, all won: likely, not certain
    assert sum(plan.probability_best or 0 for plan in sheet.plans) == pytest.approx(1, abs=0.02)
    assert not sheet.tied and "100%" not in sheet.why["en"]


def test_what_is_not_fitted_to_the_outbreak_is_said_before_any_figure(sheet: Comparison) -> None:
    live = explain_ranking(msgspec.structs.replace(sheet, live=True))
    assert live["en"].startswith("These runs are not fitted") and "no forecast" in live["en"]
    assert live["zh"].startswith("报告数据不足") and "不是对本次疫情的预测" in live["zh"]
    assert "not fitted" not in sheet.why["en"]  # a plain city has no outbreak to be fitted to


def test_no_measure_is_a_baseline_beside_the_ranking(sheet: Comparison) -> None:
    none = sheet.plans[-1]
    assert (none.id, none.role, none.probability_best) == ("none", "baseline", None)
    assert "Without any measure, the baseline" in sheet.why["en"] and "对照" in sheet.why["zh"]


def test_one_run_has_no_odds(arena: ReplicateRunner) -> None:
    single = ReplicateRunner(msgspec.structs.replace(arena.question, replicates=1), arena.costs)
    one = compare(single, [HALF, SHUT], ComparisonContext(), ranked_by="infections")
    assert one.probability_right is None and one.plans[0].probability_best is None
    assert one.odds_over == "dice alone" and "%" not in one.why["en"].split("Against")[0]


def test_plans_that_do_as_well_cannot_be_told_apart(arena: ReplicateRunner) -> None:
    twins = [HALF, candidate("other", SchoolClosure(), WorkplaceClosure(coverage=0.5))]
    alike = compare(arena, twins, ComparisonContext(), ranked_by="infections")
    assert alike.tied and "Nobody can tell" in alike.why["en"] and "难分优劣" in alike.why["zh"]


def test_a_plan_under_which_beds_run_out_is_marked_and_not_crowned(arena: ReplicateRunner) -> None:
    few = ReplicateRunner(msgspec.structs.replace(arena.question, beds=0), arena.costs)
    sheet = compare(few, [HALF, SHUT], ComparisonContext(), ranked_by="restricted_days")
    marked = {plan.id: plan for plan in sheet.plans}
    assert marked["half"].role == "marked" and marked["half"].breaks == ("capacity",)
    assert sheet.first in ("", "shut") and "beds run out" in sheet.why["en"]
    assert sheet.beds == 0


def test_a_plan_that_breaks_its_own_law_is_not_crowned_however_cheap(
    arena: ReplicateRunner,
) -> None:
    outlaw = msgspec.structs.replace(SHUT, id="outlaw", breaks=("law",))
    sheet = compare(arena, [outlaw, HALF], ComparisonContext(), ranked_by="infections")
    assert sheet.first == "half" and sheet.plans[-1].role == "marked"


def test_every_plan_has_its_dice_in_the_same_worlds(arena: ReplicateRunner) -> None:
    for k in range(arena.question.replicates):
        one, other = (arena.scenario(Replicate(candidate=c, replicate=k)) for c in (HALF, SHUT))
        assert (one.seed, one.infected, one.background) == (
            other.seed,
            other.infected,
            other.background,
        )
        assert one.disease == other.disease
    found = {world.of("infected_now") for world in arena.worlds}
    assert len(found) == arena.question.replicates and min(found) < 1 < max(found)


def test_the_price_at_which_the_order_turns_makes_both_cost_the_same(
    arena: ReplicateRunner,
) -> None:
    sheet = compare(arena, [HALF, SHUT], ComparisonContext(), ranked_by="cost")
    first, second = sheet.plans
    turning = {flip.price: flip for flip in sheet.flips}
    assert set(turning) == {"death", "restricted_day", "school_day", "work_day"}
    flip = turning["restricted_day"]
    gap = second.against_first
    if flip.at is not None:
        moved = gap["cost"].mean + (flip.at - flip.now) * gap["restricted_days"].mean
        assert moved == pytest.approx(0, abs=1e-3 * abs(first.figures["cost"].mean) + 1)
        assert flip.then_first == second.id
    assert "values to be decided" in sheet.why["en"] and "价值判断" in sheet.why["zh"]


def test_differences_are_paired_against_the_first(sheet: Comparison) -> None:
    first, second, last = sheet.plans
    assert set(first.against_first) == set(first.figures)
    assert all(spread.mean == 0 for spread in first.against_first.values())
    gap = last.figures["infections"].mean - first.figures["infections"].mean
    assert last.against_first["infections"].mean == pytest.approx(gap, abs=0.01)
    assert second.against_first["infections"].low > 0


def test_the_same_question_gives_the_same_bytes(arena: ReplicateRunner, sheet: Comparison) -> None:
    again = compare(arena, [NONE, HALF, SHUT], ComparisonContext(), ranked_by="infections")
    assert msgspec.json.encode(again) == msgspec.json.encode(sheet)
    other = ReplicateRunner(msgspec.structs.replace(arena.question, seed=4), arena.costs)
    assert compare(other, [NONE], ComparisonContext()).fingerprint != sheet.fingerprint


def test_what_closing_asks_of_people_is_counted_from_who_lives_there(
    arena: ReplicateRunner, sheet: Comparison
) -> None:
    people = arena.population
    by_id = {plan.id: plan.figures for plan in sheet.plans}
    assert people.residents.sum() == BASE.residents
    assert by_id["half"]["school_days"].mean == pytest.approx(people.pupils.sum() * DAYS)
    assert by_id["half"]["work_days"].mean == pytest.approx(people.workers.sum() * DAYS / 2)
    assert by_id["half"]["restricted_days"].mean == 0
    assert by_id["shut"]["restricted_days"].mean == pytest.approx(BASE.residents * DAYS)
    assert by_id["none"]["cost_of_restriction"].mean == 0


def test_a_plan_nowhere_worse_beats_another() -> None:
    means = np.array([[1.0, 5.0], [2.0, 5.0], [3.0, 1.0]])
    assert [beaten_by(means, n) for n in range(3)] == [None, 0, None]


def test_none_and_shut_are_both_on_the_pareto_front(sheet: Comparison) -> None:
    assert {"none", "shut"} <= set(sheet.pareto)


def test_five_doubts_are_judged_low_and_high_on_the_runs_of_the_ranking(sheet: Comparison) -> None:
    inputs = [(tried.input, tried.factor) for tried in sheet.sensitivity]
    assert len(inputs) == len(set(inputs)) == 10
    assert {name for name, _ in inputs} == {
        "r0",
        "infected_now",
        "compliance",
        "severity",
        "work_day",
    }


def test_why_is_told_in_two_languages_with_the_sheets_own_numbers(sheet: Comparison) -> None:
    told = f"{sheet.plans[0].figures['infections'].mean:,.0f}"
    assert told in sheet.why["en"] and told in sheet.why["zh"] and "居首" in sheet.why["zh"]


def test_a_doubt_changes_the_first_only_beyond_chance() -> None:
    chance = np.random.default_rng(4)
    worlds = [
        PerturbedInputs(factors={"r0": float(f), "severity": 1.0})
        for f in chance.lognormal(0, 0.2, 30)
    ]
    noise = chance.normal(100, 5, 30)
    table = np.array([noise, noise + 1 + chance.normal(0, 9, 30)])
    found = sensitivity(table, ["a", "b"], stand(table, [True, True], [True, True]), worlds, COSTS)
    assert [tried.input for tried in found] == ["r0", "r0"]
    assert not any(tried.changes_first for tried in found)
    turning = np.array([noise, noise + 60 * np.log([w.of("r0") for w in worlds]) + 5])
    standing = stand(turning, [True, True], [True, True])
    tried = sensitivity(turning, ["a", "b"], standing, worlds, COSTS)
    assert [one.changes_first for one in sorted(tried, key=lambda one: one.factor)] == [True, False]


def test_small_areas_do_not_leave(sheet: Comparison) -> None:
    shown = [share.infections for plan in sheet.plans for share in (*plan.by_area, *plan.by_age)]
    assert all(value is None or value == 0 or value >= 5 for value in shown) and None in shown


def test_a_measure_takes_infections_away_without_shuffling_the_others(
    arena: ReplicateRunner,
) -> None:
    """Of those infected under the measures, nearly all are infected without them too, most on
    the same day.
    """
    trees = []
    for one in (NONE, HALF):
        scenario = msgspec.structs.replace(
            arena.scenario(Replicate(candidate=one, replicate=0)), keep_tree=True, days=14
        )
        tree = arena.simulator.run(scenario).tree
        assert tree is not None
        trees.append(dict(zip(tree.infectee.tolist(), tree.day.tolist(), strict=True)))
    without, under = trees
    assert sum(who in without for who in under) > 0.93 * len(under)
    assert sum(without.get(who) == day for who, day in under.items()) > 0.85 * len(under)


def test_gini_is_nought_when_all_bear_alike_and_high_when_one_bears_all() -> None:
    heads = np.array([10.0, 10.0, 10.0, 10.0])
    assert gini(np.array([2.0, 2.0, 2.0, 2.0]), heads) == pytest.approx(0)
    assert gini(np.array([0.0, 0.0, 0.0, 4.0]), heads) == pytest.approx(0.75)


def test_those_who_stay_three_days_are_counted_three_days() -> None:
    assert held(np.array([1, 0, 2, 0, 0, 0]), 3).tolist() == [1, 1, 3, 2, 2, 0]


def test_a_plan_of_the_library_becomes_measures_from_when_its_orders_are_carried_out() -> None:
    one = from_plan(load_library().plans["epidemic-ii-suppress"], ["310101"])
    kinds = {type(measure).__name__: measure for measure in one.measures}
    assert {"ContactTracing", "MassTesting", "SchoolClosure"} <= set(kinds)
    assert kinds["SchoolClosure"].start_day > kinds["ContactTracing"].start_day >= 1
    assert kinds["MassTesting"].areas == ["310101"]


def test_generated_plans_are_different_and_the_same_again() -> None:
    found = draw_plans(8, 5)
    assert len({one.id for one in found}) == 8 and found == draw_plans(8, 5)


@pytest.mark.parametrize(
    ("code", "plans", "ranked_by"),
    [
        ("no_plans", [], "cost"),
        ("doubled_plan", [NONE, NONE], "cost"),
        ("bad_ranking", [NONE], "luck"),
        ("unknown_area", [candidate("x", SchoolClosure(areas=["nowhere"]))], "cost"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    arena: ReplicateRunner, code: str, plans: list[Candidate], ranked_by: str
) -> None:
    with pytest.raises(InputError) as refused:
        compare(arena, plans, ComparisonContext(), ranked_by=ranked_by)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("field", "code"), [("days", "bad_days"), ("replicates", "bad_replicates")]
)
def test_no_days_and_no_replicates_are_refused(
    arena: ReplicateRunner, field: str, code: str
) -> None:
    with pytest.raises(InputError) as refused:
        ReplicateRunner(msgspec.structs.replace(arena.question, **{field: 0}), arena.costs)
    assert refused.value.code == code


def test_a_workspaces_own_unit_costs_replace_the_bundled_ones(tmp_path: Path) -> None:
    own = tmp_path / "unit-costs.toml"
    own.write_text(
        'currency = "EUR"\n[costs.test]\nvalue = 9.0\nunit = "test"\nsource = "invoice"\n', "utf-8"
    )
    table = load_costs(own)
    assert (table.currency, table.of("test"), table.of("dose")) == (
        "EUR",
        9.0,
        load_costs().of("dose"),
    )
    own.write_text('[costs.tset]\nvalue = 9.0\nunit = "test"\nsource = "x"\n', "utf-8")
    with pytest.raises(InputError, match="tset"):
        load_costs(own)


def test_what_areas_and_ages_bear_has_its_uncertainty(sheet: Comparison) -> None:
    for plan in sheet.plans:
        for one in (*plan.by_area, *plan.by_age):
            assert one.days_lost_range[0] <= one.days_lost_per_100 <= one.days_lost_range[1]
            if one.infections_range is not None:
                low, high = one.infections_range
                assert one.infections is not None and low <= one.infections <= high
