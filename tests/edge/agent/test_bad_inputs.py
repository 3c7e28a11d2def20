"""Bad inputs row by row: clocks, identities, values and bodies as devices and their brokers really
send them; those of orders, outlets and alerts stand beside their code.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from edge.agent.box import wait_until
from edge.agent.test_device_orders import Line
from edge.agent.test_keeper import NOW, Box, item
from helpers.cities import HUANGPU, Desk
from twinward.edge.agent.config import Mqtt
from twinward.edge.agent.device_orders import DeviceOrders
from twinward.edge.agent.http import make_server
from twinward.edge.agent.mqtt import MqttDoor
from twinward.edge.agent.status import find_status
from twinward.edge.mqtt.client import Burst
from twinward.edge.mqtt.packets import BrokerMessage
from twinward.service.devices import registry


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    one = Box(tmp_path)
    yield one
    one.close()


def sent_on(box: Box) -> list[dict[str, object]]:
    """What waits for the centre but alarms."""
    return [json.loads(one.body) for one in box.store.list_waiting(("status", "bulk"), 100)]


def client_of(box: Box) -> TestClient:
    server = make_server(box.keeper, DeviceOrders(box.keeper, box.clock))
    return TestClient(server.config.app)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("at", "why"),
    [
        ("1970-01-01T00:00:00Z", "clock_not_set"),
        ("1980-01-06T00:00:00Z", "clock_not_set"),  # GPS, FAT
        ("2000-01-01T00:00:00Z", "clock_not_set"),  # many real-time clocks
        ("2038-01-19T03:14:08Z", "time_ahead"),  # 32 bits are over
        ("2031-01-05T12:00:00Z", "time_ahead"),
        ("2030-01-05T20:00:00+08:00", ""),  # now, in another zone
        ("2030-01-05T11:00:00Z", ""),
    ],
)
def test_a_clock_that_is_wrong_holds_its_reading_back(box: Box, at: str, why: str) -> None:
    assert box.send(item(1, occurred_at=at)).stored == 1
    assert find_status(box.config).held == ({why: 1} if why else {})
    assert len(sent_on(box)) == (0 if why else 1)


@pytest.mark.parametrize(
    "at", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "1e9", 1_900_000_000]
)
def test_a_time_that_no_calendar_of_ours_holds_is_refused(box: Box, at: object) -> None:
    account = box.send(item(1, occurred_at=at), item(2))
    assert (account.stored, [one.index for one in account.rejected]) == (1, [0])


def test_a_clock_that_jumps_back_keeps_its_own_times_and_moves_no_alarm_back(box: Box) -> None:
    earlier = (NOW - timedelta(hours=1)).isoformat()
    box.send(item(1, value=9.0), item(2, value=4.0, occurred_at=earlier))
    assert find_status(box.config).alarms_open == 1, "an older reading ended a newer alarm"
    (device,) = find_status(box.config).devices
    assert device.last_at is not None and device.last_at > NOW.isoformat()
    told = {one["source_id"]: one["occurred_at"] for one in sent_on(box)}
    assert told["fridge/b1/2"] == "2030-01-05T11:00:00Z"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({"type": "battery", "value": 0}, (0.0, "%")),
        ({"value": 4, "unit": None}, (4.0, "C")),
        ({"value": -0.0}, (0.0, "C")),
        ({"value": 39.2, "unit": "F"}, (4.0, "C")),  # another unit after new firmware
        ({"value": 277.15, "unit": "K"}, (4.0, "C")),
    ],
)
def test_a_value_that_looks_wrong_and_is_not(
    box: Box, said: dict[str, object], kept: tuple[float, str]
) -> None:
    assert box.send(item(1) | said).stored == 1
    (one,) = sent_on(box)
    assert (one["value"], one["unit"]) == (pytest.approx(kept[0]), kept[1])


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999", '"NaN"', "true", "[4]"])
def test_what_is_no_number_is_refused_alone(box: Box, value: str) -> None:
    raw = json.dumps(item(1)).replace(": 4.0", f": {value}").encode()
    account = box.send(raw, item(2))
    assert (account.stored, [one.index for one in account.rejected]) == (1, [0])


def test_ten_megabytes_are_refused_at_both_doors(box: Box) -> None:
    large = json.dumps({"device": "fridge", "items": [item(1, unit="C" * 10_000_000)]})
    assert client_of(box).post("/v1/readings", content=large).status_code == 413
    door, acknowledged = open_door(box)
    door.take(Burst(1, [said(1, None), said(2, large.encode()), said(3, b'{"boot"')]))
    wait_until(lambda: sorted(acknowledged) == [1, 2, 3], 5)
    assert (find_status(box.config).rejected, find_status(box.config).stored) == (3, 0)


def open_door(box: Box) -> tuple[MqttDoor, list[int]]:
    door, acknowledged = MqttDoor(box.keeper, Mqtt(host="127.0.0.1"), box.clock), []
    door.client.acknowledge = lambda _, mids: acknowledged.extend(mids)  # type: ignore[method-assign]
    return door, acknowledged


def said(
    mid: int, payload: bytes | None, device: str = "fridge", *, old: bool = False
) -> BrokerMessage:
    """A message; `old`: one that is retained, and that the broker marks as sent before."""
    topic = f"twinward/gate-1/{device}/temperature".encode()
    return BrokerMessage(topic, payload, mid, retained=old, again=old)


def test_what_a_broker_sends_again_or_retained_is_the_reading_that_it_was(box: Box) -> None:
    door, acknowledged = open_door(box)
    at = (NOW - timedelta(days=2)).isoformat()
    raw = json.dumps(item(1, occurred_at=at)).encode()
    door.take(Burst(1, [said(1, raw), said(1, raw, old=True), said(2, raw, old=True)]))
    wait_until(lambda: len(acknowledged) == 3, 5)
    status = find_status(box.config)
    assert (status.received, status.stored, status.duplicate) == (3, 1, 2)
    (one,) = sent_on(box)
    assert one["occurred_at"] == "2030-01-03T12:00:00Z", "old news got a new time"
    assert status.devices[0].last_at == at


def test_two_devices_behind_one_client_are_told_by_their_topics_and_neither_by_its_body(
    box: Box,
) -> None:
    def add_cooler() -> None:
        box.store.place("cooler", "cold-chain-logger", "0202", "", 0)
        box.keeper.meet_anew()

    box.keeper.submit(add_cooler).result(timeout=10)
    door, acknowledged = open_door(box)
    same = item(1)
    spoofed = json.dumps(item(2) | {"device": "cooler"}).encode()
    raw = json.dumps(same).encode()
    door.take(Burst(1, [said(1, raw), said(2, raw, "cooler"), said(3, spoofed)]))
    wait_until(lambda: len(acknowledged) == 3, 5)
    assert {one["source_id"] for one in sent_on(box)} == {"fridge/b1/1", "cooler/b1/1"}
    assert {one.reason for one in find_status(box.config).losses} == {"refused: wrong_device"}


@pytest.fixture
def line(tmp_path: Path, desk: Desk) -> Iterator[Line]:
    found = Line(tmp_path, desk)
    yield found
    found.box.close()


def register(line: Line, *devices: str) -> None:
    for name in devices:
        asked = registry.DeviceRequest(
            device=name, edge="gate-1", profile="cold-chain-logger", area=HUANGPU
        )
        registry.add(line.desk.platform, line.desk.me, asked)
    line.sync()


def test_what_a_device_said_before_it_was_struck_off_is_sent_on(line: Line) -> None:
    register(line, "new-1")
    line.box.send(item(1), device="new-1")
    registry.revoke(line.desk.platform, line.desk.me, "new-1", "sold")
    line.sync()
    line.box.send(item(2), device="new-1")
    assert [one["source_id"] for one in sent_on(line.box)] == ["new-1/b1/1"]
    assert find_status(line.box.config).held == {"unknown_device": 1}


def test_a_device_cannot_speak_with_the_key_of_another(line: Line) -> None:
    register(line, "new-1", "new-2")
    keys = {}
    for name in ("new-1", "new-2"):
        platform, me = line.desk.platform, line.desk.me
        code = registry.rotate(platform, me, name, claim_anew=True).claim_code
        keys[name] = registry.claim(platform, me, name, code).key
    line.sync()
    line.box.send(item(9))  # the keeper has met the registry
    told = {"device": "new-2", "items": [item(1)]}

    def post(key: str) -> int:
        headers = {"authorization": f"Bearer {key}"} if key else {}
        return int(client_of(line.box).post("/v1/readings", json=told, headers=headers).status_code)

    assert [post(key) for key in ("", "x", keys["new-1"], keys["new-2"])] == [401, 401, 401, 200]
