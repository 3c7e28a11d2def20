"""What moves in the scene at an instant: as it was told then, k kept, and ahead only where a forecast is worth it."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import numpy as np
import pytest

from helpers.cities import Desk
from helpers.transit import zip_of
from service.city.test_layers import LAT, LON, hear
from twinward.decision.logistics.routing.rounds import Round, Visit
from twinward.service.city.planned_vehicles import (
    Door,
    KeptRounds,
    course_of,
    keep_rounds,
    place_on,
    then_on,
)
from twinward.service.city.scene_moment import SceneMoment, get_moment, told
from twinward.service.city.transit_state import folder_of, keep_timetable


def moment(desk: Desk, **ahead: float) -> SceneMoment:
    at = desk.clock.now() + timedelta(**ahead) if ahead else None
    return get_moment(desk.platform, desk.me, at)


@pytest.fixture
def square(desk: Desk) -> Desk:
    """A square and a bus that tell something, and half an hour later something else."""
    for n, (count, lon) in enumerate(((400, LON), (900, LON + 0.02))):
        if n:
            desk.clock.advance(timedelta(minutes=30))
        hear(desk, "crowd", "square", count, lon=LON, lat=LAT)
        hear(desk, "crowd", "corner", 3 - 3 * n, lon=LON, lat=LAT)
        hear(desk, "vehicle", "bus-7", 20, lon=lon, lat=LAT)
    return desk


def test_now_and_half_an_hour_ago_are_told_as_they_were(square: Desk) -> None:
    now, then = moment(square), moment(square, minutes=-20)
    assert (now.when, then.when) == ("now", "past")
    assert {one.place: one.persons for one in now.crowd} == {"crowd:square": 900, "crowd:corner": 0}
    assert {one.place: one.persons for one in then.crowd}["crowd:square"] == 400
    assert then.as_of == then.at


def test_fewer_than_k_are_not_told(square: Desk) -> None:
    then = {one.place: one.persons for one in moment(square, minutes=-20).crowd}
    assert then["crowd:corner"] is None
    k = square.platform.settings.k_anonymity
    assert [told(n, k) for n in (0, k - 1, k)] == [0, None, k]


def test_a_vehicle_is_where_it_was_told_to_be_then(square: Desk) -> None:
    (then,), (now,) = moment(square, minutes=-29).vehicles, moment(square).vehicles
    assert (then.lon, now.lon) == (pytest.approx(LON), pytest.approx(LON + 0.02))
    assert not now.held


def test_ahead_nobody_is_made_up(square: Desk) -> None:
    ahead = moment(square, hours=2)
    assert (ahead.when, ahead.crowd, ahead.left_out) == ("forecast", [], 2)
    assert [one.held for one in ahead.vehicles] == [True]
    assert ahead.as_of == ahead.now


def test_what_is_too_old_is_not_there(square: Desk) -> None:
    square.clock.advance(timedelta(hours=5))
    late = moment(square)
    assert (late.crowd, late.vehicles) == ([], [])


def test_before_anything_was_told_there_is_nothing(square: Desk) -> None:
    early = moment(square, hours=-20)
    assert (early.crowd, early.vehicles) == ([], [])


def test_ahead_a_vehicle_is_where_its_timetable_has_it(square: Desk) -> None:
    noon = square.clock.now() + timedelta(hours=2)
    day = f"{noon:%Y%m%d}"
    dates = f"service_id,date,exception_type\ndaily,{day},1\n"
    local = noon.astimezone(square.platform.reference.zone)
    hours = [f"{local + timedelta(minutes=n):%H:%M:%S}" for n in (-10, 10)]
    times = "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n" + "".join(
        f"t1,{hour},{hour},{stop},{n}\n"
        for n, (hour, stop) in enumerate(zip(hours, "AB", strict=True))
    )
    folder = folder_of(square.platform.workspace, "metro")
    agency = f"agency_name,agency_url,agency_timezone\nBus,http://b.example,{square.platform.reference.zone}\n"
    keep_timetable(folder, zip_of(agency=agency, calendar_dates=dates, stop_times=times))
    bus, planned = sorted(get_moment(square.platform, square.me, noon).vehicles, key=lambda one: one.planned)  # fmt: skip
    assert (bus.vehicle, bus.held, bus.planned) == ("vehicle:bus-7", True, False)
    assert (planned.vehicle, planned.lon, planned.lat) == ("plan:metro/t1", 121.485, 31.235)
    assert (planned.planned, planned.held, planned.speed) == (True, False, None)
    assert not any(one.planned for one in moment(square).vehicles)  # now they are where they are


ROUND = Round(
    vehicle="lorry-1",
    visits=[
        Visit(stop="a", arrive_s=36_000, leave_s=36_600, demand=1),
        Visit(stop="b", arrive_s=37_200, leave_s=37_200, demand=1),
    ],
    distance_m=1.0,
    load=2.0,
    back_s=38_400,
)
DOORS = {"a": (LON + 0.01, LAT), "b": (LON + 0.02, LAT)}


@pytest.mark.parametrize(
    ("clock", "east"),
    [(35_399, None), (35_700, 0.005), (36_300, 0.01), (36_900, 0.015), (37_800, 0.01), (38_400, None)],
)  # fmt: skip
def test_a_round_is_driven_as_it_was_planned(clock: float, east: float | None) -> None:
    place = place_on(course_of(ROUND, (LON, LAT), DOORS), clock)
    assert place == (None if east is None else pytest.approx((LON + east, LAT), abs=1e-6))


def test_a_round_turns_where_its_streets_turn_and_its_way_on_is_told() -> None:
    """A block round instead of across it: two thirds of the way lie along the first side."""
    depot, corner = (LON, LAT), (LON, LAT + 0.01)
    ways = [[depot, DOORS["a"]], [DOORS["a"], corner, DOORS["b"]], [DOORS["b"], depot]]
    course = course_of(ROUND, depot, DOORS, ways)
    turn = course[np.isclose(course[:, 2], LAT + 0.01)]
    assert len(turn) == 1 and 36_600 < turn[0, 0] < 37_200
    clock = float(turn[0, 0]) - 10
    (t, lon, lat), *_, (end, _, _) = then_on(course, clock, 60)
    assert (t, lon, lat, end) == (10.0, pytest.approx(LON), pytest.approx(LAT + 0.01), 60.0)
    assert place_on(course, clock) == pytest.approx((LON, LAT + 0.01), abs=3e-3)
    assert then_on(course, clock, 0) == []


def test_kept_rounds_are_seen_on_their_day_alone(square: Desk) -> None:
    zone = square.platform.reference.zone
    day = (square.clock.now().astimezone(zone) + timedelta(days=1)).date()
    stops = [Door(id=name, lon=lon, lat=lat) for name, (lon, lat) in DOORS.items()]
    plan = KeptRounds(depot=(LON, LAT), stops=stops, rounds=[ROUND])
    keep_rounds(square.platform.workspace, day, plan)
    at = datetime.combine(day, time(), zone) + timedelta(seconds=36_300)
    seen = get_moment(square.platform, square.me, at).vehicles
    assert [(one.vehicle, one.lon) for one in seen if one.planned] == [("plan:rounds/lorry-1", round(LON + 0.01, 6))]  # fmt: skip
    for off in (1, -1):
        other = get_moment(square.platform, square.me, at + timedelta(days=off))
        assert not any(one.planned for one in other.vehicles)
