"""Changes that take two, broken glass, notices, and the names behind pseudonyms."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Query, Request, Response

from twinward.api.http.authentication import caller_of
from twinward.api.http.bodies import Word, decode, describe
from twinward.api.http.pages import (
    MAX_PAGE,
    Cursor,
    PageLimit,
    Schema,
    cut_page,
    next_of,
    read_cursor,
)
from twinward.api.http.problems import ERRORS
from twinward.api.http.responses import answer
from twinward.api.http.schemas import gives, gives_page, gives_schema, reference
from twinward.core.messages import Instant
from twinward.service.access import approvals, doubles, vault
from twinward.service.platform import Caller, Platform

Reason = Annotated[str, msgspec.Meta(min_length=3, max_length=2000, pattern="^[^\\x00]*$")]
Limit = Annotated[int, Query(ge=1, le=500)]
Offset = Annotated[int, Query(ge=0, le=100_000_000)]
MOST_NOTICES = 1000
MANY: Schema = {"type": "array", "items": reference("OpenedIdentity")}
OPENED: Schema = {
    "anyOf": [
        reference("Identity"),
        {"type": "object", "required": ["items"], "properties": {"items": MANY}},
    ]
}


class Proposal(msgspec.Struct, forbid_unknown_fields=True):
    kind: Literal["status", "quarantine_order", "mass_action", "bulk_opening"]
    area: Word
    reason: Reason
    basis: Reason
    until: Instant
    subject: Word | None = None
    subjects: tuple[Word, ...] = ()
    thing: Word | None = None
    value: Word | None = None
    linked: Word | None = None


class AskDecision(msgspec.Struct, forbid_unknown_fields=True):
    act: Literal["confirm", "refuse", "appeal", "uphold_appeal", "reject_appeal"]
    because: Annotated[str, msgspec.Meta(max_length=2000, pattern="^[^\\x00]*$")] = ""


class AskEmergencyAccess(msgspec.Struct, forbid_unknown_fields=True):
    areas: Annotated[tuple[Word, ...], msgspec.Meta(min_length=1, max_length=50)]
    hours: Annotated[float, msgspec.Meta(gt=0, le=4)]
    reason: Reason


class Opening(msgspec.Struct, forbid_unknown_fields=True):
    """One subject, or a confirmed bulk opening."""

    reason: Reason
    subject: Word | None = None
    change: Word | None = None


def act_on(
    platform: Platform, caller: Caller, change: str, asked: AskDecision
) -> dict[str, object]:
    if asked.act == "confirm":
        return approvals.confirm(platform, caller, change)
    if asked.act == "refuse":
        return approvals.refuse(platform, caller, change, asked.because)
    if asked.act == "appeal":
        return approvals.appeal(platform, caller, change, asked.because)
    upheld = asked.act == "uphold_appeal"
    return approvals.decide_appeal(platform, caller, change, upheld=upheld, because=asked.because)


class AskDouble(msgspec.Struct, forbid_unknown_fields=True):
    """What somebody decides of two persons who may be one."""

    act: Literal["merge", "unmerge", "apart"]
    subject: Word
    reason: Reason
    other: Word | None = None


def decide_double(platform: Platform, caller: Caller, asked: AskDouble) -> dict[str, str]:
    other = asked.other or ""
    if asked.act == "unmerge":
        other = doubles.unmerge(platform, caller, asked.subject, asked.reason)
    elif asked.act == "merge":
        doubles.merge(platform, caller, asked.subject, other, asked.reason)
    else:
        doubles.keep_apart(platform, caller, asked.subject, other, asked.reason)
    return {"subject": asked.subject, "other": other, "act": asked.act}


def open_asked(platform: Platform, caller: Caller, asked: Opening) -> object:
    if asked.change is not None:
        return {"items": vault.open_in_bulk(platform, caller, asked.change, asked.reason)}
    return vault.open_identity(platform, caller, asked.subject or "", asked.reason)


def router(platform: Platform) -> APIRouter:
    routes = APIRouter(prefix="/v1", tags=["trust"], responses=ERRORS)

    add_changes(routes, platform)
    add_access(routes, platform)
    add_identities(routes, platform)
    return routes


def add_changes(routes: APIRouter, platform: Platform) -> None:
    @routes.get("/changes", responses=gives_page("ChangeShown"))
    def get_changes(
        request: Request, limit: Limit = 100, offset: Offset = 0, cursor: Cursor = None
    ) -> Response:
        """Changes in the caller's areas, newest first, with their state now."""
        start = read_cursor(cursor, offset)
        found = approvals.list_changes(
            platform, caller_of(platform, request), limit=limit, offset=start
        )
        return answer(found | {"next": next_of(start, len(found["items"]), found["total"])})

    @routes.get("/changes/{change}", responses=gives("ChangeShown"))
    def get_change(request: Request, change: str) -> Response:
        """One change and what the person is told of it."""
        return answer(approvals.get_change(platform, caller_of(platform, request), change))

    @routes.post(
        "/changes",
        openapi_extra=describe(Proposal),
        responses=gives("ChangeShown", 201),
        status_code=201,
    )
    async def post_change(request: Request) -> Response:
        """Propose; nothing happens before another person confirms."""
        caller = caller_of(platform, request)
        asked = msgspec.structs.asdict(await decode(request, Proposal))
        kind, area = asked.pop("kind"), asked.pop("area")
        return answer(
            await asyncio.to_thread(approvals.propose, platform, caller, kind, area, **asked), 201
        )

    @routes.post(
        "/changes/{change}/answer",
        openapi_extra=describe(AskDecision),
        responses=gives("ChangeShown", 201),
        status_code=201,
    )
    async def post_answer(request: Request, change: str) -> Response:
        """Confirm or refuse a proposal; appeal; decide an appeal."""
        caller = caller_of(platform, request)
        return answer(
            await asyncio.to_thread(
                act_on, platform, caller, change, await decode(request, AskDecision)
            ),
            201,
        )


