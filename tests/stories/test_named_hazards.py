"""Three days that are no epidemic, each from its first report to the closed incident: rain on Porto
Alegre over its own ground, a quake in Shanghai that starts fires, closes roads and fills
hospitals, an ammonia leak at night.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from helpers.cities import COMMUNITY, Desk
from helpers.living_city import HERE, settle
from twinward.app import compose
from twinward.app.workspace import init_workspace
from twinward.cli.main import main
from twinward.core.clock import SetClock, format_time
from twinward.core.language import reading_in
from twinward.service.hazards import comparison, report, risks, warnings
from twinward.service.hazards.forecast_store import get_forecast, list_forecasts
from twinward.service.hazards.forecasts import HazardRequest
from twinward.service.intake import observations
from twinward.service.languages import write_answer
from twinward.service.platform import local_admin

ROOT = Path(__file__).resolve().parents[2]
PORTO_ALEGRE = ROOT.parent / "shared" / "data" / "porto_alegre"
SECOND = msgspec.structs.replace(local_admin(), name="second")


class Town(Desk):
    """A desk on a city that was built from its own files."""

    def __init__(self, workspace: Path, at: datetime) -> None:
        self.workspace, self.clock, self.closed = workspace, SetClock(at), False
        self.platform = compose.open_platform(workspace, self.clock)
        self.me = local_admin()
        self.numbers = iter(range(10**9))


def read_gauge(desk: Desk, kind: str, value: float, unit: str, area: str) -> None:
    """One reading over the same door as the API's, and what follows from it."""
    at = format_time(desk.clock.now())
    item = {"source_id": f"{kind}-{at}", "type": kind, "occurred_at": at, "subject": f"{kind}-1"}
    told = item | {"value": value, "area": area, "unit": unit}
    body = msgspec.json.encode({"source": "gauges", "items": [told]})
    account = observations.submit(
        desk.platform, local_admin(), observations.checks_of(desk.platform), body
    ).result()
    assert account.stored == 1
    desk.platform.watch.settle()
    desk.platform.loop.catch_up()


def report_hazard(desk: Desk, hazard: str, figure: str, value: float, unit: str, area: str) -> None:
    desk.post("ReportHazard", hazard=hazard, area=area, figure=figure, value=value, unit=unit)


def carry_to_the_end(desk: Desk, *calm: tuple[str, str, float, str, str]) -> None:
    """Orders are carried out and calm figures come in until every incident is closed."""
    for _ in range(120):
        desk.complete_all()
        desk.pass_time(hours=1)
        for one in calm:
            report_hazard(desk, *one)
        if all(row["status"] == "closed" for row in desk.incidents()):
            return
    left = {row["hazard"]: row["status"] for row in desk.incidents()}
    raise AssertionError(f"not closed: {left}")


@pytest.fixture(scope="module")
def porto_alegre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    if not (PORTO_ALEGRE / "poa_elevation.tif").is_file():
        pytest.skip("the files of Porto Alegre are not beside the project")
    workspace = tmp_path_factory.mktemp("rain") / "ws"
    init_workspace(workspace)
    config = ROOT / "scenarios" / "porto-alegre" / "city.toml"
    words = ["city", "build", "--config", str(config), "--workspace", str(workspace)]
    assert main([*words, "--threads", "2", "--json"]) == 0
    town = Town(workspace, datetime(2026, 5, 12, 18, tzinfo=UTC))
    yield town
    town.close()


