"""Contacts of a case and the steps of their care."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec

from twinward.core.messages import Command, Fact, Instant
from twinward.twins.emergency.vocabulary import AreaCode, Text, Word


class NameContact(Command, frozen=True, kw_only=True):
    """Somebody was with a case. `exposed_at`: for the last time; the follow-up is counted from
    it.
    """

    contact: Word
    case: Word
    subject: Word
    area: AreaCode
    setting: Word = "unknown"
    probability: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    synthetic: bool = False
    exposed_at: Instant | None = None


class ContactNamed(Fact, frozen=True, kw_only=True):
    contact: str
    incident: str | None
    case: str
    subject: str
    area: str
    setting: str
    probability: float | None
    synthetic: bool
    exposed_at: Instant | None = None


class AssignContact(Command, frozen=True, kw_only=True):
    """A contact that was named before its case had an incident joins it."""

    contact: Word
    incident: Word


class ContactAssigned(Fact, frozen=True, kw_only=True):
    contact: str
    subject: str
    incident: str


ContactStep = Literal[
    "located",
    "isolated",
    "tested_negative",
    "tested_positive",
    "released",
    "not_found",
    "lives_outside",
    "became_case",
]


class UpdateContact(Command, frozen=True, kw_only=True):
    """How far the care for a contact has come. `because`: what was tried, to whom the contact was
    passed on.

    `as_case` is the case that the contact has become.
    """

    contact: Word
    step: ContactStep
    because: Text = ""
    as_case: Word | None = None


class ContactUpdated(Fact, frozen=True, kw_only=True):
    contact: str
    subject: str
    step: ContactStep
    because: str = ""
    as_case: str | None = None


Condition = Literal["well", "symptoms", "not_reached"]


class FollowContact(Command, frozen=True, kw_only=True):
    """The follow-up of the day: how a contact was found on the day on which it happened.

    Whoever has symptoms is to be tested; what was told of a day earlier is replaced.
    """

    contact: Word
    condition: Condition
    because: Text = ""


class ContactFollowed(Fact, frozen=True, kw_only=True):
    contact: str
    subject: str
    day: date
    condition: Condition
    because: str = ""
