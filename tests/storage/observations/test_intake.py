"""Readings become latest values and hours, movement goes to the lake, and a crash changes none
of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reference.observing import START_US, as_rows, hourly_slowly, latest_slowly, position, reading
from twinward.core.clock import SetClock, from_us
from twinward.core.errors import AbsentError
from twinward.storage.observations.intake import DurableIntake

DAY = timedelta(days=1)


class LakeSeen:
    """Keeps what it is given once for each source key, as the lake does."""

    def __init__(self) -> None:
        self.rows: dict[int, dict[str, Any]] = {}
        self.calls = 0

    def __call__(self, table: Any, at: Any) -> None:
        self.calls += 1
        for row in table.to_pylist():
            self.rows.setdefault(row.pop("source_key"), row)


@pytest.fixture
def lake() -> LakeSeen:
    return LakeSeen()


@pytest.fixture
def open_intake(
    tmp_path: Path, clock: SetClock, lake: LakeSeen
) -> Iterator[Callable[[], DurableIntake]]:
    opened: list[DurableIntake] = []

    def opener() -> DurableIntake:
        opened.append(DurableIntake(tmp_path / "observations", clock, lake))
        return opened[-1]

    yield opener
    for one in opened:
        one.close()


def some_readings(seed: int, count: int) -> list[dict[str, Any]]:
    random = np.random.default_rng(seed)
    return [
        reading(
            seed * count + n,
            f"s-{random.integers(0, 20)}",
            float(random.normal()),
            START_US + int(random.integers(0, 3 * 24 * 3600)) * 1_000_000,
        )
        for n in range(count)
    ]


def answers(intake: DurableIntake) -> tuple[dict[str, tuple[int, float]], dict[int, list[float]]]:
    now = intake.sensors()
    latest = dict(
        zip(
            now.name.to_pylist(),
            zip(now.time_us.tolist(), now.value.tolist(), strict=True),
            strict=True,
        )
    )
    start, end = from_us(START_US + 1800_000_000), from_us(START_US) + 2 * DAY
    hours = intake.hourly("reading:s-3", start, end)
    columns = (hours.hour_us, hours.count, hours.mean, hours.least, hours.greatest)
    return latest, {
        row[0]: list(row[1:]) for row in zip(*(c.tolist() for c in columns), strict=True)
    }


def slow_answers(
    items: list[dict[str, Any]],
) -> tuple[dict[str, tuple[int, float]], dict[int, list[Any]]]:
    end_us = START_US + 2 * 24 * 3600 * 1_000_000
    hours = hourly_slowly(items, "s-3", START_US + 1800_000_000, end_us)
    told = {h: [len(v), pytest.approx(sum(v) / len(v)), min(v), max(v)] for h, v in hours.items()}
    return latest_slowly(items), told


@pytest.mark.parametrize("drain", ["never", "often", "then reopened"])
def test_latest_and_hours_are_those_of_the_slow_twins(open_intake: Any, drain: str) -> None:
    intake = open_intake()
    items: list[dict[str, Any]] = []
    for seed in range(30):
        batch = some_readings(seed, 50)
        items += batch
        intake.accept("sensors", as_rows(batch), 0).result()
        if drain != "never" and seed % 2:
            intake.drain()
    if drain == "then reopened":
        intake.close()
        intake = open_intake()
    assert answers(intake) == slow_answers(items)


@pytest.mark.parametrize("where", ["before the lake", "after the lake"])
def test_a_crash_while_draining_changes_no_answer(
    open_intake: Any, lake: LakeSeen, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    intake = open_intake()
    items = some_readings(1, 200)
    moves = [position(n) for n in range(10)]
    intake.accept("sensors", as_rows([*items, *moves]), 0).result()

    def crash(table: Any, at: Any) -> None:
        if where == "after the lake":
            lake(table, at)
        raise RuntimeError("power")

    monkeypatch.setattr(intake, "_movement", crash)
    with pytest.raises(RuntimeError):
        intake.drain()
    intake.close()
    intake = open_intake()
    assert answers(intake) == slow_answers(items)
    assert intake.drain() == 1
    assert answers(intake) == slow_answers(items)
    assert sorted(row["lon"] for row in lake.rows.values()) == sorted(move["lon"] for move in moves)
    assert intake.counts()["sensors"].stored == 210


def test_visits_without_coordinates_are_kept_as_they_came(
    open_intake: Any, lake: LakeSeen, tmp_path: Path
) -> None:
    import pyarrow.parquet as pq

    visit = {
        "source_id": "v-1",
        "type": "visit",
        "time_us": START_US,
        "subject": "p-1",
        "place": "b-1",
    }
    intake = open_intake()
    intake.accept("gate", as_rows([visit]), 0).result()
    intake.drain()
    (path,) = (tmp_path / "observations" / "others").iterdir()
    assert pq.read_table(path).to_pylist()[0]["place"] == "b-1"
    assert lake.calls == 0


def test_a_sensor_never_heard_is_absent(open_intake: Any) -> None:
    with pytest.raises(AbsentError):
        open_intake().hourly("reading:none", from_us(0), from_us(1))


def test_names_tell_sensors_apart_by_type_and_bearer(open_intake: Any) -> None:
    common = {"type": "noise", "time_us": START_US, "value": 1.0}
    items = [
        {**common, "source_id": "1", "subject": "s"},
        {**common, "source_id": "2", "place": "p", "area": "a"},
        {**common, "source_id": "3", "area": "a"},
        {**common, "source_id": "4", "area": "a", "type": "crowd"},
    ]
    intake = open_intake()
    intake.accept("x", as_rows(items), 0).result()
    now = intake.sensors()
    assert now.name.to_pylist() == ["noise:s", "noise:p", "noise:a", "crowd:a"]
    assert [now.areas[n] if n >= 0 else None for n in now.area] == [None, "a", "a", "a"]


def test_what_is_past_its_retention_goes_everywhere(
    open_intake: Any, clock: Any, tmp_path: Path
) -> None:
    visit = {
        "source_id": "v-1",
        "type": "visit",
        "time_us": START_US,
        "subject": "p-1",
        "place": "b-1",
    }
    window = (from_us(START_US) + 3 * DAY, from_us(START_US) + 4 * DAY)
    late_us = START_US + 3 * 24 * 3600 * 1_000_000
    intake = open_intake()
    intake.accept("x", as_rows([visit, reading(1), reading(2, at_us=late_us)]), 0).result()
    intake.drain()
    clock.advance(20 * DAY)
    intake.accept("x", as_rows([reading(3), {**visit, "source_id": "v-2"}]), 0).result()
    assert intake.expire(clock.now(), 30, [window]) == 0
    clock.advance(11 * DAY)
    assert intake.expire(clock.now(), 30, [window]) == 2
    hours = intake.hourly("reading:s-1", from_us(0), clock.now() + 400 * DAY)
    assert int(hours.count.sum()) == 2  # the one that the window keeps, and the one recorded later
    assert intake.expire(clock.now(), 30) == 1
    assert len(list((tmp_path / "observations" / "others").iterdir())) == 1
    assert intake.list_differences() == []
    assert [
        path.stat().st_size for path in (tmp_path / "observations" / "inbox").glob("*.frames")
    ] == [0]
    intake.close()
    again = open_intake()
    assert again.accept("x", as_rows([visit, reading(1), reading(3)]), 0).result().duplicate == 3
    assert again.counts()["x"].stored == 5


@pytest.mark.parametrize("drain", ["never", "often", "then reopened"])
def test_what_all_sensors_had_told_at_an_instant_is_that_of_the_slow_twin(
    open_intake: Any, drain: str
) -> None:
    intake = open_intake()
    items: list[dict[str, Any]] = []
    for seed in range(12):
        batch = some_readings(seed, 40)
        items += batch
        intake.accept("sensors", as_rows(batch), 0).result()
        if drain != "never" and seed % 2:
            intake.drain()
    if drain == "then reopened":
        intake.close()
        intake = open_intake()
    for hours in (1, 20, 47, 100):
        at_us = START_US + hours * 3_600_000_000
        since_us = at_us - 20 * 3_600_000_000
        within = [item for item in items if since_us <= item["time_us"] <= at_us]
        then = intake.sensors_at(from_us(at_us), from_us(since_us))
        rows = zip(then.time_us.tolist(), then.value.tolist(), strict=True)
        assert dict(zip(then.name.to_pylist(), rows, strict=True)) == latest_slowly(within)
    assert len(intake.sensors_at(from_us(START_US - 1), from_us(0)).name) == 0


def test_a_thing_s_track_outlives_drain_and_restart_and_a_person_has_none(
    open_intake: Any,
) -> None:
    intake = open_intake()
    for n in range(12):  # more than the pieces of one day that are not merged
        where = {"lon": 121.4 + n / 1000, "lat": 31.2}
        rows = [reading(n, "bus-1", 30.0) | where, reading(100 + n, "bus-2", 10.0)]
        rows.append(reading(200 + n, "p-0123456789abcdef0123", 70.0) | where)
        intake.accept("buses", as_rows(rows), 0).result()
        intake.drain()
    intake.close()
    intake = open_intake()
    start, end = from_us(START_US + 3_000_000), from_us(START_US + 11_000_000)
    track = intake.track("reading:bus-1", start, end)
    assert track.lon.tolist() == [121.4 + n / 1000 for n in range(3, 11)]
    assert np.isnan(intake.track("reading:bus-2", start, end + DAY).lon).all()
    number = intake.latest.find_number("reading:person:p-0123456789abcdef0123")
    assert np.isnan(intake.readings.track(number, 0, START_US * 2).lon).all()
    with pytest.raises(AbsentError):
        intake.track("reading:person:p-0123456789abcdef0123", start, end)
