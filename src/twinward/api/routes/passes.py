"""Statuses, objections and passes."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Query, Request, Response

from twinward.api.http.authentication import caller_of
from twinward.api.http.bodies import Word, decode, describe
from twinward.api.http.pages import Cursor, cut_page, next_of, read_cursor
from twinward.api.http.problems import ERRORS
from twinward.api.http.responses import answer
from twinward.api.http.schemas import gives, gives_page
from twinward.core.errors import InputError
from twinward.core.messages import Instant
from twinward.service.passes import issuing, objections, place_codes, statuses, visits
from twinward.service.platform import Caller, Platform

Text = Annotated[str, msgspec.Meta(max_length=2000, pattern="^[^\\x00]*$")]
Reason = Annotated[str, msgspec.Meta(min_length=3, max_length=2000, pattern="^[^\\x00]*$")]
Limit = Annotated[int, Query(ge=1, le=500)]
Subject = Annotated[str | None, Query(max_length=120)]


class AskStatus(msgspec.Struct, forbid_unknown_fields=True):
    """A status for a person; what is adverse waits for a second person, or names its rule."""

    subject: Word
    area: Word
    value: Literal["clear", "advice", "restricted"]
    reason_code: Word
    reason: Reason
    source: Word
    activation: Word
    until: Instant
    probability: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    rule: Word | None = None
    ends_by: Text = ""


class AnswerStatus(msgspec.Struct, forbid_unknown_fields=True):
    act: Literal["confirm", "refuse", "lift"]
    because: Text = ""


class AskObjection(msgspec.Struct, forbid_unknown_fields=True):
    """An objection by any channel; or `sms`, the text of a short message."""

    status: Word | None = None
    channel: Literal["sms", "phone", "paper", "counter", "web"] = "web"
    reason: Text = ""
    proxy: Text = ""
    sms: Text | None = None


class AnswerObjection(msgspec.Struct, forbid_unknown_fields=True):
    upheld: bool
    because: Reason


class AskPass(msgspec.Struct, forbid_unknown_fields=True):
    """So many passes of one kind for one person, or for nobody (a gate token)."""

    kind: Literal["gate", "day", "travel", "declaration", "paper", "family"]
    area: Word
    subject: Word | None = None
    valid_from: Instant | None = None
    until: Instant | None = None
    holder: Annotated[str, msgspec.Meta(max_length=40)] = ""
    journey: tuple[Word, Word] | None = None
    content: Text = ""
    count: Annotated[int, msgspec.Meta(ge=1, le=50)] = 1


class AskRevocation(msgspec.Struct, forbid_unknown_fields=True):
    reason: Literal["status_changed", "issued_in_error", "lost", "key_compromised", "died"]


class AskPlaceCode(msgspec.Struct, forbid_unknown_fields=True):
    """The next code of a place; `close` instead ends the one in force."""

    place: Word
    area: Word
    name: Annotated[str, msgspec.Meta(max_length=120)] = ""
    lon: Annotated[float, msgspec.Meta(ge=-180, le=180)] = 0.0
    lat: Annotated[float, msgspec.Meta(ge=-85, le=85)] = 0.0
    radius_m: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 50
    until: Instant | None = None
    close: bool = False


RECORD_BYTES = 1_000_000  # two thousand check-ins, each with the code that was read


class AskHandOver(msgspec.Struct, forbid_unknown_fields=True):
    """A visitor's record, by consent or under the activation `order`."""

    subject: Word
    record: Annotated[list[place_codes.CheckIn], msgspec.Meta(max_length=2000)]
    consent: bool = False
    order: Word | None = None


def make_code(platform: Platform, caller: Caller, asked: AskPlaceCode) -> place_codes.MadeCode:
    if asked.close:
        return place_codes.close_place(platform, caller, place=asked.place, area=asked.area)
    fields = msgspec.structs.asdict(asked)
    del fields["close"]
    return place_codes.make_place_code(platform, caller, **fields)


def hand_over(platform: Platform, caller: Caller, asked: AskHandOver) -> visits.Upload:
    lines = b"".join(msgspec.json.encode(one) + b"\n" for one in asked.record)
    return visits.upload(
        platform, caller, asked.subject, lines, consent=asked.consent, activation=asked.order
    )


def act_on_status(
    platform: Platform, caller: Caller, status: str, asked: AnswerStatus
) -> statuses.StatusView:
    if asked.act == "confirm":
        return statuses.confirm(platform, caller, status)
    act = statuses.refuse if asked.act == "refuse" else statuses.lift
    return act(platform, caller, status, asked.because)


def lodge(platform: Platform, caller: Caller, asked: AskObjection) -> objections.ObjectionView:
    if asked.sms is not None:
        return objections.read_message(platform, caller, asked.sms)
    if asked.status is None:
        raise InputError("an objection names its status", "give status or sms", code="no_status")
    return objections.lodge(
        platform,
        caller,
        asked.status,
        channel=asked.channel,
        reason=asked.reason,
        proxy=asked.proxy,
    )


def issue(platform: Platform, caller: Caller, asked: AskPass) -> list[issuing.Issued]:
    fields = msgspec.structs.asdict(asked)
    count = fields.pop("count")
    return issuing.issue(platform, caller, issuing.Wish(**fields), count)


def router(platform: Platform) -> APIRouter:
    routes = APIRouter(prefix="/v1", tags=["passes"], responses=ERRORS)
    add_statuses(routes, platform)
    add_objections(routes, platform)
    add_passes(routes, platform)
    add_places(routes, platform)
    return routes


