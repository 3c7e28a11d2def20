"""What an agent takes in: kept once, counted, judged by the device's profile, and never silently
lost.
"""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import httpx
import pytest

from twinward.core.clock import SetClock, parse_time, to_us
from twinward.core.errors import StorageError
from twinward.edge.agent.agent import admit
from twinward.edge.agent.clock_watch import ClockWatch
from twinward.edge.agent.config import EdgeConfig, load_config
from twinward.edge.agent.forward import Forwarder
from twinward.edge.agent.keeper import AcceptedBatch, Keeper
from twinward.edge.agent.room import forget_acknowledged, thin
from twinward.edge.agent.status import find_status
from twinward.edge.agent.store import EdgeStore
from twinward.edge.agent.tables import LANES
from twinward.edge.agent.tokens import TokenKeeper

NOW = datetime(2030, 1, 5, 12, tzinfo=UTC)
CONFIG = """
[edge]
id = "gate-1"
disk_mb = {disk_mb}
[[devices]]
id = "fridge"
profile = "cold-chain-logger"
area = "0101"
place = "store-7"
[[rules]]
id = "too-warm"
type = "temperature"
above = 8.0
clear = 7.0
action = "siren"
[[actions]]
name = "siren"
kind = "screen"
target = "screen.txt"
text = "{{device}} is too warm"
text_end = "{{device}} is cold again"
most_per_hour = 3
authorised_by = "Manager of the cold store"
"""


class Box:
    """An agent's keeper on a clock that stands."""

    def __init__(self, folder: Path, disk_mb: float = 100) -> None:
        self.folder = folder
        (folder / "edge.toml").write_text(CONFIG.format(disk_mb=disk_mb))
        self.config: EdgeConfig = load_config(folder / "edge.toml")
        self.clock = SetClock(NOW)
        self.open()

    def open(self) -> None:
        self.store = EdgeStore(self.folder / "edge.db")
        self.keeper = Keeper(self.config, self.store, self.clock)
        self.keeper.start()

    def close(self) -> None:
        self.keeper.stop()
        self.store.close()

    def send(self, *items: object, device: str = "fridge") -> AcceptedBatch:
        raws = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in items]
        return cast(AcceptedBatch, self.keeper.submit_items(device, raws).result(timeout=60))


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    one = Box(tmp_path)
    yield one
    one.close()


def item(seq: int, value: float = 4.0, **said: object) -> dict[str, object]:
    at = (NOW + timedelta(milliseconds=seq % 1000)).isoformat()
    told = {"boot": "b1", "seq": seq, "type": "temperature", "occurred_at": at, "value": value}
    return told | said


def test_a_thousand_readings_of_one_instant_are_all_kept(box: Box) -> None:
    same = NOW.isoformat()
    account = box.send(*[item(seq, occurred_at=same) for seq in range(1000)])
    assert (account.received, account.stored) == (1000, 1000)


def test_the_same_again_is_known_and_another_body_is_a_conflict(box: Box) -> None:
    box.send(item(1), item(2))
    again = box.send(item(1), item(2, value=5.0), item(3))
    assert (again.received, again.stored, again.duplicate) == (3, 1, 1)
    assert [(one.index, one.code) for one in again.rejected] == [(1, "conflict")]


def test_a_number_is_known_after_its_reading_has_gone(box: Box) -> None:
    box.send(*[item(seq) for seq in range(50)])
    with box.store.transaction():
        box.store.acknowledge(box.store.list_waiting(("status",), 50))
        assert forget_acknowledged(box.store, 1000) == 50
    assert box.send(*[item(seq) for seq in range(55)]).stored == 5
    assert box.store.db.execute("SELECT first, last FROM known").fetchall() == [(0, 49)]


def scanned(box: Box) -> dict[str, int]:
    rows = box.store.db.execute("SELECT lane, count(*) FROM reading WHERE state=0 GROUP BY lane")
    return {LANES[lane]: count for lane, count in rows}


