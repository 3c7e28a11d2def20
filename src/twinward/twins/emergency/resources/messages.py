"""Resources: what an area or one of its holders (hospital, depot, test site) has of a kind, and
what it can make.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec

from twinward.core.messages import Command, Fact
from twinward.twins.emergency.vocabulary import AreaCode, Lat, Lon, Word

Amount = Annotated[float, msgspec.Meta(ge=0, le=1e12)]
Positive = Annotated[float, msgspec.Meta(gt=0, le=1e12)]


class Lot(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a stock that may be used up to and on one day."""

    expires: date
    quantity: Positive


class SetStock(Command, frozen=True, kw_only=True):
    """What an area, or a holder in it, has of a kind, in a unit: a count, which replaces the one
    before.

    `in_use` says how many beds, staff or vehicles are taken; absent, it stays as it was. `lots` are
    what expires; the rest of the quantity does not. A holder without a place in the city says where
    it stands (lon, lat).
    """

    kind: Word
    area: AreaCode
    quantity: Amount
    unit: Word
    holder: Word | None = None
    in_use: Amount | None = None
    production_per_day: Amount = 0.0
    lead_time_h: Annotated[float, msgspec.Meta(ge=0, le=8760)] = 0.0
    lots: tuple[Lot, ...] = ()
    lon: Lon | None = None
    lat: Lat | None = None


class StockSet(Fact, frozen=True, kw_only=True):
    kind: str
    area: str
    quantity: float
    unit: str
    holder: str | None = None
    in_use: float = 0.0
    production_per_day: float = 0.0
    lead_time_h: float = 0.0
    lots: tuple[Lot, ...] = ()
    lon: float | None = None
    lat: float | None = None
