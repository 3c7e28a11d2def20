"""Connections that take their time: one that sends no whole request, or does not read its answer,
is closed, so that nobody uses up the server by doing nothing. The centre's server and the agent's
door both speak it.
"""

from __future__ import annotations

from typing import Any

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_S = 15.0  # until the head of a request is whole, counted from its first byte
MOST_HEAD_BYTES = 65_536
GRACE_S, LEAST_BYTES_A_S = 20.0, 10_000.0  # a body: so long at once, and longer at this pace
STUCK_S = 60.0  # an answer of which nothing was taken for so long
LOOK_S = 2.0
TOO_SLOW = msgspec.json.encode(
    {
        "type": "urn:twinward:error:too_slow",
        "title": "Too slow",
        "status": 408,
        "code": "too_slow",
        "detail": "the request did not come in time",
        "message": "the request did not come in time",
        "advice": "send it again on another line",
    }
)
TIMED_OUT = (
    b"HTTP/1.1 408 Request Timeout\r\ncontent-type: application/problem+json\r\n"
    b"connection: close\r\ncontent-length: %d\r\n\r\n%s" % (len(TOO_SLOW), TOO_SLOW)
)


class WatchedProtocol(HttpToolsProtocol):
    """One connection, looked at every few seconds."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._begin()
        self.idle_at: float | None = None  # since when it waits for a request without a limit
        self.stuck_at: float | None = None
        self.left = 0  # bytes of the answer that the client had not taken at the last look
        self.look = self.loop.call_later(LOOK_S, self._look)

    def _begin(self) -> None:
        self.began_at = self.loop.time()
        self.head_done = self.request_done = False
        self.head_bytes = self.body_bytes = 0

    def connection_lost(self, exc: Exception | None) -> None:
        self.look.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self.head_done:
            self.head_bytes += len(data)
        super().data_received(data)
        if self.head_bytes > MOST_HEAD_BYTES and not self.head_done:
            self.send_400_response("The head of the request is too large.")

    def on_message_begin(self) -> None:
        if self.head_done:
            self._begin()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self.head_done = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self.body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self.request_done = True
        super().on_message_complete()

    def _look(self) -> None:
        if self.transport.is_closing():
            return
        now = self.loop.time()
        if self._sends_too_slowly(now) or self._is_idle(now):
            if self.cycle is None or not self.cycle.response_started:
                self.transport.write(TIMED_OUT)
            self.transport.close()
        elif self._is_stuck(now):
            self.transport.abort()
        else:
            self.look = self.loop.call_later(LOOK_S, self._look)

    def _sends_too_slowly(self, now: float) -> bool:
        """Whether the request at hand should have come by now."""
        if self.request_done:
            return False
        if not self.head_done:
            return now - self.began_at > HEAD_S
        if self.flow.read_paused:  # we are slow, not the client
            self.began_at += LOOK_S
            return False
        return now - self.began_at > GRACE_S + self.body_bytes / LEAST_BYTES_A_S

    def _is_idle(self, now: float) -> bool:
        """Whether all is answered and something came that is no request: the server's own limit
        of idle lines counts no more.
        """
        waits = self.timeout_keep_alive_task is not None
        if waits or not self.request_done or self.cycle is None or not self.cycle.response_complete:
            self.idle_at = None
        elif self.idle_at is None:
            self.idle_at = now
        return self.idle_at is not None and now - self.idle_at > HEAD_S

    def _is_stuck(self, now: float) -> bool:
        """Whether the client has taken nothing of what waits for it for a long time."""
        left = self.transport.get_write_buffer_size()
        if left == 0 or left < self.left:
            self.stuck_at = None
        elif self.stuck_at is None:
            self.stuck_at = now
        self.left = left
        return self.stuck_at is not None and now - self.stuck_at > STUCK_S
