"""Where the server of a workspace listens: a note beside its data, so that other verbs can send
to it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from twinward.core.errors import UNREADABLE

NOTE = "server.json"


class ServerNote(msgspec.Struct, frozen=True, kw_only=True):
    pid: int
    url: str


@contextmanager
def noted(workspace: Path, scheme: str, host: str, port: int) -> Iterator[None]:
    """The note stands while the server runs; one left behind by a kill names a process that is
    gone.
    """
    path = workspace / NOTE
    shown = f"[{host}]" if ":" in host else host
    path.write_bytes(
        msgspec.json.encode(ServerNote(pid=os.getpid(), url=f"{scheme}://{shown}:{port}"))
    )
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def find_server(workspace: Path) -> str | None:
    """The address of the workspace's running server, or None."""
    try:
        note = msgspec.json.decode((workspace / NOTE).read_bytes(), type=ServerNote)
        os.kill(note.pid, 0)
    except (OSError, *UNREADABLE):
        return None
    return note.url
