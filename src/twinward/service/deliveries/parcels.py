"""Parcels as use cases: sent, listed, moved, renewed, cancelled; their codes shown to the receiver,
on paper or by voice, never to who carries them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypedDict

import msgspec

from twinward.core.errors import AbsentError, ConflictError, InputError, RefusedError
from twinward.core.ids import derive_id
from twinward.core.messages import Command
from twinward.core.texts import require_reason
from twinward.edge.agent.parcels import show_code
from twinward.service.deliveries.secrets import code_of, ticket_of
from twinward.service.platform import Caller, Platform, ask
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.deliveries.messages import PlaceKind, ShownHow
from twinward.twins.emergency.deliveries.rows import (
    HOLDERS,
    OPEN,
    PARCELS,
    RECEIPTS,
    KeptReceipt,
    Parcel,
)

MOST_ROUNDS = 6  # of a parcel whose receiver asks for another code; then the depot is asked
NO_PARCEL = "list them with `twinward delivery list`"
Act = Literal["move", "renew", "cancel"]


class ParcelView(msgspec.Struct, frozen=True, kw_only=True):
    """A parcel as who carries it may see it: no code, nobody's name. `late`: its time is over and
    it was not handed out.
    """

    id: str
    area: str
    area_name: str
    place: str
    to: str
    goods: str
    status: str
    holder: str
    round: int
    sent_at: datetime
    expires_at: datetime
    late: bool
    locked: bool
    disputed: str
    shown: int
    handed_at: datetime | None
    photo_sha256: str
    because: str


class ReceiptView(msgspec.Struct, frozen=True, kw_only=True):
    """Who did what with a parcel, when and where; `remark` says what does not fit."""

    holder: str
    seq: int
    kind: str
    parcel: str
    place: str
    round: int
    at: datetime
    recorded_at: datetime
    photo_sha256: str
    because: str
    remark: str


class ParcelFile(msgspec.Struct, frozen=True, kw_only=True):
    """One parcel with its receipts, the oldest first."""

    parcel: ParcelView
    receipts: list[ReceiptView]


class ParcelCode(msgspec.Struct, frozen=True, kw_only=True):
    """A code for its receiver, in groups that are read aloud. `status` says where the parcel is;
    `changes_left`: how often the receiver may still ask for another code.
    """

    parcel: str
    code: str
    place: str
    area_name: str
    expires_at: datetime
    ticket: str = ""
    to: str = ""
    status: str = ""
    changes_left: int = 0


class ParcelFilter(TypedDict, total=False):
    """Which parcels."""

    status: str | tuple[str, ...]
    holder: str
    place: str


class ParcelAct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is done with a parcel. `area`, `place`, `to` are of a move, `until` of a renewal."""

    act: Act
    because: str
    area: str = ""
    place: str = ""
    to: PlaceKind = "cabinet"
    until: datetime | None = None


def find_parcel(
    platform: Platform, caller: Caller, parcel: str, action: str = "carry_parcel"
) -> Parcel:
    """The row; what is elsewhere answers like what is not there."""
    with platform.store.read() as rows:
        row = rows.find(PARCELS, parcel)
    platform.policy.require_thing(
        caller, action, f"parcel {parcel}", getattr(row, "area", None), NO_PARCEL
    )
    if row is None:
        raise AbsentError(f"there is no parcel {parcel}", NO_PARCEL)
    return row


def view_of(platform: Platform, row: Parcel) -> ParcelView:
    names = set(ParcelView.__struct_fields__) - {"late", "area_name"}
    return ParcelView(
        late=row.status in OPEN and platform.clock.now() >= row.expires_at,
        area_name=platform.reference.areas.name(row.area),
        **{name: getattr(row, name) for name in names},
    )


