"""Layers say what was heard, how old it is and what nobody told; a feeder that is out leads to orders
and to those who depend on it.
"""

from __future__ import annotations

import struct
from datetime import timedelta
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from helpers.cities import COMMUNITY, HUANGPU, NEIGHBOUR, Desk
from helpers.living_city import settle
from twinward.citybase.sources.ways import CLASSES
from twinward.core.clock import format_time
from twinward.core.errors import AbsentError, InputError
from twinward.library.layers.layer import load_couplings
from twinward.service.city.couplings import list_couplings
from twinward.service.city.layer_series import check_layer, get_history
from twinward.service.city.layers import get_layer_view, list_layer_sensors, list_layers, pack_layer
from twinward.service.city.reach import get_reach
from twinward.service.intake import observations
from twinward.service.platform import local_admin

LON, LAT = 121.48, 31.23


def hear(desk: Desk, kind: str, place: str, value: float, **more: Any) -> list[str]:
    """One reading; the codes with which it was refused."""
    at = format_time(more.pop("at", desk.clock.now()))
    item = {
        "source_id": f"{kind}-{place}-{at}-{value}",
        "type": kind,
        "occurred_at": at,
        "place": place,
        "value": value,
        "area": COMMUNITY,
    }
    return hear_all(desk, [item | more])


def hear_all(desk: Desk, items: list[dict[str, Any]]) -> list[str]:
    """A batch of readings; the codes of those that were refused."""
    body = msgspec.json.encode({"source": "sensors", "items": items})
    account = observations.submit(
        desk.platform, local_admin(), observations.checks_of(desk.platform), body
    ).result()
    desk.platform.watch.settle()
    desk.platform.loop.catch_up()
    return [one.code for one in account.rejected]


def view(desk: Desk, layer: str) -> Any:
    return get_layer_view(desk.platform, desk.me, layer)


def test_what_nobody_told_is_not_recorded_and_never_zero(desk: Desk) -> None:
    found = list_layers(desk.platform, desk.me)
    assert len(found) >= 20
    told_nothing = [one for one in found if one.status == "not_recorded"]
    assert {"traffic", "rain-gauges", "feeders", "hospital-beds"} <= {o.id for o in told_nothing}
    for one in told_nothing:
        assert (one.sensors, one.median, one.age_s) == (0, None, None)


def test_a_rain_gauge_that_tells_nought_is_not_one_that_tells_nothing(desk: Desk) -> None:
    hear(desk, "rainfall", "gauge-1", 0.0, unit="mm/h", lon=LON, lat=LAT)
    rain = view(desk, "rain-gauges")
    assert (rain.status, rain.sensors, rain.median, rain.covered) == ("current", 1, 0.0, 1)


def test_what_tells_where_it_stands_and_no_area_covers_the_area_there(desk: Desk) -> None:
    hear(desk, "rainfall", "gauge-2", 1.0, unit="mm/h", area=None)
    assert (view(desk, "rain-gauges").covered, view(desk, "rain-gauges").unplaced) == (0, 1)
    hear(desk, "rainfall", "gauge-1", 0.0, unit="mm/h", lon=LON, lat=LAT, area=None)
    rain = view(desk, "rain-gauges")
    assert (rain.sensors, rain.covered) == (2, 1)


def test_a_layer_grows_stale_after_its_cadence_and_silent_after_a_week(desk: Desk) -> None:
    hear(desk, "water_level", "bridge", 1.2, unit="m")
    assert view(desk, "river-gauges").status == "current"
    desk.clock.advance(timedelta(hours=2))
    assert (view(desk, "river-gauges").status, view(desk, "river-gauges").median) == ("stale", None)
    desk.clock.advance(timedelta(days=7))
    late = view(desk, "river-gauges")
    assert (late.status, late.current, late.stale) == ("silent", 0, 1)
    assert late.age_s == 7 * 86_400 + 7_200


