"""Pages for a telephone without the console: a receiver's (`/parcel`), a courier's (`/courier`)."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response

from twinward.core.pages import build_page

PAGES = {"/parcel": "parcel.html", "/courier": "courier.html"}


def mount_phone_pages(api: FastAPI) -> None:
    """Open to anybody: a page says nothing by itself and asks routes that guard themselves."""
    for path, name in PAGES.items():
        page = build_page(__name__, name)

        async def show(_request: Request, page=page) -> Response:  # type: ignore[no-untyped-def]
            return Response(page.content, media_type="text/html", headers=page.headers)

        api.add_route(path, show, include_in_schema=False)
