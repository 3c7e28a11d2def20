"""Routes of the scene: its tiles, what moves in it at an instant, rehearsals."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response

from twinward.api.http.authentication import caller_of
from twinward.api.http.bodies import decode, describe
from twinward.api.http.pages import MAX_PAGE, Cursor, PageLimit, cut_page
from twinward.api.http.parameters import At, aware
from twinward.api.http.problems import ERRORS
from twinward.api.http.responses import answer
from twinward.api.http.schemas import gives, gives_file, gives_page
from twinward.service.city import rehearsals
from twinward.service.city.scene_moment import get_moment
from twinward.service.city.scene_tiles import SceneTiles
from twinward.service.platform import Platform

GLTF = "model/gltf-binary"
DAY_S = 86_400
Build = Annotated[str, Query(max_length=64, description="which build of the scene")]
AheadS = Annotated[int, Query(ge=0, le=300, description="seconds of the way of planned vehicles")]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=120, pattern="^[^\\x00]*$")]
Degrees = Annotated[float, msgspec.Meta(ge=-180, le=180)]


class AskRehearsal(msgspec.Struct, forbid_unknown_fields=True):
    """How many hours are played, and how many times faster than a clock."""

    hours: Annotated[float, msgspec.Meta(gt=0, le=72)] = 24.0
    speed: Annotated[float, msgspec.Meta(ge=1, le=3600)] = 60.0


class AskRehearsalOrder(msgspec.Struct, forbid_unknown_fields=True):
    """An order that stays in the rehearsal."""

    offset_s: Annotated[float, msgspec.Meta(ge=0, le=259_200)]
    title: Annotated[str, msgspec.Meta(min_length=3, max_length=300, pattern="^[^\\x00]*$")]
    department: Name
    area: Name
    deadline_h: Annotated[float, msgspec.Meta(gt=0, le=24 * 90)] = 2.0
    lon: Degrees | None = None
    lat: Degrees | None = None


def router(platform: Platform) -> APIRouter:
    routes = APIRouter(prefix="/v1", tags=["console"], responses=ERRORS)
    add_tiles(routes, platform)
    add_moment(routes, platform)
    add_rehearsals(routes, platform)
    return routes


def add_tiles(routes: APIRouter, platform: Platform) -> None:
    scene = SceneTiles(platform.workspace)
    day = {"cache-control": f"private, max-age={DAY_S}"}

    @routes.get("/scene", responses=gives("SceneView"))
    def get_scene(request: Request) -> Response:
        """What the scene in three dimensions holds, and how many of its heights are guessed."""
        caller_of(platform, request)
        return answer(scene.view())

    @routes.get(
        "/scene/tileset",
        responses=gives_file("3D Tiles 1.1", "application/json"),
        response_class=Response,
    )
    def get_scene_tileset(request: Request, v: Build = "") -> Response:
        """`tileset.json` of the scene."""
        caller_of(platform, request)
        return Response(scene.read_tileset(), media_type="application/json", headers=day)

    @routes.get("/scene/tiles/{name}", responses=gives_file("glTF", GLTF), response_class=Response)
    def get_scene_tile(request: Request, name: str, v: Build = "") -> Response:
        """One tile of the scene, whose corners name their objects."""
        caller_of(platform, request)
        return Response(scene.read_tile(name), media_type=GLTF, headers=day)


def add_moment(routes: APIRouter, platform: Platform) -> None:
    @routes.get("/scene/moment", responses=gives("SceneMoment"))
    def get_scene_moment(request: Request, at: At = None, ahead_s: AheadS = 0) -> Response:
        """People counted in public places (k kept) and vehicles at an instant, past or ahead; of
        planned vehicles also the way of the next `ahead_s` seconds.
        """
        caller = caller_of(platform, request)
        return answer(get_moment(platform, caller, aware(at), ahead_s))


def add_rehearsals(routes: APIRouter, platform: Platform) -> None:
    @routes.get("/scene/rehearsals", responses=gives_page("Rehearsal"))
    def get_rehearsals(
        request: Request, limit: PageLimit = MAX_PAGE, cursor: Cursor = None
    ) -> Response:
        """Rehearsals with the orders that were given in them, the newest first."""
        caller_of(platform, request)
        return answer(cut_page(rehearsals.list_rehearsals(platform), limit, cursor))

    @routes.post(
        "/scene/rehearsals",
        openapi_extra=describe(AskRehearsal),
        responses=gives("BegunRehearsal", 201),
        status_code=201,
    )
    async def post_rehearsal(request: Request) -> Response:
        """Fork the present; its forecasts go on from here. Who sends its token speaks inside it."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskRehearsal, secret=False)
        wanted = rehearsals.NewRehearsal(hours=asked.hours, speed=asked.speed)
        begun = rehearsals.begin_rehearsal(platform, caller, wanted)
        return answer(begun, 201, named=True)  # it hands out a token

    @routes.get("/scene/rehearsals/{rehearsal}", responses=gives("Rehearsal"))
    def get_rehearsal(request: Request, rehearsal: str) -> Response:
        """One rehearsal with its orders."""
        caller_of(platform, request)
        return answer(rehearsals.get_rehearsal(platform, rehearsal))

    @routes.post(
        "/scene/rehearsals/{rehearsal}/orders",
        openapi_extra=describe(AskRehearsalOrder),
        responses=gives("Rehearsal", 201),
        status_code=201,
    )
    async def post_rehearsal_order(request: Request, rehearsal: str) -> Response:
        """Give an order inside a rehearsal: it enters no log and reaches nobody."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskRehearsalOrder, secret=False)
        order = rehearsals.NewRehearsalOrder(**msgspec.structs.asdict(asked))
        return answer(rehearsals.order_in_rehearsal(platform, caller, rehearsal, order), 201)

    @routes.post("/scene/rehearsals/{rehearsal}/end", responses=gives("Rehearsal"))
    def post_rehearsal_end(request: Request, rehearsal: str) -> Response:
        """End a rehearsal; what was ordered in it stays to be read."""
        caller = caller_of(platform, request)
        return answer(rehearsals.end_rehearsal(platform, caller, rehearsal))
