"""A PLAN ENDS as it says itself: with what shows it, or when its time is over, and not without a
warning.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from twinward.core.clock import format_time
from twinward.core.ids import derive_id
from twinward.core.messages import Command, Event
from twinward.core.ports import Rows
from twinward.library.plans.plan import Objective, Plan, PlanEnding
from twinward.loop.context import (
    ACTOR,
    ReferenceData,
    clause_reference,
    command_id,
    find_plan_in_force,
)
from twinward.loop.indicators import describe_indicator, indicator_value
from twinward.loop.policies.clauses import judge_clauses, turn_id
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.incidents.closure import check_quiet_period
from twinward.twins.emergency.incidents.rows import INCIDENTS, START, Incident, PlanInForce
from twinward.twins.emergency.plans.rows import PLANS_IN_FORCE
from twinward.twins.emergency.tasks.rows import AT_WORK, TASKS, Task

WARN_D = 3  # how long before its end a plan's end is announced


def review_plan(
    incident: Incident, now: datetime, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    """On the tick: clauses, then what is outgrown or due for review, then the plan's own ends."""
    in_force: PlanInForce | None = rows.find(PLANS_IN_FORCE, incident.id)
    plan = find_plan_in_force(rows, incident, reference)
    if in_force is None or plan is None:
        return
    yield from judge_clauses(incident, rows, reference)
    yield from remind(plan, in_force, incident, now, rows, reference)
    ending = find_end(plan, in_force, incident, now, rows, reference)
    if ending is None:
        return
    clause, because = ending
    if clause == "ends.most_days" and may_renew(plan, in_force, incident, reference):
        said = f"authorised beforehand by {plan.authority.authorised_by}"
        yield m.AdoptPlan(
            id=turn_id(in_force, "renew"),
            incident=incident.id,
            plan=plan.id,
            version=plan.version,
            renews=True,
            authority=f"renewed as {said}: level {incident.level} stands",
            objectives=plan.objectives,
        )
    else:
        yield m.EndPlan(
            id=turn_id(in_force, "end"), incident=incident.id, clause=clause, because=because
        )


def may_renew(
    plan: Plan, in_force: PlanInForce, incident: Incident, reference: ReferenceData
) -> bool:
    """Whether the loop put it in force by itself and would do so again: the level for which it
    stands has stayed.
    """
    called = (
        reference.library.find_plan(incident.hazard, incident.level) if incident.level else None
    )
    return (
        in_force.adopted_by == ACTOR
        and plan.authority.automatic
        and called is not None
        and called.id == plan.id
    )


def find_end(
    plan: Plan,
    in_force: PlanInForce,
    incident: Incident,
    now: datetime,
    rows: Rows,
    reference: ReferenceData,
) -> tuple[str, str] | None:
    """The clause that ends the plan now, with what shows it; None while it goes on."""
    if plan.valid_until is not None and now.date() > plan.valid_until:
        return "valid_until", f"the plan was valid until {plan.valid_until}"
    if plan.ends is None:
        return None
    evidence = find_evidence_of_end(plan.ends, in_force, incident, now, rows, reference)
    if evidence:
        return "ends", evidence
    if now >= in_force.adopted_at + timedelta(days=plan.ends.most_days):
        return (
            "ends.most_days",
            f"in force for {plan.ends.most_days} days, since {format_time(in_force.adopted_at)}",
        )
    return None


def find_evidence_of_end(
    ends: PlanEnding,
    in_force: PlanInForce,
    incident: Incident,
    now: datetime,
    rows: Rows,
    reference: ReferenceData,
) -> str:
    """What shows that all figures that would end the plan are there; empty while one is not, or
    none is asked.
    """
    if START not in in_force.started:
        return ""
    shown = []
    if ends.quiet_days is not None:
        asked = Objective(key="ends.quiet_days", kind="quiet_days", days=ends.quiet_days)
        holds, because = check_quiet_period(asked, incident, rows, now)
        if not holds:
            return ""
        shown.append(because)
    for figure, below in ends.below.items():
        value = indicator_value(figure, incident, rows, reference)
        if value is None or value >= below:
            return ""
        shown.append(f"{describe_indicator(figure, value)}, below {below:g}")
    return "; ".join(shown)


def remind(
    plan: Plan,
    in_force: PlanInForce,
    incident: Incident,
    now: datetime,
    rows: Rows,
    reference: ReferenceData,
) -> Iterator[Command]:
    """A plan that is outgrown, due to be looked at again, or about to end is told to the duty
    officer once.
    """
    values = [
        (n, t, indicator_value(t.figure, incident, rows, reference))
        for n, t in enumerate(plan.triggers)
    ]
    if values and all(t.outgrown(v) for _, t, v in values):
        n, trigger, value = values[0]
        text = (
            f"plan {plan.id} is outgrown: {describe_indicator(trigger.figure, value)}, above "
            f"{trigger.at_most:g}; choose another"
        )
        yield tell_officer(plan, in_force, incident, f"triggers[{n}]", text)
    if plan.ends is not None:
        turns = (now - in_force.adopted_at).days // plan.ends.review_every_days
        if turns > 0:
            text = (
                f"plan {plan.id} is due to be looked at again: "
                f"{turns * plan.ends.review_every_days} days in force"
            )
            yield tell_officer(plan, in_force, incident, "ends.review_every_days", text, str(turns))
    for clause, ends_at in expiry_times(plan, in_force):
        if ends_at - timedelta(days=WARN_D) <= now < ends_at:
            text = f"plan {plan.id} ends on {format_time(ends_at)}: adopt it anew or another"
            yield tell_officer(plan, in_force, incident, clause, text)


def expiry_times(plan: Plan, in_force: PlanInForce) -> Iterator[tuple[str, datetime]]:
    """When its time is over, by each clause that says so."""
    if plan.valid_until is not None:
        yield "valid_until", datetime.combine(plan.valid_until, time(), UTC) + timedelta(days=1)
    if plan.ends is not None:
        yield "ends.most_days", in_force.adopted_at + timedelta(days=plan.ends.most_days)


def plan_is_over(
    fact: m.PlanEnded, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    """What an ended plan had not yet ordered is dropped, and the duty officer is told; ordered
    work goes on.
    """
    incident: Incident = rows.get(INCIDENTS, fact.incident)
    said = f"plan {fact.plan} ended by {fact.clause}: {fact.because}"
    waiting: list[Task] = rows.list_rows(TASKS, incident=incident.id, status="waiting")
    for task in waiting:
        yield m.DropTask(id=command_id(event, "drop", task.id), task=task.id, because=said)
    at_work = rows.count(TASKS, incident=incident.id, status=AT_WORK)
    yield m.SendNotice(
        id=command_id(event, "tell"),
        notice=derive_id("note", event.id),
        to_role="duty_officer",
        area=incident.area,
        text=f"{said}; {at_work} orders go on to their end",
        incident=incident.id,
        audience="duty officer",
        channel="notice",
        clause=f"{fact.plan} {fact.version}: {fact.clause}",
    )


def tell_officer(
    plan: Plan, in_force: PlanInForce, incident: Incident, clause: str, text: str, *turn: str
) -> Command:
    """What the duty officer of the area must know of the plan in force; once a term of the plan
    and turn.
    """
    name = derive_id("note", incident.id, plan.id, in_force.adopted_at.isoformat(), clause, *turn)
    return m.SendNotice(
        id=derive_id("cmd", name),
        notice=name,
        to_role="duty_officer",
        area=incident.area,
        text=text,
        incident=incident.id,
        audience="duty officer",
        channel="notice",
        clause=clause_reference(plan, clause),
    )
