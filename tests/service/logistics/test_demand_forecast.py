"""Shortages ahead of time from the live twins: cases reported, areas under control, stocks, what
is on its way.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from helpers.cities import HUANGPU, START, Desk
from twinward.core.errors import InputError
from twinward.service.logistics.demand_forecast import DemandReport, forecast_demand

PUDONG = "310115"


@pytest.fixture
def outbreak(desk: Desk) -> Desk:
    """Two weeks of twenty new cases a day in Huangpu, none in Pudong; kits in both."""
    for n in range(14):
        day = (START.date() - timedelta(days=13 - n)).isoformat()
        desk.post(
            "ReportCount", hazard="epidemic", area=HUANGPU, day=day, status="confirmed", count=20
        )
    desk.post("SetStock", kind="test_kits", area=HUANGPU, quantity=3000, unit="kits")
    desk.post("SetStock", kind="test_kits", area=PUDONG, quantity=10_000_000, unit="kits")
    return desk


def row(report: DemandReport, kind: str, area: str) -> Any:
    return next(one for one in report.rows if (one.kind, one.area) == (kind, area))


def test_where_cases_are_kits_run_out_on_a_day_and_elsewhere_they_do_not(outbreak: Desk) -> None:
    report = forecast_demand(outbreak.platform, outbreak.me, days=14)
    huangpu = row(report, "test_kits", HUANGPU)
    assert huangpu.short_on is not None and report.first_day <= huangpu.short_on
    assert huangpu.need_high > huangpu.need > 3000 and huangpu.have == 3000
    assert row(report, "test_kits", PUDONG).short_on_high is None
    assert (
        next(one for one in report.kinds if one.kind == "test_kits").short_on is None
    )  # the city has enough
    assert report.shortages == sorted(
        report.shortages, key=lambda one: (one.short_on is None, one.short_on)
    )
    assert report.based_on["reported_cases"] == 280 and report.simulated
    msgspec.json.encode(report)


def test_what_is_on_its_way_counts_and_what_is_promised_away_does_not(outbreak: Desk) -> None:
    told = {"request": "r", "kind": "test_kits", "quantity": 500, "unit": "kits"}
    outbreak.post("RequestSupply", area=HUANGPU, from_area=PUDONG, **told)
    outbreak.post("CommitSupply", request="r", area=PUDONG, quantity=500)
    assert (
        row(forecast_demand(outbreak.platform, outbreak.me), "test_kits", PUDONG).have
        == 10_000_000 - 500
    )
    outbreak.post("SendSupply", request="r", area=PUDONG)
    assert row(forecast_demand(outbreak.platform, outbreak.me), "test_kits", HUANGPU).have == 3500


def test_a_day_that_nobody_has_reported_of_yet_is_not_a_day_without_cases(outbreak: Desk) -> None:
    before = forecast_demand(outbreak.platform, outbreak.me)
    outbreak.clock.advance(timedelta(days=1))
    after = forecast_demand(outbreak.platform, outbreak.me)
    assert sum(after.new_cases) > 0.5 * sum(before.new_cases) > 0
    outbreak.clock.advance(timedelta(days=60))
    assert sum(forecast_demand(outbreak.platform, outbreak.me).new_cases) == 0


@pytest.mark.parametrize(
    ("asked", "code"), [({"days": 0}, "bad_days"), ({"level": "village"}, "unknown_level")]
)
def test_what_cannot_be_looked_at_is_said(outbreak: Desk, asked: dict[str, Any], code: str) -> None:
    with pytest.raises(InputError) as refused:
        forecast_demand(outbreak.platform, outbreak.me, **asked)
    assert refused.value.code == code
