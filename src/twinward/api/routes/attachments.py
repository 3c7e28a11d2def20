"""Files and pictures of a task: sent as they are, listed, and given to whoever may see the task."""

from __future__ import annotations

import asyncio
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response

from twinward.api.http.authentication import caller_of
from twinward.api.http.pages import MAX_PAGE, Cursor, PageLimit, cut_page
from twinward.api.http.problems import ERRORS
from twinward.api.http.responses import answer, read_body
from twinward.api.http.schemas import gives, gives_page
from twinward.service.incidents.attachments import (
    MOST_BYTES,
    attach,
    list_attachments,
    open_attachment,
)
from twinward.service.platform import Platform

Name = Annotated[str, Query(min_length=1, max_length=120, pattern="^[^\\x00]*$")]
BINARY = {"schema": {"type": "string", "format": "binary"}}
KINDS = ("image/jpeg", "image/png", "application/pdf", "text/plain")
BODY = {"requestBody": {"required": True, "content": dict.fromkeys(KINDS, BINARY)}}


def router(platform: Platform) -> APIRouter:
    routes = APIRouter(prefix="/v1", tags=["tasks"], responses=ERRORS)

    @routes.post(
        "/tasks/{task}/files",
        openapi_extra=BODY,
        responses=gives("AttachmentRow", 201),
        status_code=201,
    )
    async def post_file(request: Request, task: str, name: Name = "file") -> Response:
        """Lay a picture (JPEG, PNG), a PDF or a text of at most 8 MB to a task. What a picture
        tells of where it was taken is left out, numbers of persons in a text are hidden, and a PDF
        that acts by itself is refused.
        """
        caller = caller_of(platform, request)
        data = await read_body(request, MOST_BYTES)
        return answer(await asyncio.to_thread(attach, platform, caller, task, name, data), 201)

    @routes.get("/tasks/{task}/files", responses=gives_page("AttachmentRow"))
    def get_files(
        request: Request, task: str, limit: PageLimit = MAX_PAGE, cursor: Cursor = None
    ) -> Response:
        """The files of a task, oldest first, with how often each was looked at."""
        caller = caller_of(platform, request)
        return answer(cut_page(list_attachments(platform, caller, task), limit, cursor))

    @routes.get(
        "/files/{attachment}",
        responses={200: {"description": "The file", "content": dict.fromkeys(KINDS, BINARY)}},
        response_class=Response,
    )
    def get_file(request: Request, attachment: str) -> Response:
        """One file; that you looked at it is on record."""
        row, data = open_attachment(platform, caller_of(platform, request), attachment)
        headers = {
            "content-disposition": f"attachment; filename*=UTF-8''{quote(row.name)}",
            "x-content-type-options": "nosniff",
            "content-security-policy": "sandbox",
            "cache-control": "no-store",
        }
        return Response(data, media_type=row.media_type, headers=headers)

    return routes
