"""What the agent's HTTP door bears at once: lines of one address, and bytes of bodies that are on
their way.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from twinward.core.errors import BusyError
from twinward.edge.agent.slow_connections import WatchedProtocol

MOST_LINES = 800
MOST_OF_ADDRESS = 400  # devices behind one gateway come from one address
MOST_BYTES = 32_000_000  # of all bodies under way: eight of the largest, whoever sends them


class DoorProtocol(WatchedProtocol):
    """One line; of an address that has too many already it is closed at once, so that nobody else
    finds the door full.
    """

    open_lines: Counter[str] = Counter()
    address = ""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        self.address = str(peer[0]) if peer else "-"
        self.open_lines[self.address] += 1
        if self.open_lines[self.address] > MOST_OF_ADDRESS:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.open_lines[self.address] -= 1
        if self.open_lines[self.address] <= 0:
            del self.open_lines[self.address]
        super().connection_lost(exc)


class BodyBound:
    """Counts the bytes of bodies until they are answered; BusyError where there is no room."""

    def __init__(self, app: ASGIApp, most_bytes: int = MOST_BYTES) -> None:
        self.app, self.most_bytes = app, most_bytes
        self.held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        own = 0

        async def counted() -> Message:
            nonlocal own
            message = await receive()
            size = len(message.get("body", b""))
            own += size
            self.held += size
            if self.held > self.most_bytes:
                raise BusyError("too much is sent to this edge at once", "send it again later")
            return message

        try:
            await self.app(scope, counted, send)
        finally:
            self.held -= own
