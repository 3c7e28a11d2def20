"""How an incident stands with plans: which one waits for a person, and which clauses of the one
in force wait.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from twinward.library.hazards.hazard import LEVELS
from twinward.library.plans.plan import Plan
from twinward.loop.policies.clauses import list_waiting
from twinward.loop.policies.plan_end import expiry_times, find_evidence_of_end
from twinward.service.platform import Platform
from twinward.twins.emergency.plans.rows import ENDED_PLANS, PLANS_IN_FORCE

if TYPE_CHECKING:
    from twinward.twins.emergency.incidents.rows import Incident
    from twinward.twins.snapshot import Snapshot


def proposed_plan(
    platform: Platform, snapshot: Snapshot, incident: Incident, at: datetime
) -> str | None:
    """The plan that the level calls for, or the level that waits for a person's decision, and that
    nobody has adopted.

    One that goes no further than the plan in force is not offered, nor one that what ended a plan
    there would end again at once.
    """
    if incident.level is None or incident.status != "open":
        return None
    library = platform.reference.library
    plan = library.find_plan(incident.hazard, incident.called or incident.level)
    in_force = snapshot.find(PLANS_IN_FORCE, incident.id)
    before = library.find(in_force.plan) if in_force is not None else None
    if plan is None or would_end_at_once(plan, platform, snapshot, incident, at):
        return None
    if before is not None and LEVELS.index(before.level) >= LEVELS.index(plan.level):
        return None
    return plan.id


def would_end_at_once(
    plan: Plan, platform: Platform, snapshot: Snapshot, incident: Incident, at: datetime
) -> bool:
    """Whether a plan has ended there on its evidence and the same still shows the end of this."""
    ended = snapshot.find(ENDED_PLANS, incident.id)
    if incident.called or plan.ends is None or ended is None or ended.clause != "ends":
        return False
    now = platform.reference.local(at)
    return bool(find_evidence_of_end(plan, incident, now, snapshot, platform.reference))  # type: ignore[arg-type]


def waiting_clauses(platform: Platform, snapshot: Snapshot, incident: Incident) -> list[str]:
    """What the plan in force has not started yet, and what for each waits."""
    in_force = snapshot.find(PLANS_IN_FORCE, incident.id)
    plan = platform.reference.library.find(in_force.plan) if in_force is not None else None
    if plan is None or in_force is None:
        return []
    return list_waiting(plan, in_force, incident, snapshot, platform.reference)  # type: ignore[arg-type]


def plan_ends(platform: Platform, snapshot: Snapshot, incident: Incident) -> dict[str, datetime]:
    """By which clauses the plan in force ends by its time, and when; the first end counts."""
    in_force = snapshot.find(PLANS_IN_FORCE, incident.id)
    plan = platform.reference.library.find(in_force.plan) if in_force is not None else None
    if plan is None or in_force is None:
        return {}
    return dict(expiry_times(plan, in_force, platform.reference))


def plan_stands(platform: Platform, snapshot: Snapshot, incident: Incident) -> bool:
    """Whether the level calls for as much as the plan in force, or for more."""
    in_force = snapshot.find(PLANS_IN_FORCE, incident.id)
    plan = platform.reference.library.find(in_force.plan) if in_force is not None else None
    if plan is None or incident.level is None:
        return False
    return LEVELS.index(incident.level) >= LEVELS.index(plan.level)
