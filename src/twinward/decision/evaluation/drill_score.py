"""What the score of a drill is made of: figures, injects, departments, decisions."""

from __future__ import annotations

from datetime import datetime

import msgspec


class ScoreFigure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure over `n` things: its median (or share) and what nine of ten stay under; `met`
    is judged on that.
    """

    name: str
    title: str
    unit: str
    n: int
    value: float | None
    p90: float | None = None
    target: float | None = None
    met: bool | None = None
    says: str = ""
    events: tuple[str, ...] = ()


class InjectScore(msgspec.Struct, frozen=True, kw_only=True):
    """One inject: when it could first be known, what the system made of it, when orders or an
    answer came.
    """

    inject: str
    kind: str
    area: str
    hour: float
    incident: str | None = None
    trigger_h: float | None = None
    orders_h: float | None = None
    answer_h: float | None = None
    events: tuple[str, ...] = ()


class DepartmentScore(msgspec.Struct, frozen=True, kw_only=True):
    """A department's orders: hours to the receipt, how many were never answered, how many were
    late and how much.
    """

    department: str
    orders: int
    receipt_p50_h: float | None
    receipt_p90_h: float | None
    unanswered: int
    due: int
    late: int
    worst_late_h: float
    escalations: int
    events: tuple[str, ...] = ()


class ScoredDecision(msgspec.Struct, frozen=True, kw_only=True):
    """A plan put in force, and what the best plan in hindsight would have cost from there; both
    simulated.
    """

    event: str
    hour: float
    incident: str
    plan: str
    adopted_by: str
    best: str | None = None
    regret_infections: float | None = None
    regret_cost: float | None = None
    regret_share: float | None = None
    compared: tuple[str, ...] = ()
    says: str = ""


class DrillScore(msgspec.Struct, frozen=True, kw_only=True):
    """The whole score. `reached`: targets met of those judged."""

    drill: str
    script: str
    title: str
    seed: int
    start: datetime
    hours: float
    events: int
    plans: tuple[str, ...]
    reached: int
    judged: int
    figures: tuple[ScoreFigure, ...]
    injects: tuple[InjectScore, ...]
    departments: tuple[DepartmentScore, ...]
    decisions: tuple[ScoredDecision, ...]
    synthetic: bool = True
