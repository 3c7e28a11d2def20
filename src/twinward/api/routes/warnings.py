"""Routes of graded warnings: listed, issued, answered, scored."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Query, Request, Response

from twinward.api.http.authentication import caller_of
from twinward.api.http.bodies import Word, decode, describe
from twinward.api.http.pages import MAX_PAGE, Cursor, PageLimit, cut_page
from twinward.api.http.problems import ERRORS
from twinward.api.http.responses import answer
from twinward.api.http.schemas import gives, gives_page
from twinward.core.errors import InputError
from twinward.core.messages import Instant
from twinward.service.hazards import warning_scores, warnings
from twinward.service.platform import Caller, Platform

Text = Annotated[str, msgspec.Meta(max_length=2000, pattern="^[^\\x00]*$")]
MaybeWord = Annotated[str | None, Query(max_length=120)]


class AskWarning(msgspec.Struct, forbid_unknown_fields=True):
    """A public warning waits for a second person."""

    hazard: Word
    grade: Literal["IV", "III", "II", "I"]
    areas: Annotated[tuple[Word, ...], msgspec.Meta(min_length=1, max_length=500)]
    title: Word
    because: Annotated[str, msgspec.Meta(min_length=3, max_length=2000, pattern="^[^\\x00]*$")]
    until: Instant
    starts_at: Instant | None = None
    advice: Text = ""
    chance: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    source: Literal["forecast", "calendar", "sensors", "person"] = "person"
    forecast: Text = ""
    public: bool = False
    replaces: Text = ""


class AskWarningAct(msgspec.Struct, forbid_unknown_fields=True):
    act: Literal["confirm", "refuse", "acknowledge", "extend", "cancel"]
    because: Text = ""
    until: Instant | None = None
    office: Text = ""


def act_on(
    platform: Platform, caller: Caller, warning: str, asked: AskWarningAct
) -> warnings.WarningView:
    if asked.act == "confirm":
        return warnings.confirm(platform, caller, warning)
    if asked.act == "refuse":
        return warnings.refuse(platform, caller, warning, asked.because)
    if asked.act == "acknowledge":
        return warnings.acknowledge(platform, caller, warning, asked.office)
    if asked.act == "cancel":
        return warnings.cancel(platform, caller, warning, asked.because)
    if asked.until is None:
        raise InputError("an extension needs until", "give an instant", code="bad_until")
    return warnings.extend(platform, caller, warning, asked.until, asked.because)


def router(platform: Platform) -> APIRouter:
    routes = APIRouter(prefix="/v1/warnings", tags=["hazards"], responses=ERRORS)

    @routes.get("", responses=gives_page("WarningView"))
    def get_warnings(
        request: Request,
        state: MaybeWord = None,
        hazard: MaybeWord = None,
        limit: PageLimit = MAX_PAGE,
        cursor: Cursor = None,
    ) -> Response:
        """Warnings in the caller's areas, the newest first, with their state now."""
        caller = caller_of(platform, request)
        found = warnings.list_warnings(platform, caller, state=state, hazard=hazard)
        return answer(cut_page(found, limit, cursor))

    @routes.post(
        "",
        openapi_extra=describe(AskWarning),
        responses=gives("WarningView", 201),
        status_code=201,
    )
    async def post_warning(request: Request) -> Response:
        """Warn areas of a hazard; a public warning is proposed to a second person."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskWarning, secret=False)
        wanted = warnings.WarningRequest(**msgspec.structs.asdict(asked))
        return answer(await asyncio.to_thread(warnings.issue, platform, caller, wanted), 201)

    @routes.get("/scores", responses=gives("WarningScores"))
    def get_scores(request: Request, hazard: MaybeWord = None) -> Response:
        """Hits, false alarms, misses, lead time, and the base rate beside the accuracy."""
        return answer(warning_scores.score_warnings(platform, caller_of(platform, request), hazard))

    @routes.get("/{warning}", responses=gives("WarningView"))
    def get_warning(request: Request, warning: str) -> Response:
        """One warning."""
        return answer(warnings.get_warning(platform, caller_of(platform, request), warning))

    @routes.post(
        "/{warning}/answer",
        openapi_extra=describe(AskWarningAct),
        responses=gives("WarningView"),
    )
    async def post_answer(request: Request, warning: str) -> Response:
        """Confirm, refuse, acknowledge, extend or cancel it."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskWarningAct, secret=False)
        return answer(await asyncio.to_thread(act_on, platform, caller, warning, asked))

    return routes
