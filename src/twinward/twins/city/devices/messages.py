"""What is asked of devices and what then has happened. Keys and claims come as SHA-256 only."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from twinward.core.messages import Command, Fact, Instant

# an id stands in topics and in `device/boot/seq`: no separator, no wildcard
DeviceId = Annotated[str, msgspec.Meta(min_length=1, max_length=80, pattern="^[A-Za-z0-9_.:-]+$")]
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
MaybeWord = Annotated[str, msgspec.Meta(max_length=120)]
Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Reason = Annotated[str, msgspec.Meta(min_length=3, max_length=2000)]
Value = Annotated[str, msgspec.Meta(max_length=200)]
Values = Annotated[dict[Word, Value], msgspec.Meta(max_length=50)]
OrderState = Literal["sent", "delivered", "done", "refused"]


class RegisterDevice(Command, frozen=True, kw_only=True):
    """A device may speak through an edge from now on. `claim` is the digest of a code with which
    it gets a key of its own; until then it needs none.
    """

    device: DeviceId
    edge: DeviceId
    profile: Word
    area: Word
    place: MaybeWord = ""
    owner: MaybeWord = ""
    firmware: MaybeWord = ""
    calibrated_at: Instant | None = None
    claim: Digest | None = None


class DeviceRegistered(Fact, frozen=True, kw_only=True):
    device: str
    edge: str
    profile: str
    place: str
    owner: str
    firmware: str
    calibrated_at: datetime | None
    claim: str | None
    replaces: str = ""


class ClaimDevice(Command, frozen=True, kw_only=True):
    """The device brings its claim (as digest) and the digest of the key that it will use."""

    device: DeviceId
    claim: Digest
    key: Digest


class DeviceClaimed(Fact, frozen=True, kw_only=True):
    device: str
    key: str


class RotateDeviceKey(Command, frozen=True, kw_only=True):
    """A new key, or (`claim`) a new claim for a device that lost both; the old key holds until
    `old_until`.
    """

    device: DeviceId
    key: Digest | None = None
    claim: Digest | None = None
    old_until: Instant


class DeviceKeyRotated(Fact, frozen=True, kw_only=True):
    device: str
    key: str | None
    claim: str | None
    old_until: datetime


class ReplaceDevice(Command, frozen=True, kw_only=True):
    """Other hardware at the same place: what was measured there stays one history."""

    device: DeviceId
    by: DeviceId
    because: Reason
    claim: Digest | None = None


class DeviceReplaced(Fact, frozen=True, kw_only=True):
    device: str
    by: str
    because: str


class RevokeDevice(Command, frozen=True, kw_only=True):
    """It may not speak any more; what it says waits in quarantine."""

    device: DeviceId
    because: Reason


class DeviceRevoked(Fact, frozen=True, kw_only=True):
    device: str
    because: str


class WishDeviceState(Command, frozen=True, kw_only=True):
    """What is wanted of a device, besides what was wanted before; an empty value ends a wish."""

    device: DeviceId
    desired: Values


class DeviceStateWished(Fact, frozen=True, kw_only=True):
    device: str
    desired: dict[str, str]
    version: int


class ReportDeviceState(Command, frozen=True, kw_only=True):
    """What a device says of itself, and the version of the wishes that it has read."""

    device: DeviceId
    reported: Values
    version: int = 0


class DeviceStateReported(Fact, frozen=True, kw_only=True):
    device: str
    reported: dict[str, str]
    version: int


class OrderDevice(Command, frozen=True, kw_only=True):
    """Something that a device is to do once, before `expires_at`. `supersedes` names an order that
    is not wanted any more.
    """

    order: DeviceId
    device: DeviceId
    action: Word
    values: Values = {}
    expires_at: Instant
    supersedes: MaybeWord = ""


class DeviceOrderIssued(Fact, frozen=True, kw_only=True):
    order: str
    device: str
    action: str
    values: dict[str, str]
    expires_at: datetime
    supersedes: str


class NoteDeviceOrder(Command, frozen=True, kw_only=True):
    """How far an order has come, as its edge or device says; `occurred_at` is when."""

    order: DeviceId
    device: DeviceId
    state: OrderState
    says: Annotated[str, msgspec.Meta(max_length=300)] = ""


class DeviceOrderNoted(Fact, frozen=True, kw_only=True):
    order: str
    device: str
    state: OrderState
    says: str
