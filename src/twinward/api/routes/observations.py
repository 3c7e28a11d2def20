"""POST /v1/observations, and what sensors said: the latest of each, one by hour."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response

from twinward.api.http.authentication import caller_of
from twinward.api.http.pages import (
    MAX_PAGE,
    Cursor,
    Page,
    PageLimit,
    cut_page,
    next_of,
    read_cursor,
)
from twinward.api.http.problems import ERRORS
from twinward.api.http.responses import answer, read_body
from twinward.api.http.schemas import gives, gives_page
from twinward.core.clock import require_aware
from twinward.service.intake import observations
from twinward.service.platform import Platform

LIMIT_BYTES = 24_000_000
LARGE_BYTES = 2_000_000  # decoded beside the event loop, so that small batches need not wait for it
BACKLOG_BYTES, AT_ONCE = 64_000, 4  # of larger bodies so many are on their way to the disk
Instant = Annotated[datetime, Query(description="RFC 3339 with zone")]
Limit = Annotated[int, Query(ge=1, le=100_000)]
Offset = Annotated[int, Query(ge=0, le=100_000_000)]


def describe_body() -> dict[str, object]:
    """The request body for OpenAPI."""
    _, schemas = msgspec.json.schema_components(
        [observations.ObservationItem], ref_template="#/components/schemas/{name}"
    )
    schema = {
        "type": "object",
        "required": ["source", "items"],
        "properties": {
            "source": {"type": "string"},
            "items": {"type": "array", "items": schemas["ObservationItem"]},
        },
    }
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def router(platform: Platform) -> APIRouter:
    routes = APIRouter(prefix="/v1", tags=["observations"], responses=ERRORS)
    checks = observations.checks_of(platform)
    backlogs = asyncio.Semaphore(AT_ONCE)  # an alarm waits for no more of them

    @routes.post("/observations", openapi_extra=describe_body(), responses=gives("BatchAccount"))
    async def post_observations(request: Request) -> Response:
        """Take in what was sensed: every item is stored, a counted duplicate, or rejected with
        its reason.
        """
        caller = caller_of(platform, request)
        body = await read_body(request, LIMIT_BYTES)
        async with backlogs if len(body) > BACKLOG_BYTES else nullcontext():
            if len(body) > LARGE_BYTES:
                future = await asyncio.to_thread(
                    observations.submit, platform, caller, checks, body
                )
            else:
                future = observations.submit(platform, caller, checks, body)
            account = await asyncio.wrap_future(future)
        return answer(account)

    @routes.get("/sensors", responses=gives_page("SensorValue"))
    def get_sensors(
        request: Request, limit: Limit = 1000, offset: Offset = 0, cursor: Cursor = None
    ) -> Response:
        """The latest value of each sensor of a thing; what is read of persons is in no list."""
        caller_of(platform, request)
        start = read_cursor(cursor, offset)
        total, items = observations.list_sensors(platform, limit=limit, offset=start)
        return answer(Page(items=items, next=next_of(start, len(items), total), total=total))

    @routes.get("/sensors/{sensor:path}/hours", responses=gives_page("Hour"))
    def get_hours(
        request: Request,
        sensor: str,
        start: Annotated[Instant, Query(alias="from")],
        to: Instant,
        limit: PageLimit = MAX_PAGE,
        cursor: Cursor = None,
    ) -> Response:
        """Readings of one sensor in [from, to) by hour: count, mean, least, greatest; a person's
        under an activation.
        """
        caller = caller_of(platform, request)
        found = observations.get_hours(
            platform, caller, sensor, require_aware(start), require_aware(to)
        )
        return answer(cut_page(found, limit, cursor))

    return routes
