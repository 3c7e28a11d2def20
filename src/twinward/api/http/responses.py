"""How the API answers: msgspec for bodies, one form for errors, HTTP status only here."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import Request, Response

from twinward.core.errors import (
    AbsentError,
    BusyError,
    ConflictError,
    InputError,
    RefusedError,
    StorageError,
    TwinwardError,
)
from twinward.service.access.authorization import scrub

STATUS: tuple[tuple[type[TwinwardError], int], ...] = (
    (AbsentError, 404),
    (RefusedError, 403),
    (ConflictError, 409),
    (InputError, 400),
    (StorageError, 503),
    (BusyError, 503),
)
ERROR_SCHEMA: dict[str, Any] = {
    "description": "What was wrong and what to do",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["code", "message", "advice"],
                "properties": {name: {"type": "string"} for name in ("code", "message", "advice")},
            }
        }
    },
}
ERRORS: dict[int | str, dict[str, Any]] = dict.fromkeys(
    (400, 401, 403, 404, 409, 413, 422, 429, 503), ERROR_SCHEMA
)


def answer(body: Any, status: int = 200) -> Response:
    """Any struct, row or dict as JSON."""
    return Response(msgspec.json.encode(body), status_code=status, media_type="application/json")


def answer_error(error: TwinwardError) -> Response:
    """Absent and forbidden things answer alike where a thing is named; the codes are stable."""
    status = next((code for kind, code in STATUS if isinstance(error, kind)), 500)
    if error.code in ("bad_token", "bad_login"):
        status = 401
    if error.code == "body_too_large":
        status = 413
    if error.code == "too_many_tries":
        status = 429
    return answer(
        {"code": error.code, "message": scrub(error.message), "advice": error.advice}, status
    )


async def read_body(request: Request, limit_bytes: int) -> bytes:
    """The whole body, or InputError `body_too_large` without reading on."""
    too_large = InputError(
        f"the body is larger than {limit_bytes // 1_000_000} MB",
        "send smaller batches, 1,000 items each do well",
        code="body_too_large",
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
