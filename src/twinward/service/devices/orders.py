"""Orders to devices: given, listed, and how far each has come."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TypedDict

import msgspec

from twinward.core.ids import derive_id
from twinward.core.ports import Rows
from twinward.service.devices.registry import find_row, make
from twinward.service.platform import Caller, Platform, ask
from twinward.twins.city.devices.rows import DEVICE_ORDERS, Device, DeviceOrder

ORDER = "command_incident"
MOST = 5000


class DeviceOrderView(msgspec.Struct, frozen=True, kw_only=True):
    """`state`: issued, sent, delivered, done, refused, expired or superseded."""

    id: str
    device: str
    edge: str
    area: str
    action: str
    values: dict[str, str]
    state: str
    issued_by: str
    issued_at: datetime
    expires_at: datetime
    noted_at: datetime | None
    says: str
    supersedes: str
    superseded_by: str


class OrderFilter(TypedDict, total=False):
    device: str


def order(
    platform: Platform,
    caller: Caller,
    device: str,
    action: str,
    *,
    until: datetime,
    values: dict[str, str] | None = None,
    supersedes: str = "",
    name: str = "",
) -> DeviceOrderView:
    """A device is to do something once; it goes to its edge with the next word. The same order
    under the same `name` once more is answered as it stands; another is `exists`.
    """
    row = find_row(platform, caller, device)
    with platform.store.read() as rows:
        seq = rows.last_seq()
        given: DeviceOrder | None = rows.find(DEVICE_ORDERS, name) if name else None
    again = (device, action, values or {}, until, supersedes)
    if given is not None and again == told_in(given):
        platform.policy.require(caller, ORDER, area=row.area)
        return order_view(given, platform.clock.now())
    drawn = derive_id("order", device, caller.name, seq, platform.clock.now().isoformat())
    fields: dict[str, object] = {
        "order": name or drawn,
        "action": action,
        "values": values or {},
        "expires_at": until,
        "supersedes": supersedes,
    }
    command = make(platform, caller, "OrderDevice", device, fields)
    check: Callable[[Rows], None] = partial(_require_area, platform, caller, row)
    ask(platform, caller, command, check=check)
    return next(
        one for one in list_orders(platform, caller, device=device) if one.id == (name or drawn)
    )


def told_in(row: DeviceOrder) -> tuple[str, str, dict[str, str], datetime, str]:
    return row.device, row.action, row.values, row.expires_at, row.supersedes


def _require_area(platform: Platform, caller: Caller, row: Device, rows: Rows) -> None:
    platform.policy.require(caller, ORDER, area=row.area)


def list_orders(
    platform: Platform, caller: Caller, *, device: str | None = None, state: str | None = None
) -> list[DeviceOrderView]:
    """Those in the caller's areas, the newest first."""
    platform.policy.require(caller, "see_situation")
    mine = platform.policy.jurisdiction(caller)
    equals: OrderFilter = {"device": device} if device else {}
    with platform.store.read() as rows:
        found = rows.list_rows(DEVICE_ORDERS, order="-issued_at", limit=MOST, **equals)
    now = platform.clock.now()
    shown = [order_view(row, now) for row in found if mine.concerns(row.area)]
    return [one for one in shown if state in (None, "all", one.state)]


def order_view(row: DeviceOrder, now: datetime) -> DeviceOrderView:
    names = set(DeviceOrderView.__struct_fields__) - {"state"}
    return DeviceOrderView(state=row.state_at(now), **{name: getattr(row, name) for name in names})
