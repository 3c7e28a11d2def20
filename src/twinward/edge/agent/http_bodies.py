"""Bodies that the agent's HTTP door takes and gives: within bounds, JSON, errors as problems."""

from __future__ import annotations

import gzip
import io
import zlib
from typing import TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from twinward.core.errors import InputError, TooLargeError, TwinwardError

MOST_BYTES = 4_000_000  # of a body, unpacked
T = TypeVar("T")


async def read_body(request: Request) -> bytes:
    """The body, unpacked; TooLargeError before it takes the memory."""
    parts: list[bytes] = []
    size = 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > MOST_BYTES:
                raise too_large()
            parts.append(part)
    except ClientDisconnect as error:  # nobody hears it; it is no fault of ours
        raise InputError("the body was not whole", "send it again", code="bad_body") from error
    body = b"".join(parts)
    if request.headers.get("content-encoding", "").lower() == "gzip":
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(body)) as packed:
                body = packed.read(MOST_BYTES + 1)
        except (OSError, EOFError, ValueError, zlib.error) as error:
            raise InputError("the body is no gzip", "send it plain", code="bad_body") from error
        if len(body) > MOST_BYTES:
            raise too_large()
    return body


def too_large() -> TooLargeError:
    return TooLargeError(f"a body may have {MOST_BYTES:,} bytes", "send it in parts")


def decode_as(kind: type[T], body: bytes, advice: str) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the body is none: {error}", advice, code="bad_body") from error


def answer(content: bytes, status: int = 200) -> Response:
    return Response(content, status, media_type="application/json")


def problem(error: TwinwardError) -> Response:
    """The error as an RFC 9457 problem document."""
    body = {
        "type": f"urn:twinward:{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.message,
        "code": error.code,
        "advice": error.advice,
    }
    return Response(msgspec.json.encode(body), error.status, media_type="application/problem+json")
