"""Notices to who is on duty, as data and in words."""

from __future__ import annotations

from twinward.core.ids import derive_id
from twinward.core.messages import Event
from twinward.core.reasons import Reason
from twinward.library.texts import write_reasons
from twinward.loop.context import command_id
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.incidents.rows import Incident


def tell_duty_officer(
    event: Event, clause: str, *said: Reason, incident: Incident | None = None
) -> m.SendNotice:
    """Once for an event, in the area of its incident, or in its own."""
    return m.SendNotice(
        id=command_id(event, "tell"),
        notice=derive_id("note", event.id),
        to_role="duty_officer",
        area=incident.area if incident else event.area,
        text=write_reasons(said),
        text_reasons=said,
        incident=incident.id if incident else None,
        audience="duty officer",
        channel="notice",
        clause=clause,
    )
