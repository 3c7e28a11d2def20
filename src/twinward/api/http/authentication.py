"""Who asks over HTTP, and whether they may use this route at all: one guard before every route."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from twinward.core.errors import RefusedError, UnknownCallerError
from twinward.service.access.authorization import require_route
from twinward.service.platform import Caller, Platform, anybody, local_admin

OPEN_ROUTES = frozenset({"/health", "/v1/public", "/v1/activations"})
LOGIN_ROUTES = frozenset(
    {
        "/v1/sessions",
        "/v1/sessions/first",
        "/v1/sessions/refresh",
        "/v1/receiver/code",
        "/v1/receiver/renewal",
    }
)  # what needs no caller: who asks proves themselves in the body
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
IN_PROCESS = "testclient"  # what starlette calls a caller that came over no wire at all
PEER_LASTS_S, MOST_PEERS = 1.0, 10_000
_PEERS: dict[
    int, tuple[int | None, float]
] = {}  # port -> whose it is, and since when that is known
ESTABLISHED = "01"  # of a socket in /proc/net/tcp
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
            method = connection.scope.get("method")
            login = path in LOGIN_ROUTES and method == "POST"
            if not login and not (path in OPEN_ROUTES and method in ("GET", "HEAD")):
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
    if platform.managed or not is_local(connection) or not is_owner(connection, os.getuid()):
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
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    own, origin = headers.get("host", ""), headers.get("origin")
    return _host_of(own) in LOOPBACK and (origin is None or origin.partition("://")[2] == own)


def _host_of(place: str) -> str:
    """The name in a Host header; empty for what is none."""
    try:
        return urlsplit(f"//{place}").hostname or ""
    except ValueError:
        return ""


def is_owner(connection: HTTPConnection, own_uid: int) -> bool:
    """Whether the other end of a loopback connection belongs to the user who serves: on a machine
    of many users an address is no person. Where the system does not tell, it is taken for so.
    """
    if connection.client is None or connection.client.host == IN_PROCESS:
        return True
    port, now = connection.client.port, time.monotonic()
    uid, asked_at = _PEERS.get(port, (None, -PEER_LASTS_S))
    if now - asked_at >= PEER_LASTS_S:
        uid = find_peer_uid(port)
        if len(_PEERS) >= MOST_PEERS:
            _PEERS.clear()
        _PEERS[port] = (uid, now)
    return uid is None or uid in (own_uid, 0)


def find_peer_uid(port: int) -> int | None:
    """The user whose socket has this port on the loopback, as Linux lists it; None where it does
    not.
    """
    wanted = f":{port:04X}"
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        try:
            lines = table.read_text("ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            words = line.split()
            if words[1].endswith(wanted) and words[3] == ESTABLISHED:
                return int(words[7])
    return None
