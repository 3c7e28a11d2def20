"""The rows of resources and their tables."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from twinward.core.ports import Table
from twinward.twins.emergency.resources.messages import Lot


class Stock(msgspec.Struct, frozen=True, kw_only=True):
    """What there is of one kind with one holder (or the area itself, when `holder` is None).

    `quantity` is all there is, `in_use` what of it is taken (beds, staff, vehicles), `committed`
    what is promised and not yet gone. `lots` are the dated parts. `production_per_day` and
    `lead_time_h` are for planning: nothing is added to a stock before it is counted or received.
    """

    id: str
    area: str
    kind: str
    quantity: float
    unit: str
    stated_at: datetime
    holder: str | None = None
    in_use: float = 0.0
    committed: float = 0.0
    production_per_day: float = 0.0
    lead_time_h: float = 0.0
    lots: tuple[Lot, ...] = ()
    lon: float | None = None
    lat: float | None = None

    def expired(self, day: date) -> float:
        """How much of it may no longer be used on a day."""
        return sum((lot.quantity for lot in self.lots if lot.expires < day), 0.0)

    def free(self, day: date) -> float:
        """What may be promised on a day: not in use, not promised, not expired."""
        return self.quantity - self.in_use - self.committed - self.expired(day)


STOCKS: Table[Stock] = Table(
    name="stocks", row=Stock, columns=("kind", "quantity"), indexes=(("kind", "area"),)
)

TABLES = (STOCKS,)
