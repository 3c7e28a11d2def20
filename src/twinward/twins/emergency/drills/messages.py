"""That a drill took place: a plain statement in the real log, and nothing of the drill's own
data.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from twinward.core.messages import Command, Fact, Instant
from twinward.twins.emergency.vocabulary import AreaCode, Text, Word

Number = Annotated[int, msgspec.Meta(ge=0)]
Plans = Annotated[tuple[Word, ...], msgspec.Meta(max_length=200)]


class RecordDrill(Command, frozen=True, kw_only=True):
    """States that a drill was played and which plans it used; `by` is who answers for the
    statement.
    """

    drill: Word
    title: Text
    plans: Plans
    played_at: Instant
    reached: Number
    judged: Number
    by: Word
    area: AreaCode


class DrillRecorded(Fact, frozen=True, kw_only=True):
    drill: str
    title: str
    plans: tuple[str, ...]
    played_at: Instant
    reached: int
    judged: int
    by: str
