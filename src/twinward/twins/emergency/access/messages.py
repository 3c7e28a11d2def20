"""Peacetime and emergency: what may be looked at, and every look."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from twinward.core.messages import Command, Fact, Instant
from twinward.twins.emergency.vocabulary import AreaCode, Text, Word

LONGEST_WORDS = 20_000


class OpenActivation(Command, frozen=True, kw_only=True):
    """Opens exactly these queries in exactly these areas; shuts by itself after `days` (at most
    30).
    """

    activation: Word
    hazard: Word
    areas: tuple[AreaCode, ...]
    purposes: tuple[Word, ...]
    days: Annotated[int, msgspec.Meta(ge=1, le=30)]
    by: Word
    basis: Annotated[str, msgspec.Meta(min_length=3, max_length=2000)]
    data_from: Instant
    data_to: Instant


class ActivationOpened(Fact, frozen=True, kw_only=True):
    activation: str
    hazard: str
    areas: tuple[str, ...]
    purposes: tuple[str, ...]
    by: str
    basis: str
    data_from: datetime
    data_to: datetime
    ends_at: datetime
    opened_at: datetime | None = None  # by the clock of who opened it; None in an old log


class CloseActivation(Command, frozen=True, kw_only=True):
    activation: Word
    because: Text = "closed by hand"


class ActivationClosed(Fact, frozen=True, kw_only=True):
    activation: str
    because: str


class RecordLook(Command, frozen=True, kw_only=True):
    """Somebody looks at a person, or at the identity behind a pseudonym: refused unless an
    activation opens it.

    With the subject `*` the look was at a crowd: `persons` says how many, `question` where and
    when; `words` is a question that was asked freely.
    """

    activation: Word
    purpose: Word
    subject: Word
    question: Text
    reason: Text = ""
    persons: Annotated[int, msgspec.Meta(ge=0)] = 1
    words: Annotated[str, msgspec.Meta(max_length=LONGEST_WORDS)] = ""


class RecordListing(Command, frozen=True, kw_only=True):
    """Somebody is shown several persons by pseudonym: refused unless an activation opens it."""

    activation: Word
    purpose: Word
    question: Text
    subjects: tuple[Word, ...]


class PersonsListed(Fact, frozen=True, kw_only=True):
    activation: str
    purpose: str
    question: str
    subjects: tuple[str, ...]


class LookRecorded(Fact, frozen=True, kw_only=True):
    activation: str
    purpose: str
    subject: str
    question: str
    reason: str
    persons: int = 1
    words: str = ""
