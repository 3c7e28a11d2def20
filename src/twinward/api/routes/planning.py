"""/v1/plans: compare plans as a job with progress, adopt one, look at a forecast beside what
happened.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Request, Response

from twinward.api.http.authentication import caller_of
from twinward.api.http.bodies import Word, decode, describe
from twinward.api.http.pages import MAX_PAGE, Cursor, PageLimit, cut_page
from twinward.api.http.problems import ERRORS
from twinward.api.http.responses import answer
from twinward.api.http.schemas import gives, gives_page
from twinward.core.messages import Instant
from twinward.service.incidents.plan_adoption import AdoptRequest, adopt, look_beside
from twinward.service.planning.comparison_jobs import ComparisonQueue
from twinward.service.planning.comparison_store import (
    CompareRequest,
    check_numbers,
    list_blocks,
    list_comparisons,
    require_time,
)
from twinward.service.plans.plan_library import MakeRequest, keep
from twinward.service.platform import Platform

Reason = Annotated[str, msgspec.Meta(max_length=1500, pattern="^[^\\x00]*$")]


class AskCompare(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`none`, `as-now` or plans of the library by id, and how many to generate; from the live
    state at `at`.
    """

    plans: Annotated[tuple[Word, ...], msgspec.Meta(max_length=32)] = ()
    generate: Annotated[int, msgspec.Meta(ge=0, le=32)] = 0
    base: Annotated[str, msgspec.Meta(max_length=120)] = ""
    vary: Annotated[tuple[Word, ...], msgspec.Meta(max_length=50)] = ()
    areas: Annotated[tuple[Word, ...], msgspec.Meta(max_length=500)] = ()
    incident: Word | None = None
    hazard: Word | None = None
    at: Instant | None = None
    days: Annotated[int, msgspec.Meta(ge=1, le=180)] = 28
    replicates: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**31)] = 1
    disease: (
        Literal[
            "sars-cov-2-ancestral",
            "sars-cov-2-omicron-ba2",
            "influenza-pandemic",
            "sars-2003",
            "measles",
        ]
        | None
    ) = None
    ranked_by: Literal["cost", "infections", "deaths", "restricted_days"] = "cost"
    found_share: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.5
    doubts: bool = True


class AskMake(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Variants of `base` by `vary` (NAME=V,V), or plans of blocks in `areas`; they are kept in
    the workspace.
    """

    count: Annotated[int, msgspec.Meta(ge=1, le=100)] = 8
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**31)] = 1
    base: Annotated[str, msgspec.Meta(max_length=120)] = ""
    vary: Annotated[tuple[Word, ...], msgspec.Meta(max_length=50)] = ()
    areas: Annotated[tuple[Word, ...], msgspec.Meta(max_length=500)] = ()


class AskAdopt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A plan for an incident, by a named person; `sheet` is the comparison that was read; `now`:
    without waiting for its triggers.
    """

    plan: Word
    incident: Word
    by: Word
    reason: Reason = ""
    sheet: Annotated[str, msgspec.Meta(max_length=40)] = ""
    replace: Annotated[str, msgspec.Meta(max_length=120)] = ""
    now: bool = False


def router(platform: Platform) -> APIRouter:
    routes = APIRouter(prefix="/v1", tags=["plans"], responses=ERRORS)
    desk = ComparisonQueue(platform)

    @routes.post(
        "/plans/compare",
        openapi_extra=describe(AskCompare),
        responses=gives("CompareJob", 202),
        status_code=202,
    )
    async def post_compare(request: Request) -> Response:
        """Start a comparison of plans on the same random numbers; ask for it by its id."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskCompare, secret=False)
        wanted = CompareRequest(**msgspec.structs.asdict(asked))
        check_numbers(wanted)
        require_time(platform, wanted.at)
        return answer(desk.start(caller, wanted), 202)

    add_making(routes, platform)

    @routes.get("/plans/compare", responses=gives_page("ComparisonLine"))
    def get_comparisons(
        request: Request, limit: PageLimit = MAX_PAGE, cursor: Cursor = None
    ) -> Response:
        """The comparisons that were kept last, newest first, with the means of their plans."""
        caller_of(platform, request)
        return answer(cut_page(list_comparisons(platform.workspace), limit, cursor))

    @routes.post("/plans/compare/{comparison}/cancel", responses=gives("CompareJob"))
    def post_cancel(request: Request, comparison: str) -> Response:
        """Stop one's own comparison; what it has found so far is not kept."""
        return answer(desk.cancel(caller_of(platform, request), comparison))

    @routes.get("/plans/compare/{comparison}", responses=gives("CompareJob"))
    def get_compare(request: Request, comparison: str) -> Response:
        """How far a comparison is, and its sheet when it is done; a kept sheet answers by its
        own name.
        """
        return answer(desk.get(caller_of(platform, request), comparison))

    add_adoption(routes, platform)
    return routes


def add_making(routes: APIRouter, platform: Platform) -> None:
    @routes.post(
        "/plans/generate",
        openapi_extra=describe(AskMake),
        responses=gives_page("PlanLine", 201),
        status_code=201,
    )
    async def post_generate(request: Request) -> Response:
        """Make plans from a plan's variables or from blocks, and keep them with what they were
        made from.
        """
        caller = caller_of(platform, request)
        asked = await decode(request, AskMake, secret=False)
        wanted = MakeRequest(**msgspec.structs.asdict(asked))
        made = await asyncio.to_thread(keep, platform, caller, wanted)
        return answer(cut_page(made, MAX_PAGE, None), 201)

    @routes.get("/plan-blocks", responses=gives_page("Block"))
    def get_blocks(
        request: Request, limit: PageLimit = MAX_PAGE, cursor: Cursor = None
    ) -> Response:
        """What a plan can be made of: each block with its strengths; `gen-` and one digit a
        block names the plan.
        """
        caller_of(platform, request)
        return answer(cut_page(list_blocks(), limit, cursor))


def add_adoption(routes: APIRouter, platform: Platform) -> None:
    @routes.post(
        "/plans/adopt",
        openapi_extra=describe(AskAdopt),
        responses=gives("Adoption", 201),
        status_code=201,
    )
    async def post_adopt(request: Request) -> Response:
        """Put a plan in force; where two persons are needed it waits for the second."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskAdopt, secret=False)
        wanted = AdoptRequest(**msgspec.structs.asdict(asked))
        return answer(await asyncio.to_thread(adopt, platform, caller, wanted), 201)

    @routes.get("/incidents/{incident}/forecast", responses=gives("Beside"))
    def get_forecast(request: Request, incident: str) -> Response:
        """The forecast that was read when the plan in force was adopted, beside what was
        reported since; or null.
        """
        return answer(look_beside(platform, caller_of(platform, request), incident))
