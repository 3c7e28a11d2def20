"""GET /v1/cases and /v1/contacts: persons by pseudonym, under an activation, inside one's
jurisdiction.
"""

from __future__ import annotations

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
    next_of,
    read_cursor,
)
from twinward.api.http.parameters import At, aware
from twinward.api.http.problems import ERRORS
from twinward.api.http.responses import answer
from twinward.api.http.schemas import gives, gives_page
from twinward.service.access import handovers, person_listing
from twinward.service.platform import Platform

Limit = Annotated[int, Query(ge=1, le=500)]
Offset = Annotated[int, Query(ge=0, le=100_000_000)]
Word = Annotated[str | None, Query(min_length=1, max_length=120, pattern="^[^\\x00]*$")]

ACTIVATION: Schema = {"type": "string"}


def router(platform: Platform) -> APIRouter:
    routes = APIRouter(prefix="/v1", tags=["persons"], responses=ERRORS)
    add_cases(routes, platform)
    add_contacts(routes, platform)
    return routes


def add_cases(routes: APIRouter, platform: Platform) -> None:
    @routes.get("/cases", responses=gives("CasePage"))
    def get_cases(
        request: Request,
        hazard: Word = None,
        status: Word = None,
        limit: Limit = 50,
        offset: Offset = 0,
        cursor: Cursor = None,
        area: Word = None,
        since: At = None,
        until: At = None,
        search: Word = None,
        order: Word = None,
    ) -> Response:
        """Cases in the caller's areas that the activation in force opens, newest first, with
        their total. `area` with all below it, reported from `since` to before `until`, the id
        beginning with `search`; `order` is reported_at, area, status or id, downwards after `-`.
        """
        wish = person_listing.ListWish(
            order=order, area=area, since=aware(since), until=aware(until), search=search
        )
        start = read_cursor(cursor, offset)
        found = person_listing.list_persons(
            platform,
            caller_of(platform, request),
            "cases",
            limit=limit,
            offset=start,
            wish=wish,
            hazard=hazard,
            status=status,
        )
        return answer(page_of(found, start))

    @routes.get("/cases/{case}", responses=gives("OpenedCase"))
    def get_case(request: Request, case: str) -> Response:
        """One case; one that is not yours answers like one that is not there."""
        return answer(
            person_listing.get_person(platform, caller_of(platform, request), "cases", case)
        )


def add_contacts(routes: APIRouter, platform: Platform) -> None:
    @routes.get("/handovers", responses=gives_page("HandOverRow", activation=ACTIVATION))
    def get_handovers(
        request: Request,
        case: Word = None,
        status: Word = None,
        limit: PageLimit = MAX_PAGE,
        cursor: Cursor = None,
    ) -> Response:
        """Hand-overs of cases in which the caller's areas have a part, newest first."""
        found = handovers.list_handovers(platform, caller_of(platform, request), case, status)
        page = msgspec.structs.asdict(cut_page(found.items, limit, cursor))
        return answer(page | {"activation": found.activation})

    @routes.get("/contacts", responses=gives("ContactPage"))
    def get_contacts(
        request: Request,
        incident: Word = None,
        case: Word = None,
        step: Word = None,
        limit: Limit = 50,
        offset: Offset = 0,
        cursor: Cursor = None,
        area: Word = None,
        search: Word = None,
        order: Word = None,
    ) -> Response:
        """Contacts in the caller's areas that the activation in force opens, newest first, with
        their total; `order` is named_at, area, step or id, downwards after `-`.
        """
        caller = caller_of(platform, request)
        start = read_cursor(cursor, offset)
        found = person_listing.list_persons(
            platform,
            caller,
            "contacts",
            limit=limit,
            offset=start,
            wish=person_listing.ListWish(order=order, area=area, search=search),
            incident=incident,
            case=case,
            step=step,
        )
        return answer(page_of(found, start))


def page_of(found: person_listing.PersonPage, start: int) -> dict[str, object]:
    """The page with the cursor of the one after it."""
    cursor = next_of(start, len(found.items), found.total)
    return msgspec.structs.asdict(found) | {"next": cursor}
