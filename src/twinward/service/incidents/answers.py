"""What the views of incidents, tasks, sources and the log answer."""

from __future__ import annotations

from datetime import datetime

import msgspec

from twinward.core.reasons import Reason
from twinward.twins.emergency.incidents.rows import (
    CriterionResult,
    Decision,
    EndedPlan,
    Held,
    PlanInForce,
)
from twinward.twins.emergency.resources.rows import Stock


class IncidentLine(msgspec.Struct, frozen=True, kw_only=True):
    """An incident in a list: its row without the figures of each day, with its area's name."""

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
    last_day: str | None
    last_linked_day: str | None
    parties: tuple[tuple[str, str], ...]
    evidence: dict[str, str]
    evidence_reasons: dict[str, tuple[Reason, ...]]
    below_since: dict[str, datetime]
    counted: bool
    called: str | None
    called_because: str
    called_because_reasons: tuple[Reason, ...]
    called_at: datetime | None
    decided: Decision | None
    held: Held | None
    trusted_day: str | None
    adoptions: int
    waived: dict[str, str]
    outcome: str
    into: str
    cause_link: str = ""


class EventShown(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An event as it may leave; one that is not the reader's to see is `Elsewhere` and blank."""

    seq: int
    id: str | None
    type: str
    occurred_at: datetime | None
    recorded_at: datetime | None
    area: str | None
    actor: str | None
    cause: str | None
    incident: str | None
    fact: dict[str, object]
    drill: str = ""


class EventPage(msgspec.Struct, frozen=True, kw_only=True):
    """Events in order; `next` is the `after` of the page that follows or will follow."""

    items: list[EventShown]
    next: int


class TimelineEvent(EventShown, frozen=True, kw_only=True):
    """An event in the tree of causes; `depth` 0 is a report or a person."""

    depth: int


class IncidentAnswer(IncidentLine, frozen=True, kw_only=True, omit_defaults=True):
    """One incident: its days, its plan, its tasks by status, and what keeps it open."""

    days: dict[str, dict[str, float]]
    plan: PlanInForce | None
    proposed_plan: str | None
    plan_ends: dict[str, datetime]
    plan_stands: bool
    waits_for: list[str]
    ended_plan: EndedPlan | None
    tasks: dict[str, int]
    late: list[str]
    evidence: list[CriterionResult]  # type: ignore[assignment]
    timeline: list[TimelineEvent] = []


class IncidentCount(msgspec.Struct, frozen=True, kw_only=True):
    """Incidents that are open, and all there are."""

    open: int
    all: int


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """Figures by area and in all, open incidents, what is late and whose it is."""

    as_of: datetime
    incidents: IncidentCount
    levels: dict[str, int]
    new_total: int
    new_total_by_area: dict[str, int]
    affected_areas: int
    places_affected: int
    tasks: dict[str, int]
    late: dict[str, int]
    stocks: list[Stock]


class SourceAccount(msgspec.Struct, frozen=True, kw_only=True):
    """One source's account, and whether received = stored + rejected + duplicate."""

    source: str
    received: int
    stored: int
    rejected: int
    duplicate: int
    balanced: bool


class PlatformStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How far the log is and how far the loop has answered it."""

    last_seq: int
    loop_seq: int
    now: datetime


class Health(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`ok`, `alarm` or `failing`; the trouble by code, what happened and what to do."""

    status: str
    last_seq: int
    differences: int
    code: str = ""
    message: str = ""
    advice: str = ""
    version: str = ""
    drill: str = ""
