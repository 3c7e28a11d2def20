"""Routes of physical hazards: model cards, forecasts over the city, comparisons, risk chains."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response

from twinward.api.http.authentication import caller_of
from twinward.api.http.bodies import decode, describe
from twinward.api.http.pages import MAX_PAGE, Cursor, PageLimit, cut_page
from twinward.api.http.problems import ERRORS
from twinward.api.http.questions import questions_of
from twinward.api.http.responses import answer
from twinward.api.http.schemas import gives, gives_file, gives_page
from twinward.service.hazards import comparison, forecast_store, live, models, report, risks
from twinward.service.hazards.forecasts import HazardRequest
from twinward.service.platform import Platform

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=120, pattern="^[^\\x00]*$")]
Reason = Annotated[str, msgspec.Meta(min_length=3, max_length=2000, pattern="^[^\\x00]*$")]
MaybeName = Annotated[str | None, Query(max_length=120)]
PAGE_POLICY = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "frame-ancestors 'none'"
}
MEMBERS, HOURS = msgspec.Meta(ge=1, le=200), msgspec.Meta(gt=0, le=72)


class AskForecast(msgspec.Struct, forbid_unknown_fields=True):
    """A scenario of the library, or the numbers of the forcing (with `lon` and `lat`) and what of
    it is no number (`substance`, `stability`, `ground`, `burns`).
    """

    hazard: Name
    scenario: Name | None = None
    forcing: dict[str, float] = {}
    words: dict[Name, Name] = {}
    hours: Annotated[float, HOURS] = 6.0
    members: Annotated[int, MEMBERS] = 20
    cell_m: Annotated[float, msgspec.Meta(ge=100, le=5000)] = 500.0
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**31)] = 1
    because: Annotated[str, msgspec.Meta(max_length=400, pattern="^[^\\x00]*$")] = ""


class AskHazardComparison(AskForecast, forbid_unknown_fields=True):
    """And the plans: none named, all of the hazard's."""

    plans: tuple[Name, ...] = ()
    ranked_by: str = ""


class AskHazardChain(msgspec.Struct, forbid_unknown_fields=True):
    first: Name
    figures: dict[str, float] = {}
    members: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 1000
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**31)] = 1


class AskLink(msgspec.Struct, forbid_unknown_fields=True):
    """A link that was seen to hold."""

    incident: Name
    rule: Name
    because: Reason
    area: Name | None = None


def request_of(asked: AskForecast, platform: Platform) -> HazardRequest:
    flood = asked.hazard == "flood"
    rain = asked.forcing.get("rain_mm_h") if flood else None
    river = asked.forcing.get("river_m3_s") if flood else None
    return HazardRequest(
        hazard=asked.hazard,
        scenario=asked.scenario,
        rain=repr(rain) if rain is not None else None,
        river=repr(river) if river is not None else None,
        given=asked.forcing if rain is None and river is None else {},
        words=asked.words,
        city=platform.workspace / "city",
        hours=asked.hours,
        members=asked.members,
        cell_m=asked.cell_m,
        seed=asked.seed,
        threads=2,
    )


def router(platform: Platform) -> APIRouter:
    routes = APIRouter(prefix="/v1", tags=["hazards"], responses=ERRORS)
    add_models(routes, platform)
    add_forecasts(routes, platform)
    add_reports(routes, platform)
    add_risks(routes, platform)
    return routes


def add_models(routes: APIRouter, platform: Platform) -> None:
    @routes.get("/hazard-models", responses=gives_page("ModelEntry"))
    def get_models(
        request: Request, limit: PageLimit = MAX_PAGE, cursor: Cursor = None
    ) -> Response:
        """Every hazard model with its figures."""
        caller_of(platform, request)
        return answer(cut_page(models.list_entries(), limit, cursor))

    @routes.get("/hazard-models/{model}", responses=gives("ModelView"))
    def get_model(request: Request, model: str) -> Response:
        """The card of a model: method, sources, needs, ranges, what it is not for."""
        caller_of(platform, request)
        return answer(models.get_card(model))


