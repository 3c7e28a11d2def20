"""What every answer carries and no request may exceed: headers, a limit on bodies, errors that
tell nothing.
"""

from __future__ import annotations

import logging
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from twinward.api.http.responses import answer

MOST_BYTES = 80_000_000  # the largest batch any route takes; each route has its own, lower limit
LOG = logging.getLogger("twinward.api")
HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-resource-policy": b"same-origin",
    b"cache-control": b"no-store",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
}
DRILL = b"x-twinward-drill"
STRICT_TRANSPORT = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
SWAGGER = (
    b"default-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net "
    b"https://fastapi.tiangolo.com data:"
)


class Hardening:
    """Outermost: what fails inside leaves as a plain 500 here, and the log gets the place, never
    the content.
    """

    def __init__(self, app: ASGIApp, drill: str = "") -> None:
        self.app = app
        self.drill = [(DRILL, drill.encode())] if drill else []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def send_hardened(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*harden(scope, message.get("headers", [])), *self.drill]
            await send(message)

        declared = dict(scope["headers"]).get(b"content-length", b"0")
        try:
            if declared.isdigit() and int(declared) > MOST_BYTES:
                body = {
                    "code": "body_too_large",
                    "message": "the body is too large",
                    "advice": "send smaller batches",
                }
                await answer(body, 413)(scope, receive, send_hardened)
                return
            await self.app(scope, receive, send_hardened)
        except Exception:
            LOG.exception("a request failed")
            if started:
                raise
            body = {
                "code": "internal",
                "message": "this is our fault, not yours",
                "advice": "report when it happened",
            }
            await answer(body, 500)(scope, receive, send_hardened)


def harden(scope: Scope, headers: Any) -> list[tuple[bytes, bytes]]:
    """The answer's own headers, and ours where it has none of that name."""
    found = list(headers)
    names = {name.lower() for name, _ in found}
    ours = dict(HEADERS)
    if scope["path"] == "/docs":
        ours[b"content-security-policy"] = SWAGGER
    found += [(name, value) for name, value in ours.items() if name not in names]
    return [*found, STRICT_TRANSPORT] if scope.get("scheme") == "https" else found
