"""Which response level an incident's figures call for, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterator

from twinward.core.messages import Command, Event
from twinward.core.ports import Rows
from twinward.core.reasons import because_of
from twinward.library.hazards.hazard import LEVELS, Hazard
from twinward.library.texts import write_reason
from twinward.loop.context import ReferenceData, command_id
from twinward.loop.policies.notices import tell_duty_officer
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.incidents.rows import (
    INCIDENTS,
    Incident,
)


def level_follows_figures(
    fact: m.IncidentDeveloped, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    """Written rules raise the level at once; lowering waits for the tick.

    A level that is a person's decision is called for, and the highest below it that figures set
    stands until then. What a person has decided, the same figures do not take back.
    """
    incident: Incident = rows.get(INCIDENTS, fact.incident)
    known = reference.library.find_hazard(incident.hazard)
    if known is None or incident.status != "open":
        return
    # as they were then: a peak that has passed counts
    called, why = known.level_for(fact.figures)
    if called is None or is_decided(incident, called, known):
        return
    level = known.highest_by_figures(called) if known.needs_person(called) else called
    if level is not None and (
        incident.level is None or LEVELS.index(level) > LEVELS.index(incident.level)
    ):
        yield m.SetResponseLevel(
            id=command_id(event, "level"),
            incident=incident.id,
            level=level,
            because=write_reason(why),
            reasons=(why,),
        )
    above = incident.level is None or LEVELS.index(called) > LEVELS.index(incident.level)
    if known.needs_person(called) and above and incident.called != called:
        yield m.CallLevel(
            id=command_id(event, "call"),
            incident=incident.id,
            level=called,
            because=write_reason(why),
            reasons=(why,),
        )


def is_decided(incident: Incident, called: str, known: Hazard) -> bool:
    """Whether a person's last decision was taken on figures that called for as much as these."""
    if incident.decided is None:
        return False
    before, _ = known.level_for(incident.decided.figures)
    return before is not None and LEVELS.index(called) <= LEVELS.index(before)


def tell_of_called_level(
    fact: m.LevelCalled, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    incident: Incident = rows.get(INCIDENTS, fact.incident)
    said = because_of("notice.level", level=fact.level, why=fact.reasons or fact.because)
    yield tell_duty_officer(event, f"level {fact.level}", said, incident=incident)
