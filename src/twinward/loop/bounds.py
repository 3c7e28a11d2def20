"""What was authorised beforehand has bounds: measures, areas, days and persons, held against
what is at every tick.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from twinward.core.ports import Rows
from twinward.core.reasons import Reason, because_of
from twinward.library.plans.plan import Limits, Plan
from twinward.loop.context import ACTOR, ReferenceData
from twinward.twins.city.rows import RESTRICTIONS
from twinward.twins.emergency.incidents.rows import Incident, PlanInForce


def find_breach(
    plan: Plan,
    in_force: PlanInForce,
    incident: Incident,
    now: datetime,
    rows: Rows,
    reference: ReferenceData,
) -> tuple[str, Reason] | None:
    """(clause, why) where a plan that the loop adopted by itself has come to a bound of its
    authority.

    What a named person adopted or renewed rests on that person's decision.
    """
    limits = plan.authority.limits
    if limits is None or in_force.adopted_by != ACTOR:
        return None
    ends_at = end_of_authority(plan, in_force)
    if ends_at is not None and now >= ends_at:
        since = reference.day_of(in_force.since or in_force.adopted_at)
        return (
            "authority.most_days",
            because_of("breach.days", days=limits.most_days or 0, since=since.isoformat()),
        )
    restrictions = rows.list_rows(RESTRICTIONS, incident=incident.id)
    return find_excess(
        limits, [(row.area, row.measure) for row in restrictions], incident, reference
    )


def end_of_authority(plan: Plan, in_force: PlanInForce) -> datetime | None:
    """When what was authorised beforehand is over, renewals of the loop's own counted in."""
    limits = plan.authority.limits
    if limits is None or limits.most_days is None or in_force.adopted_by != ACTOR:
        return None
    return (in_force.since or in_force.adopted_at) + timedelta(days=limits.most_days)


def find_excess(
    limits: Limits,
    restricted: Sequence[tuple[str, str]],
    incident: Incident,
    reference: ReferenceData,
) -> tuple[str, Reason] | None:
    for area, measure in restricted:
        if measure not in limits.measures:
            return (
                "authority.measures",
                because_of("breach.measure", measure=measure, area=reference.areas.name(area)),
            )
        inside = (incident.area,) if limits.areas == "incident" else incident.affected
        if not any(reference.areas.is_under(area, one) for one in inside):
            return (
                "authority.areas",
                because_of("breach.area", area=reference.areas.name(area)),
            )
    if limits.most_persons is not None:
        persons = count_restricted([area for area, _ in restricted], reference)
        if persons > limits.most_persons:
            return (
                "authority.most_persons",
                because_of("breach.persons", persons=persons, most=limits.most_persons),
            )
    return None


def count_restricted(areas: Sequence[str], reference: ReferenceData) -> int:
    """Residents of the areas, each once though measures and areas lie over each other."""
    distinct = set(areas)
    top = {
        area
        for area in distinct
        if not any(above in distinct for above in reference.areas.path(area)[:-1])
    }
    return sum(reference.residents(area) for area in top)
