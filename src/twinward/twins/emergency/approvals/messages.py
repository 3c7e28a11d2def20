"""What changes a person's life takes two: one proposes with a reason, another confirms; the
person may appeal.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from twinward.core.messages import Command, Fact, Instant
from twinward.core.reasons import Reason as Stated
from twinward.twins.emergency.vocabulary import AreaCode, Text, Word

ChangeKind = Literal[
    "status",
    "quarantine_order",
    "mass_action",
    "bulk_opening",
    "account_add",
    "account_role",
    "account_reset",
]
Reason = Annotated[str, msgspec.Meta(min_length=3, max_length=2000)]


class ProposeChange(Command, frozen=True, kw_only=True):
    """`thing` is what is changed (a contact, an incident), `value` into what (a status, a plan) and
    `how` (for a plan, now or triggered); `linked` the case, contact or incident that gives
    cause; `until` when it ends by itself; `details` what a kind of change has of its own, as JSON.
    """

    change: Word
    kind: ChangeKind
    area: AreaCode
    subject: Word | None = None
    subjects: tuple[Word, ...] = ()
    thing: Word | None = None
    value: Word | None = None
    linked: Word | None = None
    how: Word | None = None
    reason: Reason
    basis: Reason
    until: Instant
    details: Text = ""


class ChangeProposed(Fact, frozen=True, kw_only=True):
    change: str
    kind: ChangeKind
    subject: str | None
    subjects: tuple[str, ...]
    thing: str | None
    value: str | None
    linked: str | None
    reason: str
    basis: str
    until: datetime
    lapses_at: datetime
    how: str | None = None
    details: str = ""


class ConfirmChange(Command, frozen=True, kw_only=True):
    change: Word


class ChangeConfirmed(Fact, frozen=True, kw_only=True):
    change: str
    kind: ChangeKind
    proposed_by: str
    subject: str | None


class RefuseChange(Command, frozen=True, kw_only=True):
    change: Word
    because: Reason


class ChangeRefused(Fact, frozen=True, kw_only=True):
    change: str
    because: str
    subject: str | None


class LodgeAppeal(Command, frozen=True, kw_only=True):
    change: Word
    reason: Reason


class AppealLodged(Fact, frozen=True, kw_only=True):
    """An appeal that is not decided by `due_at` ends the change."""

    change: str
    reason: str
    due_at: datetime
    subject: str | None


class DecideAppeal(Command, frozen=True, kw_only=True):
    change: Word
    upheld: bool
    because: Reason


class AppealDecided(Fact, frozen=True, kw_only=True):
    change: str
    upheld: bool
    because: str
    subject: str | None


class UseChange(Command, frozen=True, kw_only=True):
    """A confirmed bulk opening is used, once, by the one who proposed it."""

    change: Word


class ChangeUsed(Fact, frozen=True, kw_only=True):
    change: str


class BreakGlass(Command, frozen=True, kw_only=True):
    """Look outside one's jurisdiction for some hours; the areas' owners and the auditor are told
    at once.
    """

    glass: Word
    areas: tuple[AreaCode, ...]
    hours: Annotated[float, msgspec.Meta(gt=0, le=4)]
    reason: Reason


class GlassBroken(Fact, frozen=True, kw_only=True):
    glass: str
    holder: str
    areas: tuple[str, ...]
    reason: Text
    ends_at: datetime


class SendNotice(Command, frozen=True, kw_only=True):
    """Tells a role in an area something it must know; a message of a plan names its audience,
    channel and clause.
    """

    notice: Word
    to_role: Word
    area: AreaCode
    text: Text
    incident: Word | None = None
    audience: Text = ""
    channel: Text = ""
    clause: Text = ""
    text_reasons: tuple[Stated, ...] = ()


class NoticeSent(Fact, frozen=True, kw_only=True):
    notice: str
    to_role: str
    text: str
    incident: str | None = None
    audience: str = ""
    channel: str = ""
    clause: str = ""
    text_reasons: tuple[Stated, ...] = ()
