"""The forms of messages: a command asks, an event states a fact that happened, an observation
says what was sensed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
OWN_ACTORS = ("loop", "watch")  # what follows from events by itself; all else has a sender
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Command(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    tag_field="type",
    tag=True,
    forbid_unknown_fields=True,
):
    """Asks a twin for a change. `id` makes it idempotent: the same id is done once.

    `occurred_at` is when the thing happened in the world; absent, it is the instant of receipt.
    """

    id: Id
    occurred_at: Instant | None = None


class Fact(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=True):
    """What an event says has happened. Never a name, phone, document number or home address."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A command with who asks and which event made them ask (`cause`, an event id).

    `source` names the sender's feed when it came from outside, and `content` is a digest of what it
    said: the same id with the same content is a duplicate, with another it is refused.
    """

    command: Command
    actor: str
    cause: str | None = None
    source: str | None = None
    content: str | None = None


class Done(msgspec.Struct, frozen=True):
    """Who asked for a command that is in the log, and what it said; an old log knows only type
    and actor.
    """

    type: str
    actor: str
    source: str | None = None
    content: str | None = None


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A fact as a twin's handler states it, before the log gives it a place.

    `subject` is the pseudonym of the person it is about, if any: the payload is then sealed under
    that person's key.
    """

    fact: Fact
    area: str
    incident: str | None = None
    subject: str | None = None


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A fact in the log. `seq` is its place in the one global order; `id` is `<command id>.<n>`.

    `cause` is the id of the event that led to the command, or None where a person or a feed started
    it. `fact` is None when the subject's key has been destroyed: the place in the log stays, what
    it said is gone.
    """

    seq: int
    id: str
    type: str
    occurred_at: datetime
    recorded_at: datetime
    area: str
    actor: str
    cause: str | None
    command: str
    incident: str | None
    subject: str | None
    fact: Fact | None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one command: stored, duplicate (done before) or rejected with a code and
    advice.
    """

    id: str
    status: Literal["stored", "duplicate", "rejected"]
    code: str | None = None
    message: str | None = None
    advice: str | None = None
    events: tuple[str, ...] = ()


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """What was sensed at an instant: a position, a visit, a reading. `error_m` is the radius of
    one standard error.
    """

    source_id: str
    type: str
    occurred_at: datetime
    subject: str | None = None
    lon: float | None = None
    lat: float | None = None
    area: str | None = None
    place: str | None = None
    error_m: float | None = None
    value: float | None = None
    unit: str | None = None


# A crowd of observations as columns of an Arrow batch: what feeds hand on and storage keeps, in
# this order.
OBSERVATION_COLUMNS: dict[str, str] = {
    "source_id": "string",
    "type": "string",
    "time_us": "int64",
    "subject": "string",
    "lon": "double",
    "lat": "double",
    "area": "string",
    "place": "string",
    "error_m": "double",
    "value": "double",
    "unit": "string",
}


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """One source's account: received = stored + rejected + duplicate, always."""

    received: int = 0
    stored: int = 0
    rejected: int = 0
    duplicate: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            received=self.received + other.received,
            stored=self.stored + other.stored,
            rejected=self.rejected + other.rejected,
            duplicate=self.duplicate + other.duplicate,
        )

    @property
    def accounted(self) -> int:
        return self.stored + self.rejected + self.duplicate

    @property
    def balanced(self) -> bool:
        return self.received == self.accounted


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """An account that does not agree with what is there: `told` by the account, `found` by
    counting.
    """

    what: str
    told: int
    found: int
