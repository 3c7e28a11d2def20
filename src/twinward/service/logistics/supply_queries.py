"""Stocks, requests and transfers as both sides see them: now or as of an instant; never who a
patient is.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Literal, TypedDict, TypeVar

import msgspec

from twinward.core.errors import AbsentError, InputError
from twinward.core.ports import Table, area_of
from twinward.library.supplies.resources import list_resources
from twinward.library.wording import amount
from twinward.service.access.person_listing import record_listing, scope_to_see
from twinward.service.platform import Caller, Platform, snapshot_of
from twinward.service.visibility import concerns
from twinward.twins.emergency.messages import Lot
from twinward.twins.emergency.resources.rows import STOCKS, Stock
from twinward.twins.emergency.supplies.rows import SUPPLY_REQUESTS, SupplyRequest
from twinward.twins.emergency.transfers.rows import TRANSFER_PATIENTS, TRANSFERS, Transfer

OPEN_REQUEST = ("requested", "committed", "sent")
S = TypeVar("S", Stock, SupplyRequest, Transfer)
OPEN_TRANSFER = ("requested", "accepted", "departed")
Side = Literal["supplier", "requester"]


class StockRow(msgspec.Struct, frozen=True, kw_only=True):
    """`free` may be promised today: quantity less in_use, committed and expired; negative when
    too much is promised.
    """

    id: str
    kind: str
    area: str
    area_name: str
    holder: str | None
    quantity: float
    unit: str
    in_use: float
    committed: float
    expired: float
    free: float
    next_expiry: date | None
    lots: tuple[Lot, ...]
    production_per_day: float
    lead_time_h: float
    lon: float | None
    lat: float | None
    stated_at: datetime


class RequestRow(msgspec.Struct, frozen=True, kw_only=True):
    """One request with both its sides; `late` when it was needed by now and has not arrived."""

    id: str
    kind: str
    quantity: float
    unit: str
    status: str
    area: str
    area_name: str
    holder: str | None
    from_area: str | None
    from_name: str | None
    from_holder: str | None
    committed: float
    sent: float
    received: float
    lost: float
    vehicle: str | None
    needed_by: datetime | None
    due_at: datetime | None
    requested_at: datetime
    changed_at: datetime | None
    incident: str | None
    purpose: str
    because: str | None
    late: bool


class TransferRow(msgspec.Struct, frozen=True, kw_only=True):
    """One patient's way between two hospitals, without the patient."""

    id: str
    status: str
    area: str
    area_name: str
    hospital: str
    to_area: str
    to_name: str
    to_hospital: str
    bed: str
    bed_now: str
    vehicle: str | None
    requested_at: datetime
    changed_at: datetime | None
    incident: str | None
    because: str | None


class TransferPatient(msgspec.Struct, frozen=True, kw_only=True):
    """The pseudonym behind a transfer, with the activation under which it was shown."""

    transfer: str
    subject: str
    activation: str


def list_stocks(
    platform: Platform,
    caller: Caller,
    *,
    area: str | None = None,
    kind: str | None = None,
    at: datetime | None = None,
) -> list[StockRow]:
    """What is held where, in the areas that concern the caller; by kind, then area."""
    day = (at or platform.clock.now()).date()
    rows = rows_of(platform, caller, STOCKS, area, at, {"kind": kind} if kind else {})
    shown = [show_stock(platform, row, day) for row in rows]
    return sorted(shown, key=lambda row: (row.kind, row.area, row.holder or ""))


def show_stock(platform: Platform, row: Stock, day: date) -> StockRow:
    names = (
        "id",
        "kind",
        "area",
        "holder",
        "quantity",
        "unit",
        "in_use",
        "committed",
        "lots",
        "production_per_day",
        "lead_time_h",
        "lon",
        "lat",
        "stated_at",
    )
    return StockRow(
        **{name: getattr(row, name) for name in names},
        area_name=platform.reference.areas.name(row.area),
        expired=row.expired(day),
        free=row.free(day),
        next_expiry=min((lot.expires for lot in row.lots if lot.expires >= day), default=None),
    )


def list_requests(
    platform: Platform,
    caller: Caller,
    *,
    area: str | None = None,
    side: Side | None = None,
    status: str | None = "open",
    kind: str | None = None,
    at: datetime | None = None,
) -> list[RequestRow]:
    """Requests in which an area that concerns the caller has a part; `side` narrows it to one of
    the two sides.
    """
    equals = equals_of(status, OPEN_REQUEST, ("received", "declined", "withdrawn"))
    if kind:
        equals["kind"] = kind
    rows = rows_of(platform, caller, SUPPLY_REQUESTS, None, at, equals)
    code = platform.reference.areas.require(area) if area else None
    now = at or platform.clock.now()
    shown = [
        show_request(platform, row, now) for row in rows if has_part(platform, row, code, side)
    ]
    return sorted(
        shown, key=lambda row: (row.needed_by or datetime.max.replace(tzinfo=now.tzinfo), row.id)
    )


def show_request(platform: Platform, row: SupplyRequest, now: datetime) -> RequestRow:
    own = ("area_name", "from_name", "late")
    due = row.needed_by or row.due_at
    return RequestRow(
        **{name: getattr(row, name) for name in RequestRow.__struct_fields__ if name not in own},
        area_name=platform.reference.areas.name(row.area),
        from_name=platform.reference.areas.name(row.from_area) if row.from_area else None,
        late=row.status in OPEN_REQUEST and due is not None and due < now,
    )


