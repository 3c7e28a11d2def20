"""The rows of parcels, their receivers, holders and receipts, and their tables."""

from __future__ import annotations

from datetime import datetime

import msgspec

from twinward.core.ports import Table

OPEN = ("waiting", "loaded", "deposited", "returned")


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """One parcel; it says nothing of who receives it. `status`: waiting, loaded, deposited, handed,
    returned, cancelled. `disputed`: what a receipt said that cannot be, for a person to look at.
    """

    id: str
    area: str
    place: str
    to: str
    goods: str
    status: str
    holder: str
    round: int
    sent_at: datetime
    expires_at: datetime
    last_at: datetime | None = None  # of the newest receipt, by its holder's clock
    changed_at: datetime | None = None
    handed_at: datetime | None = None
    photo_sha256: str = ""
    locked: bool = False
    shown: int = 0
    shown_round: int = 0
    disputed: str = ""
    because: str = ""


class ParcelReceiver(msgspec.Struct, frozen=True, kw_only=True):
    """Who receives a parcel: a pseudonym, sealed under that person's key."""

    id: str
    area: str
    subject: str
    noted_at: datetime


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds parcels and signs for them; `seq` and `digest` are of its newest receipt."""

    id: str
    area: str
    kind: str
    place: str
    key: str
    registered_at: datetime
    seq: int = 0
    digest: str = ""
    heard_at: datetime | None = None
    revoked: bool = False
    because: str = ""


class KeptReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """One receipt as its holder signed it, with what does not fit."""

    id: str
    area: str
    holder: str
    seq: int
    digest: str
    kind: str
    parcel: str
    place: str
    round: int
    at: datetime
    recorded_at: datetime
    photo_sha256: str
    because: str
    remark: str


PARCELS: Table[Parcel] = Table(
    name="parcels",
    row=Parcel,
    columns=("status", "holder", "place", "sent_at"),
    indexes=(("status", "sent_at"), ("holder", "status"), ("place", "status")),
)
PARCEL_RECEIVERS: Table[ParcelReceiver] = Table(
    name="parcel_receivers",
    row=ParcelReceiver,
    columns=("subject", "noted_at"),
    indexes=(("subject",),),
    subject="subject",
)
HOLDERS: Table[Holder] = Table(name="parcel_holders", row=Holder, columns=("kind", "place"))
RECEIPTS: Table[KeptReceipt] = Table(
    name="parcel_receipts",
    row=KeptReceipt,
    columns=("holder", "parcel", "recorded_at"),
    indexes=(("parcel", "recorded_at"), ("holder", "recorded_at")),
)
TABLES = (PARCELS, PARCEL_RECEIVERS, HOLDERS, RECEIPTS)
