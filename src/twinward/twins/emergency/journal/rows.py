"""The rows of the duty log and their tables."""

from __future__ import annotations

from datetime import datetime

import msgspec

from twinward.core.ports import Table


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """One hand-over; `taken_by` empty until somebody has taken it over."""

    id: str
    area: str
    by: str
    to: str
    pending: str
    warnings: str
    handed_at: datetime
    taken_by: str = ""
    taken_at: datetime | None = None


class AlertSeen(msgspec.Struct, frozen=True, kw_only=True):
    """Who acknowledged an alert, and when."""

    id: str
    area: str
    by: str
    seen_at: datetime


def seen_key(area: str, alert: str) -> str:
    """An alert is acknowledged by those who answer for its area: elsewhere its name says
    nothing.
    """
    return f"{area}|{alert}"


SHIFTS: Table[Shift] = Table(
    name="shifts", row=Shift, columns=("handed_at",), indexes=(("handed_at",),)
)
ALERTS_SEEN: Table[AlertSeen] = Table(
    name="alerts_seen", row=AlertSeen, columns=("seen_at",), indexes=(("seen_at",),)
)

TABLES = (SHIFTS, ALERTS_SEEN)
