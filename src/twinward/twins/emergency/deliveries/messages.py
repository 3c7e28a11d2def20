"""What is asked of contactless deliveries and what then has happened. Who receives a parcel is said
once, sealed, apart from the parcel; no message holds a code.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from twinward.core.messages import Command, Fact, Instant
from twinward.twins.emergency.vocabulary import AreaCode, PersonsReason, Word

PlaceKind = Literal["cabinet", "door"]
HolderKind = Literal["cabinet", "courier", "vehicle", "drone"]
ReceiptKind = Literal["loaded", "deposited", "handed", "withdrawn", "returned", "refused", "locked"]
ShownHow = Literal["receiver", "paper", "voice"]
# what is odd about a receipt: "" nothing; `late` tells of something older than what is known
Remark = Literal[
    "", "late", "unknown", "twice", "not_holder", "old_code", "unproven", "elsewhere", "ended"
]
MaybeWord = Annotated[str, msgspec.Meta(max_length=120)]
PublicKey = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{43}$")]
Digest = Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{64})?$")]


class RegisterHolder(Command, frozen=True, kw_only=True):
    """A cabinet, courier, vehicle or drone whose receipts are believed; `key` is its Ed25519 key.
    A new key of the same holder takes the place of the old, and its receipts begin anew.
    `because`: why, where a person takes the place of a key by another.
    """

    holder: Word
    kind: HolderKind
    area: AreaCode
    place: MaybeWord = ""
    key: PublicKey
    because: Annotated[str, msgspec.Meta(max_length=2000)] = ""


class HolderRegistered(Fact, frozen=True, kw_only=True):
    holder: str
    kind: HolderKind
    place: str
    key: str
    because: str = ""


class RevokeHolder(Command, frozen=True, kw_only=True):
    """Its receipts are believed no longer: lost, stolen, out of use."""

    holder: Word
    because: PersonsReason


class HolderRevoked(Fact, frozen=True, kw_only=True):
    holder: str
    because: str


class SendParcel(Command, frozen=True, kw_only=True):
    """A parcel for somebody, at a cabinet or a door. `goods` is a kind of supply, never a
    diagnosis.
    """

    parcel: Word
    subject: Word
    area: AreaCode
    place: Word
    to: PlaceKind
    goods: Word
    expires_at: Instant


class ParcelSent(Fact, frozen=True, kw_only=True):
    parcel: str
    place: str
    to: PlaceKind
    goods: str
    expires_at: datetime


class ParcelReceiverNoted(Fact, frozen=True, kw_only=True):
    """Who receives it, sealed under that person's key."""

    parcel: str
    subject: str


class MoveParcel(Command, frozen=True, kw_only=True):
    """It goes elsewhere: the code of the old place is void."""

    parcel: Word
    area: AreaCode
    place: Word
    to: PlaceKind
    because: PersonsReason


class ParcelMoved(Fact, frozen=True, kw_only=True):
    parcel: str
    area: str
    place: str
    to: PlaceKind
    round: int
    because: str


class RenewCode(Command, frozen=True, kw_only=True):
    """A new code; the old one is void. `until` extends a parcel whose time was over."""

    parcel: Word
    because: PersonsReason
    until: Instant | None = None


class CodeRenewed(Fact, frozen=True, kw_only=True):
    parcel: str
    round: int
    expires_at: datetime
    because: str


class ShowCode(Command, frozen=True, kw_only=True):
    """The code is shown to its receiver, printed for them, or told them by voice."""

    parcel: Word
    how: ShownHow


class CodeShown(Fact, frozen=True, kw_only=True):
    parcel: str
    round: int
    how: ShownHow


class CancelParcel(Command, frozen=True, kw_only=True):
    parcel: Word
    because: PersonsReason


class ParcelCancelled(Fact, frozen=True, kw_only=True):
    parcel: str
    because: str


class RecordReceipt(Command, frozen=True, kw_only=True):
    """A receipt whose signature was found to be its holder's. `digest` and `before` chain it;
    `proven`: who signed a handing over has shown that the receiver told the code.
    """

    holder: Word
    seq: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    before: Digest
    digest: Digest
    kind: ReceiptKind
    parcel: Word
    place: Word
    round: Annotated[int, msgspec.Meta(ge=1)]
    at: Instant
    photo_sha256: Digest = ""
    because: Annotated[str, msgspec.Meta(max_length=200)] = ""
    proven: bool = True


class ReceiptRecorded(Fact, frozen=True, kw_only=True):
    """Who did what with a parcel, when and where; `remark` says what does not fit."""

    holder: str
    seq: int
    digest: str
    kind: ReceiptKind
    parcel: str
    place: str
    round: int
    at: datetime
    photo_sha256: str
    because: str
    remark: Remark
