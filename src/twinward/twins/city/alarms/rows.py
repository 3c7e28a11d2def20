"""The rows of alarms of devices."""

from __future__ import annotations

from datetime import datetime

import msgspec

from twinward.core.ports import Table


class DeviceAlarm(msgspec.Struct, frozen=True, kw_only=True):
    """One alarm of one rule; it stands until `ended_at`."""

    id: str
    area: str
    edge: str
    rule: str
    device: str
    severity: str
    found: str
    began_at: datetime
    raised_at: datetime
    value: float | None = None
    stands: bool = True
    ended_at: datetime | None = None


DEVICE_ALARMS: Table[DeviceAlarm] = Table(
    name="device_alarms",
    row=DeviceAlarm,
    columns=("rule", "device", "edge", "stands", "began_at"),
    indexes=(("rule", "device", "began_at"), ("stands", "began_at"), ("began_at",)),
)
TABLES = (DEVICE_ALARMS,)
