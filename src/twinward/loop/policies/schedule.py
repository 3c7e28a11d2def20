"""WORK IS SCHEDULED IN ORDER: the plan in force becomes tasks with predecessors and deadlines,
each made once.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinward.core.ids import derive_id
from twinward.core.messages import Command, Event
from twinward.core.ports import Rows
from twinward.core.reasons import because_of
from twinward.library.plans.plan import Plan, PlanTask
from twinward.library.texts import write_reason
from twinward.loop.context import (
    ReferenceData,
    affected_areas,
    clause_reference,
    command_id,
    find_plan_for_persons,
    find_plan_in_force,
)
from twinward.loop.policies.clauses import list_open
from twinward.loop.task_places import PlanTurn, areas_of, predecessor_areas, task_id
from twinward.twins.city import messages as c
from twinward.twins.city.rows import RESTRICTIONS
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.contacts.rows import CONTACTS, Contact
from twinward.twins.emergency.incidents.rows import CASE_INCIDENTS, INCIDENTS, Incident, PlanInForce
from twinward.twins.emergency.plans.rows import PLANS_IN_FORCE
from twinward.twins.emergency.reports.rows import CASES
from twinward.twins.emergency.tasks.rows import BY_HAND, CORRECTIVE, OPEN_TASK, TASKS, Task

NOT_OF_PLAN = (
    "case",
    "contact",
    "follow_up",
    CORRECTIVE,
    BY_HAND,
)  # keys of tasks that follow from a person or a review


def schedule_plan(
    fact: m.PlanAdopted, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    incident: Incident = rows.get(INCIDENTS, fact.incident)
    plan = find_plan_in_force(rows, incident, reference)
    if plan is None:
        return
    yield from take_back(plan, incident, event, rows)
    yield from tasks_of(
        plan, incident, affected_areas(incident), event, rows, reference, with_common=True
    )
    yield from tasks_of_persons(plan, incident, event, rows, reference)


def schedule_clause(
    fact: m.ClauseStarted, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    """A figure is reached: what waited for it, and no longer waits for another, is scheduled."""
    incident: Incident = rows.get(INCIDENTS, fact.incident)
    plan = find_plan_in_force(rows, incident, reference)
    if plan is not None:
        yield from tasks_of(
            plan, incident, affected_areas(incident), event, rows, reference, with_common=True
        )
        yield from tasks_of_persons(plan, incident, event, rows, reference)


def take_back(plan: Plan, incident: Incident, event: Event, rows: Rows) -> Iterator[Command]:
    """What an earlier plan had ordered and this one does not ask for: tasks dropped,
    restrictions lifted.
    """
    kept = {task.key for task in plan.work()} | set(NOT_OF_PLAN)
    unfinished: list[Task] = rows.list_rows(TASKS, incident=incident.id, status=OPEN_TASK)
    for task in unfinished:
        if task.key not in kept:
            why = because_of("ended.not_asked", plan=plan.id)
            yield m.DropTask(
                id=command_id(event, "drop", task.id),
                task=task.id,
                because=write_reason(why),
                reasons=(why,),
            )
    asked = set(plan.restricts())
    over = {row.measure for row in rows.list_rows(RESTRICTIONS, incident=incident.id)} - asked
    if over:
        yield c.LiftRestrictions(
            id=command_id(event, "lift"), incident=incident.id, measures=tuple(sorted(over))
        )


def schedule_grown_area(
    fact: m.IncidentDeveloped, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    incident: Incident = rows.get(INCIDENTS, fact.incident)
    plan = find_plan_in_force(rows, incident, reference)
    if fact.grown is not None and plan is not None:
        yield from tasks_of(
            plan, incident, (fact.grown,), event, rows, reference, with_common=False
        )


def tasks_of(
    plan: Plan,
    incident: Incident,
    affected: tuple[str, ...],
    event: Event,
    rows: Rows,
    reference: ReferenceData,
    *,
    with_common: bool,
) -> Iterator[Command]:
    """CreateTask for every duty that may be ordered and has no task yet, predecessors first."""
    in_force: PlanInForce = rows.get(PLANS_IN_FORCE, incident.id)
    here = PlanTurn.of(in_force, incident, rows, reference)
    tasks = list_open(plan, in_force)
    by_key = {task.key: task for task in tasks}
    for task in tasks:
        if task.where != "each_affected" and not with_common:
            continue
        for area in areas_of(task, incident, affected, reference):
            name, known = task_id(here, task, area, rows)
            if known:
                continue
            after = tuple(
                task_id(here, by_key[key], where, rows)[0]
                for key in task.after
                for where in predecessor_areas(
                    by_key[key], task, area, incident, affected, reference
                )
            )
            clause = f"tasks.{task.key}" if task in plan.tasks else f"duties.{task.key}"
            yield create_command(
                plan,
                task,
                clause,
                name,
                incident,
                area,
                event,
                reference,
                after=after,
                turn=here.turn_of(task),
            )


def create_command(
    plan: Plan,
    task: PlanTask,
    clause: str,
    name: str,
    incident: Incident,
    area: str,
    event: Event,
    reference: ReferenceData,
    *,
    after: tuple[str, ...] = (),
    contact: str | None = None,
    case: str | None = None,
    turn: int = 0,
    missed: int = 0,
    essential: bool | None = None,
) -> Command:
    """The order as the plan's clause asks for it, with what it needs in that area now."""
    return m.CreateTask(
        id=command_id(event, "task", name),
        task=name,
        incident=incident.id,
        key=task.key,
        title=task.title,
        department=task.department,
        area=area,
        after=after,
        deadline_h=task.hours_from(event.recorded_at),
        measure=task.measure,
        contact=contact,
        case=case,
        manual=task.manual,
        needs=amounts_of(task, incident, area, reference),
        essential=task.essential if essential is None else essential,
        clause=clause_reference(plan, clause),
        adoption=incident.adoptions,
        turn=turn,
        missed=missed,
    )


