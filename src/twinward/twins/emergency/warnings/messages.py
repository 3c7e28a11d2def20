"""What is asked of warnings and what then has happened."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from twinward.core.messages import Command, Fact, Instant
from twinward.core.reasons import Reason
from twinward.twins.emergency.vocabulary import AreaCode, Level, PersonsReason, Text, Word

WarningSource = Literal["forecast", "calendar", "sensors", "person"]
Chance = Annotated[float, msgspec.Meta(ge=0, le=1)]


class IssueWarning(Command, frozen=True, kw_only=True):
    """Warns areas of a hazard, from `starts_at` to `ends_at`. A public one waits for a second
    person. `replaces` names the warning in force that it takes the place of.
    """

    warning: Word
    hazard: Word
    grade: Level
    area: AreaCode
    areas: Annotated[tuple[AreaCode, ...], msgspec.Meta(min_length=1, max_length=500)]
    title: Text
    advice: Text = ""
    because: PersonsReason
    title_reasons: tuple[Reason, ...] = ()  # what the loop's own title and reason say, as data
    reasons: tuple[Reason, ...] = ()
    starts_at: Instant
    ends_at: Instant
    chance: Chance | None = None
    source: WarningSource = "person"
    forecast: Text = ""
    public: bool = False
    replaces: Text = ""


class WarningTerms(Fact, frozen=True, kw_only=True):
    """What a warning says, of which hazard, where and from when to when."""

    warning: str
    hazard: str
    grade: Level
    areas: tuple[str, ...]
    title: str
    advice: str
    because: str
    starts_at: datetime
    ends_at: datetime
    chance: float | None
    source: WarningSource
    forecast: str
    public: bool
    replaces: str = ""
    title_reasons: tuple[Reason, ...] = ()
    reasons: tuple[Reason, ...] = ()


class WarningProposed(WarningTerms, frozen=True, kw_only=True):
    """A public warning that waits for its second person."""


class WarningIssued(WarningTerms, frozen=True, kw_only=True):
    """The warning is in force; `proposed_by` is the first person of a public one."""

    proposed_by: str = ""


class ConfirmWarning(Command, frozen=True, kw_only=True):
    """The second person's yes to a public warning."""

    warning: Word


class RefuseWarning(Command, frozen=True, kw_only=True):
    warning: Word
    because: PersonsReason


class WarningRefused(Fact, frozen=True, kw_only=True):
    warning: str
    because: str


class AcknowledgeWarning(Command, frozen=True, kw_only=True):
    """A department or office has read it."""

    warning: Word
    office: Word


class WarningAcknowledged(Fact, frozen=True, kw_only=True):
    warning: str
    office: str


class ExtendWarning(Command, frozen=True, kw_only=True):
    """It ends later; its grade and areas stay."""

    warning: Word
    until: Instant
    because: PersonsReason


class WarningExtended(Fact, frozen=True, kw_only=True):
    warning: str
    until: datetime
    because: str


class CancelWarning(Command, frozen=True, kw_only=True):
    warning: Word
    because: PersonsReason


class WarningCancelled(Fact, frozen=True, kw_only=True):
    """It is over before its end; `by_warning` names the one that took its place."""

    warning: str
    because: str
    by_warning: str = ""
