"""Errors as problem documents (RFC 9457): type, title, status, detail; and our code, advice and
params. What is absent and what is forbidden answer alike where a thing is named.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
from fastapi import Response

from twinward.core.errors import TwinwardError
from twinward.service.access.authorization import scrub
from twinward.service.languages import say_error, say_known

MEDIA_TYPE = "application/problem+json"


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A problem document. `code` is stable and listed in the error reference; `detail` says what
    happened, `advice` what to do; `message` repeats `detail` for clients of version 0.1.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    message: str
    advice: str
    params: dict[str, object] = {}


def problem_of(error: TwinwardError, home: Path | None = None) -> Problem:
    """What is told of an error; of where the workspace (`home`) lies on the server nothing is."""
    message, advice = say_error(error.code, error.message, error.advice)
    if home is not None:
        message, advice = hide_place(message, home), hide_place(advice, home)
    return describe(error.status, error.title, error.code, scrub(message), advice, error.params)


def hide_place(text: str, home: Path) -> str:
    """The text with paths inside a folder as they are called from there."""
    for place in sorted({str(home), str(home.absolute()), str(home.resolve())}, key=len)[::-1]:
        if len(place) > 1:
            text = text.replace(f"{place}/", "").replace(place, "the workspace")
    return text


def describe(
    status: int,
    title: str,
    code: str,
    detail: str,
    advice: str,
    params: dict[str, object] | None = None,
) -> Problem:
    return Problem(
        type=f"urn:twinward:error:{code}",
        title=say_known(title),
        status=status,
        detail=detail,
        code=code,
        message=detail,
        advice=advice or say_known("see the error reference, docs/reference/errors.md"),
        params=params or {},
    )


def answer_problem(problem: Problem) -> Response:
    return Response(msgspec.json.encode(problem), status_code=problem.status, media_type=MEDIA_TYPE)


def answer_error(error: TwinwardError, home: Path | None = None) -> Response:
    return answer_problem(problem_of(error, home))


ERROR_SCHEMA: dict[str, object] = {
    "description": "What was wrong and what to do",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
ERRORS: dict[int | str, dict[str, object]] = dict.fromkeys(
    (400, 401, 403, 404, 409, 413, 422, 429, 503), ERROR_SCHEMA
)


def schema_of_problem() -> dict[str, object]:
    """The component that every error answer of the OpenAPI document refers to."""
    from twinward.service.answer_schemas import any_json  # only the document needs it

    _, components = msgspec.json.schema_components(
        [Problem], schema_hook=any_json, ref_template="#/components/schemas/{name}"
    )
    return dict(components)
