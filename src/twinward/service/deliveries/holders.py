"""Who holds parcels: registered and revoked, given a signed manifest, and believed by their signed
receipts, each once and in order.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal

import msgspec

from twinward.core.errors import AbsentError, InputError, TwinwardError
from twinward.core.ids import derive_id
from twinward.core.texts import require_reason
from twinward.edge.agent.parcels import (
    Manifest,
    ManifestLine,
    Receipt,
    digest_of,
    holder_of,
    proof_of,
    public_of,
    read_receipt,
    salt_of,
    sign,
    verifier_of,
)
from twinward.edge.feeds.commands import require_no_identity
from twinward.service.deliveries.depot_ledgers import is_kept_here, path_of
from twinward.service.deliveries.secrets import code_of, depot_key
from twinward.service.languages import say_error
from twinward.service.platform import Caller, Platform, ask
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.deliveries.messages import HolderKind
from twinward.twins.emergency.deliveries.rows import (
    HOLDERS,
    OPEN,
    PARCELS,
    RECEIPTS,
    Holder,
    Parcel,
)

MOST_RECEIPTS = 5000
BY_HAND = ("courier", "vehicle")
KeptBy = Literal["", "depot", "phone"]
NO_HOLDER = "register it with `twinward delivery holder add`"


class HolderView(msgspec.Struct, frozen=True, kw_only=True):
    """A cabinet, courier, vehicle or drone; `heard_at` is when its last receipt came in. `kept_by`:
    who keeps the ledger of one that carries by hand, the `depot` or the courier's own `phone`.
    """

    id: str
    area: str
    kind: str
    place: str
    key: str
    registered_at: datetime
    seq: int
    heard_at: datetime | None
    revoked: bool
    because: str
    kept_by: KeptBy


class ReceiptOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt that was not taken, by its place in the batch."""

    index: int
    code: str
    message: str
    advice: str = ""


class ReceiptsTaken(msgspec.Struct, frozen=True, kw_only=True):
    """received = stored + duplicate + rejected. `acknowledged`: up to which receipt of each holder
    everything is here.
    """

    received: int
    stored: int
    duplicate: int
    rejected: list[ReceiptOutcome]
    acknowledged: dict[str, int]


class DepotKey(msgspec.Struct, frozen=True, kw_only=True):
    """What a new holder must know to believe a manifest."""

    depot: str


def get_depot_key(platform: Platform) -> DepotKey:
    return DepotKey(depot=public_of(depot_key(platform)))


def register(
    platform: Platform,
    caller: Caller,
    *,
    holder: str,
    kind: HolderKind,
    area: str,
    key: str,
    place: str = "",
) -> HolderView:
    """Its receipts are believed from now on; a new key takes the place of the old."""
    platform.reference.areas.require(area)
    platform.policy.require(caller, "send_parcel", area=area)
    return put_holder(platform, caller, holder, kind, area, key, place)


def put_holder(
    platform: Platform,
    caller: Caller,
    holder: str,
    kind: str,
    area: str,
    key: str,
    place: str = "",
    because: str = "",
) -> HolderView:
    """As `register`, for who has found that the caller may; InputError `bad_holder`."""
    told = {"holder": holder, "kind": kind, "area": area, "place": place, "key": key}
    told |= {
        "because": because,
        "type": "RegisterHolder",
        "id": _command_id(platform, caller, holder, key),
    }
    try:
        command = msgspec.convert(told, m.RegisterHolder)
    except msgspec.ValidationError as error:
        raise InputError(
            f"not a holder: {error}", "the key is what `cabinet init` printed", code="bad_holder"
        ) from error
    require_no_identity(command)
    ask(platform, caller, command)
    return view_of_holder(platform, find_holder(platform, caller, holder))


def _command_id(platform: Platform, caller: Caller, *parts: str) -> str:
    with platform.store.read() as rows:
        seq = rows.last_seq()
    return derive_id("cmd", *parts, caller.name, seq, platform.clock.now().isoformat())


def revoke(platform: Platform, caller: Caller, holder: str, because: str) -> HolderView:
    """Its receipts are believed no longer."""
    row = find_holder(platform, caller, holder, "send_parcel")
    require_reason(because)
    name = _command_id(platform, caller, holder, "revoke")
    ask(platform, caller, m.RevokeHolder(id=name, holder=row.id, because=because))
    return view_of_holder(platform, find_holder(platform, caller, holder))


def find_holder(
    platform: Platform, caller: Caller, holder: str, action: str = "carry_parcel"
) -> Holder:
    with platform.store.read() as rows:
        row = rows.find(HOLDERS, holder)
    platform.policy.require_thing(
        caller, action, f"holder {holder}", getattr(row, "area", None), NO_HOLDER
    )
    if row is None:
        raise AbsentError(f"there is no holder {holder}", NO_HOLDER)
    return row


def view_of_holder(platform: Platform, row: Holder) -> HolderView:
    names = set(HolderView.__struct_fields__) - {"kept_by"}
    kept_by: KeptBy = ""
    if row.kind in BY_HAND and path_of(platform, row.id).exists():
        kept_by = "depot" if is_kept_here(platform, row) else "phone"
    return HolderView(kept_by=kept_by, **{name: getattr(row, name) for name in names})


