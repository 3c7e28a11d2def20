"""A bus is heard in a GTFS-Realtime feed, stands in its layer with its age, is followed, and falls
silent; delays and announcements stand at their stops.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from helpers.cities import Desk
from helpers.transit import FeedMaker, zip_of
from twinward.core.errors import AbsentError, InputError, RefusedError
from twinward.service.city.layers import get_layer_view, list_layer_sensors
from twinward.service.city.transit import add_timetable, list_transit, take_feed
from twinward.service.city.vehicle_track import get_track
from twinward.service.platform import Caller

LON, LAT = 121.48, 31.23
STEP = timedelta(seconds=30)


def take(desk: Desk, made: FeedMaker, source: str = "bus") -> Any:
    return take_feed(desk.platform, desk.me, source, made.bytes())


def sensors(desk: Desk, layer: str) -> list[Any]:
    return list_layer_sensors(desk.platform, desk.me, layer, limit=50, offset=0)[1]


def drive(desk: Desk, rounds: int) -> Any:
    """A bus that tells no speed goes east by about 95 m each half minute."""
    account = None
    for _ in range(rounds):
        desk.clock.advance(STEP)
        lon = LON + (desk.clock.now().timestamp() % 3000) / STEP.seconds / 1000
        made = FeedMaker(desk.clock.now())
        made.vehicle("17", lon, LAT, desk.clock.now(), trip="t1").stop_id = "B"
        account = take(desk, made)
    return account


def test_a_vehicle_without_a_speed_is_shown_from_its_second_position_and_never_with_nought(
    desk: Desk,
) -> None:
    first = drive(desk, 1)
    assert (first.stored, first.held) == (0, 1)
    assert get_layer_view(desk.platform, desk.me, "transit-vehicles").status == "not_recorded"
    second = drive(desk, 1)
    assert (second.stored, second.held, second.notes["speed_from_positions"]) == (1, 0, 1)
    (bus,) = sensors(desk, "transit-vehicles")
    assert (bus.sensor, bus.state, bus.age_s) == ("vehicle:bus/17", "current", 0)
    assert bus.value == pytest.approx(11.4, abs=0.2)


def test_a_followed_bus_has_a_track_with_age_until_it_falls_silent(desk: Desk) -> None:
    add_timetable(desk.platform, desk.me, "bus", zip_of())
    drive(desk, 8)
    followed = get_track(desk.platform, desk.me, "transit-vehicles", "vehicle:bus/17", 2)
    assert (followed.status, followed.age_s, len(followed.points)) == ("current", 0, 5)
    east = [one.lon for one in followed.points]
    assert east == sorted(east)
    assert (followed.run.route, followed.run.stop) == ("No. 7", "West Gate")
    desk.clock.advance(timedelta(minutes=5))
    assert get_track(desk.platform, desk.me, "transit-vehicles", "vehicle:bus/17", 15).status == (
        "stale"
    )
    desk.clock.advance(timedelta(minutes=20))
    gone = get_track(desk.platform, desk.me, "transit-vehicles", "vehicle:bus/17", 2)
    assert (gone.status, gone.age_s, len(gone.points)) == ("silent", 1500, 1)


def test_only_vehicles_are_followed(desk: Desk) -> None:
    for layer, sensor, code in (
        ("trip-delays", "delay:bus/t1", "not_a_vehicle"),
        ("air", "pm25:station-1", "not_a_vehicle"),
        ("transit-vehicles", "vehicle:person:p-0123456789abcdef0123", "unknown_sensor"),
        ("transit-vehicles", "vehicle:emergency/1", "unknown_sensor"),
    ):
        with pytest.raises(AbsentError) as refused:
            get_track(desk.platform, desk.me, layer, sensor, 15)
        assert refused.value.code == code


def test_delays_stand_at_the_next_stop_as_told_or_by_the_timetable(desk: Desk) -> None:
    add_timetable(desk.platform, desk.me, "bus", zip_of())
    now = desk.clock.now()
    made = FeedMaker(now)
    made.trip("t1", ("B", 240, None))
    made.trip("t2", ("B", None, now + timedelta(minutes=3)))
    made.trip("t3", ("Z", 30, None))
    made.trip("t4").trip.schedule_relationship = 3
    account = take(desk, made)
    assert (account.stored, account.notes["cancelled"], account.notes["unknown_stop"]) == (3, 1, 1)
    found = {one.sensor: one for one in sensors(desk, "trip-delays")}
    assert (found["delay:bus/t1"].value, found["delay:bus/t1"].lon) == (240, 121.49)
    minutes = (now + timedelta(minutes=3)).timestamp() + 8 * 3600 - 25 * 3600
    assert found["delay:bus/t2"].value == (minutes + 43_200) % 86_400 - 43_200
    assert take(desk, made).unchanged == 4
    (bus,) = list_transit(desk.platform, desk.me)
    assert (bus.status, bus.cancelled, bus.timetable_stops) == ("current", 1, 2)


def test_an_announcement_stands_at_its_stops_until_it_is_taken_back(desk: Desk) -> None:
    add_timetable(desk.platform, desk.me, "bus", zip_of())
    made = FeedMaker(desk.clock.now())
    made.alert("a1", "Stop A is closed", "A")
    made.alert("a2", "Detour of No. 7", "A", route="7")
    take(desk, made)
    found = {one.sensor: (one.value, one.lon) for one in sensors(desk, "transit-alerts")}
    assert found == {
        "service_alert:bus/stop-A": (2, LON),
        "service_alert:bus/route-7": (1, None),
    }
    desk.clock.advance(STEP)
    back = FeedMaker(desk.clock.now(), partial=True)
    back.entity("a2", deleted=True)
    assert take(desk, back).deleted == 1
    assert {one.sensor: one.value for one in sensors(desk, "transit-alerts")} == {
        "service_alert:bus/stop-A": 1,
        "service_alert:bus/route-7": 0,
    }
    (bus,) = list_transit(desk.platform, desk.me)
    assert [(one.texts[""], one.stops) for one in bus.alerts] == [
        ("Stop A is closed", ["East Gate"])
    ]


def test_two_buses_with_one_id_are_said_and_a_feed_that_stops_is_silent(desk: Desk) -> None:
    for far in (0.0, 0.5):
        desk.clock.advance(STEP)
        made = FeedMaker(desk.clock.now())
        made.vehicle("9", LON + far, LAT, speed_ms=3.0)
        account = take(desk, made)
    assert [one.code for one in account.rejected] == ["two_places"]
    (bus,) = list_transit(desk.platform, desk.me)
    assert ([one.code for one in bus.refused], bus.status) == (["two_places"], "current")
    desk.clock.advance(timedelta(days=7))
    (bus,) = list_transit(desk.platform, desk.me)
    assert (bus.status, bus.age_s, bus.vehicles) == ("silent", 7 * 86_400, 0)


def test_a_source_is_its_first_sender_s_and_its_name_no_path(desk: Desk) -> None:
    drive(desk, 1)
    made = FeedMaker(desk.clock.now())
    stranger = Caller(name="stranger", role=desk.me.role)
    with pytest.raises(RefusedError):
        take_feed(desk.platform, stranger, "bus", made.bytes())
    with pytest.raises(InputError):
        take(desk, made, "../bus")
