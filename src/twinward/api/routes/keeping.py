"""What keepers do over HTTP, so that nobody needs the folder of the keys: activations, accounts,
publishing, the audit, retention. Each of it goes on record.
"""

from __future__ import annotations

import asyncio
import os
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from twinward.api.http.authentication import caller_of
from twinward.api.http.bodies import decode, describe
from twinward.api.http.pages import Cursor, PageLimit, cut_page, next_of, read_cursor
from twinward.api.http.problems import ERRORS
from twinward.api.http.responses import answer
from twinward.api.http.schemas import gives, gives_file, gives_page
from twinward.core.messages import Instant
from twinward.service.access import account_changes, accounts, activations, keeping
from twinward.service.access.account_changes import AccountWish, Act
from twinward.service.platform import Caller, Platform

PLAIN = "^[^\\x00-\\x1f\\x7f]*$"
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=120, pattern=PLAIN)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern=PLAIN)]
Reason = Annotated[str, msgspec.Meta(min_length=3, max_length=2000, pattern="^[^\\x00]*$")]
Days = Annotated[int, msgspec.Meta(ge=1, le=30)]
Areas = Annotated[tuple[Name, ...], msgspec.Meta(min_length=1, max_length=100)]
LINES = "application/x-ndjson"


class AskActivation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Opens exactly these purposes in exactly these areas. `from`, `to`: the window of data."""

    hazard: Word
    areas: Areas
    purposes: Annotated[tuple[Literal["trace", "care", "vault"], ...], msgspec.Meta(min_length=1)]
    days: Days
    basis: Reason
    data_from: Instant | None = msgspec.field(default=None, name="from")
    data_to: Instant | None = msgspec.field(default=None, name="to")


class AskRenewal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same purposes and areas again, from now on, on a basis of its own."""

    days: Days
    basis: Reason


class AskClosing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    because: Reason


class AskAccount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`add` and `role` say what the account is to be; every act says why."""

    act: Act
    name: Name
    reason: Reason
    role: Word | None = None
    department: Word | None = None
    areas: Areas = ("all",)
    second_factor: bool = True


class AskAccountAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    act: Literal["confirm", "refuse"]
    because: Annotated[str, msgspec.Meta(max_length=2000, pattern="^[^\\x00]*$")] = ""


class AskPublication(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Without a window, the last finished week."""

    table: Word
    level: Word
    since: Instant | None = msgspec.field(default=None, name="from")
    until: Instant | None = msgspec.field(default=None, name="to")


