"""Hand-overs of cases, as both sides see them: what is offered to me, and what became of what I
offered.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

import msgspec

from twinward.service.access.approvals import with_emergency_access
from twinward.service.access.person_listing import record_listing, scope_to_see
from twinward.service.platform import Caller, Platform
from twinward.twins.emergency.handovers.rows import HANDOVERS


class HandOverRow(msgspec.Struct, frozen=True, kw_only=True):
    """One offer. `mine_to_answer` when the caller may accept, return or refuse it."""

    id: str
    case: str
    subject: str
    area: str
    area_name: str
    from_area: str
    from_name: str
    reason: str
    status: str  # offered | accepted | returned | refused
    offered_by: str
    offered_at: datetime
    answered_by: str | None
    answered_at: datetime | None
    because: str | None
    mine_to_answer: bool


class HandOvers(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first, with the activation under which they were given."""

    items: list[HandOverRow]
    activation: str


class HandoverFilter(TypedDict, total=False):
    """Which hand-overs."""

    case: str
    status: str


def list_handovers(
    platform: Platform, caller: Caller, case: str | None = None, status: str | None = None
) -> HandOvers:
    """Hand-overs in which an area of the caller has a part and which the activation covers; the
    look is on record.
    """
    scope = scope_to_see(platform, caller)
    caller = with_emergency_access(platform, caller)
    equals: HandoverFilter = {}
    if case:
        equals["case"] = case
    if status:
        equals["status"] = status
    with platform.store.read() as rows:
        found = rows.list_rows(HANDOVERS, order="-offered_at", **equals)

    def may(area: str) -> bool:
        return platform.policy.decide(caller, "see_persons", area=area, scope=scope).allowed

    mine = [row for row in found if may(row.area) or may(row.from_area)]
    if mine:
        record_listing(
            platform, caller, scope, "hand-overs", tuple(sorted({row.subject for row in mine}))
        )
    own = ("area_name", "from_name", "mine_to_answer")
    names = [name for name in HandOverRow.__struct_fields__ if name not in own]
    name_of = platform.reference.areas.name
    items = [
        HandOverRow(
            **{name: getattr(row, name) for name in names},
            area_name=name_of(row.area),
            from_name=name_of(row.from_area),
            mine_to_answer=row.status == "offered"
            and platform.policy.decide(caller, "care_contact", area=row.area).allowed,
        )
        for row in mine
    ]
    return HandOvers(items=items, activation=scope.activation)