def list_transfers(
    platform: Platform,
    caller: Caller,
    *,
    area: str | None = None,
    status: str | None = "open",
    at: datetime | None = None,
) -> list[TransferRow]:
    """Transfers in which an area that concerns the caller has a part, oldest first."""
    equals = equals_of(status, OPEN_TRANSFER, ("arrived", "declined", "cancelled"))
    rows = rows_of(platform, caller, TRANSFERS, None, at, equals)
    code = platform.reference.areas.require(area) if area else None
    shown = [show_transfer(platform, row) for row in rows if has_part(platform, row, code, None)]
    return sorted(shown, key=lambda row: (row.requested_at, row.id))


def show_transfer(platform: Platform, row: Transfer) -> TransferRow:
    own = ("area_name", "to_name")
    return TransferRow(
        **{name: getattr(row, name) for name in TransferRow.__struct_fields__ if name not in own},
        area_name=platform.reference.areas.name(row.area),
        to_name=platform.reference.areas.name(row.to_area),
    )


class SupplyFilter(TypedDict, total=False):
    """Which stocks, requests or transfers."""

    kind: str
    status: str | tuple[str, ...]


def equals_of(
    status: str | None, unfinished: tuple[str, ...], finished: tuple[str, ...]
) -> SupplyFilter:
    """The filter that a word stands for: one status, `open`, or `all`."""
    if status in (None, "all"):
        return {}
    if status != "open" and status not in unfinished + finished:
        known = ", ".join(("open", "all", *unfinished, *finished))
        raise InputError(f"there is no status {status!r}", f"known: {known}", code="unknown_status")
    return {"status": unfinished if status == "open" else status}


def say_amount(quantity: float, unit: str, kind: str, title: str = "") -> str:
    """A quantity in words: `3 test kits`, `1 hospital bed`, `40 doses of vaccine`."""
    known = list_resources().get(kind)
    return amount(quantity, unit, title or (known.title if known is not None else kind))


def sides_of(row: Stock | SupplyRequest | Transfer) -> Iterator[tuple[Side, str]]:
    """The areas that have a part in a row, each with its side."""
    yield "requester", row.area
    other = getattr(row, "from_area", None) or getattr(row, "to_area", None)
    if other is not None:
        yield "supplier", other


def has_part(
    platform: Platform, row: Stock | SupplyRequest | Transfer, area: str | None, side: Side | None
) -> bool:
    """Whether `area` or what lies in it is one of the row's sides (that of `side`)."""
    if area is None:
        return True
    under = platform.reference.areas.is_under
    return any(under(code, area) for name, code in sides_of(row) if side in (None, name))


def rows_of(
    platform: Platform,
    caller: Caller,
    table: Table[S],
    area: str | None,
    at: datetime | None,
    equals: SupplyFilter,
) -> list[S]:
    """Rows one of whose sides concerns the caller."""
    under = (
        None
        if area in (None, platform.reference.areas.root)
        else platform.reference.areas.require(str(area))
    )
    with platform.store.read() as reader:
        rows = snapshot_of(platform, reader, at).list_rows(table, under=under, **equals)
    if table.name == STOCKS.name:
        return [row for row in rows if concerns(platform, caller, area_of(table, row))]
    return [
        row for row in rows if any(concerns(platform, caller, code) for _, code in sides_of(row))
    ]


def get_request(platform: Platform, caller: Caller, request: str) -> RequestRow:
    row = get_row(
        platform, caller, SUPPLY_REQUESTS, request, "request", "see `twinward supply list`"
    )
    return show_request(platform, row, platform.clock.now())


def get_transfer(platform: Platform, caller: Caller, transfer: str) -> TransferRow:
    row = get_row(
        platform, caller, TRANSFERS, transfer, "transfer", "see `twinward supply transfer list`"
    )
    return show_transfer(platform, row)


def get_row(
    platform: Platform, caller: Caller, table: Table[S], key: str, what: str, advice: str
) -> S:
    """One row that concerns the caller; one of others answers like one that is not there."""
    with platform.store.read() as reader:
        row = reader.find(table, key)
    if row is None or not any(concerns(platform, caller, code) for _, code in sides_of(row)):
        raise AbsentError(f"there is no {what} {key}", advice)
    return row


def get_patient(platform: Platform, caller: Caller, transfer: str) -> TransferPatient:
    """The pseudonym behind a transfer, under an activation, for whom one of its sides is; the
    look is on record.
    """
    scope = scope_to_see(platform, caller)
    row = get_transfer(platform, caller, transfer)
    with platform.store.read() as reader:
        patient = reader.find(TRANSFER_PATIENTS, transfer)
    seen = [
        code
        for code in (row.area, row.to_area)
        if platform.policy.decide(caller, "see_persons", area=code, scope=scope).allowed
    ]
    platform.policy.require_thing(
        caller,
        "see_persons",
        f"patient of transfer {transfer}",
        seen[0] if seen and patient else None,
        "list transfers first",
        scope=scope,
    )
    assert patient is not None  # require_thing refuses what is not there
    record_listing(platform, caller, scope, "patient of a transfer", (patient.subject,))
    return TransferPatient(transfer=transfer, subject=patient.subject, activation=scope.activation)
