"""Handing a case over to another jurisdiction: offered by one, then accepted, returned or
refused by the other.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from twinward.core.messages import Command, Fact
from twinward.twins.emergency.vocabulary import AreaCode, Word

Because = Annotated[str, msgspec.Meta(min_length=3, max_length=2000)]


class HandOverCase(Command, frozen=True, kw_only=True):
    """Offer a case to the area that it belongs to; until that area answers, it stays where it
    is.
    """

    handover: Word
    case: Word
    to_area: AreaCode
    reason: Because


class CaseHandedOver(Fact, frozen=True, kw_only=True):
    handover: str
    case: str
    subject: str
    from_area: str
    to_area: str
    reason: str


class AcceptHandOver(Command, frozen=True, kw_only=True):
    """Take the case: from now on it is one of the accepting area."""

    handover: Word


class HandOverAccepted(Fact, frozen=True, kw_only=True):
    handover: str
    case: str
    subject: str


class ReturnHandOver(Command, frozen=True, kw_only=True):
    """Give it back because something is missing; it may be offered again."""

    handover: Word
    because: Because


class HandOverReturned(Fact, frozen=True, kw_only=True):
    handover: str
    case: str
    subject: str
    because: str


class RefuseHandOver(Command, frozen=True, kw_only=True):
    """It does not belong here: the same offer cannot be made again."""

    handover: Word
    because: Because


class HandOverRefused(Fact, frozen=True, kw_only=True):
    handover: str
    case: str
    subject: str
    because: str
