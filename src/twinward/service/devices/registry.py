"""Devices as use cases: added, claimed, given new keys, replaced, revoked, wished to be so."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TypedDict

import msgspec

from twinward.core.errors import AbsentError, InputError
from twinward.core.ids import ALPHABET, derive_id
from twinward.core.messages import Command
from twinward.core.ports import Rows
from twinward.edge.feeds.commands import require_no_identity
from twinward.edge.feeds.identities import OF_A_WORD, is_direct_identity
from twinward.edge.profiles import get_profile
from twinward.service.devices.edge_book import EdgeBook
from twinward.service.platform import Caller, Platform, ask
from twinward.twins.city import messages as c
from twinward.twins.city.devices.rows import DEVICES, Device

KEEP = "keep_devices"
CLAIM_LETTERS, KEY_BYTES = 16, 32
OVERLAP = timedelta(hours=24)  # an old key holds so long beside the new one
MOST = 50_000


class DeviceRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A device that is added. Without `claim` it speaks without a key."""

    device: str
    edge: str
    profile: str
    area: str
    place: str = ""
    owner: str = ""
    firmware: str = ""
    calibrated_at: datetime | None = None
    claim: bool = False


class DeviceView(msgspec.Struct, frozen=True, kw_only=True):
    """A device, what is wanted of it and not so yet (`pending`), and how it was heard last:
    `good`, `stale`, `unknown` or `faulty`.
    """

    id: str
    edge: str
    profile: str
    area: str
    area_name: str
    place: str
    owner: str
    firmware: str
    calibrated_at: datetime | None
    state: str
    has_key: bool
    registered_at: datetime
    replaces: str
    replaced_by: str
    because: str
    desired: dict[str, str]
    desired_version: int
    reported: dict[str, str]
    reported_at: datetime | None
    pending: dict[str, str]
    heard: str
    heard_at: datetime | None
    fault: str


class DeviceSecret(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown once: a claim code, or the key that a claim or a rotation gave."""

    device: DeviceView
    claim_code: str = ""
    key: str = ""


class DeviceFilter(TypedDict, total=False):
    edge: str
    state: str


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def draw_claim() -> str:
    """Sixteen letters that can be read aloud: 80 bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CLAIM_LETTERS))


def add(platform: Platform, caller: Caller, asked: DeviceRequest) -> DeviceSecret:
    """A device that may speak; also one that waits in quarantine, with what it said meanwhile."""
    get_profile(asked.profile)
    platform.reference.areas.require(asked.area)
    platform.policy.require(caller, KEEP, area=asked.area)
    code = draw_claim() if asked.claim else ""
    fields = msgspec.structs.asdict(asked) | {"claim": digest(code) if code else None}
    ask(platform, caller, make(platform, caller, "RegisterDevice", asked.device, fields))
    return DeviceSecret(device=get_device(platform, caller, asked.device), claim_code=code)


def make(
    platform: Platform, caller: Caller, kind: str, device: str, fields: dict[str, object]
) -> Command:
    """The command; InputError `bad_device` where it is none."""
    with platform.store.read() as rows:
        name = derive_id(
            "cmd", kind, device, caller.name, rows.last_seq(), platform.clock.now().isoformat()
        )
    told = fields | {"type": kind, "id": name, "device": device}
    if is_direct_identity(str(fields.get("by", ""))):
        raise InputError(f"by: {OF_A_WORD}", "name the device, no person", code="direct_identity")
    try:
        command: Command = msgspec.convert(told, getattr(c, kind))
    except msgspec.ValidationError as error:
        raise InputError(
            f"not what a device takes: {error}", "see `twinward device --help`", code="bad_device"
        ) from error
    require_no_identity(command)
    return command


def find_row(platform: Platform, caller: Caller, device: str) -> Device:
    with platform.store.read() as rows:
        row = rows.find(DEVICES, device)
    platform.policy.require_thing(
        caller,
        "see_situation",
        f"device {device}",
        getattr(row, "area", None),
        "list them with `twinward device list`",
    )
    if row is None:
        raise AbsentError(f"there is no device {device}", "list them with `twinward device list`")
    return row


def get_device(platform: Platform, caller: Caller, device: str) -> DeviceView:
    row = find_row(platform, caller, device)
    with EdgeBook.open(platform.workspace) as book:
        return view_of(platform, row, book)


