"""Puts into the real log that a drill took place: by a named person, as a statement, with none
of the drill's data.
"""

from __future__ import annotations

from twinward.core.errors import InputError, RefusedError
from twinward.core.ids import derive_id
from twinward.decision.evaluation.drill_score import DrillScore
from twinward.service.drills.drills import DrillAbout
from twinward.service.platform import Caller, Platform, ask
from twinward.twins.emergency import messages as m


def record_drill(
    platform: Platform, caller: Caller, about: DrillAbout, score: DrillScore, by: str
) -> str:
    """The event's id. RefusedError in a drill's own log; ConflictError when it is on record
    already.
    """
    root = platform.reference.areas.root
    platform.policy.require(caller, "command_incident", area=root)
    if platform.drill:
        raise RefusedError(
            "a drill is recorded in the real workspace",
            "name it with --workspace",
            code="not_in_a_drill",
        )
    if len(by.strip()) < 2:
        raise InputError("a drill is recorded by a named person", "give --by NAME", code="no_name")
    if about.played_at is None:
        raise InputError(
            f"drill {about.drill} was not played", "play it: twinward drill run", code="not_played"
        )
    command = m.RecordDrill(
        id=derive_id("cmd", "record", about.drill, platform.clock.now().isoformat()),
        drill=about.drill,
        title=about.title,
        plans=score.plans,
        played_at=about.played_at,
        reached=score.reached,
        judged=score.judged,
        by=by.strip(),
        area=root,
    )
    (event,) = ask(platform, caller, command)
    return event
