"""Plans in force: adopted once for an area, started clause by clause as figures are reached,
ended with evidence.
"""

from __future__ import annotations

import msgspec

from twinward.core.errors import ConflictError
from twinward.core.messages import Draft, Event
from twinward.core.ports import Rows, Transaction
from twinward.core.reasons import because_of
from twinward.library.texts import write_reason
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.incidents.handlers import about, get_open
from twinward.twins.emergency.incidents.rows import (
    INCIDENTS,
    START,
    EndedPlan,
    Incident,
    PlanInForce,
)
from twinward.twins.emergency.plans.rows import ENDED_PLANS, PLANS_IN_FORCE, TABLES
from twinward.twins.twin import Behaviour, Context

WITHDRAWN = "withdrawn"  # the clause of an end that a person brought about


def adopt_plan(command: m.AdoptPlan, rows: Rows, context: Context) -> list[Draft]:
    incident = get_open(rows, command.incident)
    known: PlanInForce | None = rows.find(PLANS_IN_FORCE, incident.id)
    if (
        known is not None
        and (known.plan, known.version) == (command.plan, command.version)
        and not command.renews
    ):
        raise ConflictError(
            f"plan {command.plan} is already in force",
            "nothing was changed",
            code="already_adopted",
        )
    if known is not None and command.instead_of is not None and known.plan != command.instead_of:
        raise ConflictError(
            f"plan {known.plan} is in force there, {known.authority}",
            "name it as the one to replace, or leave it",
            code="plan_in_force",
        )
    if command.instead_of is not None:
        require_only_one(incident, rows)
    renews = command.renews and known is not None and known.plan == command.plan
    fact = m.PlanAdopted(
        incident=incident.id,
        plan=command.plan,
        version=command.version,
        adopted_by=command.by or context.actor,
        authority=command.authority,
        authority_reasons=command.authority_reasons,
        objectives=command.objectives,
        forecast=command.forecast,
        starts=command.starts,
        before=known.plan if known is not None else command.takes_over,
        renews=renews,
    )
    return about(incident, fact)


def require_only_one(incident: Incident, rows: Rows) -> None:
    """ConflictError when another incident of the same kind of hazard follows a plan in the same
    area.
    """
    family = incident.hazard.partition("/")[0]
    for other in rows.list_rows(INCIDENTS, status="open"):
        if (
            other.id == incident.id
            or other.area != incident.area
            or other.hazard.partition("/")[0] != family
        ):
            continue
        plan: PlanInForce | None = rows.find(PLANS_IN_FORCE, other.id)
        if plan is not None:
            raise ConflictError(
                f"plan {plan.plan} is in force in {other.area} for incident {other.id}",
                "one area follows one plan for one hazard: adopt it there, or end that one",
                code="plan_in_force",
            )


def plan_adopted(fact: m.PlanAdopted, event: Event, tx: Transaction) -> None:
    """A renewal goes on where the plan stood; anything else begins anew."""
    incident: Incident = tx.get(INCIDENTS, fact.incident)
    known: PlanInForce | None = tx.find(PLANS_IN_FORCE, fact.incident)
    row = PlanInForce(
        id=fact.incident,
        area=event.area,
        plan=fact.plan,
        version=fact.version,
        adopted_by=fact.adopted_by,
        authority=fact.authority,
        authority_reasons=fact.authority_reasons,
        adopted_at=event.occurred_at,
        objectives=fact.objectives,
        forecast=fact.forecast,
        started=(START,) if fact.starts == "now" else (),
        adoption=incident.adoptions + 1,
        before=fact.before,
        since=event.occurred_at,
    )
    if fact.renews and known is not None:
        row = msgspec.structs.replace(
            row,
            started=known.started,
            turns=known.turns,
            adoption=known.adoption,
            before=known.before,
            since=known.since or known.adopted_at,
            rounds=known.rounds,
            forecast=fact.forecast or known.forecast,
        )
    else:
        tx.put(
            INCIDENTS,
            msgspec.structs.replace(incident, adoptions=row.adoption),
            event.occurred_at,
        )
    tx.put(PLANS_IN_FORCE, row, event.occurred_at)


def begin_round(command: m.BeginRound, rows: Rows, context: Context) -> list[Draft]:
    plan = get_in_force(rows, command.incident)
    if command.turn <= plan.rounds.get(command.key, 1):
        raise ConflictError(
            f"round {command.turn} of {command.key} has begun", "nothing was changed", code="begun"
        )
    fact = m.RoundBegun(incident=plan.id, plan=plan.plan, key=command.key, turn=command.turn)
    return [Draft(fact=fact, area=plan.area, incident=plan.id)]


