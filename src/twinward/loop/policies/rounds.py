"""WORK COMES ROUND: testing, deliveries, visits, rosters and inspections begin anew while their
plan is in force.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta

from twinward.core.ids import derive_id
from twinward.core.messages import Command, Event
from twinward.core.ports import Rows
from twinward.core.reasons import because_of
from twinward.library.plans.plan import Plan, PlanTask
from twinward.library.texts import write_reason
from twinward.loop.context import ReferenceData, affected_areas, command_id, find_plan_in_force
from twinward.loop.policies.clauses import list_open
from twinward.loop.policies.schedule import create_command
from twinward.loop.task_places import WorkPlace, areas_of, take_in_turn
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.contacts.rows import CONTACTS, Contact
from twinward.twins.emergency.incidents.rows import INCIDENTS, START, Incident, PlanInForce
from twinward.twins.emergency.plans.rows import PLANS_IN_FORCE
from twinward.twins.emergency.tasks.rows import OPEN_TASK, TASKS, Task

FOLLOW_UP = "follow_up_task"
WATCHED = ("isolated", "tested_negative")  # steps of a contact who is followed up
USUAL_FOLLOW_UP_D = 14


def begin_rounds(
    plan: Plan,
    in_force: PlanInForce,
    incident: Incident,
    now: datetime,
    rows: Rows,
    reference: ReferenceData,
) -> Iterator[Command]:
    """On the tick: every task of the plan whose next round is due; rounds that nobody saw are
    not made up for.
    """
    if START not in in_force.started:
        return
    recurring = [task for task in list_open(plan, in_force) if task.every_h is not None]
    if plan.follow_up_task is not None:
        recurring.append(plan.follow_up_task)
    for task in recurring:
        turn = turn_at(task, in_force, now)
        if turn > in_force.rounds.get(task.key, 1):
            name = derive_id(
                "cmd",
                in_force.id,
                in_force.plan,
                f"adoption {in_force.adoption}",
                task.key,
                f"round {turn}",
            )
            yield m.BeginRound(id=name, incident=in_force.id, key=task.key, turn=turn)


def turn_at(task: PlanTask, in_force: PlanInForce, now: datetime) -> int:
    """Which round of a task an instant lies in, the first from the adoption on."""
    began = in_force.since or in_force.adopted_at
    return 1 + math.floor((now - began) / timedelta(hours=task.every_h or 24.0))


def schedule_round(
    fact: m.RoundBegun, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    """The round before is over: what of it was not done is counted as missed. The new one is
    ordered everywhere.
    """
    incident: Incident = rows.get(INCIDENTS, fact.incident)
    in_force: PlanInForce | None = rows.find(PLANS_IN_FORCE, fact.incident)
    plan = find_plan_in_force(rows, incident, reference)
    if plan is None or in_force is None or in_force.rounds.get(fact.key) != fact.turn:
        return  # answered again after a later round has begun
    if plan.follow_up_task is not None and fact.key == plan.follow_up_task.key:
        yield from follow_up(plan, plan.follow_up_task, incident, fact.turn, event, rows, reference)
        return
    task = next((one for one in plan.work() if one.key == fact.key), None)
    if task is None:
        return
    left = list_left(incident, fact.key, fact.turn, rows)
    missed = {one.area: one.missed + 1 for one in left}
    still_essential = {one.area for one in left if one.essential}
    yield from give_up(left, event)
    place = WorkPlace.of(plan, task, incident, in_force, rows, reference)
    for area in areas_of(task, incident, affected_areas(incident), reference):
        name, after = take_in_turn(place, area, rows, reference)
        yield create_command(
            plan,
            task,
            f"tasks.{task.key}",
            name,
            incident,
            area,
            event,
            reference,
            after=after,
            turn=fact.turn,
            missed=missed.get(area, 0),
            essential=area in still_essential,
        )


def list_left(incident: Incident, key: str, turn: int, rows: Rows) -> list[Task]:
    """What of earlier rounds is not done; the round itself, when its beginning is answered
    again, is not among it.
    """
    made: list[Task] = rows.list_rows(TASKS, incident=incident.id, key=key, status=OPEN_TASK)
    return [task for task in made if task.adoption < incident.adoptions or task.turn < turn]


def give_up(left: list[Task], event: Event) -> Iterator[Command]:
    for one in left:
        waited = one.status == "waiting"
        why = because_of("ended.next_round") if waited else because_of("ended.round_missed")
        yield m.DropTask(
            id=command_id(event, "over", one.id),
            task=one.id,
            because=write_reason(why),
            reasons=(why,),
        )


def follow_up(
    plan: Plan,
    task: PlanTask,
    incident: Incident,
    turn: int,
    event: Event,
    rows: Rows,
    reference: ReferenceData,
) -> Iterator[Command]:
    """Every contact under watch is seen again, until the days of the watch are over."""
    left = list_left(incident, task.key, turn, rows)
    missed = {one.contact: one.missed + 1 for one in left}
    yield from give_up(left, event)
    watched: list[Contact] = rows.list_rows(CONTACTS, incident=incident.id, step=WATCHED)
    last = timedelta(days=task.for_days or USUAL_FOLLOW_UP_D)
    for contact in watched:
        if event.occurred_at - contact.named_at <= last:
            name = derive_id(
                "task", "follow-up", contact.id, f"adoption {incident.adoptions}", f"round {turn}"
            )
            yield create_command(
                plan,
                task,
                FOLLOW_UP,
                name,
                incident,
                contact.area,
                event,
                reference,
                contact=contact.id,
                case=contact.case,
                turn=turn,
                missed=missed.get(contact.id, 0),
                essential=False,
            )
