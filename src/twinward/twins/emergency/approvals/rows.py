"""The rows of approvals and their tables."""

from __future__ import annotations

from datetime import datetime

import msgspec

from twinward.core.ports import Table


def list_key(change: str) -> str:
    """The name under whose key of the day a list of persons is sealed."""
    return f"list:{change}"


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One change. `status` is what was last decided; `state_at` also knows what time has done to
    it.
    """

    id: str
    area: str
    kind: str
    subject: str | None
    subjects: tuple[str, ...]
    thing: str | None
    value: str | None
    linked: str | None
    reason: str
    basis: str
    proposed_by: str
    proposed_at: datetime
    lapses_at: datetime
    until: datetime
    status: str
    confirmed_by: str | None = None
    confirmed_at: datetime | None = None
    because: str | None = None
    appeal_due_at: datetime | None = None
    how: str | None = None
    details: str = ""

    @property
    def sealed_under(self) -> str | None:
        """The key of a list of persons, which is none of theirs."""
        return list_key(self.id) if self.subjects else None

    def state_at(self, at: datetime) -> str:
        """proposed, lapsed, refused, in_force, appealed, ended, or used."""
        if self.status == "proposed":
            return "lapsed" if at >= self.lapses_at else "proposed"
        if self.status in ("in_force", "appealed") and at >= self.until:
            return "ended"
        if (
            self.status == "appealed"
            and self.appeal_due_at is not None
            and at >= self.appeal_due_at
        ):
            return "ended"
        return self.status


CHANGES: Table[Change] = Table(
    name="changes",
    row=Change,
    columns=("kind", "status", "proposed_by", "proposed_at", "subject"),
    indexes=(("status", "proposed_at"), ("subject",)),
    subject="subject",
)

TABLES = (CHANGES,)