def add_statuses(routes: APIRouter, platform: Platform) -> None:
    @routes.get("/statuses", responses=gives_page("StatusView"))
    def get_statuses(
        request: Request, subject: Subject = None, limit: Limit = 100, cursor: Cursor = None
    ) -> Response:
        """Statuses of the caller's areas, newest first; the look goes on record."""
        start = read_cursor(cursor)
        found = statuses.list_statuses(
            platform, caller_of(platform, request), subject=subject, limit=limit, offset=start
        )
        after = next_of(start, len(found.items), found.total)
        return answer({"items": found.items, "total": found.total, "next": after})

    @routes.get("/statuses/statistics", responses=gives("Statistics"))
    def get_statistics() -> Response:
        """How many statuses, objections and revocations; small counts are not told."""
        return answer(statuses.count_public(platform))

    @routes.get("/statuses/{status}", responses=gives("StatusView"))
    def get_status(request: Request, status: str) -> Response:
        """One status and what its person is told; the look goes on record."""
        return answer(statuses.get_status(platform, caller_of(platform, request), status))

    @routes.post(
        "/statuses",
        openapi_extra=describe(AskStatus),
        responses=gives("StatusView", 201),
        status_code=201,
    )
    async def post_status(request: Request) -> Response:
        """Propose a status; what is not adverse, or covered by a rule, is in force at once."""
        caller = caller_of(platform, request)
        asked = msgspec.structs.asdict(await decode(request, AskStatus))
        return answer(await asyncio.to_thread(statuses.set_status, platform, caller, **asked), 201)

    @routes.post(
        "/statuses/{status}/answer",
        openapi_extra=describe(AnswerStatus),
        responses=gives("StatusView", 201),
        status_code=201,
    )
    async def post_answer(request: Request, status: str) -> Response:
        """Confirm or refuse as the second person; lift before its time."""
        caller = caller_of(platform, request)
        asked = await decode(request, AnswerStatus)
        return answer(await asyncio.to_thread(act_on_status, platform, caller, status, asked), 201)


def add_objections(routes: APIRouter, platform: Platform) -> None:
    @routes.get("/objections", responses=gives_page("ObjectionView", overdue={"type": "integer"}))
    def get_objections(request: Request, limit: Limit = 100, cursor: Cursor = None) -> Response:
        """The desk: open objections with their clocks, overdue ones first; then decided ones."""
        found = objections.list_objections(
            platform, caller_of(platform, request), limit=objections.MOST
        )
        page = cut_page(found.items, limit, cursor)
        shown = {"items": page.items, "next": page.next, "total": found.total}
        return answer(shown | {"overdue": found.overdue})

    @routes.post(
        "/objections",
        openapi_extra=describe(AskObjection),
        responses=gives("ObjectionView", 201),
        status_code=201,
    )
    async def post_objection(request: Request) -> Response:
        """Lodge an objection for the person; the answer is its receipt, the clock runs."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskObjection)
        return answer(await asyncio.to_thread(lodge, platform, caller, asked), 201)

    @routes.post(
        "/objections/{objection}/answer",
        openapi_extra=describe(AnswerObjection),
        responses=gives("ObjectionView", 201),
        status_code=201,
    )
    async def post_decision(request: Request, objection: str) -> Response:
        """Decide it, as somebody who had no part in the status; upheld, it lifts the status."""
        caller = caller_of(platform, request)
        asked = await decode(request, AnswerObjection)
        work = asyncio.to_thread(
            objections.decide,
            platform,
            caller,
            objection,
            upheld=asked.upheld,
            because=asked.because,
        )
        return answer(await work, 201, named=True)  # it tells the holder's new secret names


def add_passes(routes: APIRouter, platform: Platform) -> None:
    @routes.post(
        "/passes",
        openapi_extra=describe(AskPass),
        responses=gives_page("Issued", 201),
        status_code=201,
    )
    async def post_pass(request: Request) -> Response:
        """Sign passes for a person whose status allows it; the tokens are kept nowhere here."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskPass)
        made = await asyncio.to_thread(issue, platform, caller, asked)
        return answer({"items": made, "total": len(made), "next": None}, 201, named=True)

    @routes.post(
        "/passes/{pass_id}/revoke",
        openapi_extra=describe(AskRevocation),
        responses=gives("PassView", 201),
        status_code=201,
    )
    async def post_revocation(request: Request, pass_id: str) -> Response:
        """A pass is good no more, from the next published list on."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskRevocation)
        work = asyncio.to_thread(issuing.revoke, platform, caller, pass_id, asked.reason)
        return answer(await work, 201)


def add_places(routes: APIRouter, platform: Platform) -> None:
    @routes.post(
        "/place-codes",
        openapi_extra=describe(AskPlaceCode),
        responses=gives("MadeCode", 201),
        status_code=201,
    )
    async def post_place_code(request: Request) -> Response:
        """Sign the next code of a place; the one before counts no more."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskPlaceCode)
        return answer(await asyncio.to_thread(make_code, platform, caller, asked), 201, named=True)

    @routes.post(
        "/visits",
        openapi_extra=describe(AskHandOver),
        responses=gives("Upload", 201),
        status_code=201,
    )
    async def post_visits(request: Request) -> Response:
        """Hand a visitor's own record over to tracing; on record by what right."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskHandOver, most_bytes=RECORD_BYTES)
        return answer(await asyncio.to_thread(hand_over, platform, caller, asked), 201)
