"""What the pretended departments and officers read of the answers of the public API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NotRequired, TypedDict

SentCommand = Mapping[str, object]  # the body of one command, as its type asks


class ShownTask(TypedDict):
    """A task as `GET /v1/tasks` shows it."""

    id: str
    key: str
    department: str
    area: str
    status: str
    deadline_h: float
    ordered_at: str
    escalations: int
    contact: str | None
    turn: NotRequired[int]


class ShownHeld(TypedDict):
    """What one source suddenly said and nobody has confirmed."""

    since: str
    source: str


class ShownPlan(TypedDict):
    """The plan that an incident follows."""

    plan: str


class ShownEnd(TypedDict):
    """How the plan before ended."""

    ended_at: str


class ShownObjective(TypedDict):
    """An objective of the plan, whether it holds, and whether nothing can show it."""

    objective: str
    holds: bool
    vacuous: bool


class ListedIncident(TypedDict):
    """An incident as `GET /v1/incidents` shows it."""

    id: str
    round: int
    level_since: str
    changed_at: str
    called: str | None
    called_at: str | None
    held: ShownHeld | None
    plan: ShownPlan | None
    plan_ends: dict[str, str]
    plan_stands: bool
    ended_plan: ShownEnd | None
    proposed_plan: str | None
    evidence: list[ShownObjective]
