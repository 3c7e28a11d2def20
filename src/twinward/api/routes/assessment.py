"""Routes of the five functions on an incident, and of what was like it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from twinward.api.http.authentication import caller_of
from twinward.api.http.parameters import At, aware
from twinward.api.http.problems import ERRORS
from twinward.api.http.responses import answer
from twinward.api.http.schemas import gives
from twinward.service.assessment import past_incidents
from twinward.service.assessment.five_functions import FUNCTIONS, MOST_DAYS, answer_function
from twinward.service.console.basemap import Basemap
from twinward.service.platform import Platform

Days = Annotated[
    int | None, Query(ge=1, le=MOST_DAYS, description="how far back (analyse) or ahead (predict)")
]


def router(platform: Platform) -> APIRouter:
    routes = APIRouter(prefix="/v1", tags=["functions"], responses=ERRORS)
    ground = Basemap(platform)
    for name, (answers, asks) in FUNCTIONS.items():
        path = f"/incidents/{{incident}}/{name}"
        routes.get(path, responses=gives(answers.__name__), name=name, description=asks)(
            make(platform, ground, name)
        )

    @routes.get("/incidents/{incident}/similar", responses=gives("SimilarIncidents"))
    def get_similar(request: Request, incident: str, at: At = None) -> Response:
        """Three past incidents that were like this one, and what worked there."""
        caller = caller_of(platform, request)
        return answer(past_incidents.find_similar(platform, ground, caller, incident, aware(at)))

    return routes


def make(platform: Platform, ground: Basemap, name: str) -> Callable[..., Response]:
    def get_function(request: Request, incident: str, at: At = None, days: Days = None) -> Response:
        caller = caller_of(platform, request)
        return answer(answer_function(platform, ground, caller, name, incident, aware(at), days))

    return get_function
