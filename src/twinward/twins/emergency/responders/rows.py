"""The rows of alarms from the field and their table."""

from __future__ import annotations

from datetime import datetime

import msgspec

from twinward.core.ids import derive_id
from twinward.core.ports import Table


class FieldAlarm(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody is down. `status`: open, ended."""

    id: str
    area: str
    responder: str
    cause: str
    status: str
    at: datetime
    lon: float | None
    lat: float | None
    recorded_at: datetime
    ended_at: datetime | None = None
    because: str = ""


FIELD_ALARMS: Table[FieldAlarm] = Table(
    name="field_alarms",
    row=FieldAlarm,
    columns=("status", "responder", "recorded_at"),
    indexes=(("status", "recorded_at"), ("responder", "status")),
)
TABLES = (FIELD_ALARMS,)


def task_of(alarm: str) -> str:
    """The task that an alarm becomes."""
    return derive_id("task", "man-down", alarm)
