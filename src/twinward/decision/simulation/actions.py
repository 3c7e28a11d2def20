"""What a plan does in a run of a hazard model: an action, when it is done, how many it reaches."""

from __future__ import annotations

from typing import Annotated

import msgspec

from twinward.core.errors import InputError
from twinward.library.hazards.protective import HazardMeasure, load_hazard_measures


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """One measure that is done `at_s` seconds after the run began."""

    kind: str
    at_s: Annotated[float, msgspec.Meta(ge=0)]
    share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0


def find_action(actions: tuple[Action, ...], kind: str) -> Action | None:
    """The earliest of that kind."""
    mine = [one for one in actions if one.kind == kind]
    return min(mine, key=lambda one: one.at_s, default=None)


def require_actions(actions: tuple[Action, ...], hazard: str) -> None:
    """InputError `bad_measure` for a measure that there is none of, or not against the hazard."""
    known = load_hazard_measures()
    for one in actions:
        measure: HazardMeasure | None = known.get(one.kind)
        if measure is None or hazard not in measure.hazards:
            mine = ", ".join(m.id for m in known.values() if hazard in m.hazards)
            raise InputError(
                f"{one.kind} is no measure against {hazard}", f"name {mine}", code="bad_measure"
            )
