"""How the API answers: msgspec for bodies, a bounded read of what is sent."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

import msgspec
from fastapi import Request, Response

from twinward.core.errors import TooLargeError
from twinward.service.access.authorization import scrub_json

# how this request is answered in its own language; None: as bodies are made, in English
SPEAK: ContextVar[Callable[[bytes], bytes] | None] = ContextVar("speak", default=None)


def answer(body: object, status: int = 200, *, named: bool = False) -> Response:
    """Any struct, row or dict as JSON, every text in it scrubbed. `named`: an answer that is meant
    to name somebody, or to hand out a token.
    """
    content = msgspec.json.encode(body)
    content = content if named else scrub_json(content)
    return Response(spoken(content), status_code=status, media_type="application/json")


def spoken(content: bytes) -> bytes:
    """A body in the language of the request."""
    speak = SPEAK.get()
    return speak(content) if speak is not None else content


def size_of(count: int) -> str:
    """A bound as people say it: 50 MB, 64 kB."""
    return f"{count // 1_000_000} MB" if count >= 1_000_000 else f"{count // 1000} kB"


async def read_body(request: Request, limit_bytes: int) -> bytes:
    """The whole body, or TooLargeError without reading on."""
    too_large = TooLargeError(
        f"the body is larger than {size_of(limit_bytes)}",
        "send smaller batches, 1,000 items each do well",
    )
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit_bytes:
        raise too_large
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit_bytes:
            raise too_large
        parts.append(part)
    return b"".join(parts)
