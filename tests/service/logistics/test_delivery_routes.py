"""Delivery rounds by a city's own road graph: from a file of stops to a plan, and anew when a
lorry breaks down.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from helpers.cities import Desk
from twinward.citybase.places.roads import Roads, components, write_roads
from twinward.citybase.sources.ways import CLASSES
from twinward.core.errors import InputError
from twinward.service.city.planned_vehicles import courses_of
from twinward.service.logistics import delivery_routes
from twinward.service.logistics.round_ways import find_round_ways

CAR, FOOT = CLASSES.index("residential"), CLASSES.index("footway")
DEPOT = (121.470, 31.230)
DAY = (8 * 3600.0, 18 * 3600.0)
FOOT_NODES = 12


def lay_roads(folder: Path) -> None:
    """A one-way ring of four crossings for cars, 1 km a side, and a longer footpath nearer to
    the stops.
    """
    ring = [(121.470, 31.230), (121.480, 31.230), (121.480, 31.240), (121.470, 31.240)]
    path = [(121.4745 + 0.0002 * n, 31.2355) for n in range(FOOT_NODES)]
    steps = [(n, (n + 1) % 4, 1000.0, CAR) for n in range(4)]
    for n in range(4, 3 + FOOT_NODES):
        steps += [(n, n + 1, 20.0, FOOT), (n + 1, n, 20.0, FOOT)]
    edges = {
        "edge_from": np.array([one[0] for one in steps], np.uint32),
        "edge_to": np.array([one[1] for one in steps], np.uint32),
        "length_m": np.array([one[2] for one in steps], np.float32),
        "speed_kmh": np.full(len(steps), 36.0, np.float32),
        "highway": np.array([one[3] for one in steps], np.uint8),
        "way": np.arange(len(steps), dtype=np.int64),
    }
    nodes = np.array(ring + path)
    write_roads(Roads(node_lonlat=nodes, component=components(len(nodes), edges), **edges), folder)


@pytest.fixture
def roaded(desk: Desk, tmp_path: Path) -> Desk:
    lay_roads(desk.workspace / "city")
    (tmp_path / "stops.csv").write_text(
        "id,lon,lat,demand,early_s,late_s,service_s\neast,121.4795,31.2301,300,,,60\nnorth,121.4799,31.2399,4,32400,36000,60\n"
        "middle,121.4755,31.2356,200,,,60\n",
        "utf-8",
    )
    return desk


def test_lorries_keep_to_the_streets_for_cars_and_drones_to_windows_and_payload(
    roaded: Desk, tmp_path: Path
) -> None:
    stops = delivery_routes.stops_of_file(tmp_path / "stops.csv", DAY, 60.0)
    fleet = delivery_routes.make_fleet(2, 400.0, 1, 5.0, 10_000.0, DAY)
    plan = delivery_routes.plan_rounds_for(
        roaded.platform, roaded.me, DEPOT, stops, fleet, time_limit_s=2.0
    )
    assert plan.distances == "by the road graph" and not plan.left_out
    carried = {one.vehicle: [visit.stop for visit in one.visits] for one in plan.rounds}
    lorries = [one for one in plan.rounds if one.vehicle.startswith("lorry")]
    # once round the ring, nobody turns; and from the crossings to the doors beside it
    assert all(4000 <= one.distance_m < 5500 for one in lorries)
    assert ("stop middle", pytest.approx(660, abs=40)) in plan.off_road
    (north,) = [visit for one in plan.rounds for visit in one.visits if visit.stop == "north"]
    assert 32_400 <= north.arrive_s <= 36_000
    assert all(stop == "north" for stop in carried.get("drone-1", []))
    anew = delivery_routes.replan_rounds_for(
        roaded.platform, roaded.me, plan, 28_801.0, ["lorry-1"], time_limit_s=2.0
    )
    assert all(one.done == len(one.visits) for one in anew.rounds if one.vehicle == "lorry-1")


def test_kept_rounds_drive_the_streets_and_drones_do_not(roaded: Desk, tmp_path: Path) -> None:
    """The ring is one-way: from the eastern door to the western one a lorry goes round by the
    northern crossings.
    """
    stops = delivery_routes.stops_of_file(tmp_path / "stops.csv", DAY, 60.0)[:1]
    fleet = delivery_routes.make_fleet(1, 400.0, 0, 5.0, 10_000.0, DAY)
    plan = delivery_routes.plan_rounds_for(
        roaded.platform, roaded.me, DEPOT, stops, fleet, time_limit_s=1.0
    )
    delivery_routes.keep_plan(roaded.platform, roaded.me, plan, "2030-03-01")
    ((vehicle, course),) = courses_of(roaded.workspace / "rounds" / "2030-03-01.json")
    (one,) = plan.rounds
    assert vehicle == one.vehicle == "lorry-1"
    back = course[course[:, 0] > one.visits[0].leave_s, 1:].round(3).tolist()
    assert back[:4] == [[121.48, 31.23], [121.48, 31.24], [121.47, 31.24], [121.47, 31.23]]
    assert (np.diff(course[:, 0]) >= 0).all() and course[-1, 0] == pytest.approx(one.back_s)
    flown = [delivery_routes.Vehicle(id="lorry-1", kind="drone", capacity=5)]
    places = {"east": (stops[0].lon, stops[0].lat)}
    assert not find_round_ways(roaded.workspace / "city", DEPOT, places, plan.rounds, flown)
    assert not find_round_ways(tmp_path, DEPOT, places, plan.rounds, plan.vehicles)


def test_a_point_of_another_city_is_refused_by_its_name(roaded: Desk, tmp_path: Path) -> None:
    stops = delivery_routes.stops_of_file(tmp_path / "stops.csv", DAY, 60.0)
    with pytest.raises(InputError, match=r"the depot is .* km from the nearest road") as refused:
        delivery_routes.plan_rounds_for(
            roaded.platform,
            roaded.me,
            (2.35, 48.85),
            stops,
            delivery_routes.make_fleet(1, 9, 0, 1, 1, DAY),
        )
    assert refused.value.code == "far_from_roads"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("a,121.4,31.2,-1", "stops.csv:3: stop a has a demand of -1"),
        ("a,121.4,x,1", "stops.csv:3: could not convert"),
        ("east,121.4,31.2,1", "stops.csv:3: stop east stands twice"),
        ("a,121.4,31.2,nan", "stops.csv:3: stop a has"),
        ("a,31.2,121.4,1", "lon, lat"),
        ("a,121.4,31.2,1,900,800", "stops.csv:3: stop a has a window"),
    ],
)
def test_a_bad_row_is_told_with_its_line(tmp_path: Path, row: str, said: str) -> None:
    path = tmp_path / "stops.csv"
    path.write_text(f"id,lon,lat,demand,early_s,late_s\neast,121.4,31.2,1,,\n{row}\n", "utf-8")
    with pytest.raises(InputError, match=said):
        delivery_routes.stops_of_file(path, DAY, 60.0)
