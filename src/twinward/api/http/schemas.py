"""The answers of routes, as the OpenAPI document names them."""

from __future__ import annotations

from typing import Any

from twinward.api.http.pages import Schema, page_schema

JSON = "application/json"
Responses = dict[int | str, dict[str, Any]]  # as FastAPI types them


def reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def gives(name: str, status: int = 200) -> Responses:
    """One answer by the name of its component."""
    return gives_schema(name, reference(name), status)


def gives_page(name: str, status: int = 200, **more: Schema) -> Responses:
    """A page of a list, with what else the answer holds."""
    return gives_schema(f"a page of {name}", page_schema(reference(name), **more), status)


def gives_schema(
    description: str, schema: Schema, status: int = 200, media: str = JSON
) -> Responses:
    return {status: {"description": description, "content": {media: {"schema": schema}}}}


def gives_file(description: str, media: str, *, text: bool = False) -> Responses:
    """A document that is no JSON."""
    schema: Schema = {"type": "string"} if text else {"type": "string", "format": "binary"}
    return gives_schema(description, schema, media=media)
