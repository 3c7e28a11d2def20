"""Pages for a telephone without the console: a receiver's (`/parcel`), a courier's (`/courier`),
which a worker keeps on the telephone for where there is no network.
"""

from __future__ import annotations

from importlib import resources

from fastapi import FastAPI, Request, Response

from twinward.core.pages import build_page

PAGES = {"/parcel": ("parcel.html", ""), "/courier": ("courier.html", "courier.js")}
WORKER = "/courier-worker.js"
WORKER_HEADERS = {
    "cache-control": "no-cache",
    "content-security-policy": "default-src 'none'; connect-src 'self'",  # its page, and no more
    "x-content-type-options": "nosniff",
}


def mount_phone_pages(api: FastAPI) -> None:
    """Open to anybody: a page says nothing by itself and asks routes that guard themselves."""
    for path, (name, own) in PAGES.items():
        page = build_page(__name__, name, own)

        async def show(_request: Request, page=page) -> Response:  # type: ignore[no-untyped-def]
            return Response(page.content, media_type="text/html", headers=page.headers)

        api.add_route(path, show, include_in_schema=False)
    worker = (resources.files(__name__) / "courier_worker.js").read_bytes()

    async def give_worker(_request: Request) -> Response:
        return Response(worker, media_type="text/javascript", headers=WORKER_HEADERS)

    api.add_route(WORKER, give_worker, include_in_schema=False)