def list_parcels(
    platform: Platform,
    caller: Caller,
    *,
    status: str | None = None,
    holder: str | None = None,
    place: str | None = None,
) -> list[ParcelView]:
    """Those in the caller's areas, the newest first; `status` "open" are all that are on the
    way, "disputed" those whose receipts do not fit.
    """
    platform.policy.require(caller, "carry_parcel")
    mine = platform.policy.jurisdiction(caller)
    equals: ParcelFilter = {}
    if status == "open":
        equals["status"] = OPEN
    elif status not in (None, "all", "disputed"):
        equals["status"] = status
    if holder:
        equals["holder"] = holder
    if place:
        equals["place"] = place
    with platform.store.read() as rows:
        found = rows.list_rows(PARCELS, order="-sent_at", **equals)
    return [
        view_of(platform, row)
        for row in found
        if mine.covers(row.area) and (status != "disputed" or row.disputed)
    ]


def get_parcel(platform: Platform, caller: Caller, parcel: str) -> ParcelFile:
    row = find_parcel(platform, caller, parcel)
    with platform.store.read() as rows:
        receipts = rows.list_rows(RECEIPTS, parcel=parcel, order="recorded_at")
    return ParcelFile(
        parcel=view_of(platform, row), receipts=[receipt_view(one) for one in receipts]
    )


def receipt_view(row: KeptReceipt) -> ReceiptView:
    return ReceiptView(**{name: getattr(row, name) for name in ReceiptView.__struct_fields__})


def act_on(platform: Platform, caller: Caller, parcel: str, asked: ParcelAct) -> ParcelView:
    """Move it elsewhere, renew its code, or cancel it."""
    row = find_parcel(platform, caller, parcel, "send_parcel")
    require_reason(asked.because)
    name = command_id(platform, parcel, asked.act, caller)
    command: Command
    if asked.act == "move":
        area = asked.area or row.area
        platform.reference.areas.require(area)
        platform.policy.require(caller, "send_parcel", area=area)
        if not asked.place:
            raise InputError("a move needs a place", "say where", code="missing_field")
        command = m.MoveParcel(
            id=name,
            parcel=parcel,
            area=area,
            place=asked.place,
            to=asked.to,
            because=asked.because,
        )
    elif asked.act == "renew":
        command = m.RenewCode(id=name, parcel=parcel, because=asked.because, until=asked.until)
    else:
        command = m.CancelParcel(id=name, parcel=parcel, because=asked.because)
    ask(platform, caller, command)
    with platform.store.read() as rows:
        changed = rows.find(PARCELS, parcel)
    assert changed is not None
    return view_of(platform, changed)


def command_id(platform: Platform, parcel: str, act: str, caller: Caller) -> str:
    with platform.store.read() as rows:
        seq = rows.last_seq()
    return derive_id("cmd", parcel, act, caller.name, seq, platform.clock.now().isoformat())


def tell_code(platform: Platform, caller: Caller, parcel: str, how: ShownHow) -> ParcelCode:
    """The code for its receiver, printed or told by somebody who does not carry the parcel; on
    record. The ticket lets the receiver read it again by themselves.
    """
    row = find_parcel(platform, caller, parcel, "show_code")
    with platform.store.read() as rows:
        holder = rows.find(HOLDERS, row.holder) if row.holder else None
    if caller.name == row.holder or (holder is not None and holder.id == caller.name):
        raise RefusedError(
            f"{caller.name} carries parcel {parcel}",
            "somebody else tells its receiver the code",
            code="not_yours",
        )
    return show_to(platform, caller, row, how)


def show_to(platform: Platform, caller: Caller, row: Parcel, how: ShownHow) -> ParcelCode:
    if row.status not in OPEN:
        raise ConflictError(
            f"parcel {row.id} is {row.status}", "send a new one", code="parcel_ended"
        )
    name = command_id(platform, row.id, how, caller)
    ask(platform, caller, m.ShowCode(id=name, parcel=row.id, how=how))
    return ParcelCode(
        parcel=row.id,
        code=show_code(code_of(platform, row)),
        place=row.place,
        area_name=platform.reference.areas.name(row.area),
        expires_at=row.expires_at,
        ticket="" if how == "receiver" else ticket_of(platform, row),
        to=row.to,
        status=row.status,
        changes_left=max(0, MOST_ROUNDS - row.round),
    )
