"""The rows of warnings and their table."""

from __future__ import annotations

from datetime import datetime

import msgspec

from twinward.core.ports import Table
from twinward.core.reasons import Reason


class IssuedWarning(msgspec.Struct, frozen=True, kw_only=True):
    """One warning. `decided` is what persons did, `state_at` knows the time; `acknowledged` says
    by office when it was read.
    """

    id: str
    area: str
    areas: tuple[str, ...]
    hazard: str
    grade: str
    title: str
    advice: str
    because: str
    starts_at: datetime
    ends_at: datetime
    chance: float | None
    source: str
    forecast: str
    public: bool
    decided: str  # proposed, in_force, refused, cancelled
    proposed_by: str
    proposed_at: datetime
    issued_by: str = ""
    issued_at: datetime | None = None
    replaces: str = ""
    ended_at: datetime | None = None  # when it was cancelled
    ended_because: str = ""
    extended: int = 0
    acknowledged: dict[str, datetime] = {}
    title_reasons: tuple[Reason, ...] = ()
    reasons: tuple[Reason, ...] = ()

    def state_at(self, at: datetime) -> str:
        """proposed, lapsed, refused, cancelled, in_force or ended."""
        if self.decided == "proposed":
            return "lapsed" if at >= self.ends_at else "proposed"
        if self.decided == "in_force" and at >= self.ends_at:
            return "ended"
        return self.decided


WARNINGS: Table[IssuedWarning] = Table(
    name="warnings",
    row=IssuedWarning,
    columns=("hazard", "decided", "proposed_at", "ends_at"),
    indexes=(("hazard", "decided"), ("proposed_at",)),
)
TABLES = (WARNINGS,)


def share_area(some: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """Whether an area of one lies in one of the others: a child's code begins as its parent's."""
    if len(some) * len(others) > 10_000:
        return bool(set(some) & set(others))
    return any(a.startswith(b) or b.startswith(a) for a in some for b in others)
