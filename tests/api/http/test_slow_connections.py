"""A connection that sends no whole request, or does not read its answer, is closed in time; a
question stops when its client has gone.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse

from twinward.api.http import questions
from twinward.api.http.questions import questions_of
from twinward.core.errors import TwinwardError
from twinward.core.stopping import check_stopped
from twinward.edge.agent import slow_connections

HEAD = b"POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n"


class Small:
    """A server of two routes with limits of a tenth of a second, and what its questions became."""

    def __init__(self) -> None:
        self.ended: list[str] = []
        api = FastAPI()

        @api.post("/echo")
        async def echo(request: Request) -> Response:
            return Response(str(len(await request.body())))

        @api.get("/long")
        async def long(request: Request) -> Response:
            try:
                return await questions_of(request).ask(request, "li", self.work)
            except TwinwardError as error:
                self.ended.append(error.code)
                return Response(error.code, 400)

        @api.get("/stream")
        async def stream() -> Response:
            async def ticks() -> Any:
                for _ in range(12):
                    await asyncio.sleep(0.05)
                    yield b"tick\n"

            return StreamingResponse(ticks())

        config = uvicorn.Config(
            api, port=0, log_level="error", http=slow_connections.WatchedProtocol, ws="none"
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)
        self.port: int = self.server.servers[0].sockets[0].getsockname()[1]

    def work(self) -> Response:
        for _ in range(2_000):
            check_stopped()
            time.sleep(0.005)
        return Response("done")

    def dial(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def wait_for(self, code: str) -> None:
        deadline = time.monotonic() + 60
        while code not in self.ended:
            assert time.monotonic() < deadline, f"it never ended by {code}"
            time.sleep(0.01)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[Small]:
    for name, value in (("HEAD_S", 0.3), ("GRACE_S", 0.3), ("STUCK_S", 0.3), ("LOOK_S", 0.05)):
        monkeypatch.setattr(slow_connections, name, value)
    monkeypatch.setattr(questions, "LOOK_S", 0.02)
    found = Small()
    yield found
    found.server.should_exit = True
    found.thread.join()


def rest_of(line: socket.socket) -> bytes:
    """What still comes until the server closes."""
    found = b""
    while part := line.recv(65_536):
        found += part
    return found


@pytest.mark.parametrize(
    "begun", [b"", b"GET /he", b"GET /long HTTP/1.1\r\nx: 1\r\n", HEAD, HEAD + b"x" * 500]
)
def test_half_a_request_is_closed_and_told_so(small: Small, begun: bytes) -> None:
    with small.dial() as line:
        line.sendall(begun)
        assert b" 408 " in rest_of(line)


@pytest.mark.parametrize("head", [b"GET /he", HEAD])
def test_a_request_that_dribbles_is_closed_though_bytes_come(small: Small, head: bytes) -> None:
    with small.dial() as line:
        line.sendall(head)
        started = time.monotonic()
        with pytest.raises(OSError):
            while time.monotonic() - started < 60:
                line.sendall(b"x")
                time.sleep(0.02)
        assert time.monotonic() - started < 30


def test_lines_that_wait_between_requests_with_empty_lines_are_closed(small: Small) -> None:
    with small.dial() as line:
        line.sendall(b"POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n")
        assert b" 200 " in line.recv(65_536)
        started = time.monotonic()
        with pytest.raises(OSError):
            while time.monotonic() - started < 60:
                line.sendall(b"\r\n")
                time.sleep(0.02)


def test_a_head_of_any_length_is_not_taken(small: Small) -> None:
    with small.dial() as line:
        line.sendall(b"GET / HTTP/1.1\r\nx: " + b"a" * 100_000)
        assert b" 400 " in line.recv(65_536)


def test_a_stream_that_is_read_lasts_longer_than_every_limit(small: Small) -> None:
    with small.dial() as line:
        line.sendall(b"GET /stream HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        assert rest_of(line).count(b"tick") == 12


def test_a_question_stops_when_its_client_goes(small: Small) -> None:
    with small.dial() as line:
        line.sendall(b"GET /long HTTP/1.1\r\nhost: a\r\n\r\n")
        time.sleep(0.2)
    small.wait_for("client_gone")


def test_a_question_has_an_end(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "LONGEST_S", 0.2)
    with small.dial() as line:
        line.sendall(b"GET /long HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        assert b"too_much_work" in rest_of(line)
    assert small.ended == ["too_much_work"]


def test_one_caller_cannot_take_every_place(small: Small) -> None:
    lines = [small.dial() for _ in range(questions.MOST_OF_ONE + 1)]
    for line in lines:
        line.sendall(b"GET /long HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        time.sleep(0.02)
    assert b"too_many_questions" in rest_of(lines[-1])
    for line in lines:
        line.close()
