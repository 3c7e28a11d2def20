"""A workspace is read as frames, under the rules that hold for everybody."""

from __future__ import annotations

from pathlib import Path

import pytest

import twinward as tw
from helpers.cities import Desk
from helpers.moving import make_moving_city
from twinward.app.workspace import init_workspace
from twinward.core.errors import RefusedError
from twinward.faces.workspace import Workspace
from twinward.service.access.activations import open_activation
from twinward.service.access.audit import get_audit
from twinward.service.platform import local_admin


def test_incidents_tasks_and_the_log_are_frames(desk: Desk) -> None:
    desk.case()
    desk.platform.close()
    desk.closed = True
    with tw.open_platform(desk.workspace) as workspace:
        incidents = workspace.incidents().to_frame()
        assert incidents["status"].tolist() == ["open"]
        tasks = workspace.tasks(incident=incidents["id"].iloc[0])
        assert len(tasks) > 0 and "department" in tasks.to_frame()
        events = workspace.events(limit=5).to_frame()
        assert events["seq"].tolist() == [1, 2, 3, 4, 5]
        assert len(workspace.events(limit=10_000)) > 5
        assert workspace.sources().to_frame()["balanced"].all()
        assert workspace.stocks().to_frame().empty
        assert workspace.incidents(at="2020-01-01T00:00:00+08:00").to_frame().empty
        assert "read by local-admin" in repr(workspace)


def test_persons_are_refused_in_peacetime(desk: Desk) -> None:
    desk.case()
    desk.platform.close()
    desk.closed = True
    with tw.open_platform(desk.workspace) as workspace, pytest.raises(RefusedError):
        workspace.cases()


def test_a_managed_workspace_asks_for_a_token(tmp_path: Path) -> None:
    init_workspace(tmp_path / "ws", managed=True)
    with pytest.raises(RefusedError) as raised:
        tw.open_platform(tmp_path / "ws")
    assert raised.value.code == "bad_token"
    with pytest.raises(RefusedError):
        tw.open_platform(tmp_path / "ws", token="made up")


def test_what_is_no_workspace_is_absent(tmp_path: Path) -> None:
    with pytest.raises(tw.InputError, match="is no workspace"):
        tw.open_platform(tmp_path)


def test_an_instant_needs_a_zone(desk: Desk) -> None:
    from datetime import datetime

    desk.platform.close()
    desk.closed = True
    with tw.open_platform(desk.workspace) as workspace, pytest.raises(tw.ArgumentError):
        workspace.incidents(at=datetime(2022, 1, 1))  # noqa: DTZ001


def test_contacts_of_a_subject_are_a_frame_under_an_activation(tmp_path: Path) -> None:
    platform, _ = make_moving_city(tmp_path / "w")
    workspace = Workspace(platform, local_admin())
    with workspace:
        with pytest.raises(RefusedError):
            workspace.contacts_of("s7")
        open_activation(
            platform,
            local_admin(),
            hazard="epidemic",
            areas=["all"],
            purposes=["trace"],
            days=7,
            by="duty officer",
            basis="law on infectious diseases",
        )
        contacts = workspace.contacts_of("s7").to_frame()
        assert len(contacts) > 0
        assert contacts["probability"].between(0, 1).all()
        assert "s7" not in set(contacts["subject"])
        assert get_audit(platform, local_admin()).looks[0].question == "trace.contacts"
