"""A link of a risk chain fires: the next incident opens with its cause."""

from __future__ import annotations

from typing import Annotated

import msgspec

from twinward.core.messages import Command, Fact
from twinward.twins.emergency.vocabulary import AreaCode, PersonsReason, Word

Chance = Annotated[float, msgspec.Meta(ge=0, le=1)]


class FireLink(Command, frozen=True, kw_only=True):
    """A rule of a chain holds: `incident` sets off `effect` in `area`. `figure` and `value` are
    what the next incident opens with, `carried` the damage that it takes over.
    """

    link: Word
    rule: Word
    incident: Word
    effect: Word
    area: AreaCode
    affected: tuple[AreaCode, ...] = ()
    probability: Chance
    because: PersonsReason
    figure: Word = "links_fired"
    value: float = 1.0


class LinkFired(Fact, frozen=True, kw_only=True):
    """`depth` counts the links from the first incident, `way` names their rules."""

    link: str
    rule: str
    incident: str
    effect: str
    affected: tuple[str, ...]
    probability: float
    because: str
    figure: str
    value: float
    depth: int
    way: tuple[str, ...]
    carried: dict[str, float] = {}
