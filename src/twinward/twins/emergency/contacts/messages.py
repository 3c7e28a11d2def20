"""Contacts of a case and the steps of their care."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from twinward.core.messages import Command, Fact
from twinward.twins.emergency.vocabulary import AreaCode, Word


class NameContact(Command, frozen=True, kw_only=True):
    contact: Word
    case: Word
    subject: Word
    area: AreaCode
    setting: Word = "unknown"
    probability: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    synthetic: bool = False


class ContactNamed(Fact, frozen=True, kw_only=True):
    contact: str
    incident: str | None
    case: str
    subject: str
    area: str
    setting: str
    probability: float | None
    synthetic: bool


class AssignContact(Command, frozen=True, kw_only=True):
    """A contact that was named before its case had an incident joins it."""

    contact: Word
    incident: Word


class ContactAssigned(Fact, frozen=True, kw_only=True):
    contact: str
    subject: str
    incident: str


ContactStep = Literal["located", "isolated", "tested_negative", "tested_positive", "released"]


class UpdateContact(Command, frozen=True, kw_only=True):
    contact: Word
    step: ContactStep


class ContactUpdated(Fact, frozen=True, kw_only=True):
    contact: str
    subject: str
    step: ContactStep
