"""What `guide` says first is what published guidance asks for at that point of an outbreak.

The lists were written before the code was run against them, from:
WHO, Critical preparedness, readiness and response actions for COVID-19, interim guidance of 27 May
2021 (actions by transmission scenario: clusters of cases, community transmission); WHO,
Considerations for implementing and adjusting public health and social measures, 14 June 2021
(adjusting); Joint Prevention and Control Mechanism of the State Council, Protocol for Prevention
and Control of COVID-19, 8th edition, 14 May 2021, and 9th, 28 June 2022 (find, report, isolate and
treat early; rounds of testing; places of quarantine; supplies and medical care of those at home).
"""

from __future__ import annotations

import re

import pytest

from helpers.cities import HUANGPU, Desk
from twinward.decision.assessment.guide import Guidance
from twinward.service.assessment.five_functions import answer_function
from twinward.service.console.basemap import Ground

LEAST = 0.6
LISTED = {
    "clusters of cases": (
        r"trace .*contacts", r"quarantine", r"\btest\b", r"beds", r"inform the public",
        r"schools|gatherings|venues", r"\bold\b|care homes",
    ),
    "community transmission": (
        r"decide", r"\btest\b", r"isolate", r"trace .*contacts", r"beds|hospital",
        r"schools|gatherings|venues", r"inform the public",
    ),
    "widespread, people at home": (
        r"beds|hospital", r"food and medicine", r"\bold\b|care homes", r"\btest\b",
        r"inform the public", r"move cases|transfer",
    ),
    "falling": (
        r"\btest\b", r"restriction.*again|ends, step", r"contacts", r"\bold\b|care homes",
        r"food and medicine|inform the public",
    ),
}  # fmt: skip
SERIES = {
    "clusters of cases": [2, 3, 5, 6, 8, 9, 12],
    "community transmission": [10, 16, 25, 41, 60, 100, 160, 240, 380],
    "widespread, people at home": [40, 70, 110, 190, 300, 500, 800, 1300, 2000, 3200],
    "falling": [900, 1500, 2500, 2200, 1700, 1300, 1000, 800, 600, 450, 340, 260],
}


def ask(desk: Desk, counts: list[int], *, adopt: bool) -> Guidance:
    for number in counts:
        desk.pass_time(days=1)
        desk.post(
            "ReportCount", hazard="epidemic", area=HUANGPU, day=desk.today(), status="confirmed",
            found_in="community", count=number, source="bulletin",
        )  # fmt: skip
    if adopt:
        plan = desk.incident()["proposed_plan"]
        desk.post("AdoptPlan", incident=desk.incident()["id"], plan=plan, by="Zhou Min")
    ground = Ground(desk.platform)
    found = answer_function(desk.platform, ground, desk.me, "guide", desk.incident()["id"])
    assert isinstance(found, Guidance)
    return found


@pytest.mark.parametrize("scenario", list(LISTED))
def test_the_first_six_actions_are_those_of_published_guidance(desk: Desk, scenario: str) -> None:
    guidance = ask(desk, SERIES[scenario], adopt=scenario in ("widespread, people at home",))
    told = [action.do.lower() for action in guidance.actions[:6]]
    named = [one for one in LISTED[scenario] if any(re.search(one, do) for do in told)]
    assert len(named) >= LEAST * len(LISTED[scenario]), (guidance.phase, told)
    for action in guidance.actions[:6]:
        assert action.by > desk.clock.now()
        assert action.because
    steps = [action for action in guidance.actions if action.kind == "step"]
    assert any(action.clause for action in steps)
    assert all(action.department for action in steps)


def test_while_an_incident_grows_there_is_always_something_to_do_and_a_reason(desk: Desk) -> None:
    for number in (3, 6, 14, 30, 70, 150, 320, 680):
        guidance = ask(desk, [number], adopt=False)
        assert guidance.actions
        found = answer_function(
            desk.platform, Ground(desk.platform), desk.me, "diagnose", desk.incident()["id"]
        )
        if number >= 14:
            assert {one.kind for one in found.causes} >= {"growth"}  # type: ignore[union-attr]
    assert "grow" in next(one.says for one in found.causes if one.kind == "growth")  # type: ignore[union-attr]
    assert "level" in {one.kind for one in found.causes}  # type: ignore[union-attr]
    assert all(one.probability <= 0.99 for one in found.causes)  # type: ignore[union-attr]
    assert found.assumptions  # type: ignore[union-attr]


def test_late_and_missed_work_is_a_cause_and_an_action(desk: Desk) -> None:
    ask(desk, [4, 6, 9, 13], adopt=False)
    desk.pass_time(days=3)
    ground, incident = Ground(desk.platform), desk.incident()["id"]
    found = answer_function(desk.platform, ground, desk.me, "diagnose", incident)
    kinds = {one.kind for one in found.causes}  # type: ignore[union-attr]
    assert kinds & {"late", "missed"}
    guidance = answer_function(desk.platform, ground, desk.me, "guide", incident)
    assert "late" in " ".join(one.because for one in guidance.actions)  # type: ignore[union-attr]


def test_one_trend_is_told_by_every_function(desk: Desk) -> None:
    ask(desk, [10, 14, 20, 28, 40, 56, 80], adopt=False)
    ground, incident = Ground(desk.platform), desk.incident()["id"]
    analysis = answer_function(desk.platform, ground, desk.me, "analyse", incident)
    growth = next(one for one in analysis.changes if one.about == "growth")  # type: ignore[union-attr]
    diagnosis = answer_function(desk.platform, ground, desk.me, "diagnose", incident)
    cause = next(one for one in diagnosis.causes if one.kind == "growth")  # type: ignore[union-attr]
    assert growth.figure is not None
    assert growth.figure.value == cause.figures[0].value
    assert growth.says.startswith("new infections grow by 4")
    assert cause.says.startswith("new infections grow by 4")