def test_how_many_wait_is_counted_and_not_looked_up(box: Box) -> None:
    """Whatever becomes of readings, the count is that of the rows, also of an older file."""
    chance = random.Random(3)

    def told() -> dict[str, int]:
        return {lane: n for lane, n in find_status(box.config).backlog_by_lane.items() if n}

    for turn in range(60):
        kinds = ("temperature", "door", "battery")
        seqs = [chance.randrange(400) for _ in range(8)]
        box.send(*[item(s, value=chance.choice((1, 9)), type=kinds[s % 3]) for s in seqs])
        box.send(item(turn), device="stranger")
        with box.store.transaction():
            waiting = box.store.list_waiting(chance.choice((("status",), ("alarm", "bulk"))), 5)
            if chance.random() < 0.5:
                box.store.acknowledge(waiting + waiting[:1])
            elif waiting and chance.random() < 0.3:
                box.store.refuse(waiting[0], "area_not_yours", to_us(NOW))
            if chance.random() < 0.2:
                box.store.wait_again(0, 2**62)
            if chance.random() < 0.2:
                thin(box.store, chance.choice(LANES), 4, to_us(NOW))
        assert told() == scanned(box)
    assert admit(box.config, "stranger", "thermometer", "0101", "") > 0
    box.send(item(500))
    before = told()
    assert before == scanned(box) and sum(before.values()) > 50
    box.close()
    with sqlite3.connect(box.folder / "edge.db") as db:
        db.execute("DELETE FROM counter WHERE name LIKE 'waiting_%'")
    assert told() == before, "read before the agent runs"
    box.open()
    assert told() == before


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"value": -127.0}, "sensor_fault"),
        ({"value": 85}, "sensor_fault"),
        ({"value": 327.67}, "sensor_fault"),
        ({"value": 1e9}, "out_of_range"),
        ({"value": "ERR"}, "bad_field"),
        ({"value": None}, "bad_field"),
        ({"type": "wind"}, "unknown_type"),
        ({"unit": "m"}, "bad_unit"),
        ({"unit": "parsec"}, "bad_unit"),
        ({"occurred_at": "yesterday"}, "bad_time"),
        ({"occurred_at": "2030-01-05T12:00:00"}, "time_without_zone"),
        ({"boot": ""}, "bad_field"),
        ({"boot": "a/b"}, "bad_field"),
        ({"seq": -1}, "bad_field"),
        ({"seq": 1.5}, "bad_field"),
        ({"name": "Li Wei"}, "bad_field"),
    ],
)
def test_what_is_no_reading_is_said_and_spoils_no_other(
    box: Box, said: dict[str, object], code: str
) -> None:
    account = box.send(item(1), item(2) | said, item(3))
    assert (account.received, account.stored, account.duplicate) == (3, 2, 0)
    assert [(one.index, one.code) for one in account.rejected] == [(1, code)]


def test_bytes_that_are_no_json_are_counted_too(box: Box) -> None:
    account = box.send(b"{", b"\xff", b'{"value": NaN}', b"[" * 100_000)
    assert account.received == len(account.rejected) == 4


def test_units_are_converted_to_the_profiles(box: Box) -> None:
    box.send(item(1, value=50.0, unit="F"))
    (one,) = box.store.list_waiting(("status",), 10)
    told = json.loads(one.body)
    assert told["value"] == pytest.approx(10.0)
    assert (told["unit"], told["source_id"], told["area"]) == ("C", "fridge/b1/1", "0101")


@pytest.mark.parametrize(
    ("at", "why"),
    [("2031-01-05T12:00:00Z", "time_ahead"), ("1970-01-01T00:00:09Z", "clock_not_set")],
)
def test_a_time_that_cannot_be_is_kept_here_and_not_sent_on(box: Box, at: str, why: str) -> None:
    assert box.send(item(1, value=99 - 90, occurred_at=at)).stored == 1
    assert box.store.list_waiting(("alarm", "status", "bulk"), 10) == []
    status = find_status(box.config)
    assert status.held == {why: 1}
    assert status.alarms_open == 0


