"""Routes of the field: Cursor on Target in and out, frames of the fallback codec, who is down."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response

from twinward.api.http.authentication import caller_of
from twinward.api.http.bodies import decode, describe
from twinward.api.http.pages import MAX_PAGE, Cursor, PageLimit, cut_page
from twinward.api.http.problems import ERRORS
from twinward.api.http.responses import answer
from twinward.api.http.schemas import gives, gives_page
from twinward.service.platform import Platform
from twinward.service.responders import field

MaybeWord = Annotated[str | None, Query(max_length=120)]
XML = {"schema": {"type": "string"}}
Text = Annotated[str, msgspec.Meta(min_length=3, max_length=2000, pattern="^[^\\x00]*$")]


class AskCot(msgspec.Struct, forbid_unknown_fields=True):
    """Cursor on Target events as XML, each a text."""

    items: Annotated[
        tuple[Annotated[str, msgspec.Meta(max_length=20_000)], ...],
        msgspec.Meta(max_length=field.MOST_ITEMS),
    ]


class AskFrames(msgspec.Struct, forbid_unknown_fields=True):
    """Frames of the fallback codec in base64."""

    items: Annotated[
        tuple[Annotated[str, msgspec.Meta(max_length=400)], ...],
        msgspec.Meta(max_length=field.MOST_ITEMS),
    ]


class AskAlarmEnd(msgspec.Struct, forbid_unknown_fields=True):
    because: Text


def router(platform: Platform) -> APIRouter:
    routes = APIRouter(prefix="/v1/field", tags=["edge"], responses=ERRORS)

    @routes.post("/cot", openapi_extra=describe(AskCot), responses=gives("FieldTaken"))
    async def post_cot(request: Request) -> Response:
        """Positions, wearables and alarms as Cursor on Target; a man down becomes a task."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskCot, secret=False)
        raws = [one.encode() for one in asked.items]
        return answer(await asyncio.to_thread(field.take_cot, platform, caller, raws))

    @routes.post("/frames", openapi_extra=describe(AskFrames), responses=gives("FieldTaken"))
    async def post_frames(request: Request) -> Response:
        """The same from the thin link, of at most 200 bytes each."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskFrames, secret=False)
        frames = asked.items
        return answer(await asyncio.to_thread(field.take_coded_frames, platform, caller, frames))

    @routes.get(
        "/cot",
        responses={200: {"description": "CoT events", "content": {"application/xml": XML}}},
        response_class=Response,
    )
    def get_cot(request: Request) -> Response:
        """Who is down, as Cursor on Target events, a line each."""
        events = field.alarms_as_cot(platform, caller_of(platform, request))
        return Response(b"\n".join(events), media_type="application/xml")

    @routes.get("/alarms", responses=gives_page("FieldAlarmView"))
    def get_alarms(
        request: Request,
        status: MaybeWord = "open",
        limit: PageLimit = MAX_PAGE,
        cursor: Cursor = None,
    ) -> Response:
        """Who is down in the caller's areas; `status` may be ended or all."""
        found = field.list_alarms(platform, caller_of(platform, request), status)
        return answer(cut_page(found, limit, cursor))

    @routes.post(
        "/alarms/{alarm}/end",
        openapi_extra=describe(AskAlarmEnd),
        responses=gives("FieldAlarmView"),
    )
    async def post_end(request: Request, alarm: str) -> Response:
        """They were reached, or it was a false alarm."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskAlarmEnd, secret=False)
        return answer(
            await asyncio.to_thread(field.end_alarm, platform, caller, alarm, asked.because)
        )

    return routes