def test_one_id_in_two_places_is_doubted_unless_the_layer_moves(desk: Desk) -> None:
    for minute, lon in enumerate((LON, LON + 0.05)):
        desk.clock.advance(timedelta(minutes=1))
        hear(desk, "traffic", "segment-9", 30 + minute, lon=lon, lat=LAT)
        hear(desk, "vehicle", "bus-9", 30 + minute, lon=lon, lat=LAT)
    traffic, buses = view(desk, "traffic"), view(desk, "transit-vehicles")
    assert (traffic.doubtful, traffic.apart) == (1, 1)
    assert (buses.doubtful, buses.apart) == (0, 0)
    assert [one.kind for one in check_layer(desk.platform, desk.me, "traffic").faults] == ["apart"]


@pytest.mark.parametrize("apart_s", [0, 60])
def test_one_id_in_two_places_of_one_batch_is_doubted_whatever_the_order(
    desk: Desk, apart_s: int
) -> None:
    for turn in range(3):
        desk.clock.advance(timedelta(minutes=5))
        places = [(LON, 30.0, 0), (LON + 0.05, 60.0, apart_s)]
        items = [
            {
                "source_id": f"{turn}-{lon}",
                "type": "traffic",
                "occurred_at": format_time(desk.clock.now() - timedelta(seconds=apart_s - later)),
                "place": "segment-9",
                "value": value,
                "lon": lon,
                "lat": LAT,
            }
            for lon, value, later in places
        ]
        hear_all(desk, items if turn < 2 else items[::-1])
        assert (view(desk, "traffic").apart, view(desk, "traffic").median) == (1, None)
    for _ in range(2):  # the other one was given a name of its own
        desk.clock.advance(timedelta(minutes=5))
        hear(desk, "traffic", "segment-9", 31, lon=LON, lat=LAT)
    assert (view(desk, "traffic").apart, view(desk, "traffic").median) == (0, 31.0)


def test_a_reading_from_the_future_is_refused_and_an_impossible_value_doubted(desk: Desk) -> None:
    later = desk.clock.now() + timedelta(hours=1)
    assert hear(desk, "traffic", "segment-1", 40, at=later) == ["time_in_future"]
    assert hear(desk, "traffic", "segment-1", 900) == []
    assert (view(desk, "traffic").doubtful, view(desk, "traffic").median) == (1, None)


@pytest.mark.parametrize(
    ("kind", "layer", "place", "value", "unit", "shown"),
    [
        ("traffic", "traffic", "segment-1", 10, "m/s", 36.0),
        ("traffic", "traffic", "segment-1", 45, "vehicles/h", None),
        ("price", "prices", "market-1", 1.3, "ratio", 130.0),
        ("price", "prices", "market-1", 120, "CNY", None),
        ("outage", "feeders", "feeder-1", 12, "MW", None),
        ("outage", "feeders", "feeder-1", 12, "customers", 12.0),
        ("pressure", "hydrants", "hydrant-1", 320, "kPa", 3.2),
        ("rainfall", "rain-gauges", "gauge-1", 7, "mm", 7.0),
    ],
)
def test_a_unit_is_turned_into_the_layer_s_or_the_reading_is_doubted(
    desk: Desk, kind: str, layer: str, place: str, value: float, unit: str, shown: float | None
) -> None:
    assert hear(desk, kind, place, value, unit=unit, lon=LON, lat=LAT) == []
    found = view(desk, layer)
    assert (found.median, found.doubtful) == (shown, int(shown is None))
    desk.platform.intake.open().drain()
    desk.reopen()  # the unit is kept with the value
    assert view(desk, layer).median == shown
    faults = check_layer(desk.platform, desk.me, layer).faults
    assert [(one.kind, one.other) for one in faults] == ([("unit", unit)] if shown is None else [])
    past = get_history(desk.platform, desk.me, layer, f"{kind}:{place}")
    assert past.hours[-1].mean == pytest.approx(value if shown is None else shown)
    assert past.unit == (unit if shown is None else found.unit)


def test_a_name_that_belongs_to_a_nearer_layer_is_in_one_layer_only(desk: Desk) -> None:
    hear(desk, "temperature", "cold-store-3", -20, unit="C")
    hear(desk, "temperature", "roof", 8, unit="C")
    assert (view(desk, "cold-stores").sensors, view(desk, "temperature").sensors) == (1, 1)
    _, sensors = list_layer_sensors(desk.platform, desk.me, "temperature", limit=10, offset=0)
    assert [one.sensor for one in sensors] == ["temperature:roof"]


