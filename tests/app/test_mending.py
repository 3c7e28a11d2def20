"""A workspace that an earlier release left half done is mended on record, and then agrees."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from helpers.cities import COMMUNITY, Desk
from twinward.app import compose, mending
from twinward.app.maintenance import check_workspace
from twinward.app.workspace import init_workspace
from twinward.core.errors import InputError
from twinward.storage.log import transaction
from twinward.twins import twin


def leave_half_done(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the release before did it: the event is in the log, its row is not, the sender was told
    that it was rejected.
    """

    @contextmanager
    def no_attempt(self: Any) -> Any:
        yield

    with monkeypatch.context() as patch:
        patch.setattr(transaction.GroupTransaction, "attempt", no_attempt)
        patch.setattr(twin, "require_message", lambda *_, **__: None)
        desk.send(
            "ReportCount",
            id="evil",
            hazard="epidemic",
            area=COMMUNITY,
            day="2022-03-01",
            status="confirmed",
            count=5000,
            source="evil\x00",
        )


def test_a_half_done_command_is_named_and_taken_into_the_books(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.case(1)
    leave_half_done(desk, monkeypatch)
    desk.platform.loop.catch_up()  # it goes on, whatever it makes of the event
    assert [one.what for one in desk.platform.reconciler.list_differences(fresh=True)]
    desk.close()
    done = mending.mend_workspace(desk.workspace)
    assert done["without_rows"] == ["evil.1"]
    assert done["accounted"] == 1
    assert {one["cause"] for one in done["followed"]} <= {"evil.1"}
    platform = compose.open_platform(desk.workspace)
    try:
        assert not platform.reconciler.list_differences(fresh=True)
        with platform.store.read() as reader:
            types = [event.type for event in reader.events_after(0, 10_000)]
        assert types.count("WorkspaceMended") == 1
    finally:
        platform.close()
    assert mending.mend_workspace(desk.workspace) == {
        "answered": [],
        "without_rows": [],
        "accounted": 0,
        "followed": [],
    }
    findings = check_workspace(desk.workspace, deep=True)
    assert [one for one in findings if one.status == "fail"] == []


def test_what_was_set_aside_is_answered_when_the_fault_is_gone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise InputError("no", code="broken")

    with monkeypatch.context() as patch:
        patch.setattr(desk.platform.loop, "answers", broken)
        desk.case(1)
    assert not desk.incidents()
    desk.close()
    found = check_workspace(desk.workspace, deep=False)
    assert ("faults", "warn") in [(one.check, one.status) for one in found]
    assert mending.mend_workspace(desk.workspace)["answered"] == ["loop:ReportCase-0.1"]
    found = check_workspace(desk.workspace, deep=False)
    assert ("faults", "ok") in [(one.check, one.status) for one in found]
    platform = compose.open_platform(desk.workspace)
    with platform.store.read() as reader:
        assert "IncidentOpened" in [event.type for event in reader.events_after(0)]
    platform.close()


def test_a_person_confirms_the_clock_on_record(tmp_path: Path) -> None:
    init_workspace(tmp_path)
    mending.confirm_clock(tmp_path)
    platform = compose.open_platform(tmp_path)
    with platform.store.read() as reader:
        facts = [event.fact for event in reader.events_after(0)]
    platform.close()
    assert [getattr(fact, "kind", "") for fact in facts] == ["clock_confirmed"]
