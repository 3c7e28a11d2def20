"""GET routes of stocks, requests and transfers; what changes them is asked through POST
/v1/commands.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from twinward.api.http.authentication import caller_of
from twinward.api.http.pages import MAX_PAGE, Cursor, PageLimit, cut_page
from twinward.api.http.parameters import At, Word, aware
from twinward.api.http.problems import ERRORS
from twinward.api.http.responses import answer
from twinward.api.http.schemas import gives, gives_page
from twinward.service.logistics import supply_queries
from twinward.service.logistics.demand_forecast import forecast_demand
from twinward.service.platform import Platform


def router(platform: Platform) -> APIRouter:
    routes = APIRouter(prefix="/v1", tags=["supplies"], responses=ERRORS)
    add_supplies(routes, platform)
    add_transfers(routes, platform)
    return routes


def add_supplies(routes: APIRouter, platform: Platform) -> None:
    @routes.get("/supplies/stocks", responses=gives_page("StockRow"))
    def get_stocks(
        request: Request,
        area: Word = None,
        kind: Word = None,
        at: At = None,
        limit: PageLimit = MAX_PAGE,
        cursor: Cursor = None,
    ) -> Response:
        """What each area and holder has: in use, promised, expired, free."""
        caller = caller_of(platform, request)
        found = supply_queries.list_stocks(platform, caller, area=area, kind=kind, at=aware(at))
        return answer(cut_page(found, limit, cursor))

    @routes.get("/supplies/requests", responses=gives_page("RequestRow"))
    def get_requests(
        request: Request,
        area: Word = None,
        side: supply_queries.Side | None = None,
        status: Word = "open",
        kind: Word = None,
        at: At = None,
        limit: PageLimit = MAX_PAGE,
        cursor: Cursor = None,
    ) -> Response:
        """Requests by the time they are needed; `status` open, all, or one of them."""
        caller = caller_of(platform, request)
        found = supply_queries.list_requests(
            platform, caller, area=area, side=side, status=status, kind=kind, at=aware(at)
        )
        return answer(cut_page(found, limit, cursor))

    @routes.get("/supplies/demand", responses=gives("DemandReport"))
    def get_demand(
        request: Request,
        days: Annotated[int, Query(ge=1, le=60)] = 14,
        level: Word = None,
        at: At = None,
    ) -> Response:
        """What will be needed against what there is: the city's gauges, the areas, shortages by
        date.
        """
        caller = caller_of(platform, request)
        return answer(forecast_demand(platform, caller, days=days, level=level, at=aware(at)))

    @routes.get("/supplies/requests/{request_id}", responses=gives("RequestRow"))
    def get_request(request: Request, request_id: str) -> Response:
        """One request."""
        return answer(
            supply_queries.get_request(platform, caller_of(platform, request), request_id)
        )


def add_transfers(routes: APIRouter, platform: Platform) -> None:
    @routes.get("/transfers", responses=gives_page("TransferRow"))
    def get_transfers(
        request: Request,
        area: Word = None,
        status: Word = "open",
        at: At = None,
        limit: PageLimit = MAX_PAGE,
        cursor: Cursor = None,
    ) -> Response:
        """Patients on their way between hospitals, without who they are."""
        caller = caller_of(platform, request)
        found = supply_queries.list_transfers(
            platform, caller, area=area, status=status, at=aware(at)
        )
        return answer(cut_page(found, limit, cursor))

    @routes.get("/transfers/{transfer}", responses=gives("TransferRow"))
    def get_transfer(request: Request, transfer: str) -> Response:
        """One transfer."""
        return answer(supply_queries.get_transfer(platform, caller_of(platform, request), transfer))

    @routes.get("/transfers/{transfer}/patient", responses=gives("TransferPatient"))
    def get_patient(request: Request, transfer: str) -> Response:
        """The pseudonym of the patient, under an activation; the look is on record."""
        return answer(supply_queries.get_patient(platform, caller_of(platform, request), transfer))
