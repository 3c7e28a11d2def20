"""The rows of handovers and their tables."""

from __future__ import annotations

from datetime import datetime

import msgspec

from twinward.core.ports import Table


class HandOver(msgspec.Struct, frozen=True, kw_only=True):
    """One offer; `area` is the one that is asked. `status` is offered, accepted, returned or
    refused.
    """

    id: str
    case: str
    subject: str
    area: str
    from_area: str
    reason: str
    status: str
    offered_by: str
    offered_at: datetime
    answered_by: str | None = None
    answered_at: datetime | None = None
    because: str | None = None


HANDOVERS: Table[HandOver] = Table(
    name="handovers",
    row=HandOver,
    columns=("case", "status", "from_area", "offered_at", "subject"),
    indexes=(("case",), ("status", "offered_at"), ("subject",)),
    subject="subject",
)

TABLES = (HANDOVERS,)