class AskRetention(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`confirm_clock`: a person says that the clock is right, so that one run is enough."""

    confirm_clock: bool = False


def router(platform: Platform) -> APIRouter:
    routes = APIRouter(prefix="/v1", tags=["keeping"], responses=ERRORS)
    add_activations(routes, platform)
    add_accounts(routes, platform)
    add_account_changes(routes, platform)
    add_publications(routes, platform)
    add_audit(routes, platform)
    add_retention(routes, platform)
    return routes


def add_activations(routes: APIRouter, platform: Platform) -> None:
    @routes.post(
        "/activations",
        openapi_extra=describe(AskActivation),
        responses=gives("ActivationLine", 201),
        status_code=201,
    )
    async def post_activation(request: Request) -> Response:
        """Open what an emergency may look at; it shuts by itself."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskActivation, secret=False)
        fields = msgspec.structs.asdict(asked)
        work = asyncio.to_thread(keeping.open_activation, platform, caller, **fields)
        return answer(await work, 201)

    @routes.post(
        "/activations/{activation}/renew",
        openapi_extra=describe(AskRenewal),
        responses=gives("ActivationLine", 201),
        status_code=201,
    )
    async def post_renewal(request: Request, activation: str) -> Response:
        """Open the same again, as another activation with an end of its own."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskRenewal, secret=False)
        work = asyncio.to_thread(
            keeping.renew_activation, platform, caller, activation, asked.days, asked.basis
        )
        return answer(await work, 201)

    @routes.post(
        "/activations/{activation}/close",
        openapi_extra=describe(AskClosing),
        responses=gives("ActivationLine"),
    )
    async def post_closing(request: Request, activation: str) -> Response:
        """Shut one now."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskClosing, secret=False)
        await asyncio.to_thread(
            activations.close_activation, platform, caller, activation, asked.because
        )
        return answer(keeping.get_activation(platform, activation))


def add_accounts(routes: APIRouter, platform: Platform) -> None:
    @routes.get("/accounts", responses=gives_page("Account"))
    def get_accounts(request: Request, limit: PageLimit = 1000, cursor: Cursor = None) -> Response:
        """All accounts, by name; never a secret."""
        found = accounts.list_accounts(platform, caller_of(platform, request))
        return answer(cut_page(found, limit, cursor))

    @routes.post(
        "/accounts",
        openapi_extra=describe(AskAccount),
        responses=gives("AccountOutcome", 201),
        status_code=201,
    )
    async def post_account(request: Request) -> Response:
        """Add an account, change its role, reset, lock or unlock it; what takes two persons is
        proposed. A one-time secret is shown once.
        """
        caller = caller_of(platform, request)
        asked = await decode(request, AskAccount)
        wish = AccountWish(
            role=asked.role or "",
            department=asked.department,
            areas=asked.areas,
            second_factor=asked.second_factor,
        )
        work = asyncio.to_thread(
            account_changes.keep_account,
            platform,
            caller,
            asked.act,
            asked.name,
            wish,
            asked.reason,
        )
        return answer(await work, 201, named=True)


def add_account_changes(routes: APIRouter, platform: Platform) -> None:
    @routes.get("/account-changes", responses=gives_page("AccountChange"))
    def get_account_changes(
        request: Request,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        cursor: Cursor = None,
    ) -> Response:
        """Changes of accounts that were proposed, newest first, with their state now."""
        start = read_cursor(cursor)
        found, total = account_changes.list_account_changes(
            platform, caller_of(platform, request), limit, start
        )
        return answer({"items": found, "total": total, "next": next_of(start, len(found), total)})

    @routes.post(
        "/account-changes/{change}/answer",
        openapi_extra=describe(AskAccountAnswer),
        responses=gives("AccountOutcome", 201),
        status_code=201,
    )
    async def post_account_answer(request: Request, change: str) -> Response:
        """The second person's yes, which carries it out and shows the one-time secret; or a no."""
        caller = caller_of(platform, request)
        asked = await decode(request, AskAccountAnswer)
        confirm = asked.act == "confirm"
        work = asyncio.to_thread(
            account_changes.answer_account_change,
            platform,
            caller,
            change,
            confirm=confirm,
            because=asked.because,
        )
        return answer(await work, 201, named=True)


def add_publications(routes: APIRouter, platform: Platform) -> None:
    @routes.get("/publications", responses=gives_page("DataSheet"))
    def get_publications(
        request: Request, limit: PageLimit = 1000, cursor: Cursor = None
    ) -> Response:
        """Data sheets of what was published, newest window first."""
        found = keeping.list_publications(platform, caller_of(platform, request))
        return answer(cut_page(found, limit, cursor))

    @routes.post(
        "/publications",
        openapi_extra=describe(AskPublication),
        responses=gives("Publication", 201),
        status_code=201,
    )
    async def post_publication(request: Request) -> Response:
        """Publish a table by area, small counts hidden, with its data sheet."""
        caller = caller_of(platform, request)
        asked = msgspec.structs.asdict(await decode(request, AskPublication, secret=False))
        return answer(
            await asyncio.to_thread(keeping.publish_window, platform, caller, **asked), 201
        )


def add_audit(routes: APIRouter, platform: Platform) -> None:
    @routes.post("/audit/verify", responses=gives("ChainState"))
    async def post_verification(request: Request) -> Response:
        """Whether every entry of the log is bound to the one before; `head` is its last hash, an
        anchor to be kept elsewhere.
        """
        caller = caller_of(platform, request)
        return answer(await asyncio.to_thread(keeping.verify_log, platform, caller))

    @routes.post("/audit/check", responses=gives("MisuseFound"))
    async def post_check(request: Request) -> Response:
        """Look for misuse over the last day and raise an alarm."""
        caller = caller_of(platform, request)
        return answer(await asyncio.to_thread(keeping.check_last_day, platform, caller))

    @routes.get(
        "/audit/export",
        response_class=Response,
        responses=gives_file("the log, one entry a line", LINES, text=True),
    )
    async def get_export(
        request: Request, form: Annotated[Literal["fhir", "log"], Query()] = "fhir"
    ) -> Response:
        """The whole log as FHIR R4 AuditEvents or as it is stored, what is personal sealed."""
        path = await asyncio.to_thread(
            keeping.export_log, platform, caller_of(platform, request), form
        )
        return FileResponse(
            path,
            media_type=LINES,
            filename=f"audit-{form}.ndjson",
            background=BackgroundTask(os.unlink, path),
        )


def add_retention(routes: APIRouter, platform: Platform) -> None:
    @routes.get("/retention/kinds", responses=gives_page("RetentionKind"))
    def get_kinds(request: Request, limit: PageLimit = 1000, cursor: Cursor = None) -> Response:
        """What each datum is for and how long it lives."""
        caller_of(platform, request)
        return answer(cut_page(keeping.list_kinds(), limit, cursor))

    @routes.get("/retention/receipts", responses=gives("ReceiptsChecked"))
    def get_receipts(request: Request) -> Response:
        """Whether every deletion has its receipt, and every receipt its place in the log."""
        return answer(keeping.check_receipts(platform, caller_of(platform, request)))

    @routes.post(
        "/retention/run",
        openapi_extra=describe(AskRetention),
        responses=gives("RetentionRun", 201),
        status_code=201,
    )
    async def post_run(request: Request) -> Response:
        """Delete what is past its life, when two runs a day apart agree; with a receipt."""
        caller: Caller = caller_of(platform, request)
        asked = await decode(request, AskRetention, secret=False)
        work: Any = asyncio.to_thread(
            keeping.run_retention, platform, caller, confirmed=asked.confirm_clock
        )
        return answer(await work, 201)
