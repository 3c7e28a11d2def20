"""THE PLAN IS OBEYED: figures start it, its tasks and its messages, and stop what it had started
by them.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinward.core.ids import derive_id
from twinward.core.messages import Command, Event
from twinward.core.ports import Rows
from twinward.core.reasons import Reason, because_of
from twinward.library.plans.plan import Plan, PlanStart, PlanTask, order_tasks
from twinward.library.texts import say, write_reason
from twinward.loop.context import ReferenceData, clause_reference, command_id, find_plan_in_force
from twinward.loop.indicators import indicator_value
from twinward.twins.city import messages as c
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.incidents.rows import INCIDENTS, START, Incident, PlanInForce
from twinward.twins.emergency.plans.rows import PLANS_IN_FORCE
from twinward.twins.emergency.tasks.rows import OPEN_TASK, TASKS


def task_clause(key: str) -> str:
    return f"tasks.{key}"


def message_clause(number: int) -> str:
    return f"messages[{number}]"


# what starts and stops
# ------------------------------------------------------------------------------------------------


def judge_at_once(
    fact: m.PlanAdopted | m.IncidentDeveloped | m.ClauseStarted,
    event: Event,
    rows: Rows,
    reference: ReferenceData,
) -> Iterator[Command]:
    """A figure that has moved is held against the clauses that wait for one, without waiting for
    the tick.
    """
    incident: Incident = rows.get(INCIDENTS, fact.incident)
    if incident.status == "open":
        yield from judge_clauses(incident, rows, reference)


def judge_clauses(incident: Incident, rows: Rows, reference: ReferenceData) -> Iterator[Command]:
    """Start what has been reached and stop what has fallen below; each once a turn."""
    in_force: PlanInForce | None = rows.find(PLANS_IN_FORCE, incident.id)
    plan = find_plan_in_force(rows, incident, reference)
    if in_force is None or plan is None:
        return
    if START not in in_force.started:
        why = find_start(plan, incident, rows, reference)
        if why is not None:
            yield start(in_force, START, why)
        return  # its clauses are judged when it has started
    for clause, gate in gates_of(plan):
        value = indicator_value(gate.figure, incident, rows, reference)
        if clause not in in_force.started and gate.reached(value):
            why = because_of(
                "clause.reached", figure=gate.figure, value=value or 0.0, at_least=gate.at_least
            )
            yield start(in_force, clause, why)
    for task in plan.work():
        trigger = plan.trigger_of(task)
        if (
            trigger is None
            or task.when is not None
            or task_clause(task.key) not in in_force.started
        ):
            continue
        value = indicator_value(trigger.figure, incident, rows, reference)
        if value is not None and value < trigger.stop_below:
            why = because_of(
                "clause.below", figure=trigger.figure, value=value, below=trigger.stop_below
            )
            clause = task_clause(task.key)
            yield m.StopClause(
                id=turn_id(in_force, "stop", clause),
                incident=in_force.id,
                clause=clause,
                because=write_reason(why),
                reasons=(why,),
            )


def find_start(
    plan: Plan, incident: Incident, rows: Rows, reference: ReferenceData
) -> Reason | None:
    """Why the plan starts now: any of its triggers is reached, or it names none; None while it
    waits.
    """
    for number, trigger in enumerate(plan.triggers):
        value = indicator_value(trigger.figure, incident, rows, reference)
        if trigger.reached(value):
            return because_of(
                "clause.triggered",
                number=number,
                figure=trigger.figure,
                value=value or 0.0,
                at_least=trigger.at_least,
            )
    return None if plan.triggers else because_of("clause.no_trigger")


def list_waiting(
    plan: Plan, in_force: PlanInForce, incident: Incident, rows: Rows, reference: ReferenceData
) -> list[str]:
    """Each clause that has not started, what it waits for, and how far that is."""
    gates = gates_of(plan)
    if START not in in_force.started:
        gates = [(f"triggers[{n}]", trigger) for n, trigger in enumerate(plan.triggers)] + gates
    return [
        say_waiting(clause, gate, indicator_value(gate.figure, incident, rows, reference))
        for clause, gate in gates
        if clause not in in_force.started
    ]


def say_waiting(clause: str, gate: PlanStart, value: float | None) -> str:
    """What a clause waits for and how far that is, for whoever reads."""
    if value is None:
        return say(
            "clause.waits_unknown", clause=clause, figure=gate.figure, at_least=gate.at_least
        )
    return say(
        "clause.waits", clause=clause, figure=gate.figure, at_least=gate.at_least, value=value
    )


def gates_of(plan: Plan) -> list[tuple[str, PlanStart]]:
    """Every clause that waits for a figure, with what it waits for."""
    tasks = [(task_clause(task.key), plan.gate_of(task)) for task in plan.work()]
    told = [(message_clause(n), message.when) for n, message in enumerate(plan.messages)]
    return [(clause, gate) for clause, gate in (*tasks, *told) if gate is not None]


def start(in_force: PlanInForce, clause: str, why: Reason) -> Command:
    return m.StartClause(
        id=turn_id(in_force, "start", clause),
        incident=in_force.id,
        clause=clause,
        because=write_reason(why),
        reasons=(why,),
    )


def turn_id(in_force: PlanInForce, *words: str) -> str:
    return derive_id(
        "cmd", in_force.id, in_force.plan, in_force.adopted_at.isoformat(), in_force.turns, *words
    )


def list_open(plan: Plan, in_force: PlanInForce) -> list[PlanTask]:
    """The tasks that may be ordered now, each after those it waits for: neither they nor those
    wait for a figure.
    """
    found: dict[str, PlanTask] = {}
    for task in order_tasks(plan) if START in in_force.started else ():
        gated = plan.gate_of(task) is not None and task_clause(task.key) not in in_force.started
        if not gated and found.keys() >= set(task.after):
            found[task.key] = task
    return list(found.values())


def stopped_clause(
    fact: m.ClauseStopped, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    """What a figure has stopped is no longer ordered, and its measure is lifted."""
    incident: Incident = rows.get(INCIDENTS, fact.incident)
    plan = find_plan_in_force(rows, incident, reference)
    if plan is None:
        return
    stopped = [task for task in plan.work() if task_clause(task.key) == fact.clause]
    measures = tuple(task.restriction for task in stopped if task.restriction)
    for task in stopped:
        for made in rows.list_rows(TASKS, incident=incident.id, key=task.key, status=OPEN_TASK):
            clause = clause_reference(plan, fact.clause)
            why = because_of("ended.stopped", clause=clause, why=fact.reasons or fact.because)
            yield m.DropTask(
                id=command_id(event, "drop", made.id),
                task=made.id,
                because=write_reason(why),
                reasons=(why,),
            )
    if measures:
        yield c.LiftRestrictions(
            id=command_id(event, "lift"), incident=incident.id, measures=measures
        )


# messages
# --------------------------------------------------------------------------------------------------


def send_messages(
    fact: m.PlanAdopted | m.ClauseStarted, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    """Its messages go out when it starts, or when the figure is reached that one waits for; each
    once.
    """
    incident: Incident = rows.get(INCIDENTS, fact.incident)
    in_force: PlanInForce | None = rows.find(PLANS_IN_FORCE, incident.id)
    plan = find_plan_in_force(rows, incident, reference)
    if plan is None or in_force is None or START not in in_force.started:
        return
    for number, message in enumerate(plan.messages):
        if message.when is None or message_clause(number) in in_force.started:
            yield send(
                plan,
                incident,
                message_clause(number),
                message.audience,
                message.channel,
                message.text,
            )
    if not plan.messages:
        for number, audience in enumerate(plan.communications):
            said = because_of(
                "notice.plan", incident=incident.title_reasons or incident.title, plan=plan.title
            )
            yield send(
                plan,
                incident,
                f"communications[{number}]",
                audience,
                "public page",
                write_reason(said),
                said,
            )


def send(
    plan: Plan,
    incident: Incident,
    clause: str,
    audience: str,
    channel: str,
    text: str,
    *reasons: Reason,
) -> Command:
    name = derive_id("note", incident.id, incident.round, plan.id, plan.version, clause)
    return m.SendNotice(
        id=derive_id("cmd", name),
        notice=name,
        to_role="public",
        area=incident.area,
        text=text,
        text_reasons=reasons,
        incident=incident.id,
        audience=audience,
        channel=channel,
        clause=clause_reference(plan, clause),
    )
