"""Routes of the map's work: layers of the city with their latest, history and faults; what a
reading concerns; and the search for a place.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from twinward.api.http.authentication import caller_of
from twinward.api.http.bodies import decode, describe
from twinward.api.http.pages import (
    MAX_PAGE,
    Cursor,
    Page,
    PageLimit,
    cut_page,
    next_of,
    read_cursor,
)
from twinward.api.http.parameters import At, Offset, aware
from twinward.api.http.problems import ERRORS
from twinward.api.http.responses import answer
from twinward.api.http.schemas import gives, gives_file, gives_page
from twinward.service.city import couplings, layer_series, layers, reach, vehicle_track
from twinward.service.city.drawn_area import DrawArea, draw_area
from twinward.service.city.gazetteer import MOST_LETTERS, Gazetteer
from twinward.service.platform import Platform

PACKED = "application/octet-stream"
LARGE_BYTES = 100_000
SensorName = Annotated[str, Query(min_length=1, max_length=400, description="as the list names it")]

Minutes = Annotated[int, Query(ge=1, le=240, description="how far the track reaches back")]


def router(platform: Platform) -> APIRouter:
    routes = APIRouter(prefix="/v1", tags=["console"], responses=ERRORS)
    add_layers(routes, platform)
    add_sensors(routes, platform)
    add_search(routes, platform)
    return routes


def add_layers(routes: APIRouter, platform: Platform) -> None:
    @routes.get("/layers", responses=gives_page("LayerView"))
    def get_layers(
        request: Request, limit: PageLimit = MAX_PAGE, cursor: Cursor = None, at: At = None
    ) -> Response:
        """Layers of the city and of society: status, age, coverage and source of each, now or as
        they were at an instant; what nobody told is `not_recorded` and never zero.
        """
        caller = caller_of(platform, request)
        return answer(cut_page(layers.list_layers(platform, caller, aware(at)), limit, cursor))

    @routes.get("/layers/{layer}", responses=gives("LayerView"))
    def get_layer(request: Request, layer: str, at: At = None) -> Response:
        """One layer, now or as it was at an instant."""
        caller = caller_of(platform, request)
        return answer(layers.get_layer_view(platform, caller, layer, aware(at)))

    @routes.get(
        "/layers/{layer}/map",
        responses=gives_file("packed points", PACKED),
        response_class=Response,
    )
    def get_layer_map(request: Request, layer: str, at: At = None) -> Response:
        """The latest of every sensor of a layer, now or at an instant, packed as
        `service/city/layer_points.py` says.
        """
        body = layers.pack_layer(platform, caller_of(platform, request), layer, aware(at))
        # columns of numbers: packing them again would take longer than sending them
        headers = {"cache-control": "no-store", "content-encoding": "identity"}
        return Response(body, media_type=PACKED, headers=headers)

    @routes.get("/couplings", responses=gives_page("CouplingView"))
    def get_couplings(
        request: Request, limit: PageLimit = MAX_PAGE, cursor: Cursor = None
    ) -> Response:
        """What readings past their mark concern: places, equipment and roads near them."""
        caller = caller_of(platform, request)
        return answer(cut_page(couplings.list_couplings(platform, caller), limit, cursor))

    @routes.get("/couplings/reach", responses=gives("ReachView"))
    def get_coupling_reach(request: Request) -> Response:
        """What people reach on foot within 15 minutes while readings past their mark close streets,
        against what they reach when all is open: of the city, and by area where it changed.
        """
        return answer(reach.get_reach(platform, caller_of(platform, request)))


def add_sensors(routes: APIRouter, platform: Platform) -> None:
    @routes.get("/layers/{layer}/sensors", responses=gives_page("LayerSensor"))
    def get_layer_sensors(
        request: Request,
        layer: str,
        limit: PageLimit = 1000,
        offset: Offset = 0,
        cursor: Cursor = None,
        at: At = None,
    ) -> Response:
        """The sensors of a layer in the order of their first reading, each with its latest, now or
        at an instant.
        """
        caller = caller_of(platform, request)
        start = read_cursor(cursor, offset)
        total, items = layers.list_layer_sensors(
            platform, caller, layer, limit=limit, offset=start, at=aware(at)
        )
        return answer(Page(items=items, next=next_of(start, len(items), total), total=total))

    @routes.get("/layers/{layer}/history", responses=gives("LayerHistory"))
    def get_layer_history(request: Request, layer: str, sensor: SensorName) -> Response:
        """A sensor's last 14 days by hour; and the next hours, where a plain model did better than
        the last value.
        """
        caller = caller_of(platform, request)
        return answer(layer_series.get_history(platform, caller, layer, sensor))

    @routes.get("/layers/{layer}/track", responses=gives("VehicleTrack"))
    def get_layer_track(
        request: Request, layer: str, sensor: SensorName, minutes: Minutes = 15
    ) -> Response:
        """Where a vehicle of a layer was in the last minutes; only of vehicles of public transport
        and of the rescue services.
        """
        caller = caller_of(platform, request)
        return answer(vehicle_track.get_track(platform, caller, layer, sensor, minutes))

    @routes.get("/layers/{layer}/faults", responses=gives("LayerFaults"))
    def get_layer_faults(request: Request, layer: str) -> Response:
        """Sensors of a layer that are stuck, drift, were exchanged, stand in two places, or say
        what cannot be.
        """
        return answer(layer_series.check_layer(platform, caller_of(platform, request), layer))


def add_search(routes: APIRouter, platform: Platform) -> None:
    gazetteer = Gazetteer(platform)

    @routes.post("/map/within", openapi_extra=describe(DrawArea), responses=gives("DrawnArea"))
    async def post_map_within(request: Request) -> Response:
        """What lies in a drawn area: its areas, who lives there, what stands there."""
        caller = caller_of(platform, request)
        asked = await decode(request, DrawArea, secret=False, most_bytes=LARGE_BYTES)
        return answer(await asyncio.to_thread(draw_area, platform, caller, asked))

    @routes.get("/map/search", responses=gives_page("FoundPlace"))
    def get_map_search(
        request: Request,
        q: Annotated[str, Query(min_length=1, max_length=MOST_LETTERS, description="a name")],
        limit: PageLimit = 20,
        cursor: Cursor = None,
    ) -> Response:
        """Areas, streets, places and pairs of coordinates by name, in either language; the best
        first.
        """
        caller_of(platform, request)
        return answer(cut_page(gazetteer.search(q), limit, cursor))
