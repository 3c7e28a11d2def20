"""A PLAN ENDS as it says itself: with what shows it, or when its time is over, and not without a
warning.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta

from twinward.core.ids import derive_id
from twinward.core.messages import Command, Event
from twinward.core.ports import Rows
from twinward.core.reasons import Reason, because_of
from twinward.library.hazards.hazard import LEVELS
from twinward.library.plans.plan import Objective, Plan
from twinward.library.texts import write_reason, write_reasons
from twinward.loop.bounds import end_of_authority, find_breach
from twinward.loop.context import (
    ACTOR,
    ReferenceData,
    clause_reference,
    command_id,
    find_plan_in_force,
)
from twinward.loop.indicators import indicator_value
from twinward.loop.policies.clauses import judge_clauses, turn_id
from twinward.loop.policies.link import adopt_by_itself, may_adopt
from twinward.loop.policies.notices import tell_duty_officer
from twinward.loop.policies.rounds import begin_rounds
from twinward.loop.policies.schedule import NOT_OF_PLAN
from twinward.twins.city import messages as c
from twinward.twins.city.rows import RESTRICTIONS
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.incidents.closure import check_quiet_period
from twinward.twins.emergency.incidents.rows import (
    INCIDENTS,
    START,
    EndedPlan,
    Incident,
    PlanInForce,
)
from twinward.twins.emergency.plans.handlers import WITHDRAWN
from twinward.twins.emergency.plans.rows import ENDED_PLANS, PLANS_IN_FORCE
from twinward.twins.emergency.tasks.rows import AT_WORK, OPEN_TASK, TASKS

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
    yield from begin_rounds(plan, in_force, incident, now, rows, reference)
    yield from remind(plan, in_force, incident, now, rows, reference)
    breach = find_breach(plan, in_force, incident, now, rows, reference)
    ending = None if breach else find_end(plan, in_force, incident, now, rows, reference)
    if breach is not None:
        reasons: tuple[Reason, ...] = (breach[1],)
        clause = breach[0]
    elif ending is not None:
        clause, reasons = ending
    else:
        return
    if clause == "ends.most_days" and may_renew(plan, in_force, incident, reference):
        renewed = because_of(
            "authority.renewed", by=plan.authority.authorised_by, level=str(incident.level)
        )
        yield m.AdoptPlan(
            id=turn_id(in_force, "renew"),
            incident=incident.id,
            plan=plan.id,
            version=plan.version,
            renews=True,
            authority=write_reason(renewed),
            authority_reasons=(renewed,),
            objectives=plan.objectives,
        )
    else:
        yield m.EndPlan(
            id=turn_id(in_force, "end"),
            incident=incident.id,
            clause=clause,
            because=write_reasons(reasons),
            reasons=reasons,
        )


def may_renew(
    plan: Plan, in_force: PlanInForce, incident: Incident, reference: ReferenceData
) -> bool:
    """Whether the loop put it in force by itself and the level calls for as much still, or more."""
    stands = incident.level is not None and LEVELS.index(incident.level) >= LEVELS.index(plan.level)
    return in_force.adopted_by == ACTOR and plan.authority.automatic and plan.standard and stands


def find_end(
    plan: Plan,
    in_force: PlanInForce,
    incident: Incident,
    now: datetime,
    rows: Rows,
    reference: ReferenceData,
) -> tuple[str, tuple[Reason, ...]] | None:
    """The clause that ends the plan now, with what shows it; None while it goes on."""
    if plan.valid_until is not None and reference.day_of(now) > plan.valid_until:
        until = plan.valid_until.isoformat()
        return "valid_until", (because_of("plan_end.valid_until", day=until),)
    if plan.ends is None:
        return None
    if START in in_force.started:
        evidence = find_evidence_of_end(plan, incident, now, rows, reference)
        if evidence:
            return "ends", evidence
    if now >= in_force.adopted_at + timedelta(days=plan.ends.most_days):
        since = reference.day_of(in_force.adopted_at).isoformat()
        over = because_of("plan_end.most_days", days=plan.ends.most_days, since=since)
        return "ends.most_days", (over,)
    return None


def find_evidence_of_end(
    plan: Plan,
    incident: Incident,
    now: datetime,
    rows: Rows,
    reference: ReferenceData,
) -> tuple[Reason, ...]:
    """What shows that all figures that would end the plan are there; empty while one is not, or
    none is asked.

    Quiet days alone, when all who fall ill were watched already, end no plan while a week's reports
    call for its level: its work goes on.
    """
    ends = plan.ends
    if ends is None or (not ends.below and week_calls_for(plan, incident, reference)):
        return ()
    shown: list[Reason] = []
    if ends.quiet_days is not None:
        asked = Objective(key="ends.quiet_days", kind="quiet_days", days=ends.quiet_days)
        holds, reason = check_quiet_period(asked, incident, rows, now)
        if not holds:
            return ()
        shown.append(reason)
    for figure, below in ends.below.items():
        value = indicator_value(figure, incident, rows, reference)
        if value is None or value >= below:
            return ()
        shown.append(because_of("plan_end.below", figure=figure, value=value, below=below))
    return tuple(shown)


def week_calls_for(plan: Plan, incident: Incident, reference: ReferenceData) -> bool:
    """Whether the figures of the last seven days call for the level of a plan, or for more."""
    known = reference.library.find_hazard(incident.hazard)
    week = {name: value for name, value in incident.figures.items() if name.endswith("_7d")}
    called = known.level_for(week)[0] if known is not None else None
    return called is not None and LEVELS.index(called) >= LEVELS.index(plan.level)


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
        said = because_of(
            "notice.outgrown",
            plan=plan.id,
            figure=trigger.figure,
            value=value or 0.0,
            most=trigger.at_most or 0.0,
        )
        yield tell_officer(plan, in_force, incident, f"triggers[{n}]", said)
    if plan.ends is not None:
        turns = (now - (in_force.since or in_force.adopted_at)).days // plan.ends.review_every_days
        if turns > 0:
            said = because_of(
                "notice.review", plan=plan.id, days=turns * plan.ends.review_every_days
            )
            yield tell_officer(plan, in_force, incident, "ends.review_every_days", said, str(turns))
    for clause, ends_at in expiry_times(plan, in_force, reference):
        if ends_at - timedelta(days=WARN_D) <= now < ends_at:
            ends = f"{reference.local(ends_at):%Y-%m-%d %H:%M}"
            said = because_of("notice.ends", plan=plan.id, at=ends)
            yield tell_officer(plan, in_force, incident, clause, said)


def expiry_times(
    plan: Plan, in_force: PlanInForce, reference: ReferenceData
) -> Iterator[tuple[str, datetime]]:
    """When its time is over, by each clause that says so."""
    if plan.valid_until is not None:
        yield (
            "valid_until",
            datetime.combine(plan.valid_until + timedelta(days=1), time(), reference.zone),
        )
    ends_at = end_of_authority(plan, in_force)
    if ends_at is not None:
        yield "authority.most_days", ends_at
    if plan.ends is not None:
        yield "ends.most_days", in_force.adopted_at + timedelta(days=plan.ends.most_days)


def plan_is_over(
    fact: m.PlanEnded, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    """A plan that ends hands over: to the plan below it that was authorised beforehand, where its
    time or its authority was over while the incident goes on. What that does not ask for is
    dropped and lifted, and the officer is told.

    Ended on its evidence, it hands over to nobody: what it had not yet ordered is dropped, ordered
    work goes on.
    """
    incident: Incident = rows.get(INCIDENTS, fact.incident)
    said = because_of(
        "ended.plan", plan=fact.plan, clause=fact.clause, why=fact.reasons or fact.because
    )
    ended = reference.library.find(fact.plan)
    heir = (
        find_heir(ended, incident, event, reference)
        if fact.clause != "ends" and ended is not None
        else None
    )
    kept = {task.key for task in heir.work()} | set(NOT_OF_PLAN) if heir is not None else set()
    status = OPEN_TASK if fact.clause == WITHDRAWN else "waiting"
    for task in rows.list_rows(TASKS, incident=incident.id, status=status):
        if task.key not in kept:
            yield m.DropTask(
                id=command_id(event, "drop", task.id),
                task=task.id,
                because=write_reason(said),
                reasons=(said,),
            )
    asked = set(heir.restricts()) if heir is not None else set()
    over = {row.measure for row in rows.list_rows(RESTRICTIONS, incident=incident.id)} - asked
    if over:
        yield c.LiftRestrictions(
            id=command_id(event, "lift"), incident=incident.id, measures=tuple(sorted(over))
        )
    at_work = rows.count(TASKS, incident=incident.id, status=AT_WORK)
    then = (
        because_of("ended.heir", plan=heir.id)
        if heir is not None
        else because_of("ended.left", orders=at_work)
    )
    yield tell_duty_officer(
        event, f"{fact.plan} {fact.version}: {fact.clause}", said, then, incident=incident
    )
    if heir is not None:
        yield from adopt_by_itself(heir, incident, event, rows, takes_over=fact.plan)


def plan_returns(
    fact: m.IncidentDeveloped, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    """New reports after a plan has ended on its evidence: the level's plan comes into force
    again, unless that evidence holds still: the plan would end at the next tick, and come back
    with the next report.
    """
    incident: Incident = rows.get(INCIDENTS, fact.incident)
    ended: EndedPlan | None = rows.find(ENDED_PLANS, incident.id)
    if ended is None or ended.clause != "ends" or incident.status != "open":
        return
    if incident.level is None or rows.find(PLANS_IN_FORCE, incident.id) is not None:
        return
    plan = reference.library.find_plan(incident.hazard, incident.level)
    worse = max(fact.add.get(name, 0.0) for name in ("new", "new_linked")) > 0
    if plan is None or not worse or not may_adopt(plan, event, reference):
        return
    now = reference.local(event.recorded_at)
    if not find_evidence_of_end(plan, incident, now, rows, reference):
        yield from adopt_by_itself(plan, incident, event, rows)


def find_heir(
    ended: Plan, incident: Incident, event: Event, reference: ReferenceData
) -> Plan | None:
    """The highest plan below the one that ended, not above the level, that was authorised
    beforehand.
    """
    if incident.status != "open" or incident.level is None:
        return None
    rank = min(LEVELS.index(incident.level), LEVELS.index(ended.level) - 1)
    fitting = [
        plan
        for plan in reference.library.plans.values()
        if plan.hazard == ended.hazard
        and plan.standard
        and LEVELS.index(plan.level) <= rank
        and may_adopt(plan, event, reference)
    ]
    return max(fitting, key=lambda plan: LEVELS.index(plan.level), default=None)


def tell_officer(
    plan: Plan, in_force: PlanInForce, incident: Incident, clause: str, said: Reason, *turn: str
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
        text=write_reason(said),
        text_reasons=(said,),
        incident=incident.id,
        audience="duty officer",
        channel="notice",
        clause=clause_reference(plan, clause),
    )
