"""The rows of alerts for the public and their table."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from twinward.core.ports import Table
from twinward.twins.emergency.public_alerts.messages import AlertText

ENDINGS = ("cancel", "all_clear")
AlertState = Literal[
    "draft", "lapsed", "discarded", "in_force", "updated", "cancelled", "all_clear", "expired"
]


class PublicAlert(msgspec.Struct, frozen=True, kw_only=True):
    """One member of a chain. `decided` is what persons did, `state_at` knows the time too."""

    id: str
    area: str
    chain: str
    step: str
    references: tuple[str, ...]
    status: str
    hazard: str
    category: str
    urgency: str
    severity: str
    certainty: str
    areas: tuple[str, ...]
    polygon: tuple[tuple[float, float], ...]
    texts: tuple[AlertText, ...]
    because: str
    drafted_by: str
    drafted_at: datetime
    expires_at: datetime
    decided: str = "draft"  # draft, discarded, sent
    approved_by: tuple[str, ...] = ()
    sent_at: datetime | None = None
    ended: str = ""  # updated, cancelled, all_clear: by a later member of the chain
    ended_by: str = ""
    ended_at: datetime | None = None
    discarded_because: str = ""

    def state_at(self, at: datetime) -> AlertState:
        """What it is now. One that was cancelled stays so after its end: never `expired`."""
        if self.decided == "discarded":
            return "discarded"
        if self.decided == "draft":
            return "lapsed" if at >= self.expires_at else "draft"
        if self.ended:
            return "updated" if self.ended == "updated" else self.ended  # type: ignore[return-value]
        if self.step == "cancel":
            return "cancelled"
        if self.step == "all_clear":
            return "all_clear"
        return "expired" if at >= self.expires_at else "in_force"


PUBLIC_ALERTS: Table[PublicAlert] = Table(
    name="public_alerts",
    row=PublicAlert,
    columns=("chain", "decided", "drafted_at", "expires_at"),
    indexes=(("chain",), ("decided", "expires_at"), ("drafted_at",)),
)
TABLES = (PUBLIC_ALERTS,)
