"""Routes of the base map: what it holds, and its vector tiles; all of it comes from here."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Request, Response

from twinward.api.http.authentication import caller_of
from twinward.api.http.problems import ERRORS
from twinward.api.http.responses import answer
from twinward.api.http.schemas import gives, gives_file
from twinward.service.console.map_tiles import MapTiles
from twinward.service.platform import Platform

MVT = "application/vnd.mapbox-vector-tile"
PNG = "image/png"
DAY_S = 86_400
MOST_ZOOM = 24
Number = Annotated[int, Path(ge=0, lt=1 << MOST_ZOOM)]


def router(platform: Platform) -> APIRouter:
    routes = APIRouter(prefix="/v1", tags=["console"], responses=ERRORS)
    tiles = MapTiles(platform.workspace)

    @routes.get("/map/base", responses=gives("BaseMap"))
    def get_map_base(request: Request) -> Response:
        """What the base map of the city holds, what is missing, and whose data it is."""
        caller_of(platform, request)
        return answer(tiles.described)

    @routes.get(
        "/map/tiles/{zoom}/{x}/{y}",
        responses=gives_file("a vector tile; empty where nothing is drawn", MVT),
        response_class=Response,
    )
    def get_map_tile(
        request: Request,
        zoom: Annotated[int, Path(ge=0, le=MOST_ZOOM)],
        x: Number,
        y: Number,
        v: Annotated[str, Query(max_length=64, description="which build of the map")] = "",
        if_none_match: Annotated[str | None, Header()] = None,
    ) -> Response:
        """One vector tile of the base map (Mapbox Vector Tile 2.1); another `v` is another
        address, so that a browser does not keep the tiles of an older build.
        """
        caller_of(platform, request)
        tag = f'"{tiles.described.version}"'
        headers = {"etag": tag, "cache-control": f"private, max-age={DAY_S}"}
        if if_none_match == tag:
            return Response(status_code=304, headers=headers)
        body = tiles.find_tile(zoom, x, y)
        if body is None:
            return Response(status_code=200, media_type=MVT, headers=headers)
        return Response(body, media_type=MVT, headers=headers | {"content-encoding": "gzip"})

    @routes.get(
        "/map/terrain/{zoom}/{x}/{y}",
        responses=gives_file("a PNG of heights; empty without terrain", PNG),
        response_class=Response,
    )
    def get_map_terrain(
        request: Request,
        zoom: Annotated[int, Path(ge=0, le=MOST_ZOOM)],
        x: Number,
        y: Number,
        v: Annotated[str, Query(max_length=64, description="which build of the map")] = "",
    ) -> Response:
        """One tile of the ground's heights in the colours of Terrarium."""
        caller_of(platform, request)
        body = tiles.terrain.find_tile(zoom, x, y)
        headers = {"cache-control": f"private, max-age={DAY_S}", "content-encoding": "identity"}
        return Response(body or b"", media_type=PNG, headers=headers)

    return routes
