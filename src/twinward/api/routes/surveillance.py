"""GET routes of surveillance: the situation by area with its sentence, and signals."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Query, Request, Response

from twinward.api.http.authentication import caller_of
from twinward.api.http.pages import MAX_PAGE, Cursor, PageLimit, Schema, cut_page
from twinward.api.http.parameters import At, Word, aware
from twinward.api.http.problems import ERRORS
from twinward.api.http.responses import answer
from twinward.api.http.schemas import gives, gives_page
from twinward.service.platform import Platform
from twinward.service.surveillance.indicators import list_indicators
from twinward.service.surveillance.kept_cities import get_cities
from twinward.service.surveillance.raised_signals import list_raised
from twinward.service.surveillance.signals import list_signals
from twinward.service.surveillance.situation import get_situation

HIT_RATE: Schema = {"$ref": "#/components/schemas/HitRate"}


def router(platform: Platform) -> APIRouter:
    routes = APIRouter(prefix="/v1/surveillance", tags=["surveillance"], responses=ERRORS)

    @routes.get("/situation", responses=gives("Situation"))
    def get_surveillance_situation(
        request: Request, area: Word = None, hazard: Word = None, at: At = None
    ) -> Response:
        """What is happening in an area and those below it, R, the curve and the fan."""
        caller = caller_of(platform, request)
        found = get_situation(platform, caller, area=area, hazard=hazard, at=aware(at))
        return answer(found)

    @routes.get("/indicators", responses=gives_page("IndicatorPeriod"))
    def get_surveillance_indicators(
        request: Request,
        area: Word = None,
        hazard: Word = None,
        every: Literal["day", "week"] = "day",
        periods: Annotated[int, Query(ge=1, le=180)] = 28,
        at: At = None,
        limit: PageLimit = MAX_PAGE,
        cursor: Cursor = None,
    ) -> Response:
        """Cases, imports, tests and positivity, beds of an area, by day or week, newest first."""
        found = list_indicators(
            platform,
            caller_of(platform, request),
            area=area,
            hazard=hazard,
            every=every,
            periods=periods,
            at=aware(at),
        )
        return answer(cut_page(found, limit, cursor))

    @routes.get("/cities", responses=gives("KeptCities"))
    def get_surveillance_cities(request: Request) -> Response:
        """The kept run between cities: arrival and imports, with the travel asked for and half."""
        return answer(get_cities(platform, caller_of(platform, request)))

    @routes.get("/signals", responses=gives("SignalReport"))
    def get_surveillance_signals(
        request: Request,
        level: Word = None,
        hazard: Word = None,
        recurrence_days: Annotated[float, Query(ge=1, le=100_000)] = 365.0,
        at: At = None,
    ) -> Response:
        """Areas with more cases than chance brings once in `recurrence_days`."""
        caller = caller_of(platform, request)
        found = list_signals(
            platform,
            caller,
            level=level,
            hazard=hazard,
            recurrence_days=recurrence_days,
            at=aware(at),
        )
        return answer(found)

    @routes.get("/signals/raised", responses=gives_page("SignalView", hit_rate=HIT_RATE))
    def get_raised_signals(
        request: Request,
        status: Literal["waiting", "confirmed", "dismissed"] | None = None,
        limit: PageLimit = MAX_PAGE,
        cursor: Cursor = None,
    ) -> Response:
        """Signals that were raised: those that wait for a judgement first; a person answers with
        `JudgeSignal`.
        """
        found = list_raised(platform, caller_of(platform, request), status)
        page = msgspec.structs.asdict(cut_page(found.items, limit, cursor))
        return answer(page | {"hit_rate": found.hit_rate})

    return routes
