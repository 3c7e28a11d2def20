"""GET routes of supervision: modules, what was not heard from, what is wrong. Forms come in as
RecordCheck at /v1/commands.
"""

from __future__ import annotations

import msgspec
from fastapi import APIRouter, Request, Response

from twinward.api.http.authentication import caller_of
from twinward.api.http.pages import MAX_PAGE, Cursor, PageLimit, Schema, cut_page
from twinward.api.http.parameters import Word
from twinward.api.http.problems import ERRORS
from twinward.api.http.responses import answer
from twinward.api.http.schemas import gives, gives_page, reference
from twinward.service.platform import Platform
from twinward.service.supervision.modules import (
    get_coverage,
    list_defects,
    list_modules,
    show_module,
)

COVERAGE: dict[str, Schema] = {
    "as_of": {"type": "string", "format": "date-time"},
    "module": reference("ModuleLine"),
    "refused": reference("Refusals"),
    "activation": {"type": "string"},
}


def router(platform: Platform) -> APIRouter:
    routes = APIRouter(prefix="/v1", tags=["supervision"], responses=ERRORS)

    @routes.get("/modules", responses=gives_page("ModuleLine"))
    def get_modules(
        request: Request, limit: PageLimit = MAX_PAGE, cursor: Cursor = None
    ) -> Response:
        """Every module with its figures in the caller's areas."""
        found = list_modules(platform, caller_of(platform, request))
        return answer(cut_page(found, limit, cursor))

    @routes.get("/modules/{module}", responses=gives("Module"))
    def get_module(request: Request, module: str) -> Response:
        """One module as data: objects, forms, defects, duties."""
        return answer(show_module(platform, caller_of(platform, request), module))

    @routes.get(
        "/modules/{module}/coverage",
        responses=gives_page("ObjectCoverage", status=200, **COVERAGE),
    )
    def get_module_coverage(
        request: Request,
        module: str,
        area: Word = None,
        state: Word = None,
        file: bool = False,
        limit: PageLimit = MAX_PAGE,
        cursor: Cursor = None,
    ) -> Response:
        """Its objects, those never heard and late first; homes of persons under an activation.
        `file`: they are kept as a file, which stands on the record of looks.
        """
        caller = caller_of(platform, request)
        found = get_coverage(platform, caller, module, area=area, state=state, file=file)
        page = msgspec.structs.asdict(cut_page(found.items, limit, cursor))
        return answer(msgspec.structs.asdict(found) | page)

    @routes.get("/defects", responses=gives_page("DefectView"))
    def get_defects(
        request: Request,
        module: Word = None,
        status: Word = "open",
        area: Word = None,
        limit: PageLimit = MAX_PAGE,
        cursor: Cursor = None,
    ) -> Response:
        """Defects in the caller's areas, the newest first, each with its task."""
        caller = caller_of(platform, request)
        found = list_defects(platform, caller, module=module, status=status, area=area)
        return answer(cut_page(found, limit, cursor))

    return routes
