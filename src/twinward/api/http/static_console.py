"""Serves the built console at `/`: no request of its pages leaves this machine."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

DIST = Path(__file__).resolve().parents[2] / "console_dist"
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; worker-src "
    "'self' blob:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
PACKINGS = {"br": ".br", "gzip": ".gz"}  # best first
YEAR_S = 31_536_000


class Pages(StaticFiles):
    """Static files with the headers that keep them ours: hashed assets for a year, pages always
    asked anew.
    """

    async def get_response(self, path: str, scope: Scope) -> Response:
        hashed = path.startswith("assets/")
        packing = self.find_packing(path, scope) if hashed else None
        response = await super().get_response(path + PACKINGS.get(packing or "", ""), scope)
        if hashed:
            response.headers["vary"] = "accept-encoding"
        if packing is not None:
            response.headers["content-encoding"] = packing
        response.headers["cache-control"] = (
            f"public, max-age={YEAR_S}, immutable" if hashed else "no-cache"
        )
        response.headers["content-security-policy"] = POLICY
        response.headers["x-content-type-options"] = "nosniff"
        response.headers["referrer-policy"] = "no-referrer"
        return response

    def find_packing(self, path: str, scope: Scope) -> str | None:
        """How the build has packed the file in a way that the asker reads."""
        accepted = Headers(scope=scope).get("accept-encoding", "")
        return next(
            (
                name
                for name, end in PACKINGS.items()
                if name in accepted and self.lookup_path(path + end)[1]
            ),
            None,
        )


async def show_api(_request: Request) -> Response:
    """The description of the API to read and try; its page comes from this machine."""
    return RedirectResponse("/api-docs/", 307)


def mount_console(api: FastAPI, folder: Path = DIST) -> None:
    """Serve the console when it has been built; say how to build it when not."""
    if (folder / "index.html").exists():
        api.add_route("/docs", show_api, include_in_schema=False)
        api.mount("/", Pages(directory=folder, html=True), name="console")
        return

    @api.get("/", include_in_schema=False)
    def say_not_built() -> PlainTextResponse:
        return PlainTextResponse(
            "The console is not built yet: run `make console`, then start again.\n", 503
        )
