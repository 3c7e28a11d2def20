"""Supplies between areas and holders: requested, committed or declined, sent, received; each
step by its own side.
"""

from __future__ import annotations

from datetime import timedelta

from twinward.core.errors import ConflictError, InputError
from twinward.core.messages import Draft, Event
from twinward.core.ports import Rows, Transaction
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.counterparties import Dealing, about, same_fields
from twinward.twins.emergency.resources.handlers import (
    TOLERANCE,
    add_lots,
    change_stock,
    find_stock,
    get_stock,
    require_unit,
    stock_id,
    take_lots,
    without_lots,
)
from twinward.twins.emergency.resources.rows import Stock
from twinward.twins.emergency.supplies.rows import SUPPLY_REQUESTS, TABLES, SupplyRequest
from twinward.twins.twin import Behaviour, Context

REQUEST = Dealing(table=SUPPLY_REQUESTS, word="request", listed="twinward supply list")


def get_request(rows: Rows, request: str, *statuses: str) -> SupplyRequest:
    """The request, if it is in one of the `statuses`."""
    found: SupplyRequest = REQUEST.get(rows, request, statuses)
    return found


def require_side(request: SupplyRequest, area: str, side: str) -> None:
    """RefusedError unless `area` is the supplier's or the requester's, as `side` says."""
    REQUEST.require_side(
        request.id, side, request.from_area if side == "supplier" else request.area, area
    )


def require_same_unit(request: SupplyRequest, unit: str | None) -> None:
    if unit is not None and unit != request.unit:
        raise ConflictError(
            f"request {request.id} is in {request.unit}, not {unit}",
            "convert it first",
            code="wrong_unit",
        )


def require_at_most(
    quantity: float, most: float, request: SupplyRequest, word: str, advice: str, code: str
) -> None:
    """ConflictError for more than the step before allows."""
    if quantity > most + TOLERANCE:
        raise ConflictError(
            f"{quantity:g} {request.unit} are more than the {most:g} {word}", advice, code=code
        )


def request_supply(command: m.RequestSupply, rows: Rows, context: Context) -> list[Draft]:
    REQUEST.require_new(rows, command.request, command.incident)
    require_unit(rows, command.kind, command.unit)
    if (command.from_area, command.from_holder) == (command.area, command.holder):
        raise InputError(
            "supplier and requester are the same", "name another supplier", code="same_side"
        )
    if command.needed_by is not None and command.needed_by < context.occurred_at:
        raise InputError(
            f"{command.needed_by.isoformat()} has passed",
            "say when it is still of use",
            code="deadline_passed",
        )
    return about(
        command, m.SupplyRequested(**same_fields(command, m.SupplyRequested)), command.area
    )


def supply_requested(fact: m.SupplyRequested, event: Event, tx: Transaction) -> None:
    REQUEST.put_new(tx, SupplyRequest, fact, fact.request, event)


def commit_supply(command: m.CommitSupply, rows: Rows, context: Context) -> list[Draft]:
    request = get_request(rows, command.request, "requested")
    require_side(request, command.area, "supplier")
    require_same_unit(request, command.unit)
    holder = command.holder or request.from_holder
    asked = ("asked for", "commit what was asked for, or less", "over_commit")
    require_at_most(command.quantity, request.quantity, request, *asked)
    stock = get_stock(rows, request.kind, command.area, holder)
    if (stock.area, stock.holder) == (request.area, request.holder):
        raise InputError(
            "supplier and requester are the same", "another must commit", code="same_side"
        )
    free = stock.free(context.day)
    if command.quantity > free + TOLERANCE:
        raise ConflictError(
            f"{holder or command.area} has {max(free, 0):g} {stock.unit} free, not "
            f"{command.quantity:g}",
            "commit what is free, count the stock anew, or decline",
            code="over_commit",
        )
    fact = m.SupplyCommitted(
        request=request.id,
        kind=request.kind,
        area=command.area,
        holder=holder,
        quantity=command.quantity,
    )
    return about(request, fact, command.area)


def supply_committed(fact: m.SupplyCommitted, event: Event, tx: Transaction) -> None:
    stock = get_stock(tx, fact.kind, fact.area, fact.holder)
    change_stock(tx, event, stock, committed=stock.committed + fact.quantity)
    REQUEST.change(
        tx,
        fact.request,
        event,
        status="committed",
        from_area=fact.area,
        from_holder=fact.holder,
        committed=fact.quantity,
    )


def decline_supply(command: m.DeclineSupply, rows: Rows, context: Context) -> list[Draft]:
    request = get_request(rows, command.request, "requested", "committed")
    if request.from_area is None:
        raise ConflictError(
            f"request {request.id} is open to everybody",
            "who cannot help need not answer",
            code="nobody_asked",
        )
    require_side(request, command.area, "supplier")
    return about(
        request, m.SupplyDeclined(request=request.id, because=command.because), command.area
    )


def supply_declined(fact: m.SupplyDeclined, event: Event, tx: Transaction) -> None:
    release(tx, fact.request, event)
    REQUEST.change(tx, fact.request, event, status="declined", because=fact.because, committed=0.0)


