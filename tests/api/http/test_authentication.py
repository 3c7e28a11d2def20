"""On the loopback the person is the owner of the workspace: not another user, no foreign page."""

from __future__ import annotations

import os
import socket

import pytest
from starlette.requests import HTTPConnection

from twinward.api.http import authentication


def asked(port: int = 1, **headers: str) -> HTTPConnection:
    told = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return HTTPConnection({"type": "http", "headers": told, "client": ("127.0.0.1", port)})


@pytest.mark.parametrize(
    ("headers", "local"),
    [
        ({"host": "127.0.0.1:8420"}, True),
        ({"host": "localhost:8420", "origin": "http://localhost:8420"}, True),
        ({"host": "localhost:8420", "origin": "http://localhost:9999"}, False),
        ({"host": "localhost:8420", "sec_fetch_site": "cross-site"}, False),
        ({"host": "localhost:8420", "sec_fetch_site": "same-site"}, False),
        ({"host": "localhost:8420", "x_forwarded_for": "10.0.0.1"}, False),
        ({"host": "evil.example:8420"}, False),
        ({"host": "[::1"}, False),
        ({"host": "localhost:8420", "origin": "http://["}, False),
    ],
)
def test_only_its_own_page_and_programs_of_this_machine_are_local(
    headers: dict[str, str], local: bool
) -> None:
    assert authentication.is_local(asked(**headers)) is local


def test_the_other_end_of_a_connection_is_told_by_the_system() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        port = client.getsockname()[1]
        assert authentication.find_peer_uid(port) == os.getuid()
        assert authentication.is_owner(asked(port), os.getuid())


def test_another_users_connection_is_nobodys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authentication, "find_peer_uid", lambda port: 65_534)
    authentication._PEERS.clear()
    assert not authentication.is_owner(asked(4711), 1000)
