"""GET routes of the library: plans, questions, work manuals."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from twinward.api.http.authentication import caller_of
from twinward.api.http.pages import MAX_PAGE, Cursor, PageLimit, cut_page
from twinward.api.http.problems import ERRORS
from twinward.api.http.responses import answer
from twinward.api.http.schemas import gives, gives_page
from twinward.service.assessment import knowledge_questions
from twinward.service.plans import plan_library
from twinward.service.platform import Platform


def router(platform: Platform) -> APIRouter:
    routes = APIRouter(prefix="/v1", tags=["library"], responses=ERRORS)

    @routes.get("/plans", responses=gives_page("PlanLine"))
    def get_plans(
        request: Request,
        hazard: str | None = None,
        limit: PageLimit = MAX_PAGE,
        cursor: Cursor = None,
    ) -> Response:
        """The plans there are; `standard` ones are taken by the loop, the others are for a
        person to choose.
        """
        caller_of(platform, request)
        found = plan_library.list_plans(platform.reference.library, hazard)
        return answer(cut_page(found, limit, cursor))

    @routes.get("/plans/{plan}", responses=gives("Plan"))
    def get_plan(request: Request, plan: str) -> Response:
        """One plan, whole."""
        caller_of(platform, request)
        return answer(plan_library.get_known_plan(platform.reference.library, plan))

    @routes.get("/library/search", responses=gives("FoundAnswers"))
    def get_search(
        request: Request, q: Annotated[str, Query(min_length=1, max_length=400)]
    ) -> Response:
        """An answer with the path of its reasoning and today's facts, or that there is none."""
        return answer(knowledge_questions.search(q, platform, caller_of(platform, request)))

    @routes.get("/library/manuals/{name}", responses=gives("Manual"))
    def get_manual(request: Request, name: str) -> Response:
        """A work manual by its file name, as tasks name it: `investigation.md`."""
        caller_of(platform, request)
        return answer(plan_library.get_manual(f"manuals/{name}"))

    return routes
