"""FROM SIGNAL TO INCIDENT: the duty officer is told of a signal; what they confirm joins an
incident or opens one.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinward.core.messages import Command, Event
from twinward.core.ports import Rows
from twinward.core.reasons import because_of
from twinward.loop.context import ReferenceData, command_id
from twinward.loop.policies.notices import tell_duty_officer
from twinward.loop.policies.trigger import find_front, open_command
from twinward.twins.emergency import messages as m


def tell_of_signal(
    fact: m.SignalRaised, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    known = reference.library.find_hazard(fact.hazard)
    said = because_of(
        "notice.signal_suspected" if fact.counted == "suspected" else "notice.signal_new",
        area=reference.areas.name(event.area),
        observed=fact.observed,
        hazard=known.title if known is not None else fact.hazard,
        day=fact.day.isoformat(),
        expected=fact.expected,
        signal=fact.signal,
    )
    yield tell_duty_officer(event, "signal", said)


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