def test_the_packed_map_holds_where_and_what(desk: Desk) -> None:
    for number in range(3):
        hear(desk, "pm25", f"station-{number}", 10.0 * number, lon=LON + number / 100, lat=LAT)
    body = pack_layer(desk.platform, desk.me, "air")
    magic, count, west, _, east, _ = struct.unpack_from("<4sI4f", body)
    assert (magic, count) == (b"TWLY", 3)
    at = 24 + 4 * count
    lon = np.frombuffer(body, "<u2", count, at) / 65_535 * (east - west) + west
    assert lon == pytest.approx([LON, LON + 0.01, LON + 0.02], abs=1e-5)
    assert np.frombuffer(body, "<f4", count, at + 4 * count).tolist() == [0.0, 10.0, 20.0]


def test_where_sensors_stand_outlives_a_restart_and_nobody_s_place_is_kept(desk: Desk) -> None:
    hear(desk, "pm25", "station-1", 10.0, lon=LON, lat=LAT)
    hear(desk, "pm25", "p-0123456789abcdef0123", 10.0, lon=LON, lat=LAT)
    desk.platform.intake.open().drain()
    desk.reopen()
    now = desk.platform.intake.open()
    assert now.sensors().lon.tolist() == [LON]
    everybody = now.latest.sensors()
    assert len(everybody.lon) == 2


def test_the_history_of_a_sensor_and_why_there_is_no_forecast(desk: Desk) -> None:
    hear(desk, "pm25", "station-1", 10.0)
    found = get_history(desk.platform, desk.me, "air", "pm25:station-1")
    assert ([hour.mean for hour in found.hours], found.ahead, found.why_not) == (
        [10.0],
        None,
        "too_short",
    )
    with pytest.raises(AbsentError):
        get_history(desk.platform, desk.me, "air", "traffic:segment-1")


def test_beds_in_use_are_a_share_of_what_hospitals_state(desk: Desk) -> None:
    for holder, used in (("first", 90), ("second", 40)):
        desk.post(
            "SetStock",
            kind="beds",
            area=COMMUNITY,
            holder=holder,
            quantity=100,
            in_use=used,
            unit="beds",
        )
    beds = view(desk, "hospital-beds")
    assert (beds.status, beds.sensors, beds.median, beds.greatest) == ("current", 2, 65.0, 90.0)


def test_a_feeder_goes_out_who_depends_on_it_is_named_and_orders_follow_until_it_is_back(
    desk: Desk,
) -> None:
    rows = [
        {
            "kind": "care_home",
            "name": "Home of the East",
            "lon": LON + 0.002,
            "lat": LAT,
            "synthetic": False,
        },
        {"kind": "care_home", "name": "Far Home", "lon": LON + 0.2, "lat": LAT, "synthetic": False},
        {"kind": "hospital", "name": "made up", "lon": LON, "lat": LAT, "synthetic": True},
    ]
    pq.write_table(pa.Table.from_pylist(rows), desk.workspace / "city" / "places.parquet")
    desk.post(
        "SetThreshold", hazard="power-loss", figure="people_without_power", at_least=1,
        unit="persons", observed="outage",
    )  # fmt: skip
    hear(desk, "lift_fault", "lift-12", 0, lon=LON, lat=LAT)
    hear(desk, "temperature", "cold-store-1", -19, unit="C", lon=LON, lat=LAT + 0.001)
    hear(desk, "outage", "feeder-4", 0, unit="persons", lon=LON, lat=LAT)
    assert fired(desk, "feeder-out") == []
    desk.clock.advance(timedelta(minutes=5))
    hear(desk, "outage", "feeder-4", 1200, unit="persons", lon=LON, lat=LAT)
    incident = desk.incident()
    assert (incident["hazard"], incident["area"]) == ("power-loss", HUANGPU)
    (one,) = fired(desk, "feeder-out")
    assert one.incident == incident["id"]
    assert [(c.kind, c.name) for c in one.concerned] == [
        ("lifts", "lift-12"),
        ("cold-stores", "cold-store-1"),
        ("care_home", "Home of the East"),
    ]
    assert {task.key for task in desk.tasks("ordered")} >= {"dependants", "generators"}
    desk.complete_all()
    desk.clock.advance(timedelta(minutes=5))
    hear(desk, "outage", "feeder-4", 0, unit="persons", lon=LON, lat=LAT)
    assert fired(desk, "feeder-out") == []
    for _ in range(30):
        desk.pass_time(minutes=30)
        if desk.incident()["status"] == "closed":
            break
    assert desk.incident()["status"] == "closed"


