"""Somebody in the field is down, and is no longer. Positions are observations with an end to their
keeping, not events: the log holds only where somebody fell.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from twinward.core.messages import Command, Fact, Instant
from twinward.twins.emergency.vocabulary import AreaCode, Lat, Lon, PersonsReason, Word

DownCause = Literal["button", "fall", "no_motion", "heat", "pulse", "other"]


class ReportManDown(Command, frozen=True, kw_only=True):
    """A wearable, a radio or a person says that somebody is down. `responder` is a call sign, never
    a name.
    """

    alarm: Word
    responder: Word
    area: AreaCode
    cause: DownCause = "other"
    at: Instant
    lon: Lon | None = None
    lat: Lat | None = None


class ManDown(Fact, frozen=True, kw_only=True):
    alarm: str
    responder: str
    cause: DownCause
    at: datetime
    lon: float | None
    lat: float | None


class EndManDown(Command, frozen=True, kw_only=True):
    """They were reached, or it was a false alarm."""

    alarm: Word
    because: PersonsReason


class ManDownEnded(Fact, frozen=True, kw_only=True):
    alarm: str
    because: str
