"""The agent's HTTP door: nobody takes all its places or its memory by being slow."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from edge.agent.test_keeper import Box, item
from helpers.loops import run_apart
from twinward.core.errors import BusyError
from twinward.edge.agent import http_lines, slow_connections
from twinward.edge.agent.device_orders import DeviceOrders
from twinward.edge.agent.http import make_server

HEAD = b"POST /v1/readings HTTP/1.1\r\nhost: a\r\ncontent-length: 3000000\r\n\r\n"


class Door:
    """The door of an agent on a port of this machine."""

    def __init__(self, folder: Path) -> None:
        self.box = Box(folder)
        edge = msgspec.structs.replace(self.box.config.edge, listen="127.0.0.1:0")
        self.box.keeper.config = msgspec.structs.replace(self.box.keeper.config, edge=edge)
        self.server = make_server(self.box.keeper, DeviceOrders(self.box.keeper, self.box.clock))
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)
        self.port: int = self.server.servers[0].sockets[0].getsockname()[1]
        self.seq = 0

    def send(self) -> int:
        """The status of the answer to one good reading."""
        self.seq += 1
        body = json.dumps({"device": "fridge", "items": [item(self.seq)]}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/v1/readings", body)
        try:
            with urllib.request.urlopen(request, timeout=20) as got:
                return int(got.status)
        except urllib.error.HTTPError as error:
            return error.code

    def dial(self, said: bytes) -> socket.socket:
        line = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        line.sendall(said)
        return line

    def wait_for_places(self) -> None:
        """Until the server has seen that every line is closed."""
        deadline = time.monotonic() + 20
        while http_lines.DoorProtocol.open_lines and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not http_lines.DoorProtocol.open_lines

    def close(self) -> None:
        self.server.should_exit = True
        self.thread.join()
        self.box.close()


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    for name, value in (("HEAD_S", 0.3), ("GRACE_S", 0.3), ("LOOK_S", 0.05)):
        monkeypatch.setattr(slow_connections, name, value)
    monkeypatch.setattr(http_lines, "MOST_OF_ADDRESS", 10)
    one = Door(tmp_path)
    yield one
    one.close()


@pytest.mark.parametrize("begun", [b"POST /v1/re", HEAD, HEAD + b"{"])
def test_who_begins_and_does_not_go_on_gives_up_the_place(door: Door, begun: bytes) -> None:
    lines = [door.dial(begun) for _ in range(10)]
    for line in lines:
        told = b""
        while part := line.recv(65_536):
            told += part
        assert b" 408 " in told
        line.close()
    door.wait_for_places()
    assert door.send() == 200


def test_one_address_takes_no_more_than_its_places(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow_connections, "HEAD_S", 60)  # none gives up before the last has come
    lines = [door.dial(b"POST /v1/re") for _ in range(10)]
    other = door.dial(b"")
    with suppress(ConnectionError):
        assert other.recv(1) == b""
    other.close()
    for line in lines:
        line.close()
    door.wait_for_places()
    assert door.send() == 200


def test_bodies_under_way_have_a_bound() -> None:
    """What is refused is answered, and its room is free again."""
    held: list[int] = []
    let_go = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        held.append(bound.held)
        await let_go.wait()

    bound = http_lines.BodyBound(app, most_bytes=100)

    def body(*sizes: int) -> Receive:
        parts = [b"x" * size for size in sizes]

        async def receive() -> Message:
            return {"body": parts.pop(0), "more_body": bool(parts)}

        return receive

    async def send(message: Message) -> None: ...

    async def story() -> None:
        first = asyncio.create_task(bound({}, body(40, 40), send))
        await asyncio.sleep(0)
        assert held == [80]
        with pytest.raises(BusyError):
            await bound({}, body(10, 20), send)
        assert bound.held == 80
        let_go.set()
        await bound({}, body(20), send)
        await first
        assert (held, bound.held) == ([80, 100], 0)

    run_apart(story())


def test_who_finds_no_room_is_told_to_come_again(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_lines.BodyBound.__init__, "__defaults__", (10,))
    other = make_server(door.box.keeper, DeviceOrders(door.box.keeper, door.box.clock))
    client = TestClient(other.config.app)  # type: ignore[arg-type]
    answer = client.post("/v1/readings", json={"device": "fridge", "items": [item(1)]})
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
