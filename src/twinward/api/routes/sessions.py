"""/v1/sessions: log in, refresh, list one's devices, log out. Tokens travel in headers and
bodies, never in cookies.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Concatenate, ParamSpec, TypeVar

import msgspec
from fastapi import APIRouter, Request, Response

from twinward.api.http.authentication import LOOPBACK, caller_of
from twinward.api.http.bodies import decode, describe
from twinward.api.http.pages import MAX_PAGE, Cursor, PageLimit, cut_page
from twinward.api.http.problems import ERRORS
from twinward.api.http.responses import answer
from twinward.api.http.schemas import gives, gives_page
from twinward.core.errors import RefusedError
from twinward.service.access import accounts
from twinward.service.platform import Platform

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
Secret = Annotated[str, msgspec.Meta(min_length=1, max_length=400)]

P = ParamSpec("P")
T = TypeVar("T")
MOST_BYTES = 4_000  # of a body that nobody has logged in for
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


class OtherPassword(msgspec.Struct, forbid_unknown_fields=True):
    """`password` is the present one, `new` the one from now on."""

    password: Secret
    new: Secret


class Refresh(msgspec.Struct, forbid_unknown_fields=True):
    refresh: Secret


def where_from(request: Request) -> tuple[str, str]:
    """The other end of the connection, and for whom it speaks where it is a proxy of this
    machine.
    """
    peer = request.client.host if request.client else ""
    stated = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()[:64]
    return peer, f"{peer} for {stated}" if stated and peer in LOOPBACK else peer


class LoginGate:
    """Counts refused logins by address as well as by account; what a proxy of this machine states
    splits the count of its address, which has an end of its own. An address from which the account
    was entered before does not wait for what others did there.
    """

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.addresses, self.peers = accounts.Throttle(), accounts.Throttle(most=MOST_OF_A_PROXY)

    async def pass_through(
        self,
        request: Request,
        name: str | None,
        work: Callable[Concatenate[Platform, P], T],
        *arguments: P.args,
        **named: P.kwargs,
    ) -> T:
        """What the work answers; argon2 takes tens of milliseconds, so not on the event loop.
        `name` is the account that is entered.
        """
        now = self.platform.clock.now
        peer, address = where_from(request)
        if name is None or not self.platform.accounts.tries.is_known(name, address):
            self.addresses.require(address, now())
            self.peers.require(peer, now())
        try:
            return await asyncio.to_thread(work, self.platform, *arguments, **named)
        except RefusedError:
            self.addresses.fail(address, now())
            self.peers.fail(peer, now())
            raise


def router(platform: Platform) -> APIRouter:
    routes = APIRouter(prefix="/v1", tags=["sessions"], responses=ERRORS)
    gate = LoginGate(platform)

    @routes.post(
        "/sessions", openapi_extra=describe(Login), responses=gives("Tokens", 201), status_code=201
    )
    async def post_session(request: Request) -> Response:
        """Log in: a short-lived token and a refresh that can be spent once."""
        asked = await decode(request, Login, most_bytes=MOST_BYTES)
        run = gate.pass_through(
            request,
            asked.name,
            accounts.login,
            asked.name,
            asked.password,
            asked.code,
            asked.device,
            where_from(request)[1],
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
        asked = await decode(request, FirstPassword, most_bytes=MOST_BYTES)
        run = gate.pass_through(
            request,
            None,
            accounts.set_first_password,
            asked.name,
            asked.secret,
            asked.password,
            where_from(request)[1],
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
        asked = await decode(request, Refresh, most_bytes=MOST_BYTES)
        run = gate.pass_through(request, None, accounts.refresh, asked.refresh)
        return answer(await run, 201, named=True)

    @routes.post(
        "/sessions/password",
        openapi_extra=describe(OtherPassword),
        responses=gives("ChangedPassword", 201),
        status_code=201,
    )
    async def post_other_password(request: Request) -> Response:
        """Change one's own password; every other device is logged out."""
        caller = caller_of(platform, request)
        asked = await decode(request, OtherPassword, most_bytes=MOST_BYTES)
        await gate.pass_through(
            request,
            caller.name,
            accounts.change_password,
            caller,
            asked.password,
            asked.new,
            where_from(request)[1],
        )
        return answer({"name": caller.name}, 201, named=True)

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
