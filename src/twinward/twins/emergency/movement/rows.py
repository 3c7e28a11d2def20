"""The rows of movement and their tables."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from twinward.core.ports import Table


class Passage(msgspec.Struct, frozen=True, kw_only=True):
    """What one source said of one gate and day; None is not counted, which is not zero."""

    id: str
    area: str
    gate: str
    name: str
    kind: str
    day: str
    source: str
    arrived: int
    departed: int | None = None
    vehicles: int | None = None
    checked: int | None = None
    from_risk_areas: int | None = None
    positive: int | None = None
    turned_back: int | None = None
    lon: float | None = None
    lat: float | None = None
    stated_at: datetime


class ArrivalGroup(msgspec.Struct, frozen=True, kw_only=True):
    """People who arrived together and where they are; `alarmed` of them are known to be missing.

    quarantined_day: the day of the latest word of the quarantine, None before the first
    """

    id: str
    area: str
    hazard: str
    day: str
    origin: str
    gate: str | None
    arrived: int
    quarantine_days: int | None = None
    in_quarantine: int = 0
    released: int = 0
    handed_on: int = 0
    quarantined_day: str | None = None
    alarmed: int = 0
    arrived_at: datetime
    stated_at: datetime

    @property
    def accounted(self) -> int:
        return self.in_quarantine + self.released + self.handed_on

    @property
    def unaccounted(self) -> int:
        """What is left of those who arrived: the law holds at every instant."""
        return self.arrived - self.accounted


PASSAGES: Table[Passage] = Table(
    name="passages",
    row=Passage,
    columns=("gate", "kind", "day"),
    indexes=(("kind", "day"), ("gate", "day")),
)
ARRIVAL_GROUPS: Table[ArrivalGroup] = Table(
    name="arrival_groups", row=ArrivalGroup, columns=("hazard", "day"), indexes=(("day",),)
)

TABLES = (PASSAGES, ARRIVAL_GROUPS)


def passage_id(source: str, gate: str, day: date) -> str:
    """What one source says of one gate on one day is one row."""
    return f"{source}|{gate}|{day.isoformat()}"
