"""Use case: files and pictures of a task. They are examined and cleaned, lie apart under a key of
their own, and are given to whoever may see the task, with the look on record.
"""

from __future__ import annotations

import hashlib
import os
from datetime import datetime
from pathlib import Path

import msgspec

from twinward.core.errors import AbsentError
from twinward.core.ids import derive_id
from twinward.core.ports import Transaction
from twinward.security.privacy.file_cleaning import MAX_BYTES, CleanFile, clean_file, name_file
from twinward.service.incidents.queries import get_task
from twinward.service.platform import Caller, Platform, ask
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.tasks.rows import ATTACHMENTS, Attachment

FOLDER = "attachments"
MOST_BYTES = MAX_BYTES  # of one file


class AttachmentRow(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a task without what is in it."""

    id: str
    task: str
    name: str
    media_type: str
    size: int
    by: str
    at: datetime
    opened: int


def attach(platform: Platform, caller: Caller, task: str, name: str, data: bytes) -> AttachmentRow:
    """Examine a file and lay it to a task of the caller's."""
    row = get_task(platform, task, caller)
    platform.policy.require(caller, "answer_task", area=row.area, department=row.department)
    clean = clean_file(data)
    digest = hashlib.sha256(clean.data).hexdigest()
    given = derive_id("file", task, digest, caller.name, platform.clock.now().isoformat())
    command = m.AttachFile(
        id=derive_id("cmd", given),
        attachment=given,
        task=task,
        department=row.department,
        name=name_file(name, clean.media_type),
        media_type=clean.media_type,
        size=len(clean.data),
        digest=digest,
    )

    def lay_down(tx: Transaction) -> None:
        """Within the transaction, which also makes the key durable."""
        write_sealed(platform, given, clean)

    try:
        ask(platform, caller, command, check=lay_down)
    except BaseException:
        path_of(platform, given).unlink(missing_ok=True)
        raise
    return show(find(platform, given))


def write_sealed(platform: Platform, given: str, clean: CleanFile) -> None:
    day = platform.reference.day_of(platform.clock.now())
    path = path_of(platform, given)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    fresh = path.with_suffix(".new")
    head = day.isoformat().encode()
    fresh.write_bytes(head + platform.keyring.seal(given, day, clean.data))
    os.replace(fresh, path)


def path_of(platform: Platform, given: str) -> Path:
    return platform.workspace / FOLDER / f"{given}.sealed"


def find(platform: Platform, attachment: str) -> Attachment:
    with platform.store.read() as reader:
        row: Attachment | None = reader.find(ATTACHMENTS, attachment)
    if row is None:
        raise absent(attachment)
    return row


def absent(attachment: str) -> AbsentError:
    return AbsentError(f"there is no file {attachment}", "list those of the task")


def show(row: Attachment) -> AttachmentRow:
    return AttachmentRow(**{name: getattr(row, name) for name in AttachmentRow.__struct_fields__})


def list_attachments(platform: Platform, caller: Caller, task: str) -> list[AttachmentRow]:
    """The files of a task that the caller may see, oldest first."""
    get_task(platform, task, caller)
    with platform.store.read() as reader:
        rows = reader.list_rows(ATTACHMENTS, task=task, order="at")
    return [show(row) for row in rows]


def open_attachment(
    platform: Platform, caller: Caller, attachment: str
) -> tuple[AttachmentRow, bytes]:
    """A file of a task that the caller may see; who looked is in the log before it is given. One
    whose key was destroyed on its day is absent.
    """
    row = find(platform, attachment)
    try:
        get_task(platform, row.task, caller)
    except AbsentError:
        raise absent(attachment) from None
    data = read_sealed(platform, attachment)
    if data is None or hashlib.sha256(data).hexdigest() != row.digest:
        raise absent(attachment)
    command = m.OpenFile(
        id=derive_id("cmd", attachment, caller.name, row.opened, platform.clock.now().isoformat()),
        attachment=attachment,
    )
    ask(platform, caller, command)
    return show(row), data


def read_sealed(platform: Platform, attachment: str) -> bytes | None:
    path = path_of(platform, attachment)
    if not path.is_file():
        return None
    whole = path.read_bytes()
    day = datetime.fromisoformat(whole[:10].decode()).date()
    return platform.keyring.open(attachment, day, whole[10:])
