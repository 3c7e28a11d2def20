"""What every answer carries and no request may exceed: headers, a limit on bodies, errors that
tell nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from twinward.api.http.problems import answer_error
from twinward.api.http.responses import SPEAK
from twinward.core.errors import TooLargeError, TwinwardError
from twinward.service.languages import FIRST, Library, choose_language, reading_in, write_answer

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
ANSWERED = ("/v1/", "/health")  # where HEAD answers as GET does, without the body
STRICT_TRANSPORT = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")


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

        asks_head = scope["method"] == "HEAD" and scope["path"].startswith(ANSWERED)
        scope = {**scope, "method": "GET"} if asks_head else scope
        ended = False

        async def send_hardened(message: Message) -> None:
            nonlocal started, ended
            if asks_head and message["type"] == "http.response.body":
                if ended:
                    return
                ended, message = True, {"type": "http.response.body", "body": b""}
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*harden(scope, message.get("headers", [])), *self.drill]
            await send(message)

        declared = dict(scope["headers"]).get(b"content-length", b"0")
        try:
            if declared.isdigit() and int(declared) > MOST_BYTES:
                error = TooLargeError("the body is too large", "send smaller batches")
                await answer_error(error)(scope, receive, send_hardened)
                return
            await self.app(scope, receive, send_hardened)
        except Exception:
            LOG.exception("a request failed")
            if started:
                raise
            failure = TwinwardError(
                "this is our fault, not yours", "report when it happened", code="internal"
            )
            await answer_error(failure)(scope, receive, send_hardened)


class Languages:
    """Answers each request in the language that it accepts."""

    def __init__(self, app: ASGIApp, library: Callable[[], Library]) -> None:
        self.app = app
        self.library = library

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        accepted = dict(scope.get("headers", [])).get(b"accept-language", b"").decode("latin-1")
        language = choose_language(accepted)
        if scope["type"] != "http" or language == FIRST:
            await self.app(scope, receive, send)
            return
        library = self.library()
        kept = SPEAK.set(partial(write_answer, language=language, library=library))
        try:
            with reading_in(language, library.words):
                await self.app(scope, receive, send)
        finally:
            SPEAK.reset(kept)


def harden(scope: Scope, headers: Any) -> list[tuple[bytes, bytes]]:
    """The answer's own headers, and ours where it has none of that name."""
    found = list(headers)
    names = {name.lower() for name, _ in found}
    found += [(name, value) for name, value in HEADERS.items() if name not in names]
    return [*found, STRICT_TRANSPORT] if scope.get("scheme") == "https" else found
