"""What the world reports: cases, counts, affected places, measured hazards."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import msgspec

from twinward.core.messages import Command, Fact, Instant
from twinward.twins.emergency.vocabulary import (
    AreaCode,
    CaseStatus,
    Count,
    CountStatus,
    FoundIn,
    IndicatorKind,
    Lat,
    Lon,
    PersonsReason,
    Word,
)

Note = Annotated[str, msgspec.Meta(max_length=300)]


class ReportCase(Command, frozen=True, kw_only=True):
    """One person's case, first or anew. `subject` is a pseudonym; reclassified persons keep their
    `case`.

    `imported`: infected outside the city; absent, nobody knows.
    Without `case` it is the case that this person has of this hazard at that time, or a new one.
    `report` names the sender's own message, so that it can be withdrawn or corrected; `note` is
    what the reader of it had to decide.
    """

    case: Word | None = None
    subject: Word
    hazard: Word
    area: AreaCode
    status: CaseStatus
    found_in: FoundIn = "unknown"
    place: Word | None = None
    onset: date | None = None
    imported: bool | None = None
    source: Word = "api"
    synthetic: bool = False
    report: Word | None = None
    issued_at: Instant | None = None
    note: Note = ""


class Said(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one report said of a case, from `at` on; what it left open stays as it was before."""

    at: datetime
    status: CaseStatus | None = None
    area: str | None = None
    place: str | None = None
    onset: date | None = None
    imported: bool | None = None
    found_in: FoundIn = "unknown"
    source: str = ""
    report: str | None = None
    issued_at: datetime | None = None
    note: str = ""


class DayCount(msgspec.Struct, frozen=True, kw_only=True):
    """By how much the figures of one day change in one area."""

    area: str
    day: date
    add: dict[str, float]


class CaseReported(Fact, frozen=True, kw_only=True):
    case: str
    subject: str
    hazard: str
    area: str
    status: CaseStatus
    found_in: FoundIn
    place: str | None
    onset: date | None
    source: str
    synthetic: bool
    imported: bool | None = None
    report: str | None = None
    issued_at: datetime | None = None
    note: str = ""


class CaseReclassified(Fact, frozen=True, kw_only=True):
    """The same person, another status: not a new case.

    `counts`: by how much that changes the figures, day by day; `whole`: all that the case counts
    for, which is what an incident takes in that has not counted it yet.
    """

    case: str
    subject: str
    hazard: str
    area: str
    before: CaseStatus
    status: CaseStatus
    said: Said | None = None
    counts: tuple[DayCount, ...] | None = None
    whole: tuple[DayCount, ...] = ()


class CaseAmended(Fact, frozen=True, kw_only=True):
    """A report that adds to a case or corrects it, or an older one that arrives later; `status`
    is what holds now.
    """

    case: str
    subject: str
    hazard: str
    area: str
    status: CaseStatus
    said: Said
    counts: tuple[DayCount, ...] = ()
    whole: tuple[DayCount, ...] = ()
    retrace: bool = False


class RememberWithdrawal(Command, frozen=True, kw_only=True):
    """A report was taken back that nobody has seen yet: should it arrive later, it makes no case.

    Asked by ourselves beside the refusal of the withdrawal. With `report` it means that message of
    the sender, with `case` that case, with neither this person's illness of that time.
    """

    subject: Word
    hazard: Word
    area: AreaCode
    case: Word | None = None
    report: Word | None = None
    issued_at: Instant | None = None
    source: Word = "api"
    note: Note = ""


class WithdrawalRemembered(Fact, frozen=True, kw_only=True):
    subject: str
    hazard: str
    area: str
    case: str | None
    report: str | None
    issued_at: datetime | None
    source: str
    note: str = ""


class ReportCount(Command, frozen=True, kw_only=True):
    """How many of a status one area reports for one day, by where they were found."""

    hazard: Word
    area: AreaCode
    day: date
    status: CountStatus
    found_in: FoundIn = "unknown"
    count: Count
    source: Word = "api"


class CountReported(Fact, frozen=True, kw_only=True):
    """`before` is what the same source had said of the same area, day, status and way of
    finding.
    """

    hazard: str
    area: str
    day: date
    status: CountStatus
    found_in: FoundIn
    count: int
    before: int
    source: str


class WithdrawCount(Command, frozen=True, kw_only=True):
    """A source takes back what it said of an area and day: there is no number, which is not
    zero.
    """

    hazard: Word
    area: AreaCode
    day: date
    status: CountStatus
    found_in: FoundIn = "unknown"
    source: Word = "api"
    reason: PersonsReason


class CountWithdrawn(Fact, frozen=True, kw_only=True):
    hazard: str
    area: str
    day: date
    status: CountStatus
    found_in: FoundIn
    source: str
    before: int
    reason: str


class ReportIndicator(Command, frozen=True, kw_only=True):
    """What a source says of one area and day beside its cases: tests and how many of them were
    positive, how many of the new cases were imported, beds and how many of them are taken.

    It replaces what the same source said before; null takes it back: no number, which is not zero.
    """

    hazard: Word
    area: AreaCode
    day: date
    indicator: IndicatorKind
    count: Count | None
    source: Word = "api"


class IndicatorReported(Fact, frozen=True, kw_only=True):
    hazard: str
    area: str
    day: date
    indicator: IndicatorKind
    count: int | None
    before: int | None
    source: str


class ReportFigures(Command, frozen=True, kw_only=True):
    """A bulletin's figures of one area and day, kept as they were published, to be held against
    what we count.
    """

    hazard: Word
    area: AreaCode
    day: date
    figures: dict[str, float]
    source: Word = "api"


class FiguresReported(Fact, frozen=True, kw_only=True):
    hazard: str
    area: str
    day: date
    figures: dict[str, float]
    source: str


class ReportAffectedPlace(Command, frozen=True, kw_only=True):
    """A place (a building, a shop) that cases lived in or visited on a day. `name` is its public
    address.
    """

    hazard: Word
    area: AreaCode
    place: Word
    name: Word
    day: date
    lon: Lon | None = None
    lat: Lat | None = None
    source: Word = "api"


class PlaceAffected(Fact, frozen=True, kw_only=True):
    hazard: str
    area: str
    place: str
    name: str
    day: date
    lon: float | None
    lat: float | None
    source: str


class ReportHazard(Command, frozen=True, kw_only=True):
    """A measured or seen hazard of any kind: water depth, smoke, a release."""

    hazard: Word
    area: AreaCode
    figure: Word
    value: float
    unit: Word
    source: Word = "api"


class HazardReported(Fact, frozen=True, kw_only=True):
    hazard: str
    area: str
    figure: str
    value: float
    unit: str
    source: str
