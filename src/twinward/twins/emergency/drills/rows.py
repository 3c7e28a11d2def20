"""The rows of drills and their tables."""

from __future__ import annotations

from datetime import datetime

import msgspec

from twinward.core.ports import Table


class Drilled(msgspec.Struct, frozen=True, kw_only=True):
    """One drill that took place; its data stay in its own workspace."""

    id: str
    area: str
    title: str
    plans: tuple[str, ...]
    played_at: datetime
    reached: int
    judged: int
    recorded_by: str


DRILLS: Table[Drilled] = Table(name="drills", row=Drilled, columns=("played_at",))

TABLES = (DRILLS,)
