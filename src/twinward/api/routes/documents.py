"""Routes of what is handed on about an incident: the situation report and the review, as page,
PDF and data.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Request, Response

from twinward.api.http.authentication import caller_of
from twinward.api.http.bodies import decode, describe
from twinward.api.http.parameters import At, aware
from twinward.api.http.problems import ERRORS
from twinward.api.http.responses import answer
from twinward.api.http.schemas import gives, gives_file
from twinward.service.assessment import situation_report
from twinward.service.console.basemap import Basemap
from twinward.service.evaluation import after_action, after_action_page
from twinward.service.incidents import corrective_actions
from twinward.service.platform import Platform

PAGES = gives_file("a page", "text/html", text=True)
PAPERS = gives_file("a PDF", "application/pdf")
# its styles and its figure are in the page itself; nothing else may load, nothing may run
PAGE_POLICY = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors "
    "'none'"
}


class AskCorrectiveAction(msgspec.Struct, forbid_unknown_fields=True):
    title: Annotated[str, msgspec.Meta(min_length=3, max_length=400, pattern="^[^\\x00]*$")]
    department: Annotated[str, msgspec.Meta(min_length=1, max_length=120, pattern="^[^\\x00]*$")]
    due_at: Annotated[datetime, msgspec.Meta(tz=True)]


def router(platform: Platform) -> APIRouter:
    routes = APIRouter(prefix="/v1", tags=["papers"], responses=ERRORS)
    ground = Basemap(platform)

    @routes.get("/incidents/{incident}/report.html", response_class=Response, responses=PAGES)
    def get_report_page(request: Request, incident: str, at: At = None) -> Response:
        """The situation report as a page that needs nothing from elsewhere."""
        found = situation_report.report_situation(
            platform, ground, caller_of(platform, request), incident, aware(at)
        )
        return Response(
            situation_report.render_html(found), media_type="text/html", headers=PAGE_POLICY
        )

    @routes.get("/incidents/{incident}/report.pdf", response_class=Response, responses=PAPERS)
    def get_report_paper(request: Request, incident: str, at: At = None) -> Response:
        """The situation report as PDF."""
        found = situation_report.report_situation(
            platform, ground, caller_of(platform, request), incident, aware(at)
        )
        return Response(situation_report.render_pdf(found), media_type="application/pdf")

    @routes.get("/incidents/{incident}/review", responses=gives("Review"))
    def get_review(request: Request, incident: str) -> Response:
        """Planned against actual, forecast against outcome; interim while the incident is open."""
        return answer(
            after_action.review_incident(platform, ground, caller_of(platform, request), incident)
        )

    @routes.get("/incidents/{incident}/review.pdf", response_class=Response, responses=PAPERS)
    def get_review_paper(request: Request, incident: str) -> Response:
        """The review as PDF."""
        found = after_action.review_incident(
            platform, ground, caller_of(platform, request), incident
        )
        return Response(
            situation_report.render_pdf(after_action_page.write_review(ground, found)),
            media_type="application/pdf",
        )

    @routes.post(
        "/incidents/{incident}/actions",
        openapi_extra=describe(AskCorrectiveAction),
        responses=gives("OpenedAction", 201),
        status_code=201,
    )
    async def post_action(request: Request, incident: str) -> Response:
        """A corrective action: an order of a department with a date, followed like every other
        task.
        """
        caller = caller_of(platform, request)
        asked = await decode(request, AskCorrectiveAction)
        task = await asyncio.to_thread(
            corrective_actions.open_action,
            platform,
            caller,
            incident,
            asked.title,
            asked.department,
            asked.due_at,
        )
        return answer({"task": task, "incident": incident}, 201)

    return routes
