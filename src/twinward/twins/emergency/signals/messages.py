"""A signal is raised by the count of an area and judged by a person: confirmed, it joins the open
incident of its area or opens one; or it is dismissed.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec

from twinward.core.messages import Command, Fact
from twinward.twins.emergency.vocabulary import AreaCode, Word

Because = Annotated[str, msgspec.Meta(min_length=3, max_length=2000)]
Judgement = Literal["confirm", "dismiss"]
CountedCases = Literal["new", "suspected"]


class RaiseSignal(Command, frozen=True, kw_only=True):
    """The cases of the seven days up to `day` are more than chance brings once in
    `recurrence_days`; `counted` are new (confirmed and asymptomatic) or suspected ones.
    """

    signal: Word
    hazard: Word
    area: AreaCode
    day: date
    observed: int
    expected: float
    recurrence_days: float
    method: Word
    counted: CountedCases = "new"


class SignalRaised(Fact, frozen=True, kw_only=True):
    signal: str
    hazard: str
    day: date
    observed: int
    expected: float
    recurrence_days: float
    method: str
    counted: CountedCases = "new"


class JudgeSignal(Command, frozen=True, kw_only=True):
    """What a person says of a signal. A confirmed one joins `incident`, or the open incident of its
    area when none is named; where none is open, one is opened.
    """

    signal: Word
    judgement: Judgement
    because: Because
    incident: Word | None = None


class SignalJudged(Fact, frozen=True, kw_only=True):
    signal: str
    hazard: str
    day: date
    judgement: Judgement
    because: str
    incident: str | None