def amounts_of(
    task: PlanTask, incident: Incident, area: str, reference: ReferenceData
) -> dict[str, float]:
    """What a task needs in an area: by its residents, and by its share of the incident's figure
    that the hazard counts needs by.
    """
    if not task.needs_per_resident and not task.needs_per_case:
        return dict(task.needs)
    here, whole = reference.residents(area), reference.residents(incident.area)
    share = min(here / whole, 1.0) if whole else 1.0
    hazard = reference.library.find_hazard(incident.hazard)
    cases = incident.figures.get(hazard.needs_by, 0.0) if hazard is not None else 0.0
    return task.amounts(here, share * cases)


def case_task(
    fact: m.CaseJoined, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    """Each case of a person is interviewed, where the plan in force says so; contacts named
    early join with it.
    """
    incident: Incident = rows.get(INCIDENTS, fact.incident)
    plan = find_plan_for_persons(rows, incident, reference)
    yield from interview(fact.case, plan, incident, event, rows, reference)
    for contact in rows.list_rows(CONTACTS, case=fact.case, incident=None):
        yield m.AssignContact(
            id=command_id(event, "assign", contact.id), contact=contact.id, incident=incident.id
        )
        yield from care(contact, plan, incident, event, rows, reference)


def tasks_of_persons(
    plan: Plan, incident: Incident, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    """Interviews and care for the persons that were known before there was a plan to ask for
    them.
    """
    for joined in rows.list_rows(CASE_INCIDENTS, incident=incident.id) if plan.case_task else ():
        yield from interview(joined.id, plan, incident, event, rows, reference)
    for contact in rows.list_rows(CONTACTS, incident=incident.id) if plan.contact_task else ():
        yield from care(contact, plan, incident, event, rows, reference)


def interview(
    case: str,
    plan: Plan | None,
    incident: Incident,
    event: Event,
    rows: Rows,
    reference: ReferenceData,
) -> Iterator[Command]:
    known = rows.find(CASES, case)
    name = derive_id("task", "case", case)
    if (
        plan is not None
        and plan.case_task is not None
        and known is not None
        and rows.find(TASKS, name) is None
    ):
        yield create_command(
            plan,
            plan.case_task,
            "case_task",
            name,
            incident,
            known.area,
            event,
            reference,
            case=case,
        )


def care(
    contact: Contact,
    plan: Plan | None,
    incident: Incident,
    event: Event,
    rows: Rows,
    reference: ReferenceData,
) -> Iterator[Command]:
    name = derive_id("task", "contact", contact.id)
    if plan is not None and plan.contact_task is not None and rows.find(TASKS, name) is None:
        yield create_command(
            plan,
            plan.contact_task,
            "contact_task",
            name,
            incident,
            contact.area,
            event,
            reference,
            contact=contact.id,
            case=contact.case,
        )


def contact_task(
    fact: m.ContactNamed, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    """A contact becomes a task of the community it lives in, though the plan has ended; one named
    early first joins its case's incident.
    """
    joined = rows.find(CASE_INCIDENTS, fact.case)
    incident_id = fact.incident or (joined.incident if joined else None)
    incident: Incident | None = rows.find(INCIDENTS, incident_id) if incident_id else None
    if incident is None:
        return
    contact: Contact = rows.get(CONTACTS, fact.contact)
    if contact.incident is None:
        yield m.AssignContact(
            id=command_id(event, "assign"), contact=fact.contact, incident=incident.id
        )
    yield from care(
        contact, find_plan_for_persons(rows, incident, reference), incident, event, rows, reference
    )
