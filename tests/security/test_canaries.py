"""Identities planted in the vault and in inputs are searched for in every byte that leaves
during a story.
"""

from __future__ import annotations

import json
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from twinward.app import compose
from twinward.app.maintenance import backup_workspace
from twinward.cli.main import main
from twinward.core.clock import format_time
from twinward.service.access import misuse_check, publication, retention

MARKS = (b"CANARY", b"Canary")
LANES = b"Canary Lane"


def search(where: str, data: bytes) -> None:
    for mark in MARKS:
        at = data.find(mark)
        assert at < 0, f"{where}: …{data[max(0, at - 60) : at + 40]!r}…"


@pytest.fixture
def watched(world: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Every answer of the API is searched as it leaves."""
    send = world.client.request

    def request(method: str, url: str, **more: Any) -> Any:
        answer = send(method, url, **more)
        if str(url) != "/v1/identities":
            search(f"{method} {url}", answer.content)
            search(f"{method} {url} headers", repr(answer.headers).encode())
        return answer

    monkeypatch.setattr(world.client, "request", request)
    return world


def test_no_canary_leaves_by_any_way(
    watched: Any,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = watched
    world.report_cases(per_leaf=6)
    person = {
        "name": "Canary X",
        "phone": "+86-CANARY-1",
        "document": "DOC-CANARY-X",
        "address": "1 Canary Lane",
    }
    base = {
        "type": "ReportCase",
        "hazard": "epidemic",
        "area": "31-a",
        "status": "confirmed",
        "person": person,
    }
    bad_items = [
        base | {"id": "b1", "case": "c1", "area": "99"},
        base | {"id": "b2", "case": "c2", "person": person | {"name": 5}},
        base | {"id": "b3", "case": "c-31-a-0"},
    ]
    assert world.post("li", "/v1/commands", {"items": bad_items}).status_code == 200
    world.open_activation()
    pages = [
        "/v1/cases",
        "/v1/contacts",
        "/v1/incidents",
        "/v1/tasks",
        "/v1/overview",
        "/v1/events?limit=10000",
        "/v1/sources",
        "/v1/changes",
        "/v1/notices",
        "/v1/public",
        "/v1/trust",
        "/v1/screen",
        "/v1/map/areas",
    ]
    for page in pages:
        for who in ("li", "wang", "wu", "ma", "root"):
            world.get(who, page)
    incidents = world.get("li", "/v1/incidents").json()["items"]
    for incident in incidents:
        world.get("li", f"/v1/incidents/{incident['id']}?timeline=true")
    subject = world.get("li", "/v1/cases").json()["items"][0]["subject"]
    opened = world.post("li", "/v1/identities", {"subject": subject, "reason": "call the contact"})
    assert b"Canary" in opened.content  # the one way out, and it is on record
    until = format_time(world.clock.now() + timedelta(days=3))
    world.post(
        "li",
        "/v1/changes",
        {
            "kind": "status",
            "area": "31-a",
            "subject": subject,
            "value": "q",
            "until": until,
            "reason": "contact",
            "basis": "article 1",
            "linked": "c-31-a-0",
        },
    )
    since = world.clock.now() - timedelta(days=3)
    table = publication.publish(
        world.platform,
        world.person("ma"),
        "cases",
        "district",
        since,
        world.clock.now() + timedelta(1),
    )
    search("published table", repr(table).encode())
    for form in (True, False):
        compose.export_log(world.platform.workspace, tmp_path / "log", fhir=form)
        search("exported log", (tmp_path / "log").read_bytes())
    backup_workspace(world.platform.workspace, tmp_path / "backup")
    misuse_check.check_misuse(
        world.platform, world.person("wu"), lambda: compose.verify_log(world.platform.workspace)
    )
    retention.run_retention(world.platform, world.person("xu"), lambda at: 0, confirmed=True)
    for path in [*world.platform.workspace.rglob("*"), *(tmp_path / "backup").rglob("*")]:
        if path.is_file():
            search(str(path.name), path.read_bytes())  # nothing lies in the clear, on no disk
    out, err = capfd.readouterr()
    search("standard output", out.encode())
    search("standard error", err.encode())
    search("logs", caplog.text.encode())


def test_a_canary_in_the_clear_would_be_found(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="here"):
        search("here", b"a Canary in the coal mine")


def test_the_command_line_shows_none_either(
    make_world: Any, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    world = make_world(managed=False)
    world.report_cases(per_leaf=1)
    where = ["--workspace", str(world.platform.workspace)]
    lines = (
        ["incident", "list"],
        ["task", "list"],
        ["person", "cases"],
        ["change", "list"],
        ["audit", "verify"],
        ["audit", "export", str(tmp_path / "x")],
        ["vault", "open", "p-nobody", "--reason", "none at all"],
        ["retention", "kinds"],
        ["activation", "list"],
    )
    for line in lines:
        main([*line, *where, "--json"])
    out, err = capfd.readouterr()
    search("output", (out + err).encode())
    assert json.loads(out.splitlines()[0]) and sqlite3.sqlite_version
