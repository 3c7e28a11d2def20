"""What is written into the duty log, and how one shift hands over to the next."""

from __future__ import annotations

from typing import Annotated

import msgspec

from twinward.core.messages import Command, Fact
from twinward.twins.emergency.vocabulary import AreaCode, Text, Word

Entry = Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]


class WriteJournal(Command, frozen=True, kw_only=True):
    """An entry by hand: what somebody saw, heard or decided."""

    area: AreaCode
    text: Entry
    incident: Word | None = None


class JournalWritten(Fact, frozen=True, kw_only=True):
    text: str


class HandOverShift(Command, frozen=True, kw_only=True):
    """What the next shift must know. `to`: who takes over, as one says it."""

    shift: Word
    area: AreaCode
    to: Word
    pending: Entry
    warnings: Text = ""


class ShiftHandedOver(Fact, frozen=True, kw_only=True):
    shift: str
    to: str
    pending: str
    warnings: str = ""


class TakeOverShift(Command, frozen=True, kw_only=True):
    """The next shift has read the hand-over, and answers for the area from now on."""

    shift: Word


class ShiftTakenOver(Fact, frozen=True, kw_only=True):
    shift: str


class AcknowledgeAlert(Command, frozen=True, kw_only=True):
    """Somebody has seen an alert and looks after it; for all who share the area."""

    alert: Word
    area: AreaCode


class AlertAcknowledged(Fact, frozen=True, kw_only=True):
    alert: str