def add_forecasts(routes: APIRouter, platform: Platform) -> None:
    @routes.get("/hazard-forecasts", responses=gives_page("ForecastLine"))
    def get_forecasts(
        request: Request,
        hazard: MaybeName = None,
        limit: PageLimit = MAX_PAGE,
        cursor: Cursor = None,
    ) -> Response:
        """Forecasts that are kept, the newest first."""
        caller_of(platform, request)
        found = forecast_store.list_forecasts(platform.workspace, hazard)
        return answer(cut_page(found, limit, cursor))

    @routes.post(
        "/hazard-forecasts",
        openapi_extra=describe(AskForecast),
        responses=gives("ForecastLine", 201),
        status_code=201,
    )
    async def post_forecast(request: Request) -> Response:
        """Run a hazard model over the city, and keep what it says."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskForecast, secret=False)
        wanted = request_of(asked, platform)
        stored = await questions_of(request).ask(
            request,
            caller.name,
            lambda: live.make_forecast(platform, caller, wanted, asked.because),
        )
        return answer(forecast_store.line_of(stored), 201)

    @routes.get("/hazard-forecasts/{forecast}", responses=gives("HazardAnswer"))
    def get_forecast(request: Request, forecast: str) -> Response:
        """Who is hit, with quantiles, by level and by area."""
        caller_of(platform, request)
        return answer(forecast_store.get_forecast(platform.workspace, forecast).answer)

    @routes.get("/hazard-forecasts/{forecast}/map", responses=gives("HazardMap"))
    def get_map(request: Request, forecast: str) -> Response:
        """The footprint by area and time."""
        caller_of(platform, request)
        return answer(forecast_store.get_forecast(platform.workspace, forecast).map)


def add_reports(routes: APIRouter, platform: Platform) -> None:
    @routes.get(
        "/hazard-forecasts/{forecast}/report.html",
        response_class=Response,
        responses=gives_file("a page", "text/html", text=True),
    )
    def get_page(request: Request, forecast: str) -> Response:
        """The report as a page that needs nothing from elsewhere."""
        caller_of(platform, request)
        stored = forecast_store.get_forecast(platform.workspace, forecast)
        page = report.make_page(stored, platform.reference.library)
        return Response(page, media_type="text/html", headers=PAGE_POLICY)

    @routes.get(
        "/hazard-forecasts/{forecast}/report.pdf",
        response_class=Response,
        responses=gives_file("a PDF", "application/pdf"),
    )
    def get_paper(request: Request, forecast: str) -> Response:
        """The report as PDF."""
        caller_of(platform, request)
        stored = forecast_store.get_forecast(platform.workspace, forecast)
        paper = report.make_paper(stored, platform.reference.library)
        return Response(paper, media_type="application/pdf")

    @routes.post(
        "/hazard-comparisons",
        openapi_extra=describe(AskHazardComparison),
        responses=gives("HazardComparison"),
    )
    async def post_comparison(request: Request) -> Response:
        """Plans against a hazard on the same members."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskHazardComparison, secret=False)
        platform.policy.require(caller, "plan_ahead")
        wanted, library = request_of(asked, platform), platform.reference.library
        sheet = await questions_of(request).ask(
            request,
            caller.name,
            lambda: comparison.compare_on_hazard(library, wanted, asked.plans, asked.ranked_by),
        )
        return answer(sheet)


def add_risks(routes: APIRouter, platform: Platform) -> None:
    @routes.get("/risks", responses=gives_page("ChainRule"))
    def get_risks(request: Request, limit: PageLimit = MAX_PAGE, cursor: Cursor = None) -> Response:
        """The chains between hazards, with probability, delay and source."""
        caller_of(platform, request)
        return answer(cut_page(platform.reference.chains(), limit, cursor))

    @routes.get("/risks/fired", responses=gives_page("FiredLinkView"))
    def get_fired(
        request: Request,
        incident: MaybeName = None,
        limit: PageLimit = MAX_PAGE,
        cursor: Cursor = None,
    ) -> Response:
        """Links that fired: which incident caused which."""
        found = risks.list_fired(platform, caller_of(platform, request), incident)
        return answer(cut_page(found, limit, cursor))

    @routes.post(
        "/risks/simulate", openapi_extra=describe(AskHazardChain), responses=gives("ChainAnswer")
    )
    async def post_simulate(request: Request) -> Response:
        """What a hazard may set off, member by member."""
        caller_of(platform, request)
        asked = await decode(request, AskHazardChain, secret=False)
        given = (asked.first, asked.figures, asked.members, asked.seed, platform.workspace)
        return answer(risks.simulate_risks(*given))

    @routes.post(
        "/risks/fire",
        openapi_extra=describe(AskLink),
        responses=gives("FiredLinkView", 201),
        status_code=201,
    )
    async def post_fire(request: Request) -> Response:
        """A link was seen to hold: the next incident opens with its cause."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskLink, secret=False)
        given = (asked.incident, asked.rule, asked.because, asked.area)
        return answer(risks.fire_link(platform, caller, *given), 201)
