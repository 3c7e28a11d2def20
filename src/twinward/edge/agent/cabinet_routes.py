"""Routes of the agent where it holds parcels: the keypad page, codes, and a courier's deeds."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from twinward.core.errors import TwinwardError
from twinward.core.pages import build_page
from twinward.edge.agent.cabinet_door import CabinetDoor, CourierDeed
from twinward.edge.agent.http_bodies import answer, decode_as, problem, read_body

Typed = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]


class TypedCode(msgspec.Struct, forbid_unknown_fields=True):
    """What a receiver typed on the keypad."""

    parcel: Typed
    code: Typed


def cabinet_routes(cabinet: CabinetDoor) -> list[Route]:
    page = build_page("twinward.edge.agent", "cabinet.html")

    async def show(_request: Request) -> Response:
        return Response(page.content, media_type="text/html", headers=page.headers)

    async def get_face(_request: Request) -> Response:
        return answer(msgspec.json.encode(await asyncio.to_thread(cabinet.face)))

    async def post_code(request: Request) -> Response:
        try:
            told = decode_as(TypedCode, await read_body(request), "send {parcel, code}")
            opened = await asyncio.to_thread(cabinet.hand_out, told.parcel, told.code)
            return answer(msgspec.json.encode(opened))
        except TwinwardError as error:
            return problem(error)

    async def get_expected(request: Request) -> Response:
        try:
            cabinet.require_courier(key_of(request))
            return answer(msgspec.json.encode(await asyncio.to_thread(cabinet.expected)))
        except TwinwardError as error:
            return problem(error)

    async def post_deed(request: Request) -> Response:
        try:
            cabinet.require_courier(key_of(request))
            deed = decode_as(CourierDeed, await read_body(request), "send {parcel, act, box}")
            return answer(msgspec.json.encode(await asyncio.to_thread(cabinet.do, deed)))
        except TwinwardError as error:
            return problem(error)

    return [
        Route("/cabinet", show),
        Route("/v1/cabinet", get_face),
        Route("/v1/cabinet/open", post_code, methods=["POST"]),
        Route("/v1/cabinet/parcels", get_expected),
        Route("/v1/cabinet/parcels", post_deed, methods=["POST"]),
    ]


def key_of(request: Request) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ").strip()
