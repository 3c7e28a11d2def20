"""FROM ALARM TO TASK: somebody in the field who is down is a task within a quarter of an hour, told
to the duty officer at once.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinward.core.messages import Command, Event
from twinward.core.ports import Rows
from twinward.core.reasons import because_of
from twinward.library.texts import write_reason
from twinward.loop.context import ReferenceData, command_id
from twinward.loop.policies.notices import tell_duty_officer
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.incidents.rows import INCIDENTS
from twinward.twins.emergency.responders.rows import task_of

DEPARTMENT = "health"
DEADLINE_H = 0.25


def man_down(
    fact: m.ManDown, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    """The task is the open incident's where one is going on there, else it stands for itself."""
    task = task_of(fact.alarm)
    path = reference.areas.path(event.area)
    incident = next(
        (
            one.id
            for one in rows.list_rows(INCIDENTS, status="open")
            if one.area in path or one.area == event.area
        ),
        fact.alarm,
    )
    said = because_of(
        "notice.man_down",
        responder=fact.responder,
        area=reference.areas.name(event.area),
        cause=fact.cause,
    )
    text = write_reason(said)
    yield m.CreateTask(
        id=command_id(event, "task"),
        task=task,
        incident=incident,
        key="man_down",
        title=text,
        department=DEPARTMENT,
        area=event.area,
        deadline_h=DEADLINE_H,
        clause="field: man down",
    )
    yield tell_duty_officer(event, "man_down", said)
