"""GET /v1/events: the log by offset, as a page or as a live stream (server-sent events)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated

import msgspec
from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse

from twinward.api.http.authentication import caller_of
from twinward.api.http.pages import Cursor, PageLimit, cut_page, read_cursor, write_cursor
from twinward.api.http.parameters import At, Word, aware
from twinward.api.http.problems import ERRORS
from twinward.api.http.responses import answer
from twinward.api.http.schemas import gives, gives_page
from twinward.service.access.authorization import scrub_json
from twinward.service.incidents import alerts, duty_log, event_queries
from twinward.service.platform import Caller, Platform

PAGE = 500
FAR = 2**53  # no log is longer
HEARTBEAT_S = 15.0
BEAT_S = 1.0  # how long a thread may wait before it looks whether the server still runs

EVENTS = gives("EventPage")
EVENTS[200]["content"]["text/event-stream"] = {"schema": {"type": "string"}}


def router(platform: Platform) -> APIRouter:
    routes = APIRouter(prefix="/v1", tags=["events"], responses=ERRORS)
    pulse = Pulse(platform)

    @routes.get("/events", responses=EVENTS)
    async def get_events(
        request: Request,
        after: Annotated[int, Query(ge=0, le=FAR)] = 0,
        limit: Annotated[int, Query(ge=1, le=10_000)] = PAGE,
        follow: bool = False,
        last_event_id: Annotated[str | None, Header()] = None,
    ) -> Response:
        """Events after an offset; with `follow=true` (or Accept: text/event-stream) the stream
        stays open.
        """
        caller = caller_of(platform, request)
        seen = last_event_id or ""
        start = min(int(seen), FAR) if seen.isascii() and seen.isdigit() else after
        if follow or "text/event-stream" in request.headers.get("accept", ""):
            return StreamingResponse(
                stream(pulse, request, start, caller), media_type="text/event-stream"
            )
        items = await asyncio.to_thread(event_queries.list_events, platform, start, limit, caller)
        return answer({"items": items, "next": items[-1]["seq"] if items else start})

    add_duty(routes, platform)
    return routes


def add_duty(routes: APIRouter, platform: Platform) -> None:
    """What the duty desk reads: the log of significant events, shifts, alerts, comments."""

    @routes.get("/journal", responses=gives_page("LogLine"))
    def get_journal(
        request: Request,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        cursor: Cursor = None,
        incident: Word = None,
        at: At = None,
        types: Annotated[list[str] | None, Query(max_length=40)] = None,
    ) -> Response:
        """Significant events with their authors, newest first; of the `types` that are named."""
        caller = caller_of(platform, request)
        found = duty_log.list_journal(
            platform,
            caller,
            before=read_cursor(cursor) or None,
            limit=limit,
            incident=incident,
            at=aware(at),
            types=types or (),
        )
        following = None if found.next is None else write_cursor(found.next)
        return answer({"items": found.items, "next": following})

    @routes.get("/shifts", responses=gives_page("ShiftRow"))
    def get_shifts(request: Request, limit: PageLimit = 20, cursor: Cursor = None) -> Response:
        """Hand-overs of shifts, newest first."""
        caller = caller_of(platform, request)
        return answer(cut_page(duty_log.list_shifts(platform, caller), limit, cursor))

    @routes.get("/alerts", responses=gives_page("Alert"))
    def get_alerts(request: Request, limit: PageLimit = 500, cursor: Cursor = None) -> Response:
        """What the caller must be told now, newest first, with who has acknowledged it."""
        caller = caller_of(platform, request)
        return answer(cut_page(alerts.list_alerts(platform, caller), limit, cursor))

    @routes.get("/tasks/{task}/comments", responses=gives_page("TaskComment"))
    def get_comments(
        request: Request, task: str, limit: PageLimit = 500, cursor: Cursor = None
    ) -> Response:
        """What was written on a task, oldest first."""
        caller = caller_of(platform, request)
        return answer(cut_page(duty_log.list_comments(platform, caller, task), limit, cursor))


class Pulse:
    """One waiter for every stream of this process: two hundred open screens cost one thread and
    one read of the log.
    """

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.last = 0
        self._moved = asyncio.Event()
        self._beating: asyncio.Task[None] | None = None
        self._pages: dict[tuple[int, str], asyncio.Task[tuple[bytes, int]]] = {}

    def may_go_on(self, caller: Caller) -> bool:
        """Whether the caller's session still stands: a stream ends with it."""
        now = self.platform.clock.now()
        return caller.session is None or self.platform.identities.is_live(caller.session, now)

    async def wait(self, after: int) -> bool:
        """Whether the log has grown beyond `after`; False when it has not for a heartbeat."""
        if self._beating is None or self._beating.done():
            self._beating = asyncio.create_task(self._beat())
        if self.last <= after:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._moved.wait(), HEARTBEAT_S)
        return self.last > after

    async def read(self, after: int, caller: Caller) -> tuple[bytes, int]:
        """The next events as frames of the stream, and the last one's number.

        Streams at the same place share them, unless what their callers may see differs.
        """
        key = (after, "" if caller.areas == ("all",) else caller.name)
        if key not in self._pages:
            self._pages[key] = asyncio.create_task(asyncio.to_thread(self._frame, after, caller))
        return await asyncio.shield(self._pages[key])

    def _frame(self, after: int, caller: Caller) -> tuple[bytes, int]:
        items = event_queries.list_events(self.platform, after, PAGE, caller)
        frames = [
            b"id: %d\nevent: %s\ndata: %s\n\n"
            % (item["seq"], item["type"].encode(), scrub_json(msgspec.json.encode(item)))
            for item in items
        ]
        return b"".join(frames), items[-1]["seq"] if items else after

    async def _beat(self) -> None:
        while True:
            last = await asyncio.to_thread(self.platform.store.wait_for, self.last, BEAT_S)
            if last > self.last:
                self.last = last
                self._pages.clear()
                moved, self._moved = self._moved, asyncio.Event()
                moved.set()


async def stream(
    pulse: Pulse, request: Request, after: int, caller: Caller
) -> AsyncIterator[bytes]:
    """Every event after `after`, in order, as they come; a comment now and then keeps the wire
    open.
    """
    yield b": here\n\n"
    while not await request.is_disconnected() and pulse.may_go_on(caller):
        if not await pulse.wait(after):
            yield b": still here\n\n"
            continue
        frames, after = await pulse.read(after, caller)
        if frames and pulse.may_go_on(caller):  # it may have ended while the stream waited
            yield frames
