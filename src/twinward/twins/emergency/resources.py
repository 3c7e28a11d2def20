"""Resources: what an area holds of a kind, in a unit that may not change."""

from __future__ import annotations

from datetime import datetime

import msgspec

from twinward.core.errors import ConflictError
from twinward.core.messages import Draft, Event
from twinward.core.ports import Rows, Table, Transaction
from twinward.twins.emergency import messages as m
from twinward.twins.twin import Behaviour, Context


class Stock(msgspec.Struct, frozen=True, kw_only=True):
    """The last stated quantity of one kind in one area."""

    id: str
    area: str
    kind: str
    quantity: float
    unit: str
    stated_at: datetime


TABLES = (Table(name="stocks", row=Stock, columns=("kind", "quantity"), indexes=(("kind", "area"),)),)


def set_stock(command: m.SetStock, rows: Rows, context: Context) -> list[Draft]:
    known: Stock | None = rows.find("stocks", f"{command.kind}|{command.area}")
    if known is not None and known.unit != command.unit:
        raise ConflictError(
            f"{command.kind} is counted in {known.unit}, not {command.unit}", "convert it first", code="wrong_unit"
        )
    fact = m.StockSet(kind=command.kind, area=command.area, quantity=command.quantity, unit=command.unit)
    return [Draft(fact=fact, area=command.area)]


def stock_set(fact: m.StockSet, event: Event, tx: Transaction) -> None:
    row = Stock(
        id=f"{fact.kind}|{fact.area}",
        area=fact.area,
        kind=fact.kind,
        quantity=fact.quantity,
        unit=fact.unit,
        stated_at=event.occurred_at,
    )
    tx.put("stocks", row, event.occurred_at)


BEHAVIOUR = Behaviour(handlers={m.SetStock: set_stock}, appliers={m.StockSet: stock_set}, tables=TABLES)
