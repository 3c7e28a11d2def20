"""Routes of alerts for the public: drafted, approved by two persons, listed, read as CAP."""

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
from twinward.api.http.schemas import gives, gives_file, gives_page
from twinward.core.messages import Instant
from twinward.service.operations import public_alerts
from twinward.service.operations.public_alerts import AlertStatus, AlertStep, AlertText
from twinward.service.platform import Caller, Platform
from twinward.standards.cap.feed import CAP_MEDIA

MaybeWord = Annotated[str | None, Query(max_length=120)]
Reason = Annotated[str, msgspec.Meta(min_length=3, max_length=2000, pattern="^[^\\x00]*$")]
MOST_BYTES = 200_000
DOCUMENT = gives_file("a CAP 1.2 document", CAP_MEDIA, text=True)


class AskPublicAlert(msgspec.Struct, forbid_unknown_fields=True):
    """A draft; two persons approve it before it goes out."""

    hazard: Word
    areas: Annotated[tuple[Word, ...], msgspec.Meta(min_length=1, max_length=200)]
    texts: Annotated[tuple[AlertText, ...], msgspec.Meta(min_length=1, max_length=20)]
    until: Instant
    because: Reason
    alert: Annotated[str, msgspec.Meta(max_length=120, pattern=r"^[A-Za-z0-9._:-]*$")] = ""
    step: AlertStep = "alert"
    references: Annotated[tuple[Word, ...], msgspec.Meta(max_length=50)] = ()
    status: AlertStatus = "actual"
    category: Word = "Safety"
    urgency: Word = "Immediate"
    severity: Word = "Severe"
    certainty: Word = "Likely"
    polygon: Annotated[tuple[tuple[float, float], ...], msgspec.Meta(max_length=2000)] = ()


class AskPublicAlertAct(msgspec.Struct, forbid_unknown_fields=True):
    act: Literal["approve", "discard"]
    because: Annotated[str, msgspec.Meta(max_length=2000, pattern="^[^\\x00]*$")] = ""


def act_on(
    platform: Platform, caller: Caller, alert: str, asked: AskPublicAlertAct
) -> public_alerts.PublicAlertView:
    if asked.act == "approve":
        return public_alerts.approve(platform, caller, alert)
    return public_alerts.discard(platform, caller, alert, asked.because)


def router(platform: Platform) -> APIRouter:
    routes = APIRouter(prefix="/v1/public-alerts", tags=["alerts"], responses=ERRORS)

    @routes.get("", responses=gives_page("PublicAlertView"))
    def get_public_alerts(
        request: Request,
        state: MaybeWord = None,
        chain: MaybeWord = None,
        limit: PageLimit = MAX_PAGE,
        cursor: Cursor = None,
    ) -> Response:
        """Alerts in the caller's areas, the newest first, with their state now."""
        caller = caller_of(platform, request)
        found = public_alerts.list_alerts(platform, caller, state=state, chain=chain)
        return answer(cut_page(found, limit, cursor))

    @routes.post(
        "",
        openapi_extra=describe(AskPublicAlert),
        responses=gives("PublicAlertView", 201),
        status_code=201,
    )
    async def post_public_alert(request: Request) -> Response:
        """Draft an alert, or the update, cancel or all-clear of one."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskPublicAlert, secret=False, most_bytes=MOST_BYTES)
        wanted = public_alerts.AlertRequest(**msgspec.structs.asdict(asked))
        return answer(await asyncio.to_thread(public_alerts.draft, platform, caller, wanted), 201)

    @routes.get("/{alert}", responses=gives("PublicAlertView"))
    def get_public_alert(request: Request, alert: str) -> Response:
        """One alert."""
        return answer(public_alerts.get_alert(platform, caller_of(platform, request), alert))

    @routes.get("/{alert}/cap", responses=DOCUMENT, response_class=Response)
    def get_cap(request: Request, alert: str) -> Response:
        """The alert as a CAP 1.2 document, once it was sent."""
        caller = caller_of(platform, request)
        document = public_alerts.write_document(platform, caller, alert)
        return Response(document, media_type=CAP_MEDIA)

    @routes.post(
        "/{alert}/answer",
        openapi_extra=describe(AskPublicAlertAct),
        responses=gives("PublicAlertView"),
    )
    async def post_alert_answer(request: Request, alert: str) -> Response:
        """Approve it (with the second person it goes out), or discard the draft."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskPublicAlertAct, secret=False)
        return answer(await asyncio.to_thread(act_on, platform, caller, alert, asked))

    return routes
