"""FROM SIGNAL TO INCIDENT: the duty officer is told of a signal; what they confirm joins an
incident or opens one.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinward.core.ids import derive_id
from twinward.core.messages import Command, Event
from twinward.core.ports import Rows
from twinward.loop.context import ReferenceData, command_id
from twinward.loop.policies.trigger import find_front, open_command
from twinward.twins.emergency import messages as m


def tell_of_signal(
    fact: m.SignalRaised, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    said = "suspected " if fact.counted == "suspected" else ""
    yield m.SendNotice(
        id=command_id(event, "tell"),
        notice=derive_id("note", event.id),
        to_role="duty_officer",
        area=event.area,
        text=(
            f"{reference.areas.name(event.area)}: {fact.observed} {said}cases of {fact.hazard} "
            f"in the seven days to {fact.day}, {fact.expected:.1f} are usual; "
            f"confirm or dismiss signal {fact.signal}"
        ),
        audience="duty officer",
        channel="notice",
        clause="signal",
    )


def signal_confirmed(
    fact: m.SignalJudged, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    if fact.judgement == "dismiss" or reference.library.find_hazard(fact.hazard) is None:
        return
    incident = fact.incident
    if incident is None:
        front = find_front(rows, fact.hazard, event.area, reference)
        if front is None or front.status == "closed":
            yield open_command(fact.hazard, event.area, fact.day, event, rows, reference)
            return
        incident = front.id
    yield m.DevelopIncident(
        id=command_id(event, "develop"), incident=incident, affected=event.area, day=fact.day
    )
