"""The rows of supervision and their tables."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from twinward.core.ports import Table

DefectStatus = Literal["open", "mended", "dismissed"]


class SupervisedObject(msgspec.Struct, frozen=True, kw_only=True):
    """A thing under a module. `status` is supervised or retired."""

    id: str
    module: str
    kind: str
    name: str
    area: str
    place: str
    devices: tuple[str, ...]
    edge: str
    subject: str | None
    facts: dict[str, float]
    since: datetime
    status: str = "supervised"


class DeviceUse(msgspec.Struct, frozen=True, kw_only=True):
    """Of which object a device is; it is of one."""

    id: str
    area: str
    object: str


class CheckState(msgspec.Struct, frozen=True, kw_only=True):
    """The latest of one check of one object, and when the next one is missed. `id` is
    `object|check`; `due_at` None: it does not come round.
    """

    id: str
    area: str
    object: str
    module: str
    check: str
    due_at: datetime | None
    last_at: datetime | None = None
    passed: bool | None = None
    numbers: dict[str, float] = {}
    recorded: int = 0
    missed: int = 0
    owed_since: datetime | None = None  # when the first one was due that has not come since


class FoundDefect(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with an object. `task` is the id of its task; `times`: how often it was found
    until it ended, `again_at`: when it was found again, the latest few.
    """

    id: str
    area: str
    object: str
    module: str
    version: str
    kind: str
    found: str
    title: str
    severity: str
    evidence: str
    department: str
    duty: str
    began_at: datetime
    opened_at: datetime
    task: str
    status: DefectStatus = "open"
    value: float | None = None
    ended_at: datetime | None = None
    ended_by: str | None = None
    because: str | None = None
    times: int = 1
    again_at: tuple[datetime, ...] = ()


SUPERVISED: Table[SupervisedObject] = Table(
    name="supervised",
    row=SupervisedObject,
    columns=("module", "kind", "status"),
    indexes=(("module", "status"),),
    subject="subject",
)
DEVICE_USES: Table[DeviceUse] = Table(name="device_uses", row=DeviceUse, columns=("object",))
CHECK_STATES: Table[CheckState] = Table(
    name="check_states",
    row=CheckState,
    columns=("module", "object", "due_at"),
    indexes=(("due_at",), ("module",), ("object",)),
)
DEFECTS: Table[FoundDefect] = Table(
    name="defects",
    row=FoundDefect,
    columns=("module", "object", "kind", "status", "opened_at", "department"),
    indexes=(("object", "status"), ("module", "status", "opened_at"), ("status", "opened_at")),
)
TABLES = (SUPERVISED, DEVICE_USES, CHECK_STATES, DEFECTS)


def state_id(thing: str, check: str) -> str:
    return f"{thing}|{check}"
