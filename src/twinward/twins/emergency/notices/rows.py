"""The rows of notices and their tables."""

from __future__ import annotations

from datetime import datetime

import msgspec

from twinward.core.ports import Table
from twinward.core.reasons import Reason


class EmergencyAccess(msgspec.Struct, frozen=True, kw_only=True):
    """One broken glass: `holder` may look into `areas` too, until `ends_at`."""

    id: str
    area: str
    areas: tuple[str, ...]
    holder: str
    reason: str
    opened_at: datetime
    ends_at: datetime


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What a role in an area must know."""

    id: str
    area: str
    to_role: str
    text: str
    sent_at: datetime
    incident: str | None = None
    audience: str = ""
    channel: str = ""
    clause: str = ""
    text_reasons: tuple[Reason, ...] = ()


EMERGENCY_ACCESSES: Table[EmergencyAccess] = Table(
    name="glasses",
    row=EmergencyAccess,
    columns=("holder", "ends_at"),
    indexes=(("holder", "ends_at"),),
)
NOTICES: Table[Notice] = Table(
    name="notices",
    row=Notice,
    columns=("to_role", "sent_at"),
    indexes=(("to_role", "sent_at"),),
)

TABLES = (
    EMERGENCY_ACCESSES,
    NOTICES,
)
