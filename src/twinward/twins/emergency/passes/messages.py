"""Status of a person, objections, rules authorised beforehand, and passes issued from them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from twinward.core.messages import Command, Fact, Instant
from twinward.twins.emergency.vocabulary import AreaCode, PersonsReason, Text, Word

# clear: may pass; advice: a recommendation that binds nobody; restricted: adverse
StatusValue = Literal["clear", "advice", "restricted"]
ReasonCode = Literal[
    "test_positive", "close_contact", "traced", "place_visited", "travelled", "declared", "cleared"
]
Channel = Literal["sms", "phone", "paper", "counter", "web"]
Probability = Annotated[float, msgspec.Meta(ge=0, le=1)]
PassKind = Literal[
    "gate", "day", "travel", "test", "vaccination", "recovery", "declaration", "paper", "family"
]
RevocationReason = Literal["status_changed", "issued_in_error", "lost", "key_compromised", "died"]


class AuthoriseRule(Command, frozen=True, kw_only=True):
    """Asks that a rule may restrict by itself, within bounds; a second person confirms it."""

    rule: Word
    area: AreaCode
    reason_code: ReasonCode
    least_probability: Probability
    most_a_day: Annotated[int, msgspec.Meta(ge=1, le=10_000)]
    activation: Word
    until: Instant
    reason: PersonsReason


class RuleProposed(Fact, frozen=True, kw_only=True):
    rule: str
    reason_code: str
    least_probability: float
    most_a_day: int
    activation: str
    until: datetime
    reason: str


class ConfirmRule(Command, frozen=True, kw_only=True):
    rule: Word


class RuleAuthorised(Fact, frozen=True, kw_only=True):
    rule: str
    proposed_by: str


class SetStatus(Command, frozen=True, kw_only=True):
    """Asks for a status. A restricted one waits for a second person, unless `rule` covers it.

    `source` is the record that gives cause; `probability` where it comes from tracing; `ends_by`
    how the person can end it from where they are.
    """

    status: Word
    subject: Word
    area: AreaCode
    value: StatusValue
    reason_code: ReasonCode
    reason: PersonsReason
    source: Word
    probability: Probability | None = None
    activation: Word
    rule: Word | None = None
    until: Instant
    ends_by: Text = ""


class StatusProposed(Fact, frozen=True, kw_only=True):
    status: str
    subject: str
    value: StatusValue
    reason_code: str
    reason: str
    source: str
    probability: float | None
    activation: str
    basis: str
    until: datetime
    ends_by: str
    renewals: int


class ConfirmStatus(Command, frozen=True, kw_only=True):
    status: Word


class StatusSet(Fact, frozen=True, kw_only=True):
    """In force from now. `confirmed_by` a second person, or `rule`; neither for what is not
    adverse.
    """

    status: str
    subject: str
    value: StatusValue
    reason_code: str
    reason: str
    source: str
    probability: float | None
    activation: str
    basis: str
    until: datetime
    ends_by: str
    renewals: int
    set_by: str
    confirmed_by: str | None
    rule: str | None
    review_by: datetime


class RefuseStatus(Command, frozen=True, kw_only=True):
    status: Word
    because: PersonsReason


class StatusRefused(Fact, frozen=True, kw_only=True):
    status: str
    subject: str
    because: str


class LiftStatus(Command, frozen=True, kw_only=True):
    """Ends a status before its time; better for the person, so one person may."""

    status: Word
    because: PersonsReason


class StatusLifted(Fact, frozen=True, kw_only=True):
    status: str
    subject: str
    because: str


class LodgeObjection(Command, frozen=True, kw_only=True):
    """The person objects, by any channel, alone or through another (`proxy` says as what)."""

    objection: Word
    status: Word
    channel: Channel
    reason: PersonsReason
    proxy: Text = ""


class ObjectionLodged(Fact, frozen=True, kw_only=True):
    """`suspended`: until it is decided the status binds nobody."""

    objection: str
    status: str
    subject: str
    channel: Channel
    reason: str
    proxy: str
    due_at: datetime
    suspended: bool


class DecideObjection(Command, frozen=True, kw_only=True):
    objection: Word
    upheld: bool
    because: PersonsReason


class ObjectionDecided(Fact, frozen=True, kw_only=True):
    objection: str
    status: str
    subject: str
    upheld: bool
    because: str


class IssuePass(Command, frozen=True, kw_only=True):
    """Puts on record that a pass was signed: its kind, its place in a status list, its end."""

    pass_id: Word
    area: AreaCode
    kind: PassKind
    subject: Word | None = None
    status: Word | None = None
    list_uri: Word | None = None
    index: Annotated[int, msgspec.Meta(ge=0)] | None = None
    until: Instant


class PassIssued(Fact, frozen=True, kw_only=True):
    """Names nobody, so that its place in the list is never given again."""

    pass_id: str
    kind: PassKind
    list_uri: str | None
    index: int | None
    until: datetime


class PassHeld(Fact, frozen=True, kw_only=True):
    """Whose a pass is: sealed under that person's key, and gone with it."""

    pass_id: str
    subject: str
    status: str | None
    until: datetime


class IssuePlaceCode(Command, frozen=True, kw_only=True):
    """A code for a place's door. `version` follows the one before; `closed`: the place moved or
    shut, and no code of it is in force from now on.
    """

    place: Word
    area: AreaCode
    version: Annotated[int, msgspec.Meta(ge=1, le=9999)]
    until: Instant
    closed: bool = False


class PlaceCodeIssued(Fact, frozen=True, kw_only=True):
    place: str
    version: int
    until: datetime
    closed: bool


class IssueBatch(Command, frozen=True, kw_only=True):
    """Puts on record, before the first is signed, that so many passes are signed ahead: a status
    list of their own with `places` places, which is theirs from then on.
    """

    batch: Word
    area: AreaCode
    kind: PassKind
    list_uri: Word
    passes: Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)]
    places: Annotated[int, msgspec.Meta(ge=1, le=1 << 48)]
    until: Instant


class BatchIssued(Fact, frozen=True, kw_only=True):
    """Names nobody: whose place is which is told by a key that is destroyed when it ends."""

    batch: str
    kind: PassKind
    list_uri: str
    passes: int
    places: int
    until: datetime


class RevokePass(Command, frozen=True, kw_only=True):
    pass_id: Word
    reason: RevocationReason


class PassRevoked(Fact, frozen=True, kw_only=True):
    pass_id: str
    reason: RevocationReason
