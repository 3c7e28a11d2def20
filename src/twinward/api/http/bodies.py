"""Bodies of requests: read as our types, and described for OpenAPI."""

from __future__ import annotations

from typing import Annotated, TypeVar

import msgspec
from fastapi import Request

from twinward.api.http.responses import read_body
from twinward.core.errors import UNREADABLE, InputError, explain_decode_error

LIMIT_BYTES = 4_000
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=120, pattern="^[^\\x00]*$")]
T = TypeVar("T")


def describe(kind: type) -> dict[str, object]:
    """The request body for OpenAPI."""
    (schema,), parts = msgspec.json.schema_components(
        [kind], ref_template="#/components/schemas/{name}"
    )
    inline = parts.get(str(schema.get("$ref", "")).rpartition("/")[2], schema)
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": inline}}}}


async def decode(request: Request, kind: type[T], *, secret: bool = True) -> T:
    """The body as `kind`; what is wrong with it is said only where it holds no secret."""
    body = await read_body(request, LIMIT_BYTES)
    try:
        return msgspec.json.decode(body, type=kind)
    except UNREADABLE as error:
        # the complaint of the decoder may quote the body
        said = "the body is not what this route takes" + (
            "" if secret else f": {explain_decode_error(str(error))}"
        )
        raise InputError(said, "see /openapi.json", code="bad_body") from error
