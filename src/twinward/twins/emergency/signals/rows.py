"""The rows of signals and their table."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

import msgspec

from twinward.core.ports import Rows, Table

QUIET_D = 7  # the field's rule: no second alarm within a week ...
GROWN = 1.5  # ... unless the count has grown by this factor
SignalStatus = Literal["waiting", "confirmed", "dismissed"]


class RaisedSignal(msgspec.Struct, frozen=True, kw_only=True):
    """Observed and expected cases of the seven days up to `day`, and what a person said of them."""

    id: str
    hazard: str
    area: str
    day: date
    observed: int
    expected: float
    recurrence_days: float
    method: str
    counted: str = "new"
    raised_at: datetime
    status: SignalStatus = "waiting"
    incident: str | None = None
    judged_by: str | None = None
    judged_at: datetime | None = None
    because: str | None = None


SIGNALS: Table[RaisedSignal] = Table(
    name="signals",
    row=RaisedSignal,
    columns=("area", "status", "raised_at"),
    indexes=(("area",), ("status", "raised_at")),
)

TABLES = (SIGNALS,)


def is_known(rows: Rows, hazard: str, counted: str, area: str, day: date, observed: int) -> bool:
    """Whether the area has signalled the same within the last seven days."""
    known: list[RaisedSignal] = rows.list_rows(SIGNALS, area=area)
    return any(
        (one.hazard, one.counted) == (hazard, counted)
        and (day - one.day).days < QUIET_D
        and observed <= GROWN * one.observed
        for one in known
    )
