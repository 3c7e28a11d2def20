"""GET routes of movement: five screens of counts, none of a person."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter, Request, Response

from twinward.api.http.authentication import caller_of
from twinward.api.http.pages import MAX_PAGE, Cursor, PageLimit, Schema, cut_page
from twinward.api.http.parameters import At, Word, aware
from twinward.api.http.problems import ERRORS
from twinward.api.http.responses import answer
from twinward.api.http.schemas import gives, gives_page, reference
from twinward.service.movement.control import CityControl, get_control
from twinward.service.movement.gates import GateReport, list_gates
from twinward.service.movement.overview import get_overview
from twinward.service.movement.transferred import Transferred, list_transferred
from twinward.service.platform import Platform

NUMBER: Schema = {"type": "integer"}
TEXTS: Schema = {"type": "array", "items": {"type": "string"}}
DAY: Schema = {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]}
INSTANT: Schema = {"type": "string", "format": "date-time"}


def list_of(name: str) -> Schema:
    return {"type": "array", "items": reference(name)}


GATES: dict[str, Schema] = {
    "as_of": INSTANT,
    "day": DAY,
    "notes": TEXTS,
    **dict.fromkeys(
        (
            "arrived",
            "departed",
            "vehicles",
            "from_risk_areas",
            "positive",
            "turned_back",
            "late",
            "hidden",
        ),
        NUMBER,
    ),
}
GROUPS: dict[str, Schema] = {
    "as_of": INSTANT,
    "areas": list_of("AreaGroups"),
    "sums": reference("AreaGroups"),
    "alarms": NUMBER,
    "awaited": NUMBER,
    "hidden": NUMBER,
    "notes": TEXTS,
}
CONTROL: dict[str, Schema] = {
    "as_of": INSTANT,
    "measures": list_of("MeasureTotal"),
    "residents": NUMBER,
    "notes": TEXTS,
}


def page_of(
    found: GateReport | CityControl | Transferred, limit: int, cursor: str | None
) -> Response:
    """A page of the report's items, with all else that it says."""
    page = msgspec.structs.asdict(cut_page(found.items, limit, cursor))
    return answer(msgspec.structs.asdict(found) | page)


def router(platform: Platform) -> APIRouter:
    routes = APIRouter(prefix="/v1/movement", tags=["movement"], responses=ERRORS)

    @routes.get("/overview", responses=gives("MovementOverview"))
    def get_movement_overview(
        request: Request, area: Word = None, hazard: Word = None, at: At = None
    ) -> Response:
        """The epidemic, what passes the gates, and who is in quarantine."""
        caller = caller_of(platform, request)
        found = get_overview(platform, caller, area=area, hazard=hazard, at=aware(at))
        return answer(found)

    @routes.get("/hubs", responses=gives_page("GateView", status=200, **GATES))
    def get_movement_hubs(
        request: Request,
        area: Word = None,
        at: At = None,
        limit: PageLimit = MAX_PAGE,
        cursor: Cursor = None,
    ) -> Response:
        """Stations, airports, ports: arrivals by day against what is usual on such a weekday."""
        caller = caller_of(platform, request)
        found = list_gates(platform, caller, "hubs", area=area, at=aware(at))
        return page_of(found, limit, cursor)

    @routes.get("/roads", responses=gives_page("GateView", status=200, **GATES))
    def get_movement_roads(
        request: Request,
        area: Word = None,
        at: At = None,
        limit: PageLimit = MAX_PAGE,
        cursor: Cursor = None,
    ) -> Response:
        """Checkpoints of highways: vehicles and people in and out, checked, turned back."""
        caller = caller_of(platform, request)
        found = list_gates(platform, caller, "roads", area=area, at=aware(at))
        return page_of(found, limit, cursor)

    @routes.get("/control", responses=gives_page("AreaControl", status=200, **CONTROL))
    def get_movement_control(
        request: Request,
        area: Word = None,
        at: At = None,
        limit: PageLimit = MAX_PAGE,
        cursor: Cursor = None,
    ) -> Response:
        """Areas under measures, with how many live there and the gates inside."""
        caller = caller_of(platform, request)
        return page_of(get_control(platform, caller, area=area, at=aware(at)), limit, cursor)

    @routes.get("/transferred", responses=gives_page("GroupView", status=200, **GROUPS))
    def get_movement_transferred(
        request: Request,
        area: Word = None,
        hazard: Word = None,
        at: At = None,
        limit: PageLimit = MAX_PAGE,
        cursor: Cursor = None,
    ) -> Response:
        """Arrived = in quarantine + released + handed on + unaccounted, by group and area."""
        caller = caller_of(platform, request)
        found = list_transferred(platform, caller, area=area, hazard=hazard, at=aware(at))
        return page_of(found, limit, cursor)

    return routes
