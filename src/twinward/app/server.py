"""The API of an open platform as a server: its limits, and logs that name nobody."""

from __future__ import annotations

import logging
import resource
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from twinward.core.errors import (
    BusyError,
)
from twinward.core.struct_types import settle_types
from twinward.security.privacy.masking import ScrubFilter
from twinward.service.platform import Platform

if TYPE_CHECKING:
    from uvicorn import Server


MOST_FILES, RESERVED_FILES = 65_536, 256


def make_server(platform: Platform, host: str, port: int) -> Server:
    """The API of an open platform as a server that is not yet running."""
    import uvicorn  # half a second to import: only who serves pays it

    from twinward.api.main import make_api
    from twinward.edge.agent.slow_connections import WatchedProtocol

    api = make_api(platform)
    settle_types()
    with suppress(BusyError):  # another process on this workspace takes in the observations
        platform.intake.open()
    security = platform.settings.security
    config = uvicorn.Config(
        api,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # anybody on this machine can write them
        http=WatchedProtocol,
        ws="none",
        limit_concurrency=most_connections(),
        ssl_certfile=security.tls_certificate or None,
        ssl_keyfile=security.tls_key or None,
    )
    scrub_logs()
    threading.Thread(target=read_libraries, name="libraries").start()
    return uvicorn.Server(config)


def read_libraries() -> None:
    """Reads what forecasts stand on while nobody waits: a second of work that the first officer to
    open the overview would else pay.
    """
    import pyarrow.parquet  # noqa: F401
    import scipy.stats  # noqa: F401


def ready_types() -> None:
    """Imports the API and makes its message types ready, before the first thread shares them."""
    import twinward.api.main  # noqa: F401

    settle_types()


def most_connections() -> int:
    """How many connections may be open at once, so that files and the database can still be
    opened: as many as the system lets this process have, less a reserve.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, MOST_FILES), hard))
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(soft - RESERVED_FILES, 64)


def scrub_logs() -> None:
    """Every handler that a log can leave by gets the filter."""
    handlers = [
        h for name in ("", "uvicorn", "uvicorn.error") for h in logging.getLogger(name).handlers
    ]
    for handler in [*handlers, *([logging.lastResort] if logging.lastResort else [])]:
        if not any(isinstance(one, ScrubFilter) for one in handler.filters):
            handler.addFilter(ScrubFilter())
