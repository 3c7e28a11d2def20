"""What is shown of an incident and of an event: the fields of each answer by name."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NotRequired, TypedDict

if TYPE_CHECKING:
    from twinward.core.reasons import Reason
    from twinward.twins.emergency.incidents.rows import (
        CriterionResult,
        Decision,
        EndedPlan,
        Held,
        PlanInForce,
    )


class ShownEvent(TypedDict):
    """An event as it may leave; `fact` without what points at a person, `depth` in a cause tree,
    `drill` in a drill.
    """

    seq: int
    id: str
    type: str
    occurred_at: datetime
    recorded_at: datetime
    area: str
    actor: str
    cause: str | None
    incident: str | None
    fact: dict[str, object]
    depth: NotRequired[int]
    drill: NotRequired[str]


class ShownIncident(TypedDict):
    """The fields of an incident, and its area by name."""

    id: str
    hazard: str
    area: str
    area_name: str
    title: str
    title_reasons: tuple[Reason, ...]
    status: str
    level: str | None
    level_since: datetime | None
    affected: tuple[str, ...]
    opened_at: datetime
    changed_at: datetime
    closed_at: datetime | None
    round: int
    figures: dict[str, float]
    called: str | None
    called_because: str
    called_at: datetime | None
    decided: Decision | None
    held: Held | None


class ShownCourse(ShownIncident):
    """An incident with its days, its plan, its tasks and what keeps it open."""

    days: dict[str, dict[str, float]]
    plan: PlanInForce | None
    proposed_plan: str | None
    plan_ends: dict[str, datetime]
    plan_stands: bool
    waits_for: list[str]
    ended_plan: EndedPlan | None
    tasks: dict[str, int]
    late: list[str]
    evidence: list[CriterionResult]


class ShownWhole(ShownCourse):
    """The same with the whole cause tree, when it is asked for."""

    timeline: NotRequired[list[ShownEvent]]
