"""The rows of statuses, objections, rules and passes, and their tables."""

from __future__ import annotations

from datetime import datetime

import msgspec

from twinward.core.ports import Table


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """One status of one person. `decided` is what persons decided, `state_at` knows the time."""

    id: str
    area: str
    subject: str
    value: str
    reason_code: str
    reason: str
    source: str
    probability: float | None
    activation: str
    basis: str
    until: datetime
    ends_by: str
    renewals: int
    decided: str
    set_by: str
    set_at: datetime
    confirmed_by: str | None = None
    rule: str | None = None
    review_by: datetime | None = None
    because: str | None = None
    objection: str | None = None
    objection_due_at: datetime | None = None
    suspended: bool = False

    def state_at(self, at: datetime) -> str:
        """proposed, lapsed, refused, in_force, under_review, lifted or ended.

        Under review it binds nobody; an objection that nobody decided in time ends it, except a
        positive test, which stays and is escalated.
        """
        if self.decided == "proposed":
            return "lapsed" if at >= self.until else "proposed"
        if self.decided != "in_force":
            return self.decided
        if at >= self.until:
            return "ended"
        if self.objection is not None and self.suspended:
            overdue = self.objection_due_at is not None and at >= self.objection_due_at
            return "ended" if overdue else "under_review"
        return "in_force"


class Objection(msgspec.Struct, frozen=True, kw_only=True):
    """One objection; `id` is its receipt."""

    id: str
    area: str
    subject: str
    status: str
    channel: str
    reason: str
    proxy: str
    lodged_at: datetime
    lodged_by: str
    due_at: datetime
    suspended: bool
    decision: str = "open"  # open, upheld, rejected
    decided_by: str | None = None
    decided_at: datetime | None = None
    because: str | None = None

    def is_overdue(self, at: datetime) -> bool:
        return self.decision == "open" and at >= self.due_at


class StatusRule(msgspec.Struct, frozen=True, kw_only=True):
    """What may restrict by itself, within which bounds."""

    id: str
    area: str
    reason_code: str
    least_probability: float
    most_a_day: int
    activation: str
    until: datetime
    reason: str
    proposed_by: str
    confirmed_by: str | None = None


class IssuedPass(msgspec.Struct, frozen=True, kw_only=True):
    """That a pass was signed, and its place in a status list; whose it is says a holding."""

    id: str
    area: str
    kind: str
    list_uri: str | None
    index: int | None
    until: datetime
    issued_at: datetime
    state: str = "good"  # good, revoked
    revoked_because: str | None = None


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """Whose a pass is; the token itself is the holder's alone."""

    id: str
    area: str
    subject: str
    status: str | None
    until: datetime


class PassBatch(msgspec.Struct, frozen=True, kw_only=True):
    """Passes signed ahead under one list. One that is revoked gets a row among the passes."""

    id: str
    area: str
    kind: str
    list_uri: str
    passes: int
    places: int
    until: datetime
    issued_at: datetime
    issued_by: str


class PlaceVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a place's code, in force from `issued_at` until the next one."""

    id: str
    area: str
    place: str
    version: int
    issued_at: datetime
    until: datetime
    closed: bool


STATUSES: Table[Status] = Table(
    name="statuses",
    row=Status,
    columns=("subject", "value", "decided", "set_at", "rule", "source"),
    indexes=(("subject", "set_at"), ("decided", "set_at"), ("source", "set_at")),
    subject="subject",
)
OBJECTIONS: Table[Objection] = Table(
    name="objections",
    row=Objection,
    columns=("status", "decision", "due_at", "subject"),
    indexes=(("decision", "due_at"), ("status",)),
    subject="subject",
)
RULES: Table[StatusRule] = Table(name="status_rules", row=StatusRule, columns=("until",))
PASSES: Table[IssuedPass] = Table(
    name="passes",
    row=IssuedPass,
    columns=("kind", "state", "list_uri", "index", "until"),
    indexes=(("list_uri", "index"), ("list_uri", "state")),
)
HOLDINGS: Table[Holding] = Table(
    name="pass_holdings",
    row=Holding,
    columns=("subject", "status", "until"),
    indexes=(("subject", "until"), ("status",)),
    subject="subject",
)
BATCHES: Table[PassBatch] = Table(
    name="pass_batches",
    row=PassBatch,
    columns=("list_uri", "until"),
    indexes=(("list_uri",), ("until",)),
)
PLACE_CODES: Table[PlaceVersion] = Table(
    name="place_codes", row=PlaceVersion, columns=("place", "version"), indexes=(("place",),)
)

TABLES = (STATUSES, OBJECTIONS, RULES, PASSES, HOLDINGS, BATCHES, PLACE_CODES)