def add_access(routes: APIRouter, platform: Platform) -> None:
    @routes.post(
        "/break-glass",
        openapi_extra=describe(AskEmergencyAccess),
        responses=gives("EmergencyAccess", 201),
        status_code=201,
    )
    async def post_glass(request: Request) -> Response:
        """Look outside one's jurisdiction for some hours; its owners and the auditor are told at
        once.
        """
        caller = caller_of(platform, request)
        asked = await decode(request, AskEmergencyAccess)
        work = asyncio.to_thread(
            approvals.break_glass, platform, caller, asked.areas, asked.hours, asked.reason
        )
        return answer(await work, 201)

    @routes.get("/notices", responses=gives_page("Notice"))
    def get_notices(request: Request, limit: Limit = 100, cursor: Cursor = None) -> Response:
        """What the caller's role must know about the caller's areas, newest first."""
        found = approvals.list_notices(platform, caller_of(platform, request), MOST_NOTICES)
        return answer(cut_page(found, limit, cursor))


def add_identities(routes: APIRouter, platform: Platform) -> None:
    @routes.get("/doubles", responses=gives_page("LikelyDouble"))
    def get_doubles(
        request: Request,
        state: str = "open",
        limit: PageLimit = MAX_PAGE,
        cursor: Cursor = None,
    ) -> Response:
        """Persons who may be one, with the reason and without names."""
        found = doubles.list_doubles(platform, caller_of(platform, request), state)
        return answer(cut_page(found, limit, cursor))

    @routes.post(
        "/doubles",
        openapi_extra=describe(AskDouble),
        responses=gives("DecidedDouble", 201),
        status_code=201,
    )
    async def post_double(request: Request) -> Response:
        """One person, two after all, or two all along; both openings are on record first."""
        caller = caller_of(platform, request)
        return answer(
            await asyncio.to_thread(
                decide_double, platform, caller, await decode(request, AskDouble)
            ),
            201,
        )

    @routes.post(
        "/identities",
        openapi_extra=describe(Opening),
        responses=gives_schema("one person, or those of a bulk opening", OPENED, 201),
        status_code=201,
    )
    async def post_opening(request: Request) -> Response:
        """The name behind a pseudonym, or those of a confirmed bulk opening; on record before it
        is shown.
        """
        caller = caller_of(platform, request)
        return answer(
            await asyncio.to_thread(open_asked, platform, caller, await decode(request, Opening)),
            201,
            named=True,
        )
