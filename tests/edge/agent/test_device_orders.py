"""Orders at an edge: kept over a restart, handed out while they are wanted, answered once; devices
that the centre registers are heard with what they said before, those it revokes are held back.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from starlette.testclient import TestClient

from edge.agent.test_keeper import NOW, Box, item
from helpers.cities import HUANGPU, Desk
from twinward.edge.agent.device_orders import DeviceOrders, is_awake
from twinward.edge.agent.http import make_server
from twinward.edge.agent.status import find_status
from twinward.edge.agent.sync import Syncer
from twinward.edge.agent.tokens import TokenKeeper
from twinward.edge.agent.wire import SyncRequest
from twinward.service.devices import fleet, orders, registry


class Line:
    """An edge in a folder, a centre on a desk, and a line between them that can be cut."""

    def __init__(self, folder: Path, desk: Desk) -> None:
        self.desk, self.box = desk, Box(folder)
        self.desk.clock.at = NOW
        self.cut = False
        self.join()

    def join(self) -> None:
        self.orders = DeviceOrders(self.box.keeper, self.box.clock)
        self.syncer = Syncer(self.box.keeper, self.orders, self.box.clock, TokenKeeper(None))
        server = make_server(self.box.keeper, self.orders)
        self.device = TestClient(server.config.app)  # type: ignore[arg-type]

    def restart(self) -> None:
        self.box.close()
        self.box.open()
        self.join()

    def answer(self, request: httpx.Request) -> httpx.Response:
        if self.cut:
            raise httpx.ConnectError("the line is cut")
        try:
            said = msgspec.json.decode(request.content, type=SyncRequest)
        except msgspec.ValidationError:
            return httpx.Response(422, json={"code": "bad_field"})
        done = fleet.sync(self.desk.platform, self.desk.me, said)
        return httpx.Response(200, content=msgspec.json.encode(done))

    def sync(self, times: int = 1) -> None:
        transport = httpx.MockTransport(self.answer)
        with httpx.Client(base_url="http://centre", transport=transport) as client:
            for _ in range(times):
                self.pass_time(1)
                self.syncer.sync(client)

    def pass_time(self, seconds: float) -> None:
        for clock in (self.desk.clock, self.box.clock):
            clock.advance(timedelta(seconds=seconds))

    def order(self, **more: Any) -> str:
        until = self.desk.clock.now() + timedelta(hours=1)
        told = {"until": until} | more
        return orders.order(self.desk.platform, self.desk.me, "siren-1", "sound", **told).id

    def state_of(self, name: str) -> str:
        found = orders.list_orders(self.desk.platform, self.desk.me)
        return next(one.state for one in found if one.id == name)

    def poll(self, key: str = "") -> Any:
        headers = {"authorization": f"Bearer {key}"} if key else {}
        return self.device.get("/v1/orders", params={"device": "siren-1"}, headers=headers)

    def reply(self, name: str, state: str, device: str = "siren-1") -> Any:
        return self.device.post(f"/v1/orders/{name}", json={"device": device, "state": state})


@pytest.fixture
def line(tmp_path: Path, desk: Desk) -> Iterator[Line]:
    found = Line(tmp_path, desk)
    asked = registry.DeviceRequest(
        device="siren-1", edge="gate-1", profile="door-sensor", area=HUANGPU
    )
    registry.add(desk.platform, desk.me, asked)
    found.sync()
    yield found
    found.box.close()


def test_an_order_is_handed_out_until_it_is_answered_and_done_once(line: Line) -> None:
    name = line.order()
    line.sync(2)
    assert line.state_of(name) == "sent"
    for _ in range(2):  # the device lost its power in between
        assert [one["order"] for one in line.poll().json()["orders"]] == [name]
    line.restart()
    line.sync(2)
    assert line.state_of(name) == "delivered"
    assert line.reply(name, "done").json() == {"order": name, "state": "done"}
    assert line.reply(name, "refused").json()["state"] == "done"  # answered twice
    assert line.poll().json()["orders"] == []
    line.restart()
    assert line.poll().json()["orders"] == []
    line.sync(2)
    assert line.state_of(name) == "done"


def test_who_slept_gets_only_what_is_still_wanted(line: Line) -> None:
    short = line.order(until=line.desk.clock.now() + timedelta(minutes=5))
    old = line.order()
    line.sync()
    new = line.order(supersedes=old)
    line.sync()
    line.cut = True
    line.pass_time(600)
    assert [one["order"] for one in line.poll().json()["orders"]] == [new]
    assert line.reply(short, "done").status_code == 409
    line.cut = False
    line.sync(2)
    assert [line.state_of(name) for name in (short, old, new)] == [
        "expired",
        "superseded",
        "delivered",
    ]


def test_what_was_done_while_the_line_was_cut_is_told_with_its_time(line: Line) -> None:
    name = line.order(until=line.desk.clock.now() + timedelta(minutes=10))
    line.sync()
    line.cut = True
    line.pass_time(60)
    line.poll()
    line.reply(name, "done")
    with pytest.raises(httpx.ConnectError):
        line.sync()
    line.pass_time(3600)
    line.restart()
    line.cut = False
    line.sync(2)
    assert line.state_of(name) == "done"


@pytest.mark.parametrize(
    ("name", "state", "device", "status"),
    [
        ("never-given", "done", "siren-1", 409),
        ("", "done", "siren-2", 409),
        ("", "exploded", "siren-1", 400),
        ("", "sent", "siren-1", 400),
    ],
)
def test_an_answer_that_cannot_be_is_refused(
    line: Line, name: str, state: str, device: str, status: int
) -> None:
    given = line.order()
    line.sync()
    assert line.reply(name or given, state, device).status_code == status
    assert [one["order"] for one in line.poll().json()["orders"]] == [given]


def test_an_unknown_device_is_registered_with_its_waiting_data_and_revoked(line: Line) -> None:
    line.box.send(item(1), device="new-1")
    line.sync()
    (edge,) = fleet.list_edges(line.desk.platform, line.desk.me)
    assert [(one.device, one.count) for one in edge.held] == [("new-1", 1)]
    asked = registry.DeviceRequest(
        device="new-1", edge="gate-1", profile="cold-chain-logger", area=HUANGPU, place="store-9"
    )
    registry.add(line.desk.platform, line.desk.me, asked)
    line.sync()
    line.box.send(item(2), device="new-1")
    waiting = line.box.store.list_waiting(("status",), 10)
    told = [json.loads(one.body) for one in waiting]
    assert [(one["source_id"], one["place"]) for one in told] == [
        ("new-1/b1/1", "store-9"),
        ("new-1/b1/2", "store-9"),
    ]
    registry.revoke(line.desk.platform, line.desk.me, "new-1", "stolen last night")
    line.sync()
    line.box.send(item(3), device="new-1")
    assert find_status(line.box.config).held == {"unknown_device": 1}


def test_keys_of_the_registry_are_asked_for(line: Line) -> None:
    code = registry.rotate(line.desk.platform, line.desk.me, "siren-1", claim_anew=True).claim_code
    key = registry.claim(line.desk.platform, line.desk.me, "siren-1", code).key
    line.sync()
    line.box.send(item(9))  # the keeper has met the registry
    assert line.poll().status_code == 401
    assert line.poll("wrong").status_code == 401
    assert line.poll(key).status_code == 200


def test_wishes_reach_the_device_and_its_word_the_centre(line: Line) -> None:
    registry.wish(line.desk.platform, line.desk.me, "siren-1", {"volume": "3"})
    line.sync()
    told = line.poll().json()
    assert (told["desired"], told["version"]) == ({"volume": "3"}, 1)
    line.device.post("/v1/devices/siren-1/state", json={"reported": told["desired"], "version": 1})
    line.sync()
    assert registry.get_device(line.desk.platform, line.desk.me, "siren-1").pending == {}


def test_a_broker_is_handed_an_order_once_a_minute_and_only_for_who_is_awake(line: Line) -> None:
    line.order()
    line.sync()
    now = time.monotonic()
    assert len(line.orders.due("siren-1", now)) == 1
    assert line.orders.due("siren-1", now + 59) == []
    assert len(line.orders.due("siren-1", now + 61)) == 1
    assert is_awake("cold-chain-logger", None, 0)
    assert is_awake("cold-chain-logger", 0, 600_000_000)
    assert not is_awake("cold-chain-logger", 0, 601_000_000)
