"""A GTFS-Realtime feed is read entity by entity; what is wrong is named, what is odd is counted."""

from __future__ import annotations

import io
import random
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

from helpers.transit import TABLES, FeedMaker, zip_of
from twinward.core.errors import InputError
from twinward.standards.gtfs.feed import read_feed
from twinward.standards.gtfs.runs import read_runs
from twinward.standards.gtfs.timetable import read_timetable

NOW = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)


def whole_feed() -> bytes:
    made = FeedMaker(NOW)
    for number in range(5):
        made.vehicle(f"bus-{number}", 121.4 + number / 100, 31.2, NOW, speed_ms=5.0)
    return made.bytes()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>503</html>",
        b'{"header": {}}',
        whole_feed()[:-7],
        whole_feed() + b"\x00",
        b"\xff",
    ],
    ids=["empty", "html", "json", "truncated", "trailing", "noise"],
)
def test_what_is_no_whole_feed_is_refused_as_a_whole(body: bytes) -> None:
    with pytest.raises(InputError) as refused:
        read_feed(body, NOW)
    assert refused.value.code == "bad_feed"


def test_a_feed_from_the_future_is_refused_and_an_old_one_noted() -> None:
    assert read_feed(whole_feed(), NOW - timedelta(seconds=200)).notes == {"no_trip": 5}
    with pytest.raises(InputError) as refused:
        read_feed(whole_feed(), NOW - timedelta(minutes=10))
    assert refused.value.code == "feed_in_future"
    assert read_feed(whole_feed(), NOW + timedelta(minutes=2)).notes["old_feed"] == 1


def test_each_wrong_entity_is_named_and_the_rest_is_taken() -> None:
    made = FeedMaker(NOW)
    made.vehicle("good", 121.4, 31.2, speed_ms=10.0)  # the header's time is used
    made.vehicle("", 121.4, 31.2)
    made.vehicle("nowhere", 0.0, 0.0)
    made.vehicle("north", 121.4, 91.0)
    made.vehicle("nan", float("nan"), 31.2)
    made.vehicle("later", 121.4, 31.2, NOW + timedelta(hours=1))
    made.vehicle("twice", 121.4, 31.2, NOW - timedelta(seconds=30))
    made.vehicle("twice", 121.5, 31.2, NOW)
    made.vehicle("apart", 121.4, 31.2, NOW)
    made.vehicle("apart", 121.6, 31.2, NOW)
    made.entity().vehicle.vehicle.id = "no-place"
    made.entity("gone", deleted=True)
    made.entity("a\x07b").vehicle.vehicle.id = "bell"
    made.trip("", ("A", 60, None))
    found = read_feed(made.bytes(), NOW)
    assert {one.id: (one.lon, one.speed_kmh) for one in found.vehicles} == {
        "good": (121.4, 36.0),
        "twice": (121.5, None),
    }
    assert [one.code for one in found.wrong] == [
        "no_vehicle_id", "bad_position", "bad_position", "bad_position", "time_in_future",
        "duplicate_vehicle", "two_places", "no_position", "bad_id", "no_trip_id", "two_places",
    ]  # fmt: skip
    assert found.deleted == ["gone"]
    assert found.notes["no_time"] == 1


def test_what_is_no_utf_8_costs_its_entity_alone() -> None:
    made = FeedMaker(NOW)
    made.vehicle("good", 121.4, 31.2, NOW, speed_ms=float("inf"))
    made.vehicle("bus-QQ", 121.4, 31.2, NOW)
    made.entity("entity-QQ").vehicle.vehicle.id = "bus"
    made.trip("trip-QQ", ("A", 60, None))
    made.trip("t1", ("stop-QQ", 60, None))
    made.alert("closed", "Stop A is QQ closed", "A")
    found = read_feed(made.bytes().replace(b"QQ", b"\xff\xfe"), NOW)
    assert [(one.id, one.speed_kmh) for one in found.vehicles] == [("good", None)]
    assert [one.code for one in found.wrong] == ["bad_id"] * 3
    assert [[stop.stop for stop in one.stops] for one in found.trips] == [[""]]
    assert found.alerts[0].texts == {"": "Stop A is \ufffd\ufffd closed"}


def test_a_time_before_1970_is_no_time() -> None:
    made = FeedMaker(NOW)
    made.trip("t1").stop_time_update.add(stop_id="A").arrival.time = -(2**62)
    assert read_feed(made.bytes(), NOW).trips[0].stops[0].at is None


def test_whatever_is_wrong_in_a_zip_is_refused_and_no_number_is_too_odd() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in TABLES.items():
            archive.writestr(name, text * 30 if name == "stops.txt" else text)
    whole, chance = packed.getvalue(), random.Random(3)
    for _ in range(60):
        body = bytearray(whole)
        for _ in range(3):
            body[chance.randrange(len(body))] = chance.randrange(256)
        for read in (read_timetable, read_runs):
            try:
                read(bytes(body))
            except InputError as refused:
                assert refused.code == "bad_timetable"
    odd = "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    odd += "t1,15:50:00,15:50:00,A,\u00b2\nt1,9999999999:00:00,,A,1\nt1,16:00:00,,B,99999999999\n"
    assert read_timetable(zip_of(stop_times=odd)).times.num_rows == 0
    assert len(read_runs(zip_of(stop_times=odd)).trips) == 0


def test_a_time_in_milliseconds_is_read_and_noted() -> None:
    made = FeedMaker(NOW)
    made.vehicle("bus", 121.4, 31.2).timestamp = round(NOW.timestamp() * 1000)
    (one,) = read_feed(made.bytes(), NOW).vehicles
    assert one.at == NOW
    assert read_feed(made.bytes(), NOW).notes["time_in_ms"] == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"stops": None}, "stops.txt is missing"),
        ({"routes": None}, "routes.txt is missing"),
        ({"stops": "stop_id,stop_name\nA,x\n"}, "stops.txt has no column stop_lat, stop_lon"),
        ({"agency": "agency_timezone\nMars/Base\n"}, "names no time zone"),
    ],
)
def test_a_timetable_that_cannot_be_used_says_what_it_lacks(
    changed: dict[str, str | None], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        read_timetable(zip_of(**changed))
    with pytest.raises(InputError, match="no zip"):
        read_timetable(zip_of()[: len(zip_of()) // 2])


def test_a_delay_is_counted_by_the_clock_of_the_agency_even_after_midnight() -> None:
    table = read_timetable(zip_of())
    assert table.find_times({"t1", "unknown"}) == {"t1": [(1, "A", 57000), (2, "B", 57900)]}
    at = datetime(2026, 5, 4, 8, 7, tzinfo=UTC)  # 16:07 in Shanghai
    assert table.delay_s(at, 57900) == 120
    late = datetime(2026, 5, 4, 17, 1, 30, tzinfo=UTC)  # 01:01:30 of the next day
    assert table.delay_s(late, 25 * 3600) == 90
    assert table.delay_s(late - timedelta(minutes=3), 25 * 3600) == -90
