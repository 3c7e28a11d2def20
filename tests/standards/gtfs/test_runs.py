"""Where trips are by their timetable: on their days, past midnight, at headways, and never by guess."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from helpers.transit import zip_of
from twinward.core.errors import InputError
from twinward.standards.gtfs.runs import Runs, read_runs

CALENDAR = (
    "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
    "daily,1,1,1,1,1,0,0,20300101,20301231\n"
)
DATES = "service_id,date,exception_type\ndaily,20300302,1\ndaily,20300304,2\n"
TIMES = (
    "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    "t1,16:05:00,16:05:00,B,20\nt1,15:50:00,15:55:00,A,3\n"
    "t2,24:50:00,24:50:00,B,1\nt2,25:10:00,25:10:00,A,2\n"
)


def at(text: str) -> datetime:
    """An instant of the timetable's own zone, eight hours east."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


def runs_of(**changed: str | None) -> Runs:
    return read_runs(zip_of(**({"calendar": CALENDAR, "stop_times": TIMES} | changed)))


@pytest.mark.parametrize(
    ("instant", "found"),
    [
        ("2030-03-01T15:49", []),
        ("2030-03-01T15:52", [("t1", 121.48, 31.23)]),  # it stays at its stop
        ("2030-03-01T16:00", [("t1", 121.485, 31.235)]),
        ("2030-03-01T16:05", []),
        ("2030-03-02T01:00", [("t2", 121.485, 31.235)]),  # of Friday, past midnight
        ("2030-03-02T16:00", []),  # a Saturday
        ("2031-03-03T16:00", []),  # beyond the calendar
    ],
)
def test_a_trip_is_where_its_timetable_has_it(instant: str, found: list[object]) -> None:
    assert runs_of().at(at(instant), {}) == found


def test_single_days_are_beside_and_against_the_weekdays() -> None:
    runs = runs_of(calendar_dates=DATES)
    on = [len(runs.at(at(f"2030-03-0{n}T16:00"), {})) for n in (1, 2, 3, 4)]
    assert on == [1, 1, 0, 0]


def test_the_last_delay_goes_on_and_a_cancelled_trip_does_not() -> None:
    now = at("2030-03-01T16:00")
    assert runs_of().at(now, {"t1": 300}) == [("t1", 121.48, 31.23)]
    assert runs_of().at(now, {"t1": None}) == []


def test_headways_that_are_not_exact_put_nobody_anywhere() -> None:
    many = "trip_id,start_time,end_time,headway_secs,exact_times\nt1,08:00:00,09:00:00,600,{}\n"
    assert runs_of(frequencies=many.format(0)).at(at("2030-03-01T08:07"), {}) == []
    exact = runs_of(frequencies=many.format(1)).at(at("2030-03-01T08:07"), {})
    assert exact == [("t1#1", 121.487, 31.237), ("t1#2", 121.48, 31.23)]  # the second stands at A


def test_without_a_calendar_no_day_is_known() -> None:
    assert runs_of(calendar=None).at(at("2030-03-01T16:00"), {}) == []


def test_what_is_no_timetable_is_refused() -> None:
    with pytest.raises(InputError) as refused:
        read_runs(b"PK no zip")
    assert refused.value.code == "bad_timetable"


def test_stops_without_a_time_are_passed_at_one_speed() -> None:
    stops = "stop_id,stop_name,stop_lat,stop_lon\nA,a,0,10.00\nC,c,0,10.09\nB,b,0,10.10\nX,x,,\n"
    times = (
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
        "t1,10:00:00,10:00:00,A,1\nt1,,,C,2\nt1,,,X,3\nt1,10:10:00,10:10:00,B,4\nt1,,,A,5\n"
    )
    runs = runs_of(stops=stops, stop_times=times)
    for clock, lon in (("10:00", 10.0), ("10:05", 10.05), ("10:09", 10.09), ("10:09:30", 10.095)):
        assert runs.at(at(f"2030-03-01T{clock}"), {}) == [("t1", pytest.approx(lon), 0)]
    assert runs.at(at("2030-03-01T10:11"), {}) == []  # whether it goes on is not said


@pytest.mark.parametrize(
    ("stops", "why"),
    [
        ("stop_id,stop_lat,stop_lon,stop_name\n" + "0" * 30_000_000, "far more than it is"),
        ("stop_id,stop_lat,stop_lon,stop_name\nA,1,1," + "0" * 200_000, "a line of more than"),
    ],
)
def test_a_table_that_is_none_is_refused_before_it_fills_the_memory(stops: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        read_runs(zip_of(stops=stops))
