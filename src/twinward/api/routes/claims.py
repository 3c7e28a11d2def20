"""Routes of unstructured sources: a document is read in a sandbox, its claims are listed. They are
judged by the commands AcceptClaim and RejectClaim.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from twinward.api.http.authentication import caller_of
from twinward.api.http.pages import MAX_PAGE, Cursor, PageLimit, cut_page
from twinward.api.http.problems import ERRORS
from twinward.api.http.responses import answer, read_body
from twinward.api.http.schemas import gives, gives_page
from twinward.service.documents import claims
from twinward.service.platform import Platform

MaybeWord = Annotated[str | None, Query(max_length=120)]
Source = Annotated[str, Query(min_length=1, max_length=120, pattern="^[^\\x00]*$")]
BINARY = {"schema": {"type": "string", "format": "binary"}}
BODY = {"requestBody": {"required": True, "content": {"application/octet-stream": BINARY}}}
MOST_BYTES = 50_000_000


def router(platform: Platform) -> APIRouter:
    routes = APIRouter(prefix="/v1", tags=["intake"], responses=ERRORS)

    @routes.post(
        "/intake", openapi_extra=BODY, responses=gives("IntakeAnswer", 201), status_code=201
    )
    async def post_document(request: Request, source: Source = "desk") -> Response:
        """A document, table, mail, web page, picture, recording or post, at most 50 MB: read in a
        process of its own by what it is, not by its name. What it claims is recorded and waits
        for a person or a rule; the document is not kept.
        """
        caller = caller_of(platform, request)
        data = await read_body(request, MOST_BYTES)
        return answer(await asyncio.to_thread(claims.take_in, platform, caller, data, source), 201)

    @routes.get("/claims", responses=gives_page("ClaimView"))
    def get_claims(
        request: Request,
        status: MaybeWord = "waiting",
        kind: MaybeWord = None,
        document: MaybeWord = None,
        limit: PageLimit = MAX_PAGE,
        cursor: Cursor = None,
    ) -> Response:
        """Claims of the caller's areas, the newest first; `status` may be all."""
        caller = caller_of(platform, request)
        found = claims.list_claims(platform, caller, status=status, kind=kind, document=document)
        return answer(cut_page(found, limit, cursor))

    @routes.get("/claims/{claim}", responses=gives("ClaimView"))
    def get_claim(request: Request, claim: str) -> Response:
        """One claim with its sentence."""
        return answer(claims.get_claim(platform, caller_of(platform, request), claim))

    return routes
