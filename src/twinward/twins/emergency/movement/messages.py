"""Counts of people on the move, never persons: what passed a gate on a day, how many people of a
group arrived, and where they are since.

For every group holds: arrived = in quarantine + released + handed on + unaccounted.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec

from twinward.core.messages import Command, Fact
from twinward.twins.emergency.vocabulary import AreaCode, Count, Lat, Lon, Word

Name = Annotated[str, msgspec.Meta(max_length=120)]
GateKind = Literal["rail", "air", "sea", "coach", "road"]  # `road` is a checkpoint of a highway


class ReportPassage(Command, frozen=True, kw_only=True):
    """What passed one gate on one day; it replaces what the same source said of it before.

    What nobody counted is left out, which is not zero. `positive` are people found positive at the
    gate, `turned_back` those who were not let in.
    """

    gate: Word
    name: Name = ""
    kind: GateKind
    area: AreaCode
    day: date
    arrived: Count
    departed: Count | None = None
    vehicles: Count | None = None
    checked: Count | None = None
    from_risk_areas: Count | None = None
    positive: Count | None = None
    turned_back: Count | None = None
    lon: Lon | None = None
    lat: Lat | None = None
    source: Word = "api"


class PassageReported(Fact, frozen=True, kw_only=True):
    gate: str
    name: str
    kind: GateKind
    area: str
    day: date
    arrived: int
    departed: int | None
    vehicles: int | None
    checked: int | None
    from_risk_areas: int | None
    positive: int | None
    turned_back: int | None
    lon: float | None
    lat: float | None
    source: str


class ReportArrivals(Command, frozen=True, kw_only=True):
    """How many transferred people of one group (a flight, a train, a convoy of coaches) arrived on
    a day and are answered for by an area; a correction replaces the number before.
    """

    group: Word
    hazard: Word
    area: AreaCode
    day: date
    origin: Word
    arrived: Count
    gate: Word | None = None
    quarantine_days: Annotated[int, msgspec.Meta(ge=0, le=60)] | None = None
    source: Word = "api"


class ArrivalsReported(Fact, frozen=True, kw_only=True):
    """`unaccounted` is what is left of the arrived after the latest word of the quarantine."""

    group: str
    hazard: str
    day: date
    origin: str
    arrived: int
    gate: str | None
    quarantine_days: int | None
    source: str
    unaccounted: int


class ReportQuarantine(Command, frozen=True, kw_only=True):
    """Where the people of a group are at the end of a day: in quarantine, released from it, handed
    on (to another area, to a hospital). Whoever is missing of those who arrived is unaccounted.
    """

    group: Word
    area: AreaCode
    day: date
    in_quarantine: Count
    released: Count = 0
    handed_on: Count = 0
    source: Word = "api"


class QuarantineReported(Fact, frozen=True, kw_only=True):
    group: str
    hazard: str
    day: date
    in_quarantine: int
    released: int
    handed_on: int
    source: str
    unaccounted: int


class RaiseUnaccounted(Command, frozen=True, kw_only=True):
    """People of a group are neither in quarantine nor released nor handed on."""

    group: Word
    unaccounted: Annotated[int, msgspec.Meta(ge=1, le=100_000_000)]


class ArrivalsUnaccounted(Fact, frozen=True, kw_only=True):
    group: str
    hazard: str
    origin: str
    day: date
    arrived: int
    unaccounted: int