def view_of(platform: Platform, row: Device, book: EdgeBook) -> DeviceView:
    names = set(Device.__struct_fields__) & set(DeviceView.__struct_fields__)
    heard = book.heard(row.edge).get(row.id)
    return DeviceView(
        area_name=platform.reference.areas.name(row.area),
        has_key=bool(row.keys_at(platform.clock.now())),
        pending=row.pending(),
        heard=heard.state if heard else "unknown",
        heard_at=heard.last_at if heard else None,
        fault=heard.fault if heard else "",
        **{name: getattr(row, name) for name in names},
    )


def list_devices(
    platform: Platform, caller: Caller, *, edge: str | None = None, state: str | None = None
) -> list[DeviceView]:
    """Those in the caller's areas, by id."""
    platform.policy.require(caller, "see_situation")
    mine = platform.policy.jurisdiction(caller)
    equals: DeviceFilter = {}
    if edge:
        equals["edge"] = edge
    if state:
        equals["state"] = state
    with platform.store.read() as rows:
        found = rows.list_rows(DEVICES, order="id", limit=MOST, **equals)
    with EdgeBook.open(platform.workspace) as book:
        return [view_of(platform, row, book) for row in found if mine.concerns(row.area)]


def claim(
    platform: Platform, caller: Caller, device: str, code: str, key: str = ""
) -> DeviceSecret:
    """The device gets a key for its claim; the claim holds until the key is kept."""
    row = find_row(platform, caller, device)
    platform.policy.require(caller, KEEP, area=row.area)
    drawn = key or secrets.token_urlsafe(KEY_BYTES)
    fields: dict[str, object] = {"claim": digest(code.strip().lower()), "key": digest(drawn)}
    return _do(platform, caller, row, "ClaimDevice", fields, key=drawn)


def rotate(
    platform: Platform, caller: Caller, device: str, *, claim_anew: bool = False
) -> DeviceSecret:
    """A new key beside the old one for a day; or, for a device that lost both, a new claim."""
    row = find_row(platform, caller, device)
    fields: dict[str, object] = {"old_until": platform.clock.now() + OVERLAP}
    if claim_anew:
        code = draw_claim()
        return _do(
            platform, caller, row, "RotateDeviceKey", fields | {"claim": digest(code)}, code=code
        )
    key = secrets.token_urlsafe(KEY_BYTES)
    return _do(platform, caller, row, "RotateDeviceKey", fields | {"key": digest(key)}, key=key)


def replace(
    platform: Platform,
    caller: Caller,
    device: str,
    by: str,
    because: str,
    *,
    claim_it: bool = False,
) -> DeviceSecret:
    """Other hardware at the same place."""
    row = find_row(platform, caller, device)
    code = draw_claim() if claim_it else ""
    fields: dict[str, object] = {
        "by": by,
        "because": because,
        "claim": digest(code) if code else None,
    }
    done = _do(platform, caller, row, "ReplaceDevice", fields, code=code)
    return msgspec.structs.replace(done, device=get_device(platform, caller, by))


def revoke(platform: Platform, caller: Caller, device: str, because: str) -> DeviceView:
    row = find_row(platform, caller, device)
    return _do(platform, caller, row, "RevokeDevice", {"because": because}).device


def wish(platform: Platform, caller: Caller, device: str, desired: dict[str, str]) -> DeviceView:
    """What the device is to be; it reads that when it is awake."""
    row = find_row(platform, caller, device)
    return _do(platform, caller, row, "WishDeviceState", {"desired": desired}).device


def _do(
    platform: Platform,
    caller: Caller,
    row: Device,
    kind: str,
    fields: dict[str, object],
    *,
    key: str = "",
    code: str = "",
) -> DeviceSecret:
    command = make(platform, caller, kind, row.id, fields)
    check: Callable[[Rows], None] = partial(_require_area, platform, caller, row)
    ask(platform, caller, command, check=check)
    shown = get_device(platform, caller, row.id)
    return DeviceSecret(device=shown, claim_code=code, key=key)


def _require_area(platform: Platform, caller: Caller, row: Device, rows: Rows) -> None:
    platform.policy.require(caller, KEEP, area=row.area)
