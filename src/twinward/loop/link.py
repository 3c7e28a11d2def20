"""MANY PARTIES ARE LINKED: the level chooses the plan, the plan names departments, areas give their levels."""

from __future__ import annotations

from collections.abc import Iterator

from twinward.core.messages import Command, Event
from twinward.core.ports import Rows
from twinward.library.plans import LEVELS, Plan
from twinward.loop.surroundings import ACTOR, Surroundings, affected_areas, command_id, find_plan_in_force
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.incidents_state import Incident, PlanInForce


def plan_follows_level(fact: m.ResponseLevelSet, event: Event, rows: Rows, around: Surroundings) -> Iterator[Command]:
    """Adopt the matching plan if somebody authorised that beforehand; otherwise it waits for a person."""
    incident: Incident = rows.find("incidents", fact.incident)
    plan = around.library.find_plan(incident.hazard, fact.level)
    if plan is None or not plan.authority.automatic or goes_further(fact, plan, rows, incident, around):
        return
    yield m.AdoptPlan(
        id=command_id(event, "adopt"),
        incident=incident.id,
        plan=plan.id,
        version=plan.version,
        authority=f"authorised beforehand by {plan.authority.authorised_by}: {plan.authority.bounds}",
        objectives=plan.objectives,
    )


def goes_further(fact: m.ResponseLevelSet, plan: Plan, rows: Rows, incident: Incident, around: Surroundings) -> bool:
    """Whether a person has put a plan in force that goes at least as far: rising figures do not take it back."""
    known: PlanInForce | None = rows.find("plans_in_force", incident.id)
    before = find_plan_in_force(rows, incident, around)
    if known is None or before is None or known.adopted_by == ACTOR:
        return False
    rising = fact.before is None or LEVELS.index(fact.before) < LEVELS.index(fact.level)
    return rising and LEVELS.index(before.level) >= LEVELS.index(plan.level)


def link_by_duty(fact: m.PlanAdopted, event: Event, rows: Rows, around: Surroundings) -> Iterator[Command]:
    incident: Incident = rows.find("incidents", fact.incident)
    plan = find_plan_in_force(rows, incident, around)
    if plan is not None:
        yield m.LinkParties(
            id=command_id(event, "link"),
            incident=incident.id,
            parties=parties_of(plan, incident, affected_areas(incident), around),
        )


def link_grown_area(fact: m.IncidentDeveloped, event: Event, rows: Rows, around: Surroundings) -> Iterator[Command]:
    incident: Incident = rows.find("incidents", fact.incident)
    plan = find_plan_in_force(rows, incident, around)
    if fact.grown is not None and plan is not None:
        yield m.LinkParties(
            id=command_id(event, "link"),
            incident=incident.id,
            parties=parties_of(plan, incident, (fact.grown,), around),
        )


def parties_of(
    plan: Plan, incident: Incident, affected: tuple[str, ...], around: Surroundings
) -> tuple[tuple[str, str], ...]:
    """(department, area) for every duty of the plan, at the level where it is done."""
    parties = set()
    for task in plan.tasks:
        where = {"incident": (incident.area,), "city": (around.areas.root,), "each_affected": affected}[task.where]
        parties |= {(task.department, area) for area in where}
    return tuple(sorted(parties))
