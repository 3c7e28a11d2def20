"""Feeds of public transport: GTFS-Realtime in, its timetable, and what each operator last said."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request, Response

from twinward.api.http.authentication import caller_of
from twinward.api.http.pages import MAX_PAGE, Cursor, PageLimit, cut_page
from twinward.api.http.problems import ERRORS
from twinward.api.http.responses import answer, read_body
from twinward.api.http.schemas import gives, gives_page
from twinward.service.city import transit
from twinward.service.platform import Platform

FEED_BYTES = 24_000_000
TIMETABLE_BYTES = 200_000_000
BINARY = {"schema": {"type": "string", "format": "binary"}}


def describe_binary(kind: str) -> dict[str, object]:
    """A body that is a file, for OpenAPI."""
    return {"requestBody": {"required": True, "content": {kind: BINARY}}}


def router(platform: Platform) -> APIRouter:
    routes = APIRouter(prefix="/v1", tags=["observations"], responses=ERRORS)

    @routes.get("/transit", responses=gives_page("TransitView"))
    def get_transit(
        request: Request, limit: PageLimit = MAX_PAGE, cursor: Cursor = None
    ) -> Response:
        """Operators of public transport that send feeds: how old each is, how many trips are late
        or cancelled, what is announced, what was refused.
        """
        caller = caller_of(platform, request)
        return answer(cut_page(transit.list_transit(platform, caller), limit, cursor))

    @routes.post(
        "/transit/{source}/feed",
        openapi_extra=describe_binary("application/x-protobuf"),
        responses=gives("TransitAccount"),
    )
    async def post_transit_feed(request: Request, source: str) -> Response:
        """Take in one GTFS-Realtime feed (protobuf): vehicle positions, trip updates, alerts; every
        entity is taken, held, or rejected with its reason.
        """
        caller = caller_of(platform, request)
        body = await read_body(request, FEED_BYTES)
        return answer(await asyncio.to_thread(transit.take_feed, platform, caller, source, body))

    @routes.post(
        "/transit/{source}/timetable",
        openapi_extra=describe_binary("application/zip"),
        responses=gives("TimetableView"),
    )
    async def post_transit_timetable(request: Request, source: str) -> Response:
        """Keep a GTFS zip as the timetable of a source; it replaces the one before it."""
        caller = caller_of(platform, request)
        body = await read_body(request, TIMETABLE_BYTES)
        return answer(
            await asyncio.to_thread(transit.add_timetable, platform, caller, source, body)
        )

    return routes
