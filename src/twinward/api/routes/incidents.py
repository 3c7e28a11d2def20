"""GET routes: incidents, tasks, overview, sources, areas, activations; any of them as of an
instant.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response

from twinward.api.http.authentication import caller_of
from twinward.api.http.pages import (
    MAX_PAGE,
    Cursor,
    PageLimit,
    Schema,
    cut_page,
    page_schema,
    read_page,
)
from twinward.api.http.parameters import At, Offset, Word, aware
from twinward.api.http.problems import ERRORS
from twinward.api.http.responses import answer
from twinward.api.http.schemas import gives, gives_page, gives_schema, reference
from twinward.service.access import activations
from twinward.service.incidents import queries
from twinward.service.platform import Platform

INCIDENTS = page_schema({"anyOf": [reference("IncidentLine"), reference("IncidentAnswer")]})
BY_DAY: Schema = {"type": "object", "additionalProperties": {"type": "integer"}}
DIFFERENCES: Schema = {"type": "array", "items": reference("Difference")}


def router(platform: Platform) -> APIRouter:
    routes = APIRouter(prefix="/v1", tags=["views"], responses=ERRORS)
    add_incidents(routes, platform)
    add_tasks(routes, platform)
    add_figures(routes, platform)
    add_state(routes, platform)
    return routes


def add_incidents(routes: APIRouter, platform: Platform) -> None:
    @routes.get("/incidents", responses=gives_schema("a page of incidents", INCIDENTS))
    def get_incidents(
        request: Request,
        status: Word = None,
        details: bool = False,
        at: At = None,
        limit: PageLimit = MAX_PAGE,
        cursor: Cursor = None,
    ) -> Response:
        """Incidents, newest first; with `details`, what each one's own page says."""
        caller = caller_of(platform, request)
        found = queries.list_incidents(
            platform, at=aware(at), status=status, details=details, caller=caller
        )
        return answer(cut_page(found, limit, cursor))

    @routes.get("/incidents/{incident}", responses=gives("IncidentAnswer"))
    def get_incident(
        request: Request, incident: str, timeline: bool = False, at: At = None
    ) -> Response:
        """One incident: plan, tasks, what keeps it open, and on request its whole cause tree."""
        caller = caller_of(platform, request)
        return answer(
            queries.get_incident(platform, incident, at=aware(at), timeline=timeline, caller=caller)
        )


def add_tasks(routes: APIRouter, platform: Platform) -> None:
    @routes.get("/tasks", responses=gives_page("Task"))
    def get_tasks(
        request: Request,
        department: Word = None,
        area: Word = None,
        incident: Word = None,
        status: Word = None,
        at: At = None,
        limit: PageLimit = 1000,
        offset: Offset = 0,
        cursor: Cursor = None,
    ) -> Response:
        """Tasks by deadline, with their orders; `status=open` is everything unfinished."""
        caller = caller_of(platform, request)
        read = partial(
            queries.list_tasks,
            platform,
            department=department,
            area=area,
            incident=incident,
            status=status,
            at=aware(at),
            caller=caller,
        )
        page = read_page(lambda most, start: read(limit=most, offset=start), limit, cursor, offset)
        return answer(page)


def add_figures(routes: APIRouter, platform: Platform) -> None:
    @routes.get("/overview", responses=gives("Overview"))
    def get_overview(request: Request, at: At = None) -> Response:
        """One screen: figures by area, open incidents, what is late and whose it is."""
        caller = caller_of(platform, request)
        return answer(queries.get_overview(platform, aware(at), caller))

    @routes.get("/totals", responses=gives_schema("count by day", BY_DAY))
    def get_totals(
        request: Request,
        hazard: Annotated[str, Query(min_length=1, max_length=120)],
        source: Annotated[str, Query(min_length=1, max_length=120)],
    ) -> Response:
        """The sum over areas of one source's stored counts, by day."""
        caller_of(platform, request)
        return answer(queries.city_totals(platform, hazard, source))


def add_state(routes: APIRouter, platform: Platform) -> None:
    @routes.get("/sources", responses=gives_page("SourceAccount", differences=DIFFERENCES))
    def get_sources(
        request: Request, limit: PageLimit = MAX_PAGE, cursor: Cursor = None
    ) -> Response:
        """Each source's account: received = stored + rejected + duplicate; and where it is not
        what is stored.
        """
        caller_of(platform, request)
        differences = platform.reconciler.list_differences()
        page = cut_page(queries.list_sources(platform), limit, cursor)
        return answer(msgspec.structs.asdict(page) | {"differences": differences})

    @routes.get("/activations", responses=gives_page("ActivationLine"))
    def get_activations(
        request: Request, limit: PageLimit = MAX_PAGE, cursor: Cursor = None
    ) -> Response:
        """What is open, by whom, on which basis, until when."""
        caller_of(platform, request)
        return answer(cut_page(activations.list_activations(platform), limit, cursor))

    @routes.get("/status", responses=gives("PlatformStatus"))
    def get_status(request: Request) -> Response:
        """How far the log is and how far the loop has answered it."""
        caller_of(platform, request)
        return answer(queries.get_status(platform))
