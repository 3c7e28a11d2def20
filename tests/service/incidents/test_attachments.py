"""Files of a task lie apart and sealed, are given to whoever may see the task, and each look is on
record.
"""

from __future__ import annotations

import pytest

from helpers.cities import COMMUNITY, Desk
from twinward.core.errors import AbsentError, InputError
from twinward.service.incidents import attachments
from twinward.twins.emergency.tasks.rows import ATTACHMENTS

TEXT = "The door is locked. 13812345678"


@pytest.fixture
def task(desk: Desk) -> str:
    desk.post(
        "ReportCase",
        case="c-1",
        subject="p-1",
        hazard="epidemic",
        area=COMMUNITY,
        status="confirmed",
        found_in="community",
    )
    return str(desk.tasks()[0].id)


def test_a_file_is_kept_cleaned_and_sealed_and_a_look_is_recorded(desk: Desk, task: str) -> None:
    kept = attachments.attach(desk.platform, desk.me, task, "note.txt", TEXT.encode())
    (path,) = (desk.workspace / attachments.FOLDER).iterdir()
    assert b"locked" not in path.read_bytes()
    assert attachments.list_attachments(desk.platform, desk.me, task) == [kept]
    assert next(one for one in desk.tasks() if one.id == task).files == 1
    for looks in (1, 2):
        _, data = attachments.open_attachment(desk.platform, desk.me, kept.id)
        assert data.startswith(b"The door is locked") and b"13812345678" not in data
        assert desk.rows("attachments")[0].opened == looks
    events = [one for one in desk.events() if one["type"] == "FileOpened"]
    assert [one["actor"] for one in events] == [desk.me.name] * 2


def test_a_file_can_be_opened_after_the_server_was_started_anew(desk: Desk, task: str) -> None:
    kept = attachments.attach(desk.platform, desk.me, task, "note.txt", b"still here")
    desk.reopen()
    assert attachments.open_attachment(desk.platform, desk.me, kept.id)[1] == b"still here"


def test_a_file_that_was_changed_or_is_of_nobodys_task_is_absent(desk: Desk, task: str) -> None:
    kept = attachments.attach(desk.platform, desk.me, task, "note.txt", b"as it was")
    path = attachments.path_of(desk.platform, kept.id)
    sealed = path.read_bytes()
    path.write_bytes(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    with pytest.raises(AbsentError):
        attachments.open_attachment(desk.platform, desk.me, kept.id)
    with pytest.raises(AbsentError):
        attachments.open_attachment(desk.platform, desk.me, "file-none")
    with pytest.raises(AbsentError):
        attachments.attach(desk.platform, desk.me, "task-none", "note.txt", b"x")


def test_what_is_refused_leaves_nothing(desk: Desk, task: str) -> None:
    with pytest.raises(InputError):
        attachments.attach(desk.platform, desk.me, task, "a.exe", b"MZ\0\0")
    assert not (desk.workspace / attachments.FOLDER).exists()
    with desk.platform.store.read() as reader:
        assert reader.list_rows(ATTACHMENTS) == []