def fired(desk: Desk, coupling: str) -> list[Any]:
    rows = {row.id: row for row in list_couplings(desk.platform, desk.me)}
    return list(rows[coupling].fired)


def test_a_river_over_its_mark_closes_the_roads_beside_it(desk: Desk) -> None:
    nodes = np.array([[LON, LAT], [LON + 0.001, LAT], [LON + 0.1, LAT], [LON + 0.101, LAT]])
    np.savez(
        desk.workspace / "city" / "roads.npz",
        node_lonlat=nodes,
        edge_from=np.array([0, 1, 2], np.uint32),
        edge_to=np.array([1, 0, 3], np.uint32),
        length_m=np.array([95.0, 95.0, 95.0], np.float32),
    )
    hear(desk, "water_level", "bridge", 3.4, unit="m", lon=LON, lat=LAT, area=NEIGHBOUR)
    (one,) = fired(desk, "river-over")
    assert (one.roads_closed, one.road_m, one.incident) == (1, 95, None)


def test_a_whole_layer_is_shown_as_it_was_and_what_nobody_had_told_then_is_not_nought(
    desk: Desk,
) -> None:
    start = desk.clock.now()
    hear(desk, "pm25", "early", 10.0, lon=LON, lat=LAT)
    hear(desk, "vehicle", "bus-1", 30, lon=LON, lat=LAT)
    desk.clock.advance(timedelta(minutes=30))
    hear(desk, "pm25", "early", 80.0)
    hear(desk, "pm25", "late", 20.0, lon=LON, lat=LAT)
    hear(desk, "vehicle", "bus-1", 12, lon=LON + 0.02, lat=LAT)
    desk.platform.intake.open().drain()
    middle = start + timedelta(minutes=20)
    desk.clock.advance(timedelta(hours=6))
    then = get_layer_view(desk.platform, desk.me, "air", middle)
    assert (then.status, then.sensors, then.median, then.age_s) == ("current", 1, 10.0, 1200)
    _, sensors = list_layer_sensors(
        desk.platform, desk.me, "transit-vehicles", limit=9, offset=0, at=middle
    )
    assert [(one.value, one.lon, one.state) for one in sensors] == [(30.0, LON, "stale")]
    before = {
        one.id: one for one in list_layers(desk.platform, desk.me, start - timedelta(seconds=1))
    }
    assert (before["air"].status, before["air"].median) == ("not_recorded", None)
    assert before["old"].status == "not_recorded"
    magic, count = struct.unpack_from("<4sI", pack_layer(desk.platform, desk.me, "air", start))
    assert (magic, count) == (b"TWLY", 1)
    with pytest.raises(InputError):
        list_layers(desk.platform, desk.me, desk.clock.now() + timedelta(hours=1))


ROWS = {
    "feeder-out": ("power-loss", "people_without_power", "outage", "persons", 1, 1200, 0),
    "river-over": ("flood", "water_level_m", "water_level", "m", 3, 3.4, 1.0),
    "rain-burst": ("flood", "rainfall_mm_h", "rainfall", "mm/h", 30, 45, 0),
    "air-bad": ("air-pollution", "pm25_ug_m3", "pm25", "ug/m3", 150, 180, 30),
    "price-high": ("price-crisis", "price_of_usual_pct", "price", "%", 130, 165, 104),
    "rumour-spreads": ("rumour", "messages_h", "topic", "messages/h", 100, 640, 3),
}
CONCERNED = {  # a place that it names, an order that follows
    "feeder-out": ("hospital", "dependants"),
    "river-over": ("school", "close_roads"),
    "rain-burst": ("metro_station", "close_roads"),
    "air-bad": ("care_home", "schools"),
    "price-high": ("market", "reserves"),
    "rumour-spreads": ("pharmacy", "verify"),
}


