"""GET /v1/cases and /v1/contacts: persons by pseudonym, under an activation, inside one's
jurisdiction.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from twinward.api.http.authentication import caller_of
from twinward.api.http.problems import ERRORS
from twinward.api.http.responses import answer
from twinward.api.routes.console import gives
from twinward.service.access import handovers, person_listing
from twinward.service.platform import Platform

Limit = Annotated[int, Query(ge=1, le=500)]
Offset = Annotated[int, Query(ge=0, le=100_000_000)]
Word = Annotated[str | None, Query(min_length=1, max_length=120, pattern="^[^\\x00]*$")]


def router(platform: Platform) -> APIRouter:
    routes = APIRouter(prefix="/v1", tags=["persons"], responses=ERRORS)

    @routes.get("/cases")
    def get_cases(
        request: Request,
        hazard: Word = None,
        status: Word = None,
        limit: Limit = 50,
        offset: Offset = 0,
    ) -> Response:
        """Cases in the caller's areas that the activation in force opens, newest first, with
        their total.
        """
        caller = caller_of(platform, request)
        found = person_listing.list_persons(
            platform, caller, "cases", limit=limit, offset=offset, hazard=hazard, status=status
        )
        return answer(found)

    @routes.get("/cases/{case}")
    def get_case(request: Request, case: str) -> Response:
        """One case; one that is not yours answers like one that is not there."""
        return answer(
            person_listing.get_person(platform, caller_of(platform, request), "cases", case)
        )

    @routes.get("/handovers", responses=gives("HandOvers"))
    def get_handovers(request: Request, case: Word = None, status: Word = None) -> Response:
        """Hand-overs of cases in which the caller's areas have a part, newest first."""
        return answer(
            handovers.list_handovers(platform, caller_of(platform, request), case, status)
        )

    @routes.get("/contacts")
    def get_contacts(
        request: Request,
        incident: Word = None,
        case: Word = None,
        step: Word = None,
        limit: Limit = 50,
        offset: Offset = 0,
    ) -> Response:
        """Contacts in the caller's areas that the activation in force opens, newest first, with
        their total.
        """
        caller = caller_of(platform, request)
        found = person_listing.list_persons(
            platform,
            caller,
            "contacts",
            limit=limit,
            offset=offset,
            incident=incident,
            case=case,
            step=step,
        )
        return answer(found)

    return routes
