"""The application: every router joined, errors in one form, health and OpenAPI."""

from __future__ import annotations

from pathlib import Path

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException

from twinward import __version__
from twinward.api.http.authentication import make_guard
from twinward.api.http.bodies import parts_of_bodies
from twinward.api.http.middleware import Hardening, Languages
from twinward.api.http.parameters import require_known_parameters
from twinward.api.http.problems import ERRORS, answer_error, answer_problem, schema_of_problem
from twinward.api.http.problems import describe as describe_problem
from twinward.api.http.responses import answer
from twinward.api.http.schemas import gives
from twinward.api.http.static_console import mount_console
from twinward.api.phone import mount_phone_pages
from twinward.api.routes import (
    approvals,
    assessment,
    attachments,
    base_map,
    claims,
    commands,
    deliveries,
    devices,
    documents,
    events,
    hazards,
    incidents,
    keeping,
    layers,
    library,
    movement,
    observations,
    passes,
    persons,
    planning,
    public_alerts,
    responders,
    scene,
    sessions,
    supervision,
    supplies,
    surveillance,
    tracing,
    transit,
    warnings,
)
from twinward.api.routes import console as map
from twinward.core.errors import InputError, TwinwardError
from twinward.service.answer_schemas import schema_of_answers
from twinward.service.incidents.queries import get_health as get_health_body
from twinward.service.intake.commands import schema_of_commands
from twinward.service.platform import Platform

SUBJECTS = (
    commands,
    map,
    base_map,
    scene,
    layers,
    transit,
    observations,
    incidents,
    attachments,
    persons,
    tracing,
    sessions,
    approvals,
    passes,
    events,
    supplies,
    surveillance,
    movement,
    planning,
    documents,
    assessment,
    library,
    keeping,
    hazards,
    warnings,
    public_alerts,
    deliveries,
    supervision,
    devices,
    claims,
    responders,
)


def make_api(platform: Platform) -> FastAPI:
    """The API over one open platform."""
    guard = Depends(make_guard(platform))
    title = f"Twinward DRILL {platform.drill}" if platform.drill else "Twinward"
    checks = [guard, Depends(require_known_parameters)]
    api = FastAPI(
        title=title, version=__version__, docs_url=None, redoc_url=None, dependencies=checks
    )
    api.add_middleware(GZipMiddleware, minimum_size=2048, compresslevel=5)
    api.add_middleware(Languages, library=lambda: platform.reference.library)
    api.add_middleware(Hardening, drill=platform.drill)
    for subject in SUBJECTS:
        api.include_router(subject.router(platform))

    @api.get("/health", tags=["health"], responses=ERRORS | gives("Health") | gives("Health", 503))
    def get_health() -> Response:
        """Whether the log can be read, the loop runs, and every account agrees with what is
        stored.
        """
        body = get_health_body(platform)
        drill = {"drill": platform.drill} if platform.drill else {}
        return answer(
            body | {"version": __version__} | drill, 503 if body["status"] == "failing" else 200
        )

    add_error_handlers(api, platform.workspace)
    mount_phone_pages(api)
    mount_console(api)
    api.openapi = lambda: describe(api)  # type: ignore[method-assign]
    return api


def describe(api: FastAPI) -> dict[str, object]:
    """The OpenAPI document, with the schemas of all commands."""
    if api.openapi_schema is None:
        document = get_openapi(title=api.title, version=api.version, routes=api.routes)
        document.setdefault("components", {}).setdefault("schemas", {}).update(
            parts_of_bodies | schema_of_commands() | schema_of_answers() | schema_of_problem()
        )
        api.openapi_schema = document
    return api.openapi_schema


def add_error_handlers(api: FastAPI, home: Path) -> None:
    """Every error leaves as a problem document; `home`, the workspace, is not told."""

    @api.exception_handler(TwinwardError)
    async def on_error(_request: Request, error: TwinwardError) -> Response:
        return answer_error(error, home)

    @api.exception_handler(RequestValidationError)
    async def on_bad_query(_request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return answer_error(
            InputError(f"{where}: {first['msg']}", "see /openapi.json", code="bad_query")
        )

    @api.exception_handler(HTTPException)
    async def on_no_route(request: Request, error: HTTPException) -> Response:
        told = f"{request.method} {request.url.path}: {error.detail}"
        return answer_problem(
            describe_problem(
                error.status_code, "No such route", "no_route", told, "see /openapi.json"
            )
        )
