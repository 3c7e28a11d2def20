"""MANY PARTIES ARE LINKED: the level chooses the plan, the plan names departments, areas give
their levels.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinward.core.messages import Command, Event
from twinward.core.ports import Rows
from twinward.core.reasons import because_of
from twinward.library.hazards.hazard import LEVELS
from twinward.library.plans.plan import Plan
from twinward.library.texts import write_reason
from twinward.loop.context import (
    ACTOR,
    ReferenceData,
    affected_areas,
    area_at_level,
    command_id,
    find_plan_in_force,
)
from twinward.loop.policies.gate import find_doubt
from twinward.loop.task_places import areas_of
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.incidents.rows import INCIDENTS, Incident, PlanInForce
from twinward.twins.emergency.plans.rows import PLANS_IN_FORCE


def plan_follows_level(
    fact: m.ResponseLevelSet, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    """Adopt the matching plan if somebody authorised that beforehand; otherwise it waits for a
    person.

    A plan that restricts people waits too where the level rests on one source's word of one day:
    until that is borne out the highest plan that restricts nobody does the work. While a plan waits
    for a person the highest one below it that needs none does the work.
    """
    incident: Incident = rows.get(INCIDENTS, fact.incident)
    plan = reference.library.find_plan(incident.hazard, fact.level)
    if plan is None or goes_further(fact, plan, rows, incident, reference):
        return
    if may_adopt(plan, event, reference):
        doubt = find_doubt(incident, fact.level, rows, reference) if plan.restricts() else None
        if doubt is None:
            yield from adopt_by_itself(plan, incident, event, rows)
            return
        source, why = doubt
        yield m.HoldReports(
            id=command_id(event, "hold"),
            incident=incident.id,
            source=source,
            level=fact.level,
            because=write_reason(why),
            reasons=(why,),
        )
        milder = find_milder(plan, incident, event, reference, harmless=True)
    else:
        milder = find_milder(plan, incident, event, reference)
        if (
            milder is not None
            and milder.restricts()
            and find_doubt(incident, milder.level, rows, reference) is not None
        ):
            milder = find_milder(plan, incident, event, reference, harmless=True)
    if milder is not None and rows.find(PLANS_IN_FORCE, incident.id) is None:
        yield from adopt_by_itself(milder, incident, event, rows)


def find_milder(
    plan: Plan,
    incident: Incident,
    event: Event,
    reference: ReferenceData,
    *,
    harmless: bool = False,
) -> Plan | None:
    """The highest plan below one that was authorised beforehand; a harmless one restricts
    nobody.
    """
    fitting = [
        other
        for other in reference.library.plans.values()
        if other.hazard == plan.hazard
        and other.standard
        and not (harmless and other.restricts())
        and LEVELS.index(other.level) < LEVELS.index(plan.level)
        and may_adopt(other, event, reference)
    ]
    return max(fitting, key=lambda other: LEVELS.index(other.level), default=None)


def plan_follows_confirmation(
    fact: m.ReportsConfirmed, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    """What was held is believed: the plan of the level comes into force."""
    incident: Incident = rows.get(INCIDENTS, fact.incident)
    plan = reference.library.find_plan(incident.hazard, incident.level) if incident.level else None
    if plan is None or not may_adopt(plan, event, reference):
        return
    before = find_plan_in_force(rows, incident, reference)
    if before is None or LEVELS.index(before.level) < LEVELS.index(plan.level):
        yield from adopt_by_itself(plan, incident, event, rows)


def may_adopt(plan: Plan, event: Event, reference: ReferenceData) -> bool:
    """Whether somebody authorised it beforehand and its time is not over."""
    over = plan.valid_until is not None and reference.day_of(event.recorded_at) > plan.valid_until
    return plan.authority.automatic and not over


def adopt_by_itself(
    plan: Plan, incident: Incident, event: Event, rows: Rows, takes_over: str = ""
) -> Iterator[Command]:
    known: PlanInForce | None = rows.find(PLANS_IN_FORCE, incident.id)
    if known is not None and (known.plan, known.version) == (plan.id, plan.version):
        return
    said = plan.authority
    beforehand = because_of("authority.beforehand", by=said.authorised_by, bounds=said.bounds)
    yield m.AdoptPlan(
        id=command_id(event, "adopt"),
        incident=incident.id,
        plan=plan.id,
        version=plan.version,
        authority=write_reason(beforehand),
        authority_reasons=(beforehand,),
        objectives=plan.objectives,
        takes_over=takes_over,
    )


def level_follows_decision(
    fact: m.PlanAdopted, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    """A person who adopts the plan of a level that persons decide has decided on that level."""
    incident: Incident = rows.get(INCIDENTS, fact.incident)
    plan, known = (
        find_plan_in_force(rows, incident, reference),
        reference.library.find_hazard(incident.hazard),
    )
    if (
        plan is None
        or known is None
        or fact.adopted_by == ACTOR
        or not known.needs_person(plan.level)
    ):
        return
    if plan.standard and incident.level != plan.level:
        called = incident.called_because_reasons or incident.called_because
        why = (
            because_of("level.adopted_called", plan=plan.id, why=called)
            if called
            else because_of("level.adopted", plan=plan.id)
        )
        yield m.SetResponseLevel(
            id=command_id(event, "decided"),
            incident=incident.id,
            level=plan.level,
            by=fact.adopted_by,
            because=write_reason(why),
            reasons=(why,),
        )


def goes_further(
    fact: m.ResponseLevelSet, plan: Plan, rows: Rows, incident: Incident, reference: ReferenceData
) -> bool:
    """Whether a person has put a plan in force that goes at least as far: rising figures do not
    take it back.
    """
    known: PlanInForce | None = rows.find(PLANS_IN_FORCE, incident.id)
    before = find_plan_in_force(rows, incident, reference)
    if known is None or before is None or known.adopted_by == ACTOR:
        return False
    rising = fact.before is None or LEVELS.index(fact.before) < LEVELS.index(fact.level)
    return rising and LEVELS.index(before.level) >= LEVELS.index(plan.level)


def link_by_duty(
    fact: m.PlanAdopted, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    incident: Incident = rows.get(INCIDENTS, fact.incident)
    plan = find_plan_in_force(rows, incident, reference)
    if plan is not None:
        yield m.LinkParties(
            id=command_id(event, "link"),
            incident=incident.id,
            parties=parties_of(plan, incident, affected_areas(incident), reference),
        )


def link_grown_area(
    fact: m.IncidentDeveloped, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    incident: Incident = rows.get(INCIDENTS, fact.incident)
    plan = find_plan_in_force(rows, incident, reference)
    if fact.grown is not None and plan is not None:
        yield m.LinkParties(
            id=command_id(event, "link"),
            incident=incident.id,
            parties=parties_of(plan, incident, (fact.grown,), reference),
        )


def parties_of(
    plan: Plan, incident: Incident, affected: tuple[str, ...], reference: ReferenceData
) -> tuple[tuple[str, str], ...]:
    """(department, area) for everything that the plan may order, and for every duty at the level
    accountable for it.
    """
    parties = {
        (task.department, area)
        for task in plan.work()
        for area in areas_of(task, incident, affected, reference)
    }
    parties |= {
        (duty.department, area_at_level(area, duty.level, reference))
        for duty in plan.duties
        for area in affected
    }
    return tuple(sorted(parties))
