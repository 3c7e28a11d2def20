"""FEEDBACK CLOSES THE LOOP: failure and lateness go up a level, evidence closes, failing
evidence reopens.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from twinward.core.ids import derive_id
from twinward.core.messages import Command, Event
from twinward.core.ports import Rows
from twinward.core.reasons import because_of
from twinward.library.hazards.hazard import LEVELS
from twinward.library.texts import write_reason
from twinward.loop.context import ReferenceData, command_id
from twinward.loop.policies.chain import warned_no_more
from twinward.loop.policies.late_objections import list_late
from twinward.loop.policies.plan_end import review_plan
from twinward.loop.policies.supervision import list_missing
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.access.rows import ACTIVATIONS, TIME_ENDED
from twinward.twins.emergency.incidents.closure import is_met
from twinward.twins.emergency.incidents.rows import INCIDENTS, Incident
from twinward.twins.emergency.tasks.rows import AT_WORK, TASKS, Task

MIN_GRACE_H = 1.0
REMINDER_H = 24.0  # how often the top is reminded of what is late
BATCH = 500
Share = tuple[int, int]
Due = tuple[str, str, Iterator[Command]]
WHOLE: Share = (0, 1)


def failure_goes_up(
    fact: m.TaskFailed, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    yield escalate(
        rows.get(TASKS, fact.task), event.occurred_at, reference, command_id(event, "escalate")
    )


def positive_contact_reopens(
    fact: m.ContactUpdated, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    incident: Incident | None = rows.find(INCIDENTS, event.incident) if event.incident else None
    if fact.step == "tested_positive" and incident is not None and incident.status == "closed":
        why = because_of("reopened.contact", contact=fact.contact)
        yield m.ReopenIncident(
            id=command_id(event, "reopen"),
            incident=incident.id,
            because=write_reason(why),
            reasons=(why,),
        )


def reopened_takes_level(
    fact: m.IncidentReopened, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    """A reopened incident starts again at the lowest level; its figures raise it."""
    incident: Incident = rows.get(INCIDENTS, fact.incident)
    why = because_of("level.reopened")
    yield m.SetResponseLevel(
        id=command_id(event, "level"),
        incident=incident.id,
        level="IV",
        because=write_reason(why),
        reasons=(why,),
    )


def escalate(task: Task, at: datetime, reference: ReferenceData, name: str) -> Command:
    """One administrative level up; at the top, a reminder a day."""
    here = task.escalated_to or task.area
    above = reference.areas.parent(here)
    late_h = (at - task.due_at) / timedelta(hours=1) if task.due_at else 0.0
    grace_h = max(MIN_GRACE_H, task.deadline_h / 2) if above else REMINDER_H
    return m.EscalateTask(
        id=name, task=task.id, to_area=above or here, late_h=max(0.0, late_h), grace_h=grace_h
    )


def on_tick(
    now: datetime, rows: Rows, reference: ReferenceData, share: Share = WHOLE
) -> Iterator[Due]:
    """What time itself brings: late tasks, answers that are owed, evidence to close on, levels to
    lower, activations that end. Each thing by itself: its id, its area, and the commands that
    follow when they are asked for.

    `share` (part, of): only the open incidents of this part are judged, so that many do not hold up
    the writer.
    """
    now = now.astimezone(reference.zone)  # days are counted by the calendar of the city
    late: list[Task] = rows.list_rows(
        TASKS, status=AT_WORK, before=("due_at", now), order="due_at", limit=BATCH
    )
    for task in late:
        yield task.id, task.area, late_task(task, now, reference)
    yield from list_late(now, rows, reference)
    yield from list_missing(now, rows, reference)
    part, of = share
    open_incidents: list[Incident] = rows.list_rows(INCIDENTS, status="open")
    for incident in open_incidents[part::of]:
        yield incident.id, incident.area, judge_incident(incident, now, rows, reference)
    for activation in rows.list_rows(ACTIVATIONS, status="open", before=("ends_at", now)):
        close = m.CloseActivation(
            id=derive_id("cmd", activation.id, "ends"),
            activation=activation.id,
            because=TIME_ENDED,
        )
        yield activation.id, activation.area, iter((close,))


def late_task(task: Task, now: datetime, reference: ReferenceData) -> Iterator[Command]:
    yield escalate(task, now, reference, derive_id("cmd", task.id, "escalate", task.escalations))


def judge_incident(
    incident: Incident, now: datetime, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    if is_met(incident, rows, reference.local(now)):
        yield m.CloseIncident(
            id=derive_id("cmd", incident.id, "close", incident.round), incident=incident.id
        )
        return
    yield from warned_no_more(incident, now, rows, reference)
    yield from review_plan(incident, now, rows, reference)
    known = reference.library.find_hazard(incident.hazard)
    if known is None or incident.level is None or incident.level_since is None:
        return
    level, why = known.level_for(incident.figures)
    rank, now_rank = LEVELS.index(level or LEVELS[0]), LEVELS.index(incident.level)
    if rank < now_rank and now - incident.level_since >= timedelta(days=known.lower_after_days):
        lower = because_of("level.lower", why=(why,))
        yield m.SetResponseLevel(
            id=derive_id("cmd", incident.id, "lower", incident.level_since.isoformat()),
            incident=incident.id,
            level=LEVELS[now_rank - 1],  # type: ignore[arg-type]
            because=write_reason(lower),
            reasons=(lower,),
        )
