"""What an edge and its centre tell each other besides readings: how the edge stands, which devices
may speak, which orders are wanted, and what became of them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=80, pattern="^[A-Za-z0-9_.:-]+$")]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Text = Annotated[str, msgspec.Meta(max_length=300)]
Values = Annotated[dict[str, str], msgspec.Meta(max_length=50)]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]
ReceiptState = Literal["sent", "delivered", "done", "refused"]
MOST_DEVICES = 20_000
SYNC_S = 10.0  # how often an edge tells how it stands


class HeardDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device by what its edge has heard: good, stale, unknown or faulty."""

    device: Id
    state: Literal["good", "stale", "unknown", "faulty"]
    last_at: Instant | None = None
    fault: Text = ""


class HeldDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device that nobody knows, with the number of readings that wait."""

    device: Id
    count: Count
    first_at: Instant
    last_at: Instant


class ReportedState(msgspec.Struct, frozen=True, kw_only=True):
    device: Id
    reported: Values
    version: Count = 0
    at: Instant


class OrderReceipt(msgspec.Struct, frozen=True, kw_only=True):
    order: Id
    device: Id
    state: ReceiptState
    at: Instant
    says: Text = ""


class ToldClaim(msgspec.Struct, frozen=True, kw_only=True):
    """A device that claimed its key at the edge, as digests. `refused`: what the centre said."""

    device: Id
    claim: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    key: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    at: Instant
    refused: Text = ""


class ClaimAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the centre has taken a key that was claimed at the edge, and why not."""

    device: str
    key: str
    taken: bool
    says: str = ""


class EdgeStanding(msgspec.Struct, frozen=True, kw_only=True):
    """Counts and bounds of the edge's own store. `oldest_s`: age of the oldest that waits."""

    backlog: Count
    oldest_s: float
    disk_bytes: Count
    disk_bound: Count
    lost: Count
    duplicate: Count
    stored: Count
    rejected: Count
    alarms_open: Count
    config_version: Text
    clock_skew_s: float | None = None
    rules_version: Text = ""  # of the bundle that it runs; empty: its own rules alone
    rules_number: Count = 0
    rules_refused: Text = ""  # why it does not run the bundle that it was sent last


class SyncRequest(msgspec.Struct, frozen=True, kw_only=True):
    """`registry`: the version of the registry that the edge has applied."""

    edge: Id
    registry: Text = ""
    standing: EdgeStanding
    devices: Annotated[tuple[HeardDevice, ...], msgspec.Meta(max_length=MOST_DEVICES)] = ()
    held: Annotated[tuple[HeldDevice, ...], msgspec.Meta(max_length=1000)] = ()
    reported: Annotated[tuple[ReportedState, ...], msgspec.Meta(max_length=1000)] = ()
    receipts: Annotated[tuple[OrderReceipt, ...], msgspec.Meta(max_length=1000)] = ()
    claims: Annotated[tuple[ToldClaim, ...], msgspec.Meta(max_length=1000)] = ()


class RegisteredDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device as its edge must know it. Without `keys` it needs none over HTTP. `claim`: the
    digest of the claim that it may bring.
    """

    device: str
    profile: str
    area: str
    place: str
    may_speak: bool
    keys: tuple[str, ...] = ()
    desired: dict[str, str] = {}
    desired_version: int = 0
    claim: str = ""


class WantedOrder(msgspec.Struct, frozen=True, kw_only=True):
    order: str
    device: str
    action: str
    values: dict[str, str]
    expires_at: datetime


class SyncAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """`devices` is None where the edge has this version already. `orders` are all that are still
    wanted: one that is missing is not. `rules`: a signed order of rules that it does not run yet.
    """

    registry: str
    devices: tuple[RegisteredDevice, ...] | None
    orders: tuple[WantedOrder, ...]
    settled: tuple[str, ...]  # orders whose receipt needs not be told again
    rules: str = ""
    claims: tuple[ClaimAnswer, ...] = ()
