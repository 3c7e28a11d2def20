"""Use case: alarms of devices in one's areas."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

import msgspec

from twinward.service.platform import Caller, Platform
from twinward.twins.city.alarms.rows import DEVICE_ALARMS

MOST = 5000


class DeviceAlarmView(msgspec.Struct, frozen=True, kw_only=True):
    """One alarm. `found`: whether the edge told it first, or the centre's rules found it."""

    id: str
    rule: str
    device: str
    edge: str
    area: str
    area_name: str
    severity: str
    found: str
    began_at: datetime
    ended_at: datetime | None
    stands: bool
    value: float | None


class AlarmFilter(TypedDict, total=False):
    edge: str
    stands: bool


def list_alarms(
    platform: Platform, caller: Caller, *, edge: str | None = None, every: bool = False
) -> list[DeviceAlarmView]:
    """Those that stand (`every`: also those that are over), the newest first."""
    platform.policy.require(caller, "see_situation")
    mine = platform.policy.jurisdiction(caller)
    equals: AlarmFilter = {} if every else {"stands": True}
    if edge:
        equals["edge"] = edge
    with platform.store.read() as rows:
        found = rows.list_rows(DEVICE_ALARMS, order="-began_at", limit=MOST, **equals)
    names = set(DeviceAlarmView.__struct_fields__) - {"area_name"}
    return [
        DeviceAlarmView(
            area_name=platform.reference.areas.name(row.area),
            **{name: getattr(row, name) for name in names},
        )
        for row in found
        if mine.concerns(row.area)
    ]
