"""The rows of plans and their tables."""

from __future__ import annotations

from twinward.core.ports import Table
from twinward.twins.emergency.incidents.rows import EndedPlan, PlanInForce

PLANS_IN_FORCE: Table[PlanInForce] = Table(
    name="plans_in_force", row=PlanInForce, columns=("plan",)
)
ENDED_PLANS: Table[EndedPlan] = Table(
    name="ended_plans", row=EndedPlan, columns=("plan", "ended_at")
)

TABLES = (
    PLANS_IN_FORCE,
    ENDED_PLANS,
)