@pytest.mark.slow
def test_rain_on_porto_alegre_from_the_first_gauge_to_the_closed_incident(
    porto_alegre: Town, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    town = porto_alegre
    told = {"hazard": "flood", "figure": "rain_mm_h", "at_least": 16.0, "unit": "mm/h"}
    assert town.post("SetThreshold", observed="rainfall", **told).stored == 1
    known = town.platform.reference.areas.by_code.values()
    area = next(one.code for one in known if one.level == "cell")
    read_gauge(town, "rainfall", 60.0, "mm/h", area)
    (line,) = list_forecasts(town.workspace)
    stored = get_forecast(town.workspace, line.id)
    codes = [one.code for one in stored.answer.notes_reasons]
    assert "remark.synthetic_terrain" not in codes, "the flood runs on the city's own ground"
    lowest = stored.answer.exposed[0]
    assert 1000 < lowest.people[2] < 812_935 and lowest.roads_km[2] > 1
    assert lowest.people_by_day and lowest.beds and lowest.under_15
    assert stored.answer.mass_error is not None and stored.answer.mass_error < 1e-9
    (warned,) = warnings.list_warnings(town.platform, town.me)
    if warned.state == "proposed":
        warnings.confirm(town.platform, SECOND, warned.id)
        town.platform.loop.catch_up()
    # the deepest street of the forecast is the one whose gauge speaks next
    deep = stored.map.areas[0].area
    report_hazard(town, "flood", "water_depth_m", 0.35, "m", deep)
    floods = {row["area"]: row["id"] for row in town.incidents() if row["hazard"] == "flood"}
    (flood,) = [name for area, name in floods.items() if deep.startswith(area)]
    assert town.tasks(), "pumps, closed roads and shelters are ordered"
    sheet = comparison.compare_on_hazard(
        town.platform.reference.library,
        HazardRequest(
            hazard="flood", rain="60", city=town.workspace / "city", hours=2, members=4, cell_m=500
        ),
    )
    assert len({plan.level for plan in sheet.plans if plan.level}) >= 2
    done = risks.fire_link(
        town.platform, town.me, flood, "flood-roads", "an underpass is full", deep
    )
    assert done.opened
    warned = warnings.get_warning(town.platform, town.me, warned.id)
    if warned.state == "in_force":
        warnings.cancel(town.platform, town.me, warned.id, "the rain has gone")
    dry = [("flood", "water_depth_m", 0.02, "m", area) for area in (*floods, deep)]
    clear = [("road-closure", "roads_closed", 0.0, "1", area) for area in (*floods, deep)]
    carry_to_the_end(town, *dry, *clear)
    assert {row["hazard"] for row in town.incidents()} == {"flood", "road-closure"}
    files = report.write_files(stored, town.platform.reference.library, tmp_path)
    assert (tmp_path / files[1]).read_bytes().startswith(b"%PDF")
    capsys.readouterr()


def test_a_quake_in_shanghai_starts_fires_closes_roads_and_fills_hospitals(desk: Desk) -> None:
    report_hazard(desk, "earthquake", "pga_g", 0.31, "g", COMMUNITY)
    quake = desk.incident()["id"]
    expected = {
        "quake-fires": ("fire", "burned_area_m2", "m2"),
        "quake-debris": ("road-closure", "roads_closed", "1"),
        "quake-hospitals": ("hospital-overload", "hospitals_over", "1"),
    }
    for rule, (hazard, _, _) in expected.items():
        link = risks.fire_link(desk.platform, desk.me, quake, rule, f"seen in the street: {rule}")
        assert link.effect == hazard and link.opened and 0.31 in link.carried.values()
    by_hazard = {row["hazard"]: row for row in desk.incidents()}
    assert set(by_hazard) == {"earthquake", "fire", "road-closure", "hospital-overload"}
    assert all(row["level"] for row in by_hazard.values()), "each has its own level and plan"
    departments = {task.department for task in desk.tasks()}
    assert {"transport", "health", "public_security"} <= departments
    with pytest.raises(Exception, match="has fired"):
        risks.fire_link(desk.platform, desk.me, quake, "quake-fires", "smoke once more")
    calm = [(hazard, figure, 0.0, unit, COMMUNITY) for hazard, figure, unit in expected.values()]
    carry_to_the_end(desk, ("earthquake", "pga_g", 0.005, "g", COMMUNITY), *calm)
    assert len(desk.incidents()) == 4 and len(risks.list_fired(desk.platform, desk.me)) == 3


def test_the_same_quake_over_residents_leaves_patients_beyond_the_beds() -> None:
    quake = HazardRequest(hazard="earthquake", scenario="quake-m7", residents=300_000, members=40)
    found = comparison.follow_quake(quake)
    stages = {one.name: one for one in found.stages}
    assert stages["ignitions"].mean > 1 and 0 < stages["roads closed"].mean < 1
    assert stages["patients"].quantiles[4] > stages["free beds left"].quantiles[4]
    assert found.p_hospitals_over > 0.2


def test_ammonia_leaks_at_night_and_people_stay_indoors(desk: Desk) -> None:
    settle(desk)
    desk.clock.at = datetime(2026, 5, 12, 23, 30, tzinfo=UTC)
    report_hazard(desk, "chemical", "rate_kg_s", 2.0, "kg/s", HERE)
    (line,) = list_forecasts(desk.workspace)
    stored = get_forecast(desk.workspace, line.id)
    by_hour = [one for one in stored.answer.assumptions_reasons if one.code.endswith("by_hour")]
    assert by_hour[0].params["stability"] == "E", "3 m/s by night: the air is stable"
    assert stored.answer.exposed[0].people[2] > 100
    (warned,) = warnings.list_warnings(desk.platform, desk.me)
    if warned.state == "proposed":
        warnings.confirm(desk.platform, SECOND, warned.id)
        desk.platform.loop.catch_up()
    report_hazard(desk, "chemical", "aegl_grade", 1, "1", HERE)
    incident = desk.incident()
    assert incident["hazard"] == "chemical"
    plan = incident["plan"] or incident["proposed_plan"]
    assert plan is not None
    if incident["plan"] is not None:  # authorised beforehand: people shelter at once
        assert "shelter_in_place" in {row.measure for row in desk.rows("restrictions")}
    warned = warnings.get_warning(desk.platform, desk.me, warned.id)
    if warned.state == "in_force":
        warnings.cancel(desk.platform, desk.me, warned.id, "the valve is shut")
    carry_to_the_end(desk, ("chemical", "aegl_grade", 0, "1", HERE))
    assert desk.incident()["status"] == "closed"


def test_a_forecast_is_read_in_chinese_as_it_is_in_english(desk: Desk) -> None:
    settle(desk)
    report_hazard(desk, "chemical", "rate_kg_s", 2.0, "kg/s", HERE)
    (line,) = list_forecasts(desk.workspace)
    stored = get_forecast(desk.workspace, line.id)
    library = desk.platform.reference.library
    told = json.loads(write_answer(msgspec.json.encode(stored.answer), "zh", library))
    assert len(told["assumptions"]) == len(stored.answer.assumptions) > 2
    for said in (*told["assumptions"], *told["notes"], *told["out_of_range"]):
        assert any("\u4e00" <= sign <= "\u9fff" for sign in said), said
    with reading_in("zh", library.words):
        page = report.make_page(stored, library)
    assert "谁受影响" in page and "Who is hit" not in page