def send_supply(command: m.SendSupply, rows: Rows, context: Context) -> list[Draft]:
    request = get_request(rows, command.request, "committed")
    require_side(request, command.area, "supplier")
    require_same_unit(request, command.unit)
    quantity = command.quantity if command.quantity is not None else request.committed
    promised = ("committed", "send what was committed, or less", "over_commit")
    require_at_most(quantity, request.committed, request, *promised)
    stock = get_stock(rows, request.kind, command.area, request.from_holder)
    day = context.day
    usable = stock.quantity - stock.in_use - stock.expired(day)
    if quantity > usable + TOLERANCE:
        raise ConflictError(
            f"{max(usable, 0):g} {stock.unit} of {stock.kind} are there to be sent, not "
            f"{quantity:g}",
            "send less, or count the stock anew",
            code="negative_stock",
        )
    fact = m.SupplySent(
        request=request.id,
        kind=request.kind,
        area=command.area,
        holder=request.from_holder,
        quantity=quantity,
        released=request.committed - quantity,
        lots=take_lots(stock.lots, quantity, day)[0],
        vehicle=command.vehicle,
        due_at=context.occurred_at + timedelta(hours=stock.lead_time_h)
        if stock.lead_time_h
        else None,
    )
    return about(request, fact, command.area)


def supply_sent(fact: m.SupplySent, event: Event, tx: Transaction) -> None:
    stock = get_stock(tx, fact.kind, fact.area, fact.holder)
    left = without_lots(stock.lots, fact.lots)
    promised = max(stock.committed - fact.quantity - fact.released, 0.0)
    change_stock(
        tx, event, stock, quantity=stock.quantity - fact.quantity, committed=promised, lots=left
    )
    REQUEST.change(
        tx,
        fact.request,
        event,
        status="sent",
        sent=fact.quantity,
        lots=fact.lots,
        vehicle=fact.vehicle,
        due_at=fact.due_at,
    )


def receive_supply(command: m.ReceiveSupply, rows: Rows, context: Context) -> list[Draft]:
    request = get_request(rows, command.request, "sent")
    require_side(request, command.area, "requester")
    require_same_unit(request, command.unit)
    quantity = command.quantity if command.quantity is not None else request.sent
    sent = ("sent", "count again; a second sending needs a request of its own", "more_than_sent")
    require_at_most(quantity, request.sent, request, *sent)
    lost = request.sent - quantity
    fact = m.SupplyReceived(
        request=request.id,
        kind=request.kind,
        unit=request.unit,
        area=request.area,
        holder=request.holder,
        quantity=quantity,
        lost=lost,
        lots=take_lots(request.lots, lost, context.day)[1],
        note=command.note,
    )
    return about(request, fact, request.area)


def supply_received(fact: m.SupplyReceived, event: Event, tx: Transaction) -> None:
    stock = find_stock(tx, fact.kind, fact.area, fact.holder) or Stock(
        id=stock_id(fact.kind, fact.area, fact.holder),
        area=fact.area,
        kind=fact.kind,
        quantity=0.0,
        unit=fact.unit,
        stated_at=event.occurred_at,
        holder=fact.holder,
    )
    lots = add_lots(stock.lots, fact.lots)
    change_stock(tx, event, stock, quantity=stock.quantity + fact.quantity, lots=lots)
    REQUEST.change(
        tx,
        fact.request,
        event,
        status="received",
        received=fact.quantity,
        lost=fact.lost,
        because=fact.note or None,
    )


def withdraw_request(command: m.WithdrawRequest, rows: Rows, context: Context) -> list[Draft]:
    request = get_request(rows, command.request, "requested", "committed")
    require_side(request, command.area, "requester")
    return about(
        request, m.RequestWithdrawn(request=request.id, because=command.because), request.area
    )


def request_withdrawn(fact: m.RequestWithdrawn, event: Event, tx: Transaction) -> None:
    release(tx, fact.request, event)
    REQUEST.change(
        tx, fact.request, event, status="withdrawn", because=fact.because or None, committed=0.0
    )


def release(tx: Transaction, request: str, event: Event) -> None:
    """What was promised and not sent is free again."""
    row: SupplyRequest = tx.get(SUPPLY_REQUESTS, request)
    if row.status == "committed" and row.from_area is not None:
        stock = get_stock(tx, row.kind, row.from_area, row.from_holder)
        change_stock(tx, event, stock, committed=max(stock.committed - row.committed, 0.0))


BEHAVIOUR = Behaviour(
    handlers={
        m.RequestSupply: request_supply,
        m.CommitSupply: commit_supply,
        m.DeclineSupply: decline_supply,
        m.SendSupply: send_supply,
        m.ReceiveSupply: receive_supply,
        m.WithdrawRequest: withdraw_request,
    },
    appliers={
        m.SupplyRequested: supply_requested,
        m.SupplyCommitted: supply_committed,
        m.SupplyDeclined: supply_declined,
        m.SupplySent: supply_sent,
        m.SupplyReceived: supply_received,
        m.RequestWithdrawn: request_withdrawn,
    },
    tables=TABLES,
)
