"""How an incident stands with plans: which one waits for a person, and which clauses of the one
in force wait.
"""

from __future__ import annotations

from typing import Any

from twinward.loop.policies.clauses import list_waiting
from twinward.service.platform import Platform
from twinward.twins.emergency.plans.rows import PLANS_IN_FORCE


def proposed_plan(platform: Platform, incident: Any, in_force: Any) -> str | None:
    """The plan that the level calls for and that waits for a person to adopt it."""
    if incident.level is None or incident.status != "open":
        return None
    plan = platform.reference.library.find_plan(incident.hazard, incident.level)
    return plan.id if plan is not None and (in_force is None or in_force.plan != plan.id) else None


def waiting_clauses(platform: Platform, snapshot: Any, incident: Any) -> list[str]:
    """What the plan in force has not started yet, and what for each waits."""
    in_force = snapshot.find(PLANS_IN_FORCE, incident.id)
    plan = platform.reference.library.find(in_force.plan) if in_force is not None else None
    return (
        list_waiting(plan, in_force, incident, snapshot, platform.reference)
        if plan is not None
        else []
    )
