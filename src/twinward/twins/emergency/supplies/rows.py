"""The rows of supplies and their tables."""

from __future__ import annotations

from datetime import datetime

import msgspec

from twinward.core.ports import Table
from twinward.twins.emergency.resources.messages import Lot


class SupplyRequest(msgspec.Struct, frozen=True, kw_only=True):
    """`status`: requested, committed, sent, received, declined, withdrawn. `area` is the
    requester's.
    """

    id: str
    area: str
    holder: str | None
    kind: str
    quantity: float
    unit: str
    status: str
    from_area: str | None
    from_holder: str | None
    needed_by: datetime | None
    incident: str | None
    purpose: str
    requested_at: datetime
    committed: float = 0.0
    sent: float = 0.0
    received: float = 0.0
    lost: float = 0.0
    lots: tuple[Lot, ...] = ()
    vehicle: str | None = None
    due_at: datetime | None = None
    because: str | None = None
    changed_at: datetime | None = None


SUPPLY_REQUESTS: Table[SupplyRequest] = Table(
    name="supply_requests",
    row=SupplyRequest,
    columns=("kind", "status", "from_area", "requested_at", "incident"),
    indexes=(("status", "kind"), ("from_area", "status")),
)

TABLES = (SUPPLY_REQUESTS,)
