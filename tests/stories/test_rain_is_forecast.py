"""Rain over its mark: a sensor's reading becomes a forecast, a warning, and an incident that
persons stand for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from helpers.cities import Desk
from helpers.living_city import HERE, settle
from twinward.core.clock import format_time
from twinward.service.hazards import warnings
from twinward.service.hazards.forecast_store import get_forecast, list_forecasts
from twinward.service.intake import observations
from twinward.service.platform import local_admin

SECOND = msgspec.structs.replace(local_admin(), name="second")


@pytest.fixture
def town(desk: Desk) -> Iterator[Desk]:
    yield settle(desk)


def rain(desk: Desk, value: float, unit: str = "mm/h") -> None:
    at = format_time(desk.clock.now())
    item = {
        "source_id": at,
        "type": "rainfall",
        "occurred_at": at,
        "subject": "gauge-1",
        "value": value,
        "area": HERE,
        "unit": unit,
    }
    body = msgspec.json.encode({"source": "gauges", "items": [item]})
    account = observations.submit(
        desk.platform, local_admin(), observations.checks_of(desk.platform), body
    ).result()
    assert account.stored == 1
    desk.platform.watch.settle()
    desk.platform.loop.catch_up()


def watch(desk: Desk) -> None:
    told: dict[str, Any] = {"hazard": "flood", "figure": "rain_mm_h", "at_least": 16.0}
    assert desk.post("SetThreshold", observed="rainfall", unit="mm/h", **told).stored == 1


def test_rain_over_its_mark_is_forecast_and_warned_of_by_itself(town: Desk) -> None:
    watch(town)
    rain(town, 5.0)
    assert not list_forecasts(town.workspace)
    town.pass_time(minutes=10)
    rain(town, 80.0)
    (line,) = list_forecasts(town.workspace)
    assert line.hazard == "flood" and line.made_by == "loop"
    assert "rain_mm_h 80" in line.because and line.calibration == "not calibrated here"
    stored = get_forecast(town.workspace, line.id)
    assert stored.map.areas and len(stored.map.times_s) == len(stored.map.areas[0].median)
    (one,) = warnings.list_warnings(town.platform, town.me)
    assert one.forecast == line.id and one.source == "forecast" and one.chance is not None
    assert (one.proposed_by, one.hazard) == ("loop", "flood")


def test_a_grave_forecast_waits_for_persons_and_then_opens_the_incident(town: Desk) -> None:
    watch(town)
    rain(town, 150.0)
    (one,) = warnings.list_warnings(town.platform, town.me)
    if one.state == "proposed":  # graver than what the loop may issue by itself
        assert one.grade in ("II", "I") and not town.incidents()
        warnings.confirm(town.platform, SECOND, one.id)
        town.platform.loop.catch_up()
        assert {row["hazard"] for row in town.incidents()} == {"flood"}
    else:
        assert one.grade in ("IV", "III") and one.state == "in_force"
        assert not town.incidents()  # what only informs opens nothing


def test_the_same_rain_again_does_not_warn_again(town: Desk) -> None:
    watch(town)
    rain(town, 80.0)
    town.pass_time(minutes=10)
    rain(town, 5.0)
    town.pass_time(minutes=10)
    rain(town, 81.0)
    assert len(list_forecasts(town.workspace)) == 2
    assert len(warnings.list_warnings(town.platform, town.me)) == 1


def test_a_crash_between_the_forecast_and_its_warning_repeats_nothing(town: Desk) -> None:
    watch(town)
    rain(town, 80.0)
    for _ in range(2):
        town.reopen()
        town.platform.loop.catch_up()
        assert len(warnings.list_warnings(town.platform, town.me)) == 1


def test_without_residents_nothing_is_forecast(desk: Desk) -> None:
    from helpers.cities import COMMUNITY

    desk.post(
        "ReportHazard", hazard="flood", area=COMMUNITY, figure="rain_mm_h", value=90, unit="mm/h"
    )
    assert not list_forecasts(desk.workspace)
    assert not warnings.list_warnings(desk.platform, desk.me)
