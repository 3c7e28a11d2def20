"""The rows of access and their tables."""

from __future__ import annotations

from datetime import datetime

import msgspec

from twinward.core.ports import Table

TIME_ENDED = "its time has ended"  # why the tick closes one; nobody's will


class Activation(msgspec.Struct, frozen=True, kw_only=True):
    """What one activation opens. `status` is open or closed; after `ends_at` it opens nothing,
    whatever its status.
    """

    id: str
    area: str  # the first of `areas`: the row needs one place
    hazard: str
    areas: tuple[str, ...]
    purposes: tuple[str, ...]
    by: str
    basis: str
    data_from: datetime
    data_to: datetime
    opened_at: datetime
    ends_at: datetime
    status: str
    closed_because: str | None = None

    def is_open(self, at: datetime) -> bool:
        """Whether it opens anything at an instant: by its own time, whatever a clock that was wrong
        made of its status meanwhile.
        """
        closed = self.status != "open" and self.closed_because != TIME_ENDED
        return not closed and self.opened_at <= at < self.ends_at


ACTIVATIONS: Table[Activation] = Table(
    name="activations",
    row=Activation,
    columns=("status", "ends_at", "hazard"),
    indexes=(("status", "ends_at"),),
)

TABLES = (ACTIVATIONS,)
