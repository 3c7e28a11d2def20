"""A courier with a telephone: the depot keeps the courier's ledger, the same as a cabinet's, and
the courier takes, hands over on the receiver's code and brings back from a page.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

from twinward.core.errors import AbsentError, ConflictError, InputError, RefusedError
from twinward.edge.agent.cabinet import Cabinet, init_cabinet
from twinward.edge.agent.parcels import CODE_DIGITS, public_of
from twinward.service.deliveries.holders import (
    HolderView,
    find_holder,
    make_manifest,
    register,
    take_receipts,
)
from twinward.service.deliveries.parcels import ParcelView, find_parcel, list_parcels, view_of
from twinward.service.deliveries.secrets import FOLDER, depot_key
from twinward.service.platform import Caller, Platform
from twinward.twins.emergency.deliveries.messages import HolderKind
from twinward.twins.emergency.deliveries.rows import HOLDERS, PARCELS, Holder

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


def path_of(platform: Platform, holder: str) -> Path:
    """The depot's file of a courier's ledger: no name from outside stands in a path."""
    digest = hashlib.sha256(holder.encode()).hexdigest()
    return platform.workspace / FOLDER / "hands" / f"{digest[:32]}.db"


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


def make_ledger(platform: Platform, holder: str) -> str:
    """The public key of the ledger that the depot keeps for a courier, made when there is none, and
    anew when another key has signed meanwhile: the old one's receipts end where that began.
    """
    path = path_of(platform, holder)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with platform.store.read() as rows:
        row: Holder | None = rows.find(HOLDERS, holder)
    if path.exists():
        with opened(path) as known:
            key = public_of(known.key)
        if row is None or row.key == key:
            return key
        path.rename(path.with_name(f"{path.stem}-{key[:8]}.old"))
    made = init_cabinet(path, holder, "", public_of(depot_key(platform)))
    made.close()
    return public_of(made.key)


@contextmanager
def opened(path: Path) -> Iterator[Cabinet]:
    ledger = Cabinet(path)
    try:
        yield ledger
    finally:
        ledger.close()


def is_kept_here(platform: Platform, row: Holder) -> bool:
    """Whether the depot keeps the key of this holder."""
    path = path_of(platform, row.id)
    if not path.exists():
        return False
    with opened(path) as ledger:
        return row.key == public_of(ledger.key)


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
