"""The rows of devices and of orders to them."""

from __future__ import annotations

from datetime import datetime

import msgspec

from twinward.core.ports import Table

OVER = ("done", "refused", "superseded")


class DeviceKey(msgspec.Struct, frozen=True, kw_only=True):
    """The digest of a key, and until when it holds (None: until another takes its place)."""

    sha256: str
    until: datetime | None = None


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """One device. `state`: registered (no key yet), active, replaced or revoked."""

    id: str
    area: str
    edge: str
    profile: str
    place: str
    owner: str
    firmware: str
    calibrated_at: datetime | None
    state: str
    registered_at: datetime
    claim: str | None = None
    keys: tuple[DeviceKey, ...] = ()
    replaces: str = ""
    replaced_by: str = ""
    because: str = ""
    desired: dict[str, str] = {}
    desired_version: int = 0
    reported: dict[str, str] = {}
    reported_version: int = 0
    reported_at: datetime | None = None

    def pending(self) -> dict[str, str]:
        """What is wanted and not so yet."""
        return {k: v for k, v in self.desired.items() if self.reported.get(k) != v}

    def keys_at(self, at: datetime) -> tuple[str, ...]:
        return tuple(key.sha256 for key in self.keys if key.until is None or key.until > at)

    def may_speak(self) -> bool:
        return self.state in ("registered", "active")


class DeviceOrder(msgspec.Struct, frozen=True, kw_only=True):
    """One order. `noted` is what was said of it, `state_at` knows the time too."""

    id: str
    area: str
    device: str
    edge: str
    action: str
    values: dict[str, str]
    issued_by: str
    issued_at: datetime
    expires_at: datetime
    noted: str = "issued"  # issued, sent, delivered, done, refused, superseded
    noted_at: datetime | None = None
    says: str = ""
    supersedes: str = ""
    superseded_by: str = ""

    def state_at(self, at: datetime) -> str:
        """issued, sent, delivered, done, refused, expired or superseded."""
        if self.noted in OVER or at < self.expires_at:
            return self.noted
        return "expired"


DEVICES: Table[Device] = Table(
    name="devices",
    row=Device,
    columns=("edge", "state", "profile", "place"),
    indexes=(("edge", "state"), ("area",)),
)
DEVICE_ORDERS: Table[DeviceOrder] = Table(
    name="device_orders",
    row=DeviceOrder,
    columns=("device", "edge", "noted", "issued_at", "expires_at"),
    indexes=(("edge", "noted", "expires_at"), ("device",), ("issued_at",)),
)
TABLES = (DEVICES, DEVICE_ORDERS)
