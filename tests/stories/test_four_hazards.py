"""Flood, fire, release and quake, each from its first report to the closed incident: level, plan
within its bounds, the five functions, a chain, a forecast.
"""

from __future__ import annotations

from typing import Any

import pytest

from helpers.cities import COMMUNITY, Desk
from helpers.living_city import HERE, settle
from twinward.service.assessment.five_functions import FUNCTIONS, answer_function
from twinward.service.console.basemap import Basemap
from twinward.service.hazards import live
from twinward.service.hazards.forecasts import HazardRequest

# hazard -> figure, unit, first value, graver value, value when it is over, level of each, plan that
# starts by itself, the measure that it may order and for how many days
COURSES: dict[str, tuple[str, str, float, float, float, str, str, str, int]] = {
    "flood": ("water_depth_m", "m", 0.2, 0.6, 0.02, "II", "flood-response", "road_closure", 3),
    "fire": ("burned_area_m2", "m2", 500, 2e6, 10, "II", "fire-iv-contain", "road_closure", 2),
    "chemical": ("aegl_grade", "1", 1, 3, 0, "II", "chemical-iv-shelter", "shelter_in_place", 1),
    "earthquake": ("pga_g", "g", 0.05, 0.2, 0.01, "II", "earthquake-iv-inspect", "road_closure", 3),
}
ALL = pytest.mark.parametrize("hazard", sorted(COURSES))


def report(desk: Desk, hazard: str, value: float, area: str = COMMUNITY) -> None:
    figure, unit = COURSES[hazard][:2]
    desk.post("ReportHazard", hazard=hazard, area=area, figure=figure, value=value, unit=unit)


def in_force(desk: Desk) -> str | None:
    plan: Any = desk.incident()["plan"]
    return None if plan is None else str(plan.plan)


@ALL
def test_from_the_first_report_to_the_closed_incident(desk: Desk, hazard: str) -> None:
    _, _, first, graver, over, level, plan, _, _ = COURSES[hazard]
    report(desk, hazard, first)
    assert (desk.incident()["level"], in_force(desk)) == ("IV", plan)
    report(desk, hazard, graver)
    incident = desk.incident()
    assert incident["level"] == level
    assert incident["proposed_plan"] not in (None, plan)  # the graver plan waits for a person
    desk.complete_all()
    for _ in range(40):
        desk.pass_time(hours=1)
        report(desk, hazard, over)
        if desk.incident()["status"] == "closed":
            break
    assert desk.incident()["status"] == "closed", desk.incident()["evidence"]


@ALL
def test_what_was_authorised_beforehand_stops_at_its_bound(desk: Desk, hazard: str) -> None:
    _, _, first, _, _, _, plan, measure, days = COURSES[hazard]
    report(desk, hazard, first)
    restricted = {row.measure for row in desk.rows("restrictions")}
    assert measure in restricted
    limits = desk.platform.reference.library.plans[plan].authority.limits
    assert limits is not None and limits.most_days == days
    assert restricted <= set(limits.measures)
    for _ in range(days * 4 + 4):
        desk.pass_time(hours=6)
        report(desk, hazard, first)  # the hazard goes on
    assert in_force(desk) is None  # its authority is over: a person decides
    ended = [e["fact"] for e in desk.events() if e["type"] == "PlanEnded"]
    assert any(fact["clause"] == "authority.most_days" for fact in ended)


@ALL
def test_the_five_functions_answer_on_it(desk: Desk, hazard: str) -> None:
    report(desk, hazard, COURSES[hazard][2])
    desk.pass_time(minutes=5)
    report(desk, hazard, COURSES[hazard][3])
    incident = desk.incident()["id"]
    ground = Basemap(desk.platform)
    for name, (kind, _) in FUNCTIONS.items():
        found = answer_function(desk.platform, ground, desk.me, name, incident)
        assert isinstance(found, kind)
    guided: Any = answer_function(desk.platform, ground, desk.me, "guide", incident)
    assert guided.actions


def test_predict_says_what_the_model_has_forecast(desk: Desk) -> None:
    settle(desk)
    report(desk, "flood", 0.3, HERE)
    incident = desk.incident()["id"]
    request = HazardRequest(hazard="flood", given={}, rain="80", hours=2, members=5, cell_m=500.0)
    stored = live.make_forecast(desk.platform, desk.me, request)
    desk.pass_time(minutes=10)
    ground = Basemap(desk.platform)
    found: Any = answer_function(desk.platform, ground, desk.me, "predict", incident)
    assert stored.id in found.model and found.fingerprint == stored.answer.fingerprint
    people = found.figures[0]
    assert people.low <= people.value <= people.high
    desk.pass_time(hours=5)  # the forecast is over: the trend of what is measured comes back
    later: Any = answer_function(desk.platform, ground, desk.me, "predict", incident)
    assert stored.id not in later.model