def test_an_unknown_device_waits_with_its_data_and_is_let_in_with_it(box: Box) -> None:
    door = [item(seq, value=1, type="door") for seq in range(3)] + [item(9, value=7, type="wind")]
    assert box.send(*door, device="new-1").stored == 4
    assert find_status(box.config).held == {"unknown_device": 4}
    assert admit(box.config, "new-1", "door-sensor", "0102", "") == 4
    box.send(item(1))
    status = find_status(box.config)
    assert status.held == {}
    assert [(one.reason, one.count) for one in status.losses] == [("refused: unknown_type", 1)]
    sent = [json.loads(w.body) for w in box.store.list_waiting(("alarm",), 10)]
    assert [one["area"] for one in sent] == ["0102"] * 3


def test_a_reading_belongs_to_the_place_where_its_device_then_stood(box: Box) -> None:
    with box.store.transaction():
        box.store.place("fridge", "cold-chain-logger", "0202", "store-8", to_us(NOW) + 10)
    assert box.store.placed_at("fridge", to_us(NOW))[1:] == ("0101", "store-7")
    assert box.store.placed_at("fridge", to_us(NOW) + 11)[1:] == ("0202", "store-8")


def test_an_alarm_acts_at_once_inside_its_bounds_and_a_restart_says_nothing_again(
    box: Box,
) -> None:
    box.keeper.actions.find = None
    box.send(item(1, value=9.0))
    box.close()
    box.open()
    box.send(item(2, value=9.5), item(3, value=6.0))
    alarms = box.store.db.execute("SELECT rule, cleared_us IS NULL FROM alarm").fetchall()
    assert alarms == [("too-warm", 0)]
    for seq in range(10, 30):
        box.send(item(seq, value=9.0 if seq % 2 else 5.0))
    states = dict(box.store.db.execute("SELECT state, count(*) FROM action GROUP BY state"))
    assert states["wanted"] == 3
    assert states["over_bound"] > 10


def test_what_has_no_room_is_thinned_from_the_oldest_routine_readings_and_counted(
    tmp_path: Path,
) -> None:
    box = Box(tmp_path, disk_mb=1)
    box.send(*[item(seq, type="door", value=0) for seq in range(10)])
    battery = 0
    for _ in range(30):
        rows = [item(100 + battery + k, type="battery", value=50) for k in range(500)]
        battery += box.send(*rows).stored
    status = find_status(box.config)
    assert status.disk_bytes < 1.3e6
    assert status.lost > 1000
    assert [(one.reason, one.lane) for one in status.losses] == [
        ("thinned for want of room", "bulk")
    ]
    assert status.backlog_by_lane["status"] == 10
    assert status.backlog + status.lost == status.stored == battery + 10
    box.close()


