"""A WAY BACK: an order taken back frees what it restricted, a false alarm drops its work, a
merged incident hands over.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from twinward.core.messages import Command, Event
from twinward.core.ports import Rows
from twinward.core.reasons import because_of
from twinward.library.texts import write_reason
from twinward.loop.context import ReferenceData, command_id
from twinward.loop.tallies import BETWEEN, change, of_figures, read_parts, weigh
from twinward.twins.city import messages as c
from twinward.twins.coupling import ORDERED_AS
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.incidents.rows import CASE_INCIDENTS, INCIDENTS, Incident
from twinward.twins.emergency.tasks.rows import CORRECTIVE, OPEN_TASK, TASKS, Task


def order_withdrawn(
    fact: m.TaskDropped, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    task: Task = rows.get(TASKS, fact.task)
    measure = ORDERED_AS.get(task.measure or "", task.measure)
    if fact.withdrawn and measure:
        yield c.LiftRestrictions(
            id=command_id(event, "lift"),
            incident=task.incident,
            measures=(measure,),
            areas=(task.area,),
        )


def closed_by_a_person(
    fact: m.IncidentClosed, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    """A closed incident leaves no rounds of work behind, a false alarm no work at all; what was
    merged goes on in the other incident. What a review asked for stays.
    """
    incident: Incident = rows.get(INCIDENTS, fact.incident)
    why = "; ".join(fact.evidence.values())
    said = because_of("ended.closed", outcome=fact.outcome.replace("_", " "), why=why)
    for task in rows.list_rows(TASKS, incident=incident.id, status=OPEN_TASK):
        if task.key != CORRECTIVE:
            yield m.DropTask(
                id=command_id(event, "drop", task.id),
                task=task.id,
                because=write_reason(said),
                reasons=(said,),
            )
    if fact.outcome == "merged":
        yield from merge(incident, rows.get(INCIDENTS, str(fact.into)), event, rows, reference)


def merge(
    incident: Incident, into: Incident, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    """Its days as accounts of their own in the other, its areas, its cases."""
    for day in sorted(incident.days):
        own = weigh(read_parts(incident, day, rows), incident.area, reference.areas)
        told = of_figures(own)
        part = BETWEEN.join((incident.area, f"merged {incident.id}"))
        known: Incident = rows.get(INCIDENTS, into.id)
        parts = read_parts(known, day, rows) | {part: told}
        yield m.DevelopIncident(
            id=command_id(event, "merge", day),
            incident=into.id,
            affected=incident.area,
            day=date.fromisoformat(day),
            add=change(known, day, parts, reference.areas),
            part=part,
            told=told,
        )
    last = (
        date.fromisoformat(max(incident.days))
        if incident.days
        else reference.day_of(event.occurred_at)
    )
    for area in incident.affected:
        yield m.DevelopIncident(
            id=command_id(event, "area", area), incident=into.id, affected=area, day=last
        )
    for joined in rows.list_rows(CASE_INCIDENTS, incident=incident.id):
        yield m.JoinCase(id=command_id(event, "join", joined.id), incident=into.id, case=joined.id)