def test_no_coupling_row_is_without_a_story() -> None:
    assert ROWS.keys() == CONCERNED.keys() == {row.id for row in load_couplings()}


@pytest.mark.parametrize("coupling", ROWS)
def test_each_coupling_row_from_the_reading_to_the_order_and_back(
    desk: Desk, coupling: str
) -> None:
    hazard, figure, kind, unit, mark, over, under = ROWS[coupling]
    place, order = CONCERNED[coupling]
    row = {"kind": place, "name": "the one near by", "lon": LON, "lat": LAT, "synthetic": False}
    pq.write_table(pa.Table.from_pylist([row]), desk.workspace / "city" / "places.parquet")
    desk.post("SetThreshold", hazard=hazard, figure=figure, at_least=mark, unit=unit, observed=kind)
    sensor = "rumour-tap-water" if hazard == "rumour" else "sensor-1"
    hear(desk, kind, sensor, under, unit=unit, lon=LON, lat=LAT)
    assert (fired(desk, coupling), desk.incidents()) == ([], [])
    desk.clock.advance(timedelta(minutes=5))
    hear(desk, kind, sensor, over, unit=unit, lon=LON, lat=LAT)
    incident = desk.incident()
    (one,) = fired(desk, coupling)
    assert (incident["hazard"], one.incident) == (hazard, incident["id"])
    assert [(c.kind, c.name) for c in one.concerned] == [(place, "the one near by")]
    assert order in {task.key for task in desk.tasks("ordered")}
    desk.complete_all()
    desk.clock.advance(timedelta(minutes=5))
    hear(desk, kind, sensor, under, unit=unit, lon=LON, lat=LAT)
    assert fired(desk, coupling) == []
    if hazard == "flood":  # the gauge is low: that no street stands under water, somebody says
        desk.post(
            "ReportHazard",
            hazard="flood",
            area=COMMUNITY,
            figure="water_depth_m",
            value=0.02,
            unit="m",
        )
    for _ in range(15):
        desk.pass_time(minutes=120)
        if desk.incident()["status"] == "closed":
            break
    assert desk.incident()["status"] == "closed"


def test_a_river_that_closes_streets_changes_who_reaches_a_school_and_gives_it_back(
    desk: Desk,
) -> None:
    settle(desk)
    folder = desk.workspace / "city"
    homes = np.load(folder / "leaf_lonlat.npy").astype(float)
    east = homes[0] + np.array([[0.004, 0.0], [0.009, 0.0]])
    nodes = np.concatenate([homes[:1], east])
    count = 4
    np.savez(
        folder / "roads.npz",
        node_lonlat=nodes,
        edge_from=np.array([0, 1, 1, 2], np.uint32),
        edge_to=np.array([1, 0, 2, 1], np.uint32),
        length_m=np.array([400, 400, 500, 500], np.float32),
        speed_kmh=np.full(count, 30, np.float32),
        highway=np.full(count, CLASSES.index("residential"), np.uint8),
        way=np.arange(count),
        component=np.zeros(3, np.uint32),
    )
    place = {"kind": "school", "name": "East", "lon": nodes[2, 0], "lat": nodes[2, 1]}
    pq.write_table(pa.Table.from_pylist([place | {"synthetic": False}]), folder / "places.parquet")
    before = get_reach(desk.platform, desk.me)
    assert (before.why, before.groups, before.areas) == ("", ["school"], [])
    assert before.before == before.now > 0
    gauge = {"unit": "m", "lon": float(nodes[1, 0] + 0.002), "lat": float(nodes[1, 1])}
    hear(desk, "water_level", "bridge", 3.5, area="900000", **gauge)
    flooded = get_reach(desk.platform, desk.me)
    assert (flooded.closed_by, flooded.streets_closed, flooded.street_m) == (
        ["water_level:bridge"],
        1,
        500,
    )
    (area,) = flooded.areas
    assert (area.lost, area.now) == (["school"], 0.0)
    assert flooded.now is not None and flooded.now < before.now
    assert (
        area.residents == flooded.residents_less == np.diff(np.load(folder / "leaf_start.npy"))[0]
    )
    desk.clock.advance(timedelta(minutes=30))
    hear(desk, "water_level", "bridge", 2.0, area="900000", **gauge)
    assert get_reach(desk.platform, desk.me) == before


