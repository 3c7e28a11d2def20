"""What the world reports: cases, counts, affected places, measured hazards."""

from __future__ import annotations

from datetime import date

from twinward.core.messages import Command, Fact
from twinward.twins.emergency.vocabulary import (
    AreaCode,
    CaseStatus,
    Count,
    CountStatus,
    FoundIn,
    Lat,
    Lon,
    Reason,
    Text,
    Word,
)


class ReportCase(Command, frozen=True, kw_only=True):
    """One person's case, first or anew. `subject` is a pseudonym; reclassified persons keep
    their `case`.
    """

    case: Word
    subject: Word
    hazard: Word
    area: AreaCode
    status: CaseStatus
    found_in: FoundIn = "unknown"
    place: Word | None = None
    onset: date | None = None
    source: Word = "api"
    synthetic: bool = False


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
    day: date | None = None  # the city's day of the report


class CaseReclassified(Fact, frozen=True, kw_only=True):
    """The same person, another status: not a new case."""

    case: str
    subject: str
    hazard: str
    area: str
    before: CaseStatus
    status: CaseStatus
    day: date | None = None


class DiscardCase(Command, frozen=True, kw_only=True):
    """What was reported as a case was none: a mistake, a false test. It counts no longer."""

    case: Word
    reason: Reason
    by: Text = ""


class CaseDiscarded(Fact, frozen=True, kw_only=True):
    """`before` is its status until then, `day` the day on which it was counted as new."""

    case: str
    subject: str
    hazard: str
    area: str
    before: CaseStatus
    found_in: FoundIn
    day: date
    reason: str
    by: str


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
    reason: Reason


class CountWithdrawn(Fact, frozen=True, kw_only=True):
    hazard: str
    area: str
    day: date
    status: CountStatus
    found_in: FoundIn
    source: str
    before: int
    reason: str


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
