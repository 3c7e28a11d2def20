"""An event or thing that nothing can answer is set aside, so that all else goes on; its mending."""

from __future__ import annotations

from typing import Annotated

import msgspec

from twinward.core.messages import Command, Fact
from twinward.twins.emergency.vocabulary import AreaCode, Text, Word

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
Number = Annotated[int, msgspec.Meta(ge=0)]


class SetAside(Command, frozen=True, kw_only=True):
    """One event (or thing) that `reader` cannot answer: the others go on, a person is told.

    `about` is the event's id or the thing's; `code` says what kind of fault, and nothing of it.
    """

    reader: Word
    about: Name
    code: Word
    area: AreaCode


class FaultSetAside(Fact, frozen=True, kw_only=True):
    reader: str
    about: str
    code: str


class RecordMending(Command, frozen=True, kw_only=True):
    """Puts on record what was mended of a workspace: events answered at last, events whose rows are
    missing, commands taken into the accounts.
    """

    answered: tuple[Name, ...] = ()
    without_rows: tuple[Name, ...] = ()
    accounted: Number = 0
    detail: Text = ""
    area: AreaCode


class WorkspaceMended(Fact, frozen=True, kw_only=True):
    answered: tuple[str, ...]
    without_rows: tuple[str, ...]
    accounted: int
    detail: str
