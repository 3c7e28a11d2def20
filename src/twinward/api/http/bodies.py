"""Bodies of requests: read as our types, and described for OpenAPI."""

from __future__ import annotations

from typing import Annotated, TypeVar

import msgspec
from fastapi import Request

from twinward.api.http.responses import read_body
from twinward.core.errors import UNREADABLE, InputError, explain_decode_error

LIMIT_BYTES = 64_000  # a route that takes more says so
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=120, pattern="^[^\\x00]*$")]
T = TypeVar("T")


parts_of_bodies: dict[str, dict[str, object]] = {}  # types inside bodies, for the document


def describe(kind: type) -> dict[str, object]:
    """The request body for OpenAPI; the types inside it are kept for the document's components."""
    (schema,), parts = msgspec.json.schema_components(
        [kind], ref_template="#/components/schemas/{name}"
    )
    own = str(schema.get("$ref", "")).rpartition("/")[2]
    parts_of_bodies.update({name: part for name, part in parts.items() if name != own})
    inline = parts.get(own, schema)
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": inline}}}}


async def decode(
    request: Request, kind: type[T], *, secret: bool = True, most_bytes: int = LIMIT_BYTES
) -> T:
    """The body as `kind`; what is wrong with it is said only where it holds no secret."""
    body = await read_body(request, most_bytes)
    try:
        return msgspec.json.decode(body, type=kind)
    except UNREADABLE as error:
        # the complaint of the decoder may quote the body
        said = "the body is not what this route takes" + (
            "" if secret else f": {explain_decode_error(str(error))}"
        )
        raise InputError(said, "see /openapi.json", code="bad_body") from error
