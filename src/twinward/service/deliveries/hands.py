"""A courier with a telephone: the depot keeps the courier's ledger, the same as a cabinet's, and
the courier takes, hands over on the receiver's code and brings back from a page.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import msgspec

from twinward.core.errors import AbsentError, ConflictError, InputError, RefusedError
from twinward.core.texts import require_reason
from twinward.edge.agent.cabinet import Cabinet
from twinward.edge.agent.parcels import CODE_DIGITS, public_of
from twinward.service.deliveries.depot_ledgers import is_kept_here, make_ledger, opened, path_of
from twinward.service.deliveries.holders import (
    BY_HAND,
    HolderView,
    find_holder,
    make_manifest,
    put_holder,
    register,
    take_receipts,
    view_of_holder,
)
from twinward.service.deliveries.parcels import ParcelView, find_parcel, list_parcels, view_of
from twinward.service.deliveries.secrets import depot_key
from twinward.service.platform import Caller, Platform
from twinward.twins.emergency.deliveries.messages import HolderKind
from twinward.twins.emergency.deliveries.rows import PARCELS, Holder

Deed = Literal["load", "hand", "refuse", "bring_back"]
NOT_A_COURIER = "`twinward delivery holder add` with your name and no key"


class HandAct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a courier does: load; hand over on `code`, with the hash of a picture of the parcel;
    note a refusal at the door; bring it back to the depot.
    """

    act: Deed
    code: str = ""
    because: str = ""
    photo_sha256: str = ""


class CourierRound(msgspec.Struct, frozen=True, kw_only=True):
    """What a courier has in hand, and what waits at the depot for a door in the courier's areas.
    `key` signs the courier's receipts: kept by the `depot`, or by the courier's own `phone`.
    `depot_key` signs manifests; `at` is the centre's clock.
    """

    courier: str
    key: str
    kept_by: Literal["depot", "phone"]
    depot_key: str
    at: datetime
    in_hand: list[ParcelView]
    waiting: list[ParcelView]
    handed: int


def register_courier(
    platform: Platform, caller: Caller, *, holder: str, kind: HolderKind, area: str
) -> HolderView:
    """A courier (or vehicle) whose ledger the depot keeps; its name is that of the account."""
    if kind == "cabinet":
        raise InputError(
            "a cabinet keeps its own ledger", "give the key that it printed", code="bad_holder"
        )
    platform.reference.areas.require(area)
    platform.policy.require(caller, "send_parcel", area=area)
    key = make_ledger(platform, holder)
    return register(platform, caller, holder=holder, kind=kind, area=area, key=key)


def take_back(platform: Platform, caller: Caller, holder: str, because: str) -> HolderView:
    """The depot keeps the courier's ledger again, the telephone that was lost is believed no
    longer; what is in hand stays in hand, what it had not told is lost.
    """
    row = find_holder(platform, caller, holder, "send_parcel")
    require_reason(because)
    if row.kind not in BY_HAND or not path_of(platform, holder).exists():
        raise ConflictError(
            f"{holder} keeps a ledger of its own",
            "revoke it, and register what takes its place",
            code="not_a_courier",
        )
    if row.revoked:
        raise RefusedError(
            f"holder {holder} was revoked", "register it anew", code="holder_revoked"
        )
    if is_kept_here(platform, row):
        raise ConflictError(
            f"the depot keeps the ledger of {holder} already",
            "nothing need be done",
            code="kept_here",
        )
    key = make_ledger(platform, holder)
    put_holder(platform, caller, holder, row.kind, row.area, key, row.place, because=because)
    return view_of_holder(platform, find_holder(platform, caller, holder))


def find_courier(platform: Platform, caller: Caller) -> Holder:
    """The caller as who carries parcels in person, registered without a key; AbsentError."""
    if not path_of(platform, caller.name).exists():
        raise AbsentError(f"the depot keeps no ledger of {caller.name}", NOT_A_COURIER)
    row = find_holder(platform, caller, caller.name)
    if row.revoked:
        raise RefusedError(
            f"holder {row.id} was revoked",
            "ask the depot to register you anew",
            code="holder_revoked",
        )
    return row


def get_round(platform: Platform, caller: Caller) -> CourierRound:
    """The courier's own: no code, nobody's name."""
    row = find_courier(platform, caller)
    kept = is_kept_here(platform, row)
    waiting = [
        one
        for status in ("waiting", "returned")
        for one in list_parcels(platform, caller, status=status)
        if one.to == "door" and not one.late
    ]
    held = list_parcels(platform, caller, status="loaded", holder=row.id)
    handed = len(list_parcels(platform, caller, status="handed", holder=row.id))
    return CourierRound(
        courier=row.id,
        key=row.key,
        kept_by="depot" if kept else "phone",
        depot_key=public_of(depot_key(platform)),
        at=platform.clock.now(),
        in_hand=held,
        waiting=waiting,
        handed=handed,
    )


def act(platform: Platform, caller: Caller, parcel: str, asked: HandAct) -> ParcelView:
    """One deed: signed in the ledger, then told to the depot, as a cabinet does it. The code is
    checked as a cabinet checks it: five wrong ones lock the parcel.
    """
    row = find_courier(platform, caller)
    if not is_kept_here(platform, row):
        raise ConflictError(
            f"{row.id} signs with a telephone of their own",
            "use that telephone, or ask the depot to keep the ledger again",
            code="signed_elsewhere",
        )
    found = find_parcel(platform, caller, parcel)
    if asked.act == "load" and found.to != "door":
        raise RefusedError(
            f"parcel {parcel} goes to a cabinet",
            "the cabinet's own page takes it in",
            code="not_a_door",
        )
    if len(asked.photo_sha256) not in (0, 64):
        raise InputError("the hash of a picture has 64 digits", code="bad_photo")
    with opened(path_of(platform, row.id)) as ledger:
        ledger.accept_manifest(make_manifest(platform, caller, row.id, only=parcel))
        try:
            if (found.status, found.holder) == ("loaded", row.id) and not ledger.holds(parcel):
                ledger.take_in(parcel, now_of(platform), kind="loaded")  # signed for before
            sign_for(platform, ledger, parcel, asked)
        finally:
            raws = ledger.unsent()  # a lock is told too
            for seq in take_receipts(platform, caller, raws).acknowledged.values():
                ledger.acknowledge(seq)
        if ledger.unsent():
            raise ConflictError(
                "the depot did not take the receipt", "show this to the depot", code="receipt_gap"
            )
    with platform.store.read() as rows:
        changed = rows.find(PARCELS, parcel)
    assert changed is not None
    return view_of(platform, changed)


def now_of(platform: Platform) -> datetime:
    return platform.clock.now().astimezone(UTC)


def sign_for(platform: Platform, ledger: Cabinet, parcel: str, asked: HandAct) -> None:
    at = now_of(platform)
    if asked.act == "load":
        ledger.take_in(parcel, at, kind="loaded")
    elif asked.act == "hand":
        if not asked.code:
            raise InputError(
                f"a code has {CODE_DIGITS} digits",
                "the receiver has it on paper or on a telephone",
                code="missing_field",
            )
        ledger.hand_out(parcel, asked.code, at, asked.photo_sha256)
    elif asked.act == "refuse":
        ledger.give_up(parcel, at, "refused", asked.because)
    else:
        ledger.give_up(parcel, at, "returned", asked.because)