def test_a_disk_that_refuses_acknowledges_nothing_and_goes_on_when_there_is_room(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(box.store, "_insert", refuse)
        with pytest.raises(StorageError, match="disk is full"):
            box.send(item(1, value=9.0))
    assert box.send(item(1, value=9.0)).stored == 1
    assert find_status(box.config).received == 1
    assert find_status(box.config).alarms_open == 1


def test_a_counter_that_goes_back_to_nought_is_counted_on(tmp_path: Path) -> None:
    from twinward.edge.profiles import Profile, ReadingType

    box = Box(tmp_path)
    wraps = Profile(
        id="wraps",
        title="",
        title_zh="",
        cadence_s=1,
        seq_wraps=256,
        quantities=(ReadingType(type="temperature"),),
    )
    box.keeper._profiles["fridge"] = wraps
    for seq in (254, 255, 0, 1):
        assert box.send(item(seq)).stored == 1
    numbers = [row[0] for row in box.store.db.execute("SELECT seq FROM reading ORDER BY n")]
    assert numbers == [254, 255, 256, 257]
    box.close()


def test_a_clock_that_was_behind_and_is_put_right_lets_go_what_it_held(box: Box) -> None:
    box.clock.advance(timedelta(days=-400))  # a box without a battery
    box.send(item(1), item(2, occurred_at="2030-01-05T12:00:01Z"))
    box.send(item(3, occurred_at="2031-01-05T12:00:00Z"))  # a clock of its own that is wrong
    assert find_status(box.config).held == {"time_ahead": 3}
    box.clock.advance(timedelta(days=400))
    box.send(item(4))
    assert find_status(box.config).held == {"time_ahead": 1}
    waiting = box.store.list_waiting(("status",), 10)
    assert sorted(json.loads(one.body)["source_id"] for one in waiting) == [
        "fridge/b1/1",
        "fridge/b1/2",
        "fridge/b1/4",
    ]
    status = find_status(box.config)
    assert status.received == status.stored + status.duplicate + status.rejected == 4


@pytest.mark.parametrize(("by_s", "seen"), [(3600, 3600), (-3600, -3600), (20, 0), (-20, 0)])
def test_only_a_clock_that_is_set_has_jumped(by_s: int, seen: int) -> None:
    steady = iter([100.0, 101.0, 102.0])
    watch = ClockWatch(to_us(NOW), lambda: next(steady))
    one_later = to_us(NOW + timedelta(seconds=1 + by_s))
    assert watch.look(one_later) == seen * 1_000_000
    assert watch.look(one_later + 1_000_000) == 0


def test_fourteen_days_without_a_line_are_told_whole_and_alarm_once(box: Box) -> None:
    """In fast time: five readings a device and hour for two weeks, a freezer that warms up once a
    day; then the line is back and everything is sent, some of it twice.
    """
    started = box.clock.now()
    for number in range(14 * 24):
        at = started + timedelta(hours=number)
        box.clock.at = at + timedelta(hours=1)
        warm = 9.0 if number % 24 == 12 else 4.0
        box.send(
            *(
                item(
                    number * 5 + k,
                    value=warm,
                    occurred_at=(at + timedelta(minutes=10 * k)).isoformat(),
                )
                for k in range(5)
            )
        )
    status = find_status(box.config)
    assert status.backlog == 14 * 24 * 5 + 28 and status.lost == 0  # 14 alarms, begun and ended
    done = box.store.db.execute("SELECT count(*) FROM alarm").fetchone()[0]
    centre = CountingCentre()
    forwarder = Forwarder(box.keeper, ("alarm", "status", "bulk"), box.clock, TokenKeeper(None))
    with httpx.Client(base_url="http://centre", transport=httpx.MockTransport(centre)) as client:
        while waiting := box.store.list_waiting(("alarm", "status", "bulk"), 500):
            try:
                forwarder.send(client, waiting)
            except httpx.ReadError:
                continue
    assert len(centre.bodies) == 14 * 24 * 5 + 28
    assert centre.received > len(centre.bodies)
    assert done == 14 == box.store.db.execute("SELECT count(*) FROM alarm").fetchone()[0]
    first = centre.bodies["fridge/b1/0"]
    assert parse_time(first["occurred_at"]) == started  # the device's own time


class CountingCentre:
    """Keeps each item once; every third answer is lost on its way."""

    def __init__(self) -> None:
        self.bodies: dict[str, dict[str, object]] = {}
        self.asked = self.received = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        items = json.loads(request.content)["items"]
        fresh = [one for one in items if one["source_id"] not in self.bodies]
        self.bodies |= {one["source_id"]: one for one in items}
        self.asked, self.received = self.asked + 1, self.received + len(items)
        if self.asked % 3 == 2:
            raise httpx.ReadError("the answer was lost")
        told = {"received": len(items), "stored": len(fresh), "duplicate": len(items) - len(fresh)}
        return httpx.Response(200, json=told | {"rejected": []})
