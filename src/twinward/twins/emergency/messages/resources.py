"""Resources of an area."""

from __future__ import annotations

from typing import Annotated

import msgspec

from twinward.core.messages import Command, Fact
from twinward.twins.emergency.messages.words import AreaCode, Word


class SetStock(Command, frozen=True, kw_only=True):
    """What an area holds of a kind of resource, in a unit."""

    kind: Word
    area: AreaCode
    quantity: Annotated[float, msgspec.Meta(ge=0)]
    unit: Word


class StockSet(Fact, frozen=True, kw_only=True):
    kind: str
    area: str
    quantity: float
    unit: str
