"""The rows of fired links and their table."""

from __future__ import annotations

from datetime import datetime

import msgspec

from twinward.core.ports import Table


class FiredLink(msgspec.Struct, frozen=True, kw_only=True):
    """One link: `incident` caused what opened as an incident of `effect` in `area`."""

    id: str
    area: str
    rule: str
    incident: str
    effect: str
    affected: tuple[str, ...]
    probability: float
    because: str
    depth: int
    way: tuple[str, ...]
    fired_by: str
    fired_at: datetime
    carried: dict[str, float] = {}


FIRED_LINKS: Table[FiredLink] = Table(
    name="fired_links",
    row=FiredLink,
    columns=("incident", "effect", "rule", "fired_at"),
    indexes=(("incident",), ("effect",), ("fired_at",)),
)
TABLES = (FIRED_LINKS,)
