"""Shortages ahead of time from the live twins: cases reported, areas under control, stocks, what
is on its way.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from helpers.cities import HUANGPU, START, Desk
from twinward.core.errors import InputError
from twinward.decision.logistics.demand import drive, need_of
from twinward.decision.surveillance.forecasting.course import _forecast as kept_forecasts
from twinward.library.supplies.catalogue import load_supplies
from twinward.service.logistics.demand_forecast import (
    DemandReport,
    forecast_cases,
    forecast_demand,
)
from twinward.service.logistics.need_course import hospital_beds, of_disease, words_of

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
    outbreak.case(status="suspected", area=HUANGPU)  # a suspected person of today is no count
    suspected = forecast_demand(outbreak.platform, outbreak.me)
    assert suspected.new_cases == after.new_cases
    assert suspected.based_on["last_day"] == START.date().isoformat()
    outbreak.clock.advance(timedelta(days=60))
    assert sum(forecast_demand(outbreak.platform, outbreak.me).new_cases) == 0


@pytest.mark.parametrize(
    ("asked", "code"), [({"days": 0}, "bad_days"), ({"level": "village"}, "unknown_level")]
)
def test_what_cannot_be_looked_at_is_said(outbreak: Desk, asked: dict[str, Any], code: str) -> None:
    with pytest.raises(InputError) as refused:
        forecast_demand(outbreak.platform, outbreak.me, **asked)
    assert refused.value.code == code


def test_a_lockdown_that_was_ordered_puts_the_residents_under_control(desk: Desk) -> None:
    """An order says `area_lockdown`, the simulator `lockdown`: one measure, whatever its word."""
    assert set(words_of(("lockdown",))) == set(words_of(("area_lockdown",)))
    assert {"lockdown", "area_lockdown"} <= set(words_of(("lockdown",)))


def test_needs_never_pass_what_the_residents_could_use(outbreak: Desk) -> None:
    """A thousand cases a day among few residents: nobody is a contact twice."""
    supplies = load_supplies()
    residents, days = np.array([6_668.0]), 14
    flows = drive(np.full((1, 40), 1_000.0), np.array([6_668.0]), residents, supplies.course, days)
    people = flows["contact"] + flows["case_in_care"] + flows["resident_under_control"]
    assert (people <= residents[0] + 1e-6).all() and (flows["contact"] >= 0).all()
    masks = next(kind for kind in supplies.kind if kind.id == "masks")
    most = max(figure.value for figure in masks.need.values())
    assert need_of(masks, flows).sum() <= most * residents[0] * days


def test_patients_follow_the_course_of_the_hazards_own_disease(tmp_path: Path) -> None:
    plain = load_supplies()
    mild, severe = (
        of_disease(plain, tmp_path, f"epidemic/{name}", None).course.hospital_share.value
        for name in ("sars-cov-2-omicron-ba2", "sars-2003")
    )
    assert severe > 3 * mild
    assert of_disease(plain, tmp_path, "flood", None) is plain
    (tmp_path / "supplies.toml").write_text("", "utf-8")  # a city's own figures stand
    assert of_disease(plain, tmp_path, "epidemic/sars-2003", None) is plain


def test_hospital_beds_of_the_city_file_count_where_nobody_states_a_stock(tmp_path: Path) -> None:
    rows = [
        {"kind": "hospital", "area": "a", "capacity": 300, "stated": True},
        {"kind": "hospital", "area": "a", "capacity": 900, "stated": False},
        {"kind": "primary", "area": "a", "capacity": 50, "stated": True},
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "places.parquet")
    assert hospital_beds(tmp_path) == {"a": 300}
    assert hospital_beds(tmp_path / "nowhere") == {}


def test_a_missing_day_and_the_days_before_the_first_report_are_no_zeros() -> None:
    told = np.full(35, np.nan)
    told[-3:] = 20.0
    _, middle, high = forecast_cases(told, 7, 1e6)
    assert middle.tolist() == [20.0] * 7 and (np.diff(high) > 0).all()
    holed = np.zeros(35)
    holed[-14:] = 20.0
    holed[-5] = np.nan
    _, middle, _ = forecast_cases(holed, 7, 1e6)
    assert middle[:3].mean() == pytest.approx(20, rel=0.3)


def test_the_same_reports_with_a_missing_day_are_forecast_once() -> None:
    series = np.array([12.0, 15.0, np.nan, 22.0, 27.0, 30.0, 41.0, 44.0, 60.0, 66.0, 80.0, 95.0])
    first = forecast_cases(series, 5, 1e6)
    before = kept_forecasts.cache_info()
    again = forecast_cases(series.copy(), 5, 1e6)
    assert kept_forecasts.cache_info().hits == before.hits + 1
    assert [one.tolist() for one in again] == [one.tolist() for one in first]
    low, middle, high = first
    assert (low < middle).all() and (middle < high).all()
