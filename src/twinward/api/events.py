"""GET /v1/events: the log by offset, as a page or as a live stream (server-sent events)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse

from twinward.api.answers import ERRORS, answer
from twinward.api.callers import caller_of
from twinward.service import views
from twinward.service.platform import Caller, Platform

PAGE = 500
HEARTBEAT_S = 15.0


def router(platform: Platform) -> APIRouter:
    routes = APIRouter(prefix="/v1", tags=["events"], responses=ERRORS)

    @routes.get("/events")
    async def get_events(
        request: Request,
        after: Annotated[int, Query(ge=0, le=2**53)] = 0,
        limit: Annotated[int, Query(ge=1, le=10_000)] = PAGE,
        follow: bool = False,
        last_event_id: Annotated[str | None, Header()] = None,
    ) -> Response:
        """Events after an offset; with `follow=true` (or Accept: text/event-stream) the stream stays open."""
        caller = caller_of(platform, request)
        start = int(last_event_id) if last_event_id and last_event_id.isdigit() else after
        if follow or "text/event-stream" in request.headers.get("accept", ""):
            return StreamingResponse(stream(platform, request, start, caller), media_type="text/event-stream")
        items = await asyncio.to_thread(views.list_events, platform, start, limit, caller)
        return answer({"items": items, "next": items[-1]["seq"] if items else start})

    return routes


async def stream(platform: Platform, request: Request, after: int, caller: Caller) -> AsyncIterator[bytes]:
    """Every event after `after`, in order, as they come; a comment now and then keeps the wire open."""
    while not await request.is_disconnected():
        items = await asyncio.to_thread(views.list_events, platform, after, PAGE, caller)
        for item in items:
            yield b"id: %d\nevent: %s\ndata: %s\n\n" % (item["seq"], item["type"].encode(), msgspec.json.encode(item))
        if items:
            after = items[-1]["seq"]
        elif await asyncio.to_thread(platform.store.wait_for, after, HEARTBEAT_S) <= after:
            yield b": still here\n\n"
