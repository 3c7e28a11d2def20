"""Routes of the console: one screen at an instant, the room of an incident, the map's shapes and
points.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response

from twinward.api.http.authentication import caller_of
from twinward.api.http.pages import MAX_PAGE, Cursor, PageLimit, Schema, cut_page
from twinward.api.http.parameters import At, Word, aware
from twinward.api.http.problems import ERRORS
from twinward.api.http.responses import answer, spoken
from twinward.api.http.schemas import JSON, gives, gives_file, gives_page, gives_schema
from twinward.service.access import audit
from twinward.service.access.authorization import scrub_json
from twinward.service.console import workspaces
from twinward.service.console.affected_places import PlacePoints
from twinward.service.console.basemap import Basemap
from twinward.service.console.dashboard import Dashboards
from twinward.service.console.movement_sample import Movement
from twinward.service.incidents import incident_view
from twinward.service.platform import Platform

GEOJSON = "application/geo+json"
FEATURES: Schema = {"type": "object", "required": ["type", "features"]}


def tagged(tag: str, body: bytes, seen: str | None, kind: str) -> Response:
    """The body, or 304 to one who has it already; packed on the way, the tag is weak then."""
    headers = {"etag": tag, "cache-control": "no-cache"}
    if seen is not None and seen.removeprefix("W/") == tag:
        return Response(status_code=304, headers=headers)
    content = scrub_json(body) if kind == JSON else body
    return Response(content, media_type=kind, headers=headers)


def router(platform: Platform) -> APIRouter:
    routes = APIRouter(prefix="/v1", tags=["console"], responses=ERRORS)
    ground = Basemap(platform)
    add_screens(routes, platform, ground)
    add_map(routes, platform, ground)
    add_desks(routes, platform, ground)
    return routes


def add_screens(routes: APIRouter, platform: Platform, ground: Basemap) -> None:
    screens = Dashboards(platform, ground)

    @routes.get("/screen", responses=gives("Dashboard"))
    def get_screen(request: Request, at: At = None) -> Response:
        """Everything one screen shows, from one picture: map, lists and totals agree."""
        shown = screens.get(aware(at), caller_of(platform, request))
        return Response(spoken(scrub_json(shown)), media_type=JSON)

    @routes.get("/incidents/{incident}/room", responses=gives("IncidentView"))
    def get_room(request: Request, incident: str, at: At = None) -> Response:
        """One incident as a loop: rail, board, tasks, evidence, causes."""
        return answer(
            incident_view.get_incident_view(
                platform, ground, caller_of(platform, request), incident, aware(at)
            )
        )


def add_map(routes: APIRouter, platform: Platform, ground: Basemap) -> None:
    points = PlacePoints(platform, ground)
    movement = Movement(platform)

    @routes.get(
        "/map/areas",
        responses=gives_schema("GeoJSON", FEATURES, media=GEOJSON),
        response_class=Response,
    )
    def get_map_areas(
        request: Request, if_none_match: Annotated[str | None, Header()] = None
    ) -> Response:
        """GeoJSON of the areas: outlines where the city has them, else points."""
        caller_of(platform, request)
        return tagged(ground.tag, ground.features, if_none_match, GEOJSON)

    @routes.get(
        "/map/movement",
        responses=gives_file("packed movement", "application/octet-stream"),
        response_class=Response,
    )
    def get_map_movement(
        request: Request, if_none_match: Annotated[str | None, Header()] = None
    ) -> Response:
        """A working day of a sample of the synthetic residents, packed as `service/movement.py`
        says.
        """
        caller_of(platform, request)
        return tagged(*movement.get(), if_none_match, "application/octet-stream")

    @routes.get("/map/places", responses=gives("PlaceColumns"))
    def get_map_places(
        request: Request, if_none_match: Annotated[str | None, Header()] = None
    ) -> Response:
        """Affected places by public address, as columns; filter by `first` for an instant."""
        return tagged(*points.get(caller_of(platform, request)), if_none_match, JSON)

    @routes.get("/areas", responses=gives_page("AreaName"))
    def get_areas(
        request: Request, under: Word = None, limit: PageLimit = MAX_PAGE, cursor: Cursor = None
    ) -> Response:
        """The children of an area; of the city when none is named."""
        caller_of(platform, request)
        return answer(cut_page(ground.list_areas(under), limit, cursor))


def add_desks(routes: APIRouter, platform: Platform, ground: Basemap) -> None:
    @routes.get("/me", responses=gives("Me"))
    def get_me(request: Request) -> Response:
        """Who I am and what I may answer for."""
        return answer(workspaces.get_me(platform, caller_of(platform, request), ground))

    @routes.get("/my-tasks", responses=gives("MyTasks"))
    def get_my_tasks(
        request: Request,
        department: Annotated[str | None, Query(max_length=120)] = None,
        area: Annotated[str | None, Query(max_length=40)] = None,
    ) -> Response:
        """Unfinished tasks of a department in an area, by deadline."""
        caller = caller_of(platform, request)
        return answer(
            workspaces.get_my_tasks(platform, ground, caller, department or None, area or None)
        )

    @routes.get("/trust", responses=gives("Trust"))
    def get_trust(request: Request) -> Response:
        """Activations, each source's account, and how often persons were looked at."""
        caller_of(platform, request)
        return answer(workspaces.get_trust(platform))

    @routes.get("/audit", responses=gives("AuditState"))
    def get_audit(request: Request) -> Response:
        """Whether the log is whole, and who looked at persons, for what."""
        return answer(audit.get_audit(platform, caller_of(platform, request)))

    @routes.get("/public", responses=gives("PublicPage"))
    def get_public(request: Request, at: At = None) -> Response:
        """What anybody may see, without login: small numbers are left out. Another instant (`at`)
        takes a login: two of them, subtracted, would tell of one person.
        """
        if at is not None:
            platform.policy.require(request.state.caller, "see_situation")
        return answer(workspaces.get_public(platform, ground, aware(at)))
