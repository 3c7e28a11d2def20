"""Edges as the centre sees them: what each says is taken in, what it must know goes back, and what
is late stands in one list.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from twinward.core.coding.ids import digest_id
from twinward.core.errors import RefusedError, TwinwardError
from twinward.core.ids import derive_id
from twinward.edge.agent.wire import (
    SYNC_S,
    ClaimAnswer,
    HeldDevice,
    OrderReceipt,
    RegisteredDevice,
    ReportedState,
    SyncAnswer,
    SyncRequest,
    ToldClaim,
    WantedOrder,
)
from twinward.service.devices.bundles import find_rollout, rules_for
from twinward.service.devices.edge_book import EdgeBook, EdgeWord
from twinward.service.intake.commands import require_real, use_source
from twinward.service.platform import Caller, Platform, ask, local_admin
from twinward.twins.city import messages as c
from twinward.twins.city.devices.rows import DEVICE_ORDERS, DEVICES, OVER, Device, DeviceOrder

__all__ = ["EdgeView", "SyncAnswer", "SyncRequest", "list_edges", "sync"]
SILENT_AFTER = timedelta(seconds=6 * SYNC_S)  # an edge that said nothing so long is unknown
LATE_S, FULL_SHARE, SKEW_S = 300.0, 0.8, 5.0  # ours
OPEN_ORDERS = ("issued", "sent", "delivered")
MOST = 50_000
LOCAL_ADMIN = local_admin().name


class EdgeView(msgspec.Struct, frozen=True, kw_only=True):
    """One edge. `state`: good, late or unknown (silent); `late` says why in codes."""

    id: str
    state: str
    late: tuple[str, ...]
    heard_at: datetime
    backlog: int
    oldest_s: float
    disk_bytes: int
    disk_bound: int
    lost: int
    duplicate: int
    stored: int
    rejected: int
    alarms_open: int
    clock_skew_s: float | None
    config_version: str
    rules_version: str
    rules_wanted: str
    rules_refused: str
    registry_is: str
    registry_wanted: str
    devices: int
    devices_by_heard: dict[str, int]
    held: tuple[HeldDevice, ...]
    claims_refused: tuple[ToldClaim, ...]
    orders_open: int


def sync(platform: Platform, caller: Caller, said: SyncRequest) -> SyncAnswer:
    """Takes in what an edge says; answers with its devices and the orders that are still wanted."""
    require_real(platform, said.edge)
    use_source(platform, caller, said.edge)
    now = platform.clock.now()
    with EdgeBook.open(platform.workspace) as book:
        owner = book.sender(said.edge)
        if owner not in ("", caller.name, LOCAL_ADMIN) and caller.name != LOCAL_ADMIN:
            raise RefusedError(
                f"another account speaks for the edge {said.edge}",
                "give each edge an id of its own",
                code="not_yours",
            )
        book.keep(said, now, owner or caller.name)
    settled = [one.order for one in said.receipts if note_receipt(platform, caller, said, one)]
    for one in said.reported:
        note_reported(platform, caller, said, one)
    claims = tuple(
        note_claim(platform, caller, said, one) for one in said.claims if not one.refused
    )
    with platform.store.read() as rows:
        devices = rows.list_rows(DEVICES, edge=said.edge, order="id", limit=MOST)
        orders = rows.list_rows(DEVICE_ORDERS, edge=said.edge, noted=OPEN_ORDERS, order="issued_at")
        rules = rules_for(platform, rows, said.edge, said.standing)
    shown = tuple(registered_of(row, now) for row in devices)
    version = version_of(shown)
    return SyncAnswer(
        registry=version,
        devices=None if version == said.registry else shown,
        orders=tuple(wanted_of(row) for row in orders if row.expires_at > now),
        settled=tuple(settled),
        rules=rules,
        claims=claims,
    )


def note_claim(
    platform: Platform, caller: Caller, said: SyncRequest, one: ToldClaim
) -> ClaimAnswer:
    """A key that was claimed at the edge while nobody heard: taken once, or refused with the reason
    that the centre has, as another key for the same claim, a revoked device, a newer claim.
    """
    with platform.store.read() as rows:
        row = rows.find(DEVICES, one.device)
    if row is None or row.edge != said.edge:
        says = f"there is no device {one.device} at this edge"
        return ClaimAnswer(device=one.device, key=one.key, taken=False, says=says)
    command = c.ClaimDevice(
        id=derive_id("cmd", "claim", said.edge, one.device, one.claim, one.key),
        occurred_at=min(one.at, platform.clock.now()),
        device=one.device,
        claim=one.claim,
        key=one.key,
    )
    try:
        ask(platform, caller, command)
    except TwinwardError as error:
        if error.status >= 500:
            raise
        return ClaimAnswer(device=one.device, key=one.key, taken=False, says=error.message)
    return ClaimAnswer(device=one.device, key=one.key, taken=True)


def registered_of(row: Device, now: datetime) -> RegisteredDevice:
    return RegisteredDevice(
        device=row.id,
        profile=row.profile,
        area=row.area,
        place=row.place,
        may_speak=row.may_speak(),
        keys=row.keys_at(now),
        desired=row.desired,
        desired_version=row.desired_version,
        claim=row.claim or "",
    )


def version_of(devices: Sequence[RegisteredDevice]) -> str:
    return digest_id(msgspec.json.encode(devices), 12)


def wanted_of(row: DeviceOrder) -> WantedOrder:
    return WantedOrder(
        order=row.id,
        device=row.device,
        action=row.action,
        values=row.values,
        expires_at=row.expires_at,
    )


def note_receipt(platform: Platform, caller: Caller, said: SyncRequest, one: OrderReceipt) -> bool:
    """Whether the edge need not say it again: it is kept, was kept before, or comes too late."""
    with platform.store.read() as rows:
        row = rows.find(DEVICE_ORDERS, one.order)
    if row is None or row.edge != said.edge:
        return True  # no order of this edge: nobody else's word is taken for it
    command = c.NoteDeviceOrder(
        id=derive_id("cmd", "receipt", said.edge, one.order, one.state),
        occurred_at=one.at,
        order=one.order,
        device=one.device,
        state=one.state,
        says=one.says,
    )
    return take(platform, caller, command)


def note_reported(
    platform: Platform, caller: Caller, said: SyncRequest, one: ReportedState
) -> bool:
    with platform.store.read() as rows:
        row = rows.find(DEVICES, one.device)
    if row is None or row.edge != said.edge:
        return True
    name = derive_id("cmd", "reported", said.edge, one.device, one.at.isoformat())
    command = c.ReportDeviceState(
        id=name,
        occurred_at=one.at,
        device=one.device,
        reported=one.reported,
        version=one.version,
    )
    return take(platform, caller, command)


def take(
    platform: Platform, caller: Caller, command: c.NoteDeviceOrder | c.ReportDeviceState
) -> bool:
    try:
        ask(platform, caller, command)
    except TwinwardError as error:
        return error.status < 500
    return True


# what is late ---------------------------------------------------------------------------------


def list_edges(platform: Platform, caller: Caller, *, late: bool = False) -> list[EdgeView]:
    """Every edge that has spoken, those that are late first; only these with `late`."""
    platform.policy.require(caller, "see_situation")
    mine = platform.policy.jurisdiction(caller)
    now = platform.clock.now()
    with EdgeBook.open(platform.workspace) as book:
        words = book.words()
    with platform.store.read() as rows:
        devices = rows.list_rows(DEVICES, limit=MOST)
        orders = rows.list_rows(DEVICE_ORDERS, noted=OPEN_ORDERS, limit=MOST)
        rollout = find_rollout(rows)
    found = []
    for name, word in words.items():
        own = [row for row in devices if row.edge == name]
        if mine.ranges is not None and not any(mine.concerns(row.area) for row in own):
            continue
        waiting = sum(1 for row in orders if row.edge == name and row.state_at(now) not in ENDED)
        rules = rollout.wanted_of(name) if rollout is not None else ""
        found.append(edge_view(word, own, waiting, now, rules))
    found.sort(key=lambda one: (one.state == "good", one.id))
    return [one for one in found if not late or one.late]


ENDED = (*OVER, "expired")


def edge_view(
    word: EdgeWord, own: list[Device], orders: int, now: datetime, rules: str
) -> EdgeView:
    said, standing = word.said, word.said.standing
    wanted = version_of([registered_of(row, now) for row in sorted(own, key=lambda r: r.id)])
    by_heard: dict[str, int] = {}
    for one in said.devices:
        by_heard[one.state] = by_heard.get(one.state, 0) + 1
    late = tuple(reasons_of(word, wanted, now, rules))
    silent = "silent" in late
    names = set(EdgeView.__struct_fields__) & set(type(standing).__struct_fields__)
    return EdgeView(
        id=said.edge,
        state="unknown" if silent else "late" if late else "good",
        late=late,
        heard_at=word.at,
        registry_is=said.registry,
        registry_wanted=wanted,
        rules_wanted=rules,
        devices=len(said.devices),
        devices_by_heard=by_heard,
        held=said.held,
        claims_refused=tuple(one for one in said.claims if one.refused),
        orders_open=orders,
        **{name: getattr(standing, name) for name in names},
    )


def reasons_of(word: EdgeWord, wanted: str, now: datetime, rules: str) -> Iterator[str]:
    """Why an edge is late, the gravest first."""
    said, standing = word.said, word.said.standing
    if now - word.at > SILENT_AFTER:
        yield "silent"
    if standing.lost:
        yield "lost"
    if standing.disk_bytes > FULL_SHARE * standing.disk_bound:
        yield "disk"
    if standing.backlog and standing.oldest_s > LATE_S:
        yield "backlog"
    if abs(standing.clock_skew_s or 0.0) > SKEW_S:
        yield "clock"
    if any(one.state != "good" for one in said.devices):
        yield "devices"
    if said.held:
        yield "held"
    if any(one.refused for one in said.claims):
        yield "claims"
    if said.registry != wanted:
        yield "config"
    if standing.rules_version != rules:
        yield "rules"
