"""Servers for the stories: each on a workspace of its own with two districts of Shanghai."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from helpers.cities import make_city
from helpers.server import Server
from twinward.app.workspace import init_workspace


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts servers and stops them at the end of the test."""
    running: list[Server] = []

    def start(settings: str = "", name: str = "ws") -> Server:
        workspace = tmp_path / name
        init_workspace(workspace)
        make_city(workspace, "310101", "310115")
        (workspace / "settings.toml").write_text(settings, "utf-8")
        running.append(Server(workspace))
        return running[-1]

    yield start
    for server in running:
        server.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests of a module."""
    workspace = tmp_path_factory.mktemp("stories") / "ws"
    init_workspace(workspace)
    make_city(workspace, "310101", "310115")
    found = Server(workspace)
    yield found
    found.stop()
