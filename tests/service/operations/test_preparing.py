"""Forecasts are paid for when reports come: whoever asks afterwards gets them without a fit, and
what has happened since is never left out.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from helpers.cities import HUANGPU, START, Desk
from twinward.decision.surveillance.forecasting.course import _forecast as kept_forecasts
from twinward.service.assessment.five_functions import answer_function, draw_courses
from twinward.service.console.basemap import Basemap
from twinward.service.logistics.demand_forecast import forecast_demand
from twinward.service.operations import preparing
from twinward.service.operations.preparing import Preparing


def report(desk: Desk, days_ago: int, count: int) -> None:
    day = (START.date() - timedelta(days=days_ago)).isoformat()
    desk.post(
        "ReportCount", hazard="epidemic", area=HUANGPU, day=day, status="confirmed", count=count
    )


@pytest.fixture
def outbreak(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(preparing, "PAUSE_S", 0.0)
    for n in range(1, 13):
        report(desk, n, 20 + n)
    return desk


def misses() -> tuple[int, int]:
    return kept_forecasts.cache_info().misses, draw_courses.cache_info().misses


def test_what_is_asked_after_a_look_was_worked_out_before(outbreak: Desk) -> None:
    ready = Preparing(outbreak.platform)
    assert ready.look() == 4  # the city's needs, one incident, its past in two languages
    before = misses()
    (incident,) = [row["id"] for row in outbreak.incidents()]
    needs = forecast_demand(outbreak.platform, outbreak.me, days=14)
    course = answer_function(
        outbreak.platform, Basemap(outbreak.platform), outbreak.me, "predict", incident
    )
    assert misses() == before
    assert needs.new_cases[0] > 0 and course.days  # type: ignore[union-attr]


def test_it_works_again_only_when_a_report_has_come(outbreak: Desk) -> None:
    ready = Preparing(outbreak.platform)
    ready.look()
    assert ready.look() == 0
    outbreak.post("SetStock", kind="test_kits", area=HUANGPU, quantity=3000, unit="kits")
    assert ready.look() == 0  # no forecast is made of a stock
    first = forecast_demand(outbreak.platform, outbreak.me, days=14).based_on["fingerprint"]
    report(outbreak, 1, 900)
    later = forecast_demand(outbreak.platform, outbreak.me, days=14).based_on["fingerprint"]
    assert later != first  # asked between report and look: never the old one
    assert ready.look() == 4
