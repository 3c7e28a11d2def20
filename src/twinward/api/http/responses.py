"""How the API answers: msgspec for bodies, a bounded read of what is sent."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import Request, Response

from twinward.core.errors import TooLargeError


def answer(body: Any, status: int = 200) -> Response:
    """Any struct, row or dict as JSON."""
    return Response(msgspec.json.encode(body), status_code=status, media_type="application/json")


async def read_body(request: Request, limit_bytes: int) -> bytes:
    """The whole body, or TooLargeError without reading on."""
    too_large = TooLargeError(
        f"the body is larger than {limit_bytes // 1_000_000} MB",
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