def test_without_streets_or_residents_no_index_is_made_up(desk: Desk) -> None:
    found = get_reach(desk.platform, desk.me)
    assert (found.why, found.before, found.now) == ("no_streets", None, None)


def test_a_city_s_own_layer_and_its_own_mark_are_data_alone(desk: Desk) -> None:
    (desk.workspace / "layers").mkdir()
    (desk.workspace / "layers" / "tide.toml").write_text(
        """
id = "tide"
group = "water"
title = "Tide"
zh = "潮位"
observed = "water_level"
named = "tide"
unit = "m"
cadence_s = 600
breaks = [1, 2, 3]
low = -5
high = 12
source = "Harbour office"
""",
        "utf-8",
    )
    (desk.workspace / "couplings.toml").write_text(
        """
[[coupling]]
id = "tide-high"
layer = "tide"
mark = 2.5
within_m = 500
title = "Spring tide"
zh = "大潮"
hazard = "flood"
figure = "water_level_m"
layers = ["pumps"]
source = "Harbour office"
""",
        "utf-8",
    )
    assert view(desk, "tide").status == "not_recorded"
    hear(desk, "pump", "pump-1", 1, lon=LON, lat=LAT)
    assert hear(desk, "water_level", "tide-mole", 2.7, unit="m", lon=LON, lat=LAT) == []
    hear(desk, "water_level", "tide-dock", 40, unit="m", lon=LON, lat=LAT)
    tide = view(desk, "tide")
    assert (tide.status, tide.sensors, tide.doubtful, tide.median) == ("current", 2, 1, 2.7)
    assert view(desk, "river-gauges").sensors == 0
    (one,) = fired(desk, "tide-high")
    assert (one.sensor, [c.kind for c in one.concerned]) == ("water_level:tide-mole", ["pumps"])
    desk.clock.advance(timedelta(days=7))
    assert view(desk, "tide").status == "silent"


def test_what_bulletins_publish_of_districts_is_a_layer_as_of_any_day(desk: Desk) -> None:
    """Patients in hospital by district; the whole city's sum stands on no map, nor what is old."""
    start = desk.clock.now()
    today = start.astimezone(desk.platform.reference.zone).date()
    for back, area, patients in ((3, HUANGPU, 44.0), (2, HUANGPU, 120.0), (2, "city", 900.0)):
        desk.post(
            "ReportFigures", hazard="epidemic", area=area, source="bulletin",
            day=(today - timedelta(days=back)).isoformat(),
            figures={"patients_in_hospital": patients},
        )  # fmt: skip
    seen = view(desk, "patients")
    assert (seen.status, seen.sensors, seen.greatest, seen.covered) == ("current", 1, 120.0, 1)
    (row,) = list_layer_sensors(desk.platform, desk.me, "patients", limit=9, offset=0)[1]
    assert (row.sensor, row.by_area) == (f"patients_in_hospital:{HUANGPU}", True)
    history = get_history(desk.platform, desk.me, "patients", row.sensor)
    assert [one.mean for one in history.hours] == [44.0, 120.0] and history.ahead is None
    with pytest.raises(AbsentError, match="no sensor"):
        get_history(desk.platform, desk.me, "patients", "patients_in_hospital:city")
    desk.clock.advance(timedelta(days=4))
    assert view(desk, "patients").status == "stale"
    desk.clock.advance(timedelta(days=40))
    assert view(desk, "patients").status == "not_recorded"
