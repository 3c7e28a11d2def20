"""A drill's decisions are held against the plan that would have been best, run from the true
state.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from helpers.cities import START, Desk
from helpers.living_city import HERE, settle
from twinward.citybase.columns import open_city
from twinward.decision.evaluation.drill_scoring import list_decisions, weigh_regret
from twinward.library.drills.drill import DrillScript, DrillTruth, Outbreak
from twinward.rehearsal.drills.truth import TruthPlaces, make_truth
from twinward.service.drills.decision_regret import (
    compare_decisions,
    those_who_fell_ill,
    true_state,
)
from twinward.service.drills.read_log import read_log

PLACES = TruthPlaces(homes=(HERE,), leaves={HERE: (HERE,)})
SCRIPT = DrillScript(
    name="t",
    title="t",
    hazard="epidemic",
    start=START,
    hours=240,
    inject=(Outbreak(name="first", cases=30, r=3.0, found_share=1.0),),
)


@pytest.fixture
def told(desk: Desk) -> tuple[Desk, DrillTruth]:
    """A living city in which every true case of ten days was reported, and nobody kept apart."""
    settle(desk)
    truth = make_truth(SCRIPT, PLACES, START, 1)
    for one in sorted(truth.persons, key=lambda person: person.reported_h or 0.0):
        if one.reported_h is not None and one.reported_h < SCRIPT.hours:
            desk.clock.at = max(desk.clock.at, START + timedelta(hours=one.reported_h))
            desk.post(
                "ReportCase",
                case=one.case,
                subject=one.subject,
                hazard="epidemic",
                area=one.area,
                status="confirmed",
                found_in="community",
            )
    return desk, truth


def test_the_true_state_holds_all_who_were_infected_by_then(told: tuple[Desk, DrillTruth]) -> None:
    desk, truth = told
    log = read_log(desk.platform, truth)
    base = open_city(desk.workspace / "city")
    state = true_state(base, truth, log, 48.0, SCRIPT)
    by_then = [one for one in those_who_fell_ill(truth, log) if one.infected_h <= 48.0]
    assert len(state.infected) + len(state.immune) == len(by_then) > 0
    found = [one for one in by_then if one.reported_h is not None and one.reported_h <= 48.0]
    assert len(state.apart) == len([one for one in found if (48 - one.infected_h) / 24 < 21])
    assert np.isin(state.apart, state.infected).all()


def test_in_a_city_without_residents_it_says_why_nothing_is_compared(desk: Desk) -> None:
    truth = make_truth(SCRIPT, TruthPlaces(homes=("310101",), leaves={}), START, 1)
    desk.case(1)
    log = read_log(desk.platform, truth)
    (decision,) = compare_decisions(desk.platform, SCRIPT, truth, log, list_decisions(log))
    assert decision.best is None
    assert decision.says.startswith("not compared")
    assert weigh_regret([decision], 0.1).met is None


@pytest.mark.slow
def test_the_best_plan_in_hindsight_costs_no_more_than_the_one_taken(
    told: tuple[Desk, DrillTruth],
) -> None:
    desk, truth = told
    log = read_log(desk.platform, truth)
    decisions = compare_decisions(desk.platform, SCRIPT, truth, log, list_decisions(log)[-1:])
    assert decisions == compare_decisions(
        desk.platform, SCRIPT, truth, log, list_decisions(log)[-1:]
    )
    (decision,) = decisions
    assert decision.best in decision.compared
    assert {decision.plan, "none"} <= set(decision.compared)
    assert decision.regret_cost is not None
    assert decision.regret_cost >= 0
    assert (decision.best == decision.plan) == (decision.regret_cost == 0)
    assert weigh_regret([decision], 0.0).met is (decision.regret_share == 0)
