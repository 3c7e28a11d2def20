"""What a device says of itself and of its orders reaches the centre, or is refused to the device; no
word of one device keeps an edge from its centre or fills its disk.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge.agent.box import wait_until
from edge.agent.test_device_orders import Line
from edge.agent.test_keeper import item
from helpers.cities import HUANGPU, Desk
from twinward.edge.agent.config import Mqtt
from twinward.edge.agent.device_orders import words_of
from twinward.edge.agent.mqtt import MqttDoor
from twinward.edge.agent.status import find_status
from twinward.edge.mqtt.client import Burst
from twinward.edge.mqtt.packets import BrokerMessage
from twinward.service.devices import fleet, orders, registry

BAD_WORDS: tuple[Any, ...] = (
    {"reported": {"a": "b"}, "version": -1},
    {"reported": {"a": "b"}, "version": 2**60},
    {"reported": {"a": "x" * 1_000_000}},
    {"reported": {"x" * 1000: "a"}},
    {"reported": {"": "a"}},
    {"reported": {"a": "two\nlines"}},
    {"reported": {"a": "\0"}},
    {"reported": {str(n): "a" for n in range(51)}},
)


@pytest.fixture
def line(tmp_path: Path, desk: Desk) -> Iterator[Line]:
    found = Line(tmp_path, desk)
    for name in ("siren-1", "siren-2"):
        asked = registry.DeviceRequest(
            device=name, edge="gate-1", profile="door-sensor", area=HUANGPU
        )
        registry.add(desk.platform, desk.me, asked)
    found.sync()
    found.box.send(item(9))  # the keeper has met the registry
    yield found
    found.box.close()


def say(line: Line, word: object, device: str = "siren-1") -> int:
    return int(line.device.post(f"/v1/devices/{device}/state", json=word).status_code)


def reported(line: Line, device: str) -> dict[str, str]:
    return registry.get_device(line.desk.platform, line.desk.me, device).reported


@pytest.mark.parametrize("word", BAD_WORDS, ids=lambda one: str(one)[:40])
def test_a_word_that_the_centre_cannot_take_is_refused_at_the_door(line: Line, word: Any) -> None:
    assert say(line, word) == 400
    assert say(line, {"reported": {"volume": "3"}}) == 200
    line.sync()
    assert reported(line, "siren-1") == {"volume": "3"}


def test_what_nobody_knows_says_nothing_of_itself_and_keeps_no_room(line: Line) -> None:
    assert {say(line, {"reported": {"a": "b"}}, f"nobody-{n}") for n in range(5)} == {404}
    assert line.box.store.db.execute("SELECT count(*) FROM device_word").fetchone() == (0,)


def test_a_broker_s_word_that_is_refused_is_counted(line: Line) -> None:
    door, acknowledged = MqttDoor(line.box.keeper, Mqtt(host="127.0.0.1"), line.box.clock), []
    door.client.acknowledge = lambda _, mids: acknowledged.extend(mids)  # type: ignore[method-assign]
    door.orders = line.orders
    for mid, word in enumerate(BAD_WORDS[:5], 1):
        body = json.dumps(word).encode()
        door.take(
            Burst(1, [BrokerMessage(b"twinward/gate-1/siren-1/state", body, mid, False, False)])
        )
    wait_until(lambda: len(acknowledged) == 5, 5)
    status = find_status(line.box.config)
    assert status.rejected == 5 and status.received == status.stored + status.rejected


def test_a_word_that_was_kept_and_is_refused_is_set_aside_alone(line: Line) -> None:
    """Of an agent before it knew better, or of a centre that takes less than its edges."""
    name = line.order()
    line.sync()
    line.reply(name, "done")
    say(line, {"reported": {"volume": "3"}}, "siren-2")
    line.box.store.db.execute(
        "INSERT INTO device_word VALUES ('siren-1', ?, -1, 5, 0)",
        (msgspec.json.encode({"volume": "9"}),),
    )
    line.sync(2)
    assert line.state_of(name) == "done" and reported(line, "siren-2") == {"volume": "3"}
    assert words_of(line.box.store.db) == []
    assert [one.reason for one in find_status(line.box.config).losses] == [
        "word refused: bad_field"
    ]
    assert fleet.list_edges(line.desk.platform, line.desk.me)[0].state != "unknown"


def test_words_of_many_devices_fit_into_one_exchange(line: Line) -> None:
    word = msgspec.json.encode({str(n): "x" * 200 for n in range(50)})
    line.box.store.db.executemany(
        "INSERT INTO device_word VALUES (?, ?, 0, 5, 0)", [(f"d{n}", word) for n in range(1000)]
    )
    told = msgspec.json.encode(words_of(line.box.store.db))
    assert 900_000 < len(told) < 1_200_000


@pytest.mark.parametrize("says", ["two\nlines", "\0", "\u202eback", "x" * 5000, "\x1b[2J"])
def test_what_was_done_is_done_whatever_is_said_of_it(line: Line, says: str) -> None:
    name = line.order()
    line.sync()
    told = {"device": "siren-1", "state": "done", "says": says[:300]}
    assert line.device.post(f"/v1/orders/{name}", json=told).status_code == 200
    line.sync()
    (one,) = orders.list_orders(line.desk.platform, line.desk.me)
    assert (one.id, one.state) == (name, "done")