def round_begun(fact: m.RoundBegun, event: Event, tx: Transaction) -> None:
    plan: PlanInForce = tx.get(PLANS_IN_FORCE, fact.incident)
    row = msgspec.structs.replace(plan, rounds=plan.rounds | {fact.key: fact.turn})
    tx.put(PLANS_IN_FORCE, row, event.occurred_at)


def withdraw_plan(command: m.WithdrawPlan, rows: Rows, context: Context) -> list[Draft]:
    plan = get_in_force(rows, command.incident)
    why = because_of("ended.withdrawn", by=command.by or context.actor, reason=command.reason)
    fact = m.PlanEnded(
        incident=plan.id,
        plan=plan.plan,
        version=plan.version,
        clause=WITHDRAWN,
        because=write_reason(why),
        reasons=(why,),
    )
    return [Draft(fact=fact, area=plan.area, incident=plan.id)]


def get_in_force(rows: Rows, incident: str) -> PlanInForce:
    get_open(rows, incident)
    found: PlanInForce | None = rows.find(PLANS_IN_FORCE, incident)
    if found is None:
        raise ConflictError(
            f"no plan is in force for incident {incident}", "adopt one first", code="no_plan"
        )
    return found


def start_clause(command: m.StartClause, rows: Rows, context: Context) -> list[Draft]:
    plan = get_in_force(rows, command.incident)
    if command.clause in plan.started:
        raise ConflictError(
            f"{command.clause} has started", "nothing was changed", code="already_started"
        )
    fact = m.ClauseStarted(
        incident=plan.id,
        plan=plan.plan,
        clause=command.clause,
        because=command.because,
        reasons=command.reasons,
    )
    return [Draft(fact=fact, area=plan.area, incident=plan.id)]


def clause_started(fact: m.ClauseStarted, event: Event, tx: Transaction) -> None:
    plan: PlanInForce = tx.get(PLANS_IN_FORCE, fact.incident)
    tx.put(PLANS_IN_FORCE, turn(plan, (*plan.started, fact.clause)), event.occurred_at)


def turn(plan: PlanInForce, started: tuple[str, ...]) -> PlanInForce:
    return msgspec.structs.replace(plan, started=started, turns=plan.turns + 1)


def stop_clause(command: m.StopClause, rows: Rows, context: Context) -> list[Draft]:
    plan = get_in_force(rows, command.incident)
    if command.clause not in plan.started:
        raise ConflictError(
            f"{command.clause} has not started", "nothing was changed", code="not_started"
        )
    fact = m.ClauseStopped(
        incident=plan.id,
        plan=plan.plan,
        clause=command.clause,
        because=command.because,
        reasons=command.reasons,
    )
    return [Draft(fact=fact, area=plan.area, incident=plan.id)]


def clause_stopped(fact: m.ClauseStopped, event: Event, tx: Transaction) -> None:
    plan: PlanInForce = tx.get(PLANS_IN_FORCE, fact.incident)
    left = tuple(name for name in plan.started if name != fact.clause)
    tx.put(PLANS_IN_FORCE, turn(plan, left), event.occurred_at)


def end_plan(command: m.EndPlan, rows: Rows, context: Context) -> list[Draft]:
    plan = get_in_force(rows, command.incident)
    fact = m.PlanEnded(
        incident=plan.id,
        plan=plan.plan,
        version=plan.version,
        clause=command.clause,
        because=command.because,
        reasons=command.reasons,
    )
    return [Draft(fact=fact, area=plan.area, incident=plan.id)]


def plan_ended(fact: m.PlanEnded, event: Event, tx: Transaction) -> None:
    plan: PlanInForce = tx.get(PLANS_IN_FORCE, fact.incident)
    row = EndedPlan(
        id=plan.id,
        area=plan.area,
        plan=plan.plan,
        version=plan.version,
        objectives=plan.objectives,
        adopted_at=plan.adopted_at,
        ended_at=event.occurred_at,
        clause=fact.clause,
        because=fact.because,
        reasons=fact.reasons,
    )
    tx.remove(PLANS_IN_FORCE, plan.id, event.occurred_at)
    tx.put(ENDED_PLANS, row, event.occurred_at)


BEHAVIOUR = Behaviour(
    handlers={
        m.AdoptPlan: adopt_plan,
        m.StartClause: start_clause,
        m.StopClause: stop_clause,
        m.EndPlan: end_plan,
        m.BeginRound: begin_round,
        m.WithdrawPlan: withdraw_plan,
    },
    appliers={
        m.PlanAdopted: plan_adopted,
        m.ClauseStarted: clause_started,
        m.ClauseStopped: clause_stopped,
        m.PlanEnded: plan_ended,
        m.RoundBegun: round_begun,
    },
    tables=TABLES,
)
