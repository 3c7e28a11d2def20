"""Resources: what an area or a holder has of a kind, what of it is in use, promised or dated,
what it can make.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from twinward.core.errors import AbsentError, ConflictError, InputError
from twinward.core.messages import Draft, Event
from twinward.core.ports import Rows, Transaction
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.resources.messages import Lot
from twinward.twins.emergency.resources.rows import STOCKS, TABLES, Stock
from twinward.twins.twin import Behaviour, Context

TOLERANCE = 1e-9


def stock_id(kind: str, area: str, holder: str | None) -> str:
    return f"{kind}|{area}|{holder}" if holder else f"{kind}|{area}"


def find_stock(rows: Rows, kind: str, area: str, holder: str | None) -> Stock | None:
    found: Stock | None = rows.find(STOCKS, stock_id(kind, area, holder))
    return found


def get_stock(rows: Rows, kind: str, area: str, holder: str | None) -> Stock:
    found = find_stock(rows, kind, area, holder)
    if found is None:
        held = sorted(
            other.holder
            for other in rows.list_rows(STOCKS, kind=kind)
            if other.area == area and other.holder and other.holder != holder
        )
        raise AbsentError(
            f"{holder or area} has stated no stock of {kind}",
            f"name who holds it with --holder: {', '.join(held)}"
            if held
            else "state it with `twinward supply stock --set`",
            code="no_stock",
        )
    return found


def require_unit(rows: Rows, kind: str, unit: str, known: Stock | None = None) -> None:
    """One kind is counted in one unit in the whole city."""
    same_kind = [known] if known else rows.list_rows(STOCKS, kind=kind, limit=1)
    for other in same_kind:
        if other.unit != unit:
            raise ConflictError(
                f"{kind} is counted in {other.unit}, not {unit}",
                "convert it first",
                code="wrong_unit",
            )


def take_lots(
    lots: Sequence[Lot], quantity: float, day: date
) -> tuple[tuple[Lot, ...], tuple[Lot, ...]]:
    """(taken, left) when `quantity` is taken out of a stock with these lots: the first to expire
    first.

    Lots that have expired by `day` stay. More than the lots hold comes from the part without a
    date.
    """
    taken: list[Lot] = []
    left: list[Lot] = []
    for lot in sorted(lots, key=lambda one: one.expires):
        part = 0.0 if lot.expires < day else min(lot.quantity, quantity)
        quantity -= part
        if part > TOLERANCE:
            taken.append(Lot(expires=lot.expires, quantity=part))
        if lot.quantity - part > TOLERANCE:
            left.append(Lot(expires=lot.expires, quantity=lot.quantity - part))
    return tuple(taken), tuple(left)


def without_lots(lots: Sequence[Lot], gone: Sequence[Lot]) -> tuple[Lot, ...]:
    """The lots that are left when others, which were taken out of them, are gone."""
    less = {lot.expires: lot.quantity for lot in gone}
    left = [(lot.expires, lot.quantity - less.get(lot.expires, 0.0)) for lot in add_lots((), lots)]
    return tuple(
        Lot(expires=day, quantity=quantity) for day, quantity in left if quantity > TOLERANCE
    )


def add_lots(lots: Sequence[Lot], more: Sequence[Lot]) -> tuple[Lot, ...]:
    by_day: dict[date, float] = {}
    for lot in (*lots, *more):
        by_day[lot.expires] = by_day.get(lot.expires, 0.0) + lot.quantity
    return tuple(Lot(expires=day, quantity=by_day[day]) for day in sorted(by_day))


def set_stock(command: m.SetStock, rows: Rows, context: Context) -> list[Draft]:
    known = find_stock(rows, command.kind, command.area, command.holder)
    require_unit(rows, command.kind, command.unit, known)
    in_use = command.in_use if command.in_use is not None else known.in_use if known else 0.0
    if in_use > command.quantity + TOLERANCE:
        raise InputError(
            f"{in_use:g} {command.unit} in use are more than the {command.quantity:g} there are",
            "count both anew and send them together",
            code="over_capacity",
        )
    if sum(lot.quantity for lot in command.lots) > command.quantity + TOLERANCE:
        raise InputError(
            "the lots are more than the quantity", "the quantity is all there is", code="bad_lots"
        )
    told = {
        name: getattr(command, name) for name in m.StockSet.__struct_fields__ if name != "in_use"
    }
    return [
        Draft(
            fact=m.StockSet(in_use=in_use, **told | {"lots": add_lots((), command.lots)}),
            area=command.area,
        )
    ]


def stock_set(fact: m.StockSet, event: Event, tx: Transaction) -> None:
    known = find_stock(tx, fact.kind, fact.area, fact.holder)
    told = {name: getattr(fact, name) for name in fact.__struct_fields__}
    if known is not None and fact.lon is None:
        told |= {"lon": known.lon, "lat": known.lat}
    row = Stock(
        id=stock_id(fact.kind, fact.area, fact.holder),
        stated_at=event.occurred_at,
        committed=known.committed if known else 0.0,
        **told,
    )
    tx.put(STOCKS, row, event.occurred_at)


def change_stock(tx: Transaction, event: Event, stock: Stock, **fields: object) -> None:
    tx.put(STOCKS, msgspec.structs.replace(stock, **fields), event.occurred_at)


BEHAVIOUR = Behaviour(
    handlers={m.SetStock: set_stock}, appliers={m.StockSet: stock_set}, tables=TABLES
)