def list_holders(platform: Platform, caller: Caller) -> list[HolderView]:
    platform.policy.require(caller, "carry_parcel")
    mine = platform.policy.jurisdiction(caller)
    with platform.store.read() as rows:
        found = rows.list_rows(HOLDERS)
    return [view_of_holder(platform, row) for row in found if mine.covers(row.area)]


def make_manifest(
    platform: Platform, caller: Caller, holder: str, only: str = "", *, held: bool = False
) -> bytes:
    """What this holder may hold, signed: for a cabinet the parcels of its place, for who carries
    those that are held or may be loaded; what goes elsewhere meanwhile is withheld. `only` one, or
    none but those `held` already: a telephone is given no verifier that it does not need.
    """
    row = find_holder(platform, caller, holder)
    with platform.store.read() as rows:
        number = rows.last_seq()
        found = list(rows.list_rows(PARCELS, holder=holder, status=OPEN))
        if not held:
            others = (
                rows.list_rows(PARCELS, status=OPEN, place=row.place)
                if row.kind == "cabinet"
                else rows.list_rows(PARCELS, status=("waiting", "returned"))
            )
            found += [one for one in others if one.holder != holder]
    mine = platform.policy.subtree((row.area,)).covers
    lines = tuple(
        line_of(platform, row, one)
        for one in found
        if (one.holder == holder or mine(one.area)) and only in ("", one.id)
    )
    made = Manifest(
        holder=holder, number=number, made_at=platform.clock.now().astimezone(UTC), lines=lines
    )
    return sign(depot_key(platform), made)


@lru_cache(maxsize=20_000)
def known_verifier(code: str, salt: str) -> str:
    """The slow hash, once in the life of a process: cabinets ask for their manifests often."""
    return verifier_of(code, salt)


def line_of(platform: Platform, holder: Holder, parcel: Parcel) -> ManifestLine:
    fits = parcel.to == "door" if holder.kind != "cabinet" else parcel.place == holder.place
    salt = salt_of(holder.id, parcel.id, parcel.place, parcel.round)
    code = code_of(platform, parcel)
    return ManifestLine(
        parcel=parcel.id,
        place=parcel.place,
        round=parcel.round,
        expires_at=parcel.expires_at.astimezone(UTC),
        salt=salt,
        verifier=known_verifier(code, salt) if fits else "0" * 64,
        withheld=not fits,
    )


def take_receipts(platform: Platform, caller: Caller, raws: Sequence[bytes]) -> ReceiptsTaken:
    """Each once, in its holder's order; one that is refused stops those of its holder that follow
    it, and no other's.
    """
    platform.policy.require(caller, "carry_parcel")
    if len(raws) > MOST_RECEIPTS:
        raise InputError(f"at most {MOST_RECEIPTS} receipts at once", code="too_many_items")
    stored = duplicate = 0
    rejected: list[ReceiptOutcome] = []
    seen: dict[str, int] = {}
    for index, raw in enumerate(raws):
        try:
            receipt, holder = _checked(platform, caller, raw)
            if receipt.seq <= holder.seq and _is_known(platform, holder, receipt, raw):
                duplicate += 1
            else:
                ask(platform, caller, _command(platform, receipt, holder, raw))
                stored += 1
            seen[receipt.holder] = max(seen.get(receipt.holder, 0), receipt.seq)
        except TwinwardError as error:
            message, advice = say_error(error.code, error.message, error.advice)
            told = ReceiptOutcome(index=index, code=error.code, message=message, advice=advice)
            rejected.append(told)
    return ReceiptsTaken(
        received=len(raws),
        stored=stored,
        duplicate=duplicate,
        rejected=rejected,
        acknowledged=seen,
    )


def _checked(platform: Platform, caller: Caller, raw: bytes) -> tuple[Receipt, Holder]:
    holder = find_holder(platform, caller, holder_of(raw))
    return read_receipt(raw, holder.key), holder


def _is_known(platform: Platform, holder: Holder, receipt: Receipt, raw: bytes) -> bool:
    with platform.store.read() as rows:
        row = rows.find(RECEIPTS, f"{holder.key[:8]}/{holder.id}/{receipt.seq}")
    return row is not None and row.digest == digest_of(raw)


def _command(platform: Platform, receipt: Receipt, holder: Holder, raw: bytes) -> m.RecordReceipt:
    """Happened when the holder's clock says, unless that is still to come."""
    digest = digest_of(raw)
    told = {name: getattr(receipt, name) for name in Receipt.__struct_fields__ if name != "proof"}
    return m.RecordReceipt(
        id=derive_id("cmd", "receipt", holder.id, holder.key, receipt.seq, digest),
        occurred_at=min(receipt.at, platform.clock.now()),
        digest=digest,
        proven=holder.kind == "cabinet" or is_proven(platform, receipt),
        **told,
    )


def is_proven(platform: Platform, receipt: Receipt) -> bool:
    """Whether who signed a handing over was told the code. A cabinet is the depot's own box and
    opens for a code alone; who carries parcels in person must show that they have heard it.
    """
    with platform.store.read() as rows:
        parcel = rows.find(PARCELS, receipt.parcel)
    if receipt.kind != "handed" or parcel is None or parcel.round != receipt.round:
        return True  # nothing to prove, or the code of another round: remarked as such
    code = code_of(platform, parcel)
    wanted = proof_of(code, receipt.holder, receipt.parcel, receipt.round, receipt.seq)
    return hmac.compare_digest(wanted, receipt.proof)
