"""Who asks over HTTP, and whether they may use this route at all: one guard before every route."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from twinward.core.errors import RefusedError, UnknownCallerError
from twinward.service.access.authorization import require_route
from twinward.service.platform import Caller, Platform, anybody, local_admin

OPEN_ROUTES = frozenset({"/health", "/v1/public", "/v1/activations"})
LOGIN_ROUTES = frozenset(
    {"/v1/sessions", "/v1/sessions/first", "/v1/sessions/refresh"}
)  # what needs no caller
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
IN_PROCESS = "testclient"  # what starlette calls a caller that came over no wire at all
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


def make_guard(platform: Platform) -> Callable[[HTTPConnection], None]:
    """The dependency of the whole application: names the caller and holds the route against the
    rules.
    """

    def guard(connection: HTTPConnection) -> None:
        route = connection.scope.get("route")
        path = getattr(route, "path", connection.url.path)
        caller = _find_caller(platform, connection)
        if caller is None:
            login = path in LOGIN_ROUTES and connection.scope.get("method") == "POST"
            if path not in OPEN_ROUTES and not login:
                raise _login_needed()
            caller = anybody()
        require_route(platform, caller, connection.scope.get("method", "GET"), path)
        connection.state.caller = caller

    return guard


def caller_of(platform: Platform, connection: HTTPConnection) -> Caller:
    """The caller; RefusedError `bad_token` when there is no token and none of the exceptions
    holds.
    """
    known: Caller | None = getattr(connection.state, "caller", None)
    found = known or _find_caller(platform, connection)
    if found is None:
        raise _login_needed()
    return found


def _login_needed() -> RefusedError:
    return UnknownCallerError(
        "this workspace needs a login", "send a token: Authorization: Bearer …"
    )


def _find_caller(platform: Platform, connection: HTTPConnection) -> Caller | None:
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return platform.identities.read(token, platform.clock.now())
    if platform.managed or not is_local(connection):
        return None
    return local_admin()


def is_local(connection: HTTPConnection) -> bool:
    """Asked from this machine, by no proxy and by no page of another site in somebody's browser.

    A browser sends a foreign page's requests with that page's Origin, and a rebound name with its
    own Host.
    """
    headers = connection.headers
    client = connection.client.host if connection.client else ""
    if client == IN_PROCESS:
        return True
    if client not in LOOPBACK or any(name in headers for name in FORWARDED):
        return False
    host = urlsplit(f"//{headers.get('host', '')}").hostname or ""
    origin = headers.get("origin")
    return host in LOOPBACK and (origin is None or (urlsplit(origin).hostname or "") in LOOPBACK)
