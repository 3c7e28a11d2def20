"""/v1/sessions: log in, refresh, list one's devices, log out. Tokens travel in headers and
bodies, never in cookies.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Request, Response

from twinward.api.http.authentication import LOOPBACK, caller_of
from twinward.api.http.pages import MAX_PAGE, Cursor, PageLimit, cut_page
from twinward.api.http.problems import ERRORS
from twinward.api.http.responses import answer, read_body
from twinward.api.http.schemas import gives, gives_page
from twinward.core.errors import InputError, RefusedError, explain_decode_error
from twinward.service.access import accounts
from twinward.service.platform import Platform

LIMIT_BYTES = 4_000
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
Secret = Annotated[str, msgspec.Meta(min_length=1, max_length=400)]

MOST_OF_A_PROXY = 150  # refused logins of all whom one proxy speaks for, in five minutes


class Login(msgspec.Struct, forbid_unknown_fields=True):
    name: Name
    password: Secret
    code: Annotated[str, msgspec.Meta(max_length=12)] | None = None
    device: Annotated[str, msgspec.Meta(max_length=120)] = "unnamed"


class FirstPassword(msgspec.Struct, forbid_unknown_fields=True):
    name: Name
    secret: Secret
    password: Secret


class Refresh(msgspec.Struct, forbid_unknown_fields=True):
    refresh: Secret


def describe(kind: type) -> dict[str, object]:
    """The request body for OpenAPI."""
    (schema,), parts = msgspec.json.schema_components(
        [kind], ref_template="#/components/schemas/{name}"
    )
    inline = parts.get(str(schema.get("$ref", "")).rpartition("/")[2], schema)
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": inline}}}}


async def decode(request: Request, kind: object, *, secret: bool = True) -> Any:
    """The body as `kind`; what is wrong with it is said only where it holds no secret."""
    body = await read_body(request, LIMIT_BYTES)
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        # the complaint of the decoder may quote the body
        said = "the body is not what this route takes" + (
            "" if secret else f": {explain_decode_error(str(error))}"
        )
        raise InputError(said, "see /openapi.json", code="bad_body") from error


def router(platform: Platform) -> APIRouter:
    routes = APIRouter(prefix="/v1", tags=["sessions"], responses=ERRORS)
    gate, peers = accounts.Throttle(), accounts.Throttle(most=MOST_OF_A_PROXY)

    async def try_login(request: Request, work: object, *arguments: object) -> Any:
        """Refused logins are counted by address as well as by account; what a proxy of this machine
        states splits the count of its address, which has an end of its own.
        """
        peer = request.client.host if request.client else ""
        stated = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()[:64]
        address = f"{peer} for {stated}" if stated and peer in LOOPBACK else peer
        gate.require(address, platform.clock.now())
        peers.require(peer, platform.clock.now())
        try:
            return await platform_call(work, platform, *arguments)
        except RefusedError:
            gate.fail(address, platform.clock.now())
            peers.fail(peer, platform.clock.now())
            raise

    @routes.post(
        "/sessions", openapi_extra=describe(Login), responses=gives("Tokens", 201), status_code=201
    )
    async def post_session(request: Request) -> Response:
        """Log in: a short-lived token and a refresh that can be spent once."""
        asked: Login = await decode(request, Login)
        run = try_login(
            request, accounts.login, asked.name, asked.password, asked.code, asked.device
        )
        return answer(await run, 201, named=True)

    @routes.post(
        "/sessions/first",
        openapi_extra=describe(FirstPassword),
        responses=gives("FirstFactor", 201),
        status_code=201,
    )
    async def post_first_password(request: Request) -> Response:
        """Exchange a one-time secret for a password; the answer carries the second factor's
        address, once.
        """
        asked: FirstPassword = await decode(request, FirstPassword)
        run = try_login(
            request, accounts.set_first_password, asked.name, asked.secret, asked.password
        )
        return answer({"authenticator": await run}, 201, named=True)

    @routes.post(
        "/sessions/refresh",
        openapi_extra=describe(Refresh),
        responses=gives("Tokens", 201),
        status_code=201,
    )
    async def post_refresh(request: Request) -> Response:
        """New tokens for a refresh token; one that was spent before shuts the session."""
        asked: Refresh = await decode(request, Refresh)
        return answer(await try_login(request, accounts.refresh, asked.refresh), 201, named=True)

    @routes.get("/sessions", responses=gives_page("Session"))
    def get_sessions(
        request: Request, limit: PageLimit = MAX_PAGE, cursor: Cursor = None
    ) -> Response:
        """One's own devices, newest first."""
        found = accounts.list_sessions(platform, caller_of(platform, request))
        return answer(cut_page(found, limit, cursor))

    @routes.delete("/sessions/{session}", responses=gives("ClosedSession"))
    def delete_session(request: Request, session: str) -> Response:
        """Log one device out, at once."""
        accounts.logout(platform, caller_of(platform, request), session)
        return answer({"session": session, "revoked": True})

    return routes


async def platform_call(work: Any, *arguments: Any) -> object:
    """argon2 takes tens of milliseconds: not on the event loop."""
    return await asyncio.to_thread(work, *arguments)
