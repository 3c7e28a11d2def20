"""A stream of events ends with the session it was opened under: nothing that comes later is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from helpers.cities import HUANGPU, Desk
from twinward.api.routes import events
from twinward.security.identity.people import Caller


class Open:
    """A request whose sender is still there."""

    async def is_disconnected(self) -> bool:
        return False


def open_session(desk: Desk) -> Caller:
    platform, now = desk.platform, desk.clock.now()
    platform.accounts.add("plan", "planner", now, department=None, areas=("all",), factor=False)
    tokens = platform.sessions.open(platform.accounts.get("plan"), "desk", now)
    return platform.identities.read(tokens.access, now)


def stock(desk: Desk, number: int) -> None:
    told = {"holder": "h", "kind": "masks", "unit": "pieces", "area": HUANGPU}
    desk.post("SetStock", quantity=float(number), **told)


async def next_frames(stream: AsyncIterator[bytes]) -> bytes:
    return await asyncio.wait_for(anext(stream, b""), 30)


def revoke(desk: Desk, caller: Caller) -> None:
    desk.platform.sessions.revoke(str(caller.session), caller.name)


def lock(desk: Desk, caller: Caller) -> None:
    desk.platform.accounts.lock(caller.name, locked=True)


def change_role(desk: Desk, caller: Caller) -> None:
    desk.platform.accounts.change_role(caller.name, "public", department=None, areas=("all",))


def reset(desk: Desk, caller: Caller) -> None:
    desk.platform.accounts.reset(caller.name, desk.clock.now())


def let_it_end(desk: Desk, caller: Caller) -> None:
    desk.clock.advance(timedelta(hours=13))


@pytest.mark.parametrize("end", [revoke, lock, change_role, reset, let_it_end])
def test_nothing_is_told_after_the_session_has_ended(
    desk: Desk, end: Callable[[Desk, Caller], None]
) -> None:
    caller = open_session(desk)

    async def follow() -> list[bytes]:
        request: Any = Open()
        stream = events.stream(events.Pulse(desk.platform), request, 0, caller)
        assert (await next_frames(stream)).startswith(b": here")
        stock(desk, 1)
        told = await next_frames(stream)
        while b"StockSet" not in told:
            told += await next_frames(stream)
        waiting = asyncio.create_task(next_frames(stream))
        await asyncio.sleep(0.1)  # it waits for the next event
        end(desk, caller)
        await asyncio.to_thread(stock, desk, 2)
        return [await waiting, await next_frames(stream)]

    # a thread of its own: a browser of another test may keep a loop on this one
    with ThreadPoolExecutor(1) as apart:
        assert apart.submit(asyncio.run, follow()).result() == [b"", b""]
