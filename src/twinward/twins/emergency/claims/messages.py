"""What documents claim, and what a person or a rule makes of it. A claim is no observation: until
it is accepted nothing follows from it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from twinward.core.messages import Command, Fact, Instant
from twinward.twins.emergency.vocabulary import AreaCode, PersonsReason, Word

MaybeWord = Annotated[str, msgspec.Meta(max_length=120)]
Becomes = Literal["hazard", "count", "note"]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Span = Annotated[str, msgspec.Meta(max_length=1000)]


class ClaimTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What is claimed: `span` is the sentence, with numbers and names of persons hidden, `start` to
    `end` the words that made the claim; `becomes`, `hazard`, `figure` what it stands for, `least`
    of how much where nothing is said.
    """

    kind: Word
    place_text: MaybeWord = ""
    happened_at: Instant | None = None
    quantity: float | None = None
    unit: MaybeWord = ""
    least: float | None = None
    document: Word
    part: MaybeWord = ""
    span: Span
    start: Annotated[int, msgspec.Meta(ge=0)] = 0
    end: Annotated[int, msgspec.Meta(ge=0)] = 0
    extractor: Word
    confidence: Share
    becomes: Becomes
    hazard: MaybeWord = ""
    figure: MaybeWord = ""


class RecordClaim(Command, frozen=True, kw_only=True):
    """A document says so. `document` is the first digits of its hash."""

    claim: Word
    area: AreaCode
    terms: ClaimTerms


class ClaimRecorded(Fact, frozen=True, kw_only=True):
    claim: str
    terms: ClaimTerms


class ClaimTextNoted(Fact, frozen=True, kw_only=True):
    """The sentence of a claim, sealed under a key of its own, which goes when the claim is refused
    or its day is over.
    """

    claim: str
    span: str


class AcceptClaim(Command, frozen=True, kw_only=True):
    """It is so, as claimed or as corrected here; what it stands for follows. `rule` names the rule
    that accepted it where no person did.
    """

    claim: Word
    area: AreaCode | None = None
    quantity: float | None = None
    happened_at: Instant | None = None
    rule: MaybeWord = ""


class ClaimAccepted(Fact, frozen=True, kw_only=True):
    """`corrected` names what was changed; `file`: first digits of the hash of what was read."""

    claim: str
    kind: str
    file: str
    happened_at: datetime | None
    quantity: float | None
    unit: str
    least: float | None
    becomes: Becomes
    hazard: str
    figure: str
    span: str
    corrected: tuple[str, ...] = ()
    rule: str = ""


class RejectClaim(Command, frozen=True, kw_only=True):
    claim: Word
    because: PersonsReason


class ClaimRejected(Fact, frozen=True, kw_only=True):
    claim: str
    because: str
