"""The incident room: one incident as a loop, with its rail, board, tasks, evidence, and the tree
of causes.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from twinward.core.errors import AbsentError
from twinward.core.reasons import Reason
from twinward.library.texts import say_reasons
from twinward.service.console.basemap import Basemap
from twinward.service.console.dashboard_tables import (
    add_up,
    deadline_of,
    find_week,
    new_in_week,
    sum_days,
)
from twinward.service.console.dashboard_view import DayRow
from twinward.service.incidents.event_queries import build_timeline
from twinward.service.incidents.incident_course import list_evidence
from twinward.service.incidents.plan_status import proposed_plan
from twinward.service.incidents.shown import ShownEvent
from twinward.service.platform import Caller, Platform, snapshot_of
from twinward.service.visibility import concerns
from twinward.twins.emergency.incidents.rows import INCIDENTS, CriterionResult, Incident
from twinward.twins.emergency.plans.rows import PLANS_IN_FORCE
from twinward.twins.emergency.tasks.rows import TASKS, Task

if TYPE_CHECKING:
    from twinward.twins.emergency.incidents.rows import PlanInForce

TASKS_SHOWN = 400
TREE_SHOWN = 250
STATUS_ORDER = {
    "failed": 0,
    "ordered": 1,
    "confirmed": 2,
    "acknowledged": 3,
    "waiting": 4,
    "done": 5,
    "dropped": 6,
}


class LoopStage(msgspec.Struct, frozen=True, kw_only=True):
    """One station of the loop: whether it has been reached, since when, and how much went
    through it.
    """

    key: str  # triggered | linked | scheduled | divided | fed_back
    reached_at: datetime | None
    count: int
    of: int | None = None


class TaskRow(msgspec.Struct, frozen=True, kw_only=True):
    """One task as a card shows it."""

    id: str
    incident: str
    key: str
    title: str
    department: str
    area: str
    area_name: str
    status: str
    late: bool
    essential: bool
    due_at: datetime | None
    ordered_at: datetime | None
    done_at: datetime | None
    after: tuple[str, ...]
    comments: int
    files: int
    escalations: int
    escalated_to_name: str | None
    result: str | None
    assignee: str  # who in the department does it
    case: str | None  # whose interview or contact it is, by the number of the case


class AssignedDuty(msgspec.Struct, frozen=True, kw_only=True):
    """One department's tasks of this incident by status; all of them, not only those whose cards
    are sent.
    """

    id: str
    title: str
    counts: dict[str, int]
    late: int


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    objective: str
    holds: bool
    because: str
    vacuous: bool = False
    reasons: tuple[Reason, ...] = ()


class CauseNode(msgspec.Struct, frozen=True, kw_only=True):
    """One event of the tree; `depth` 0 is what nothing of ours caused."""

    seq: int
    depth: int
    type: str
    occurred_at: datetime
    actor: str
    area_name: str
    says: dict[str, str | int | float | bool]


class IncidentView(msgspec.Struct, frozen=True, kw_only=True):
    """The whole room at one instant."""

    id: str
    as_of: datetime
    hazard: str
    area: str
    area_name: str
    title: str
    status: str
    level: str | None
    level_since: datetime | None
    opened_at: datetime
    closed_at: datetime | None
    round: int
    affected: list[str]
    new_total: int
    new_7d: int | None
    week_to: str
    called: str | None
    called_because: str
    decided_by: str | None
    held: str | None
    plan: str | None
    plan_authority: str | None
    plan_authority_reasons: tuple[Reason, ...]
    proposed_plan: str | None
    curve: list[DayRow]
    rail: list[LoopStage]
    board: list[AssignedDuty]
    tasks: list[TaskRow]
    tasks_all: int
    evidence: list[Evidence]
    tree: list[CauseNode]
    tree_cut: bool


SHOWN_AS_STORED = (
    "id",
    "hazard",
    "area",
    "title",
    "status",
    "level",
    "level_since",
    "opened_at",
    "closed_at",
    "round",
)


def show_evidence(found: CriterionResult) -> Evidence:
    return Evidence(
        objective=found.objective,
        holds=found.holds,
        because=found.because,
        vacuous=found.vacuous,
        reasons=found.reasons,
    )


def get_incident_view(
    platform: Platform, ground: Basemap, caller: Caller, incident: str, at: datetime | None
) -> IncidentView:
    """AbsentError when there is no such incident at that instant."""
    now = at or platform.clock.now()
    with platform.store.read() as reader:
        snapshot = snapshot_of(platform, reader, at)
        row = snapshot.find(INCIDENTS, incident)
        if row is None or not concerns(platform, caller, row.area):
            raise AbsentError(f"there is no incident {incident}", "go back to the overview")
        plan = snapshot.find(PLANS_IN_FORCE, incident)
        proposed = proposed_plan(platform, snapshot, row, now)
        tasks = snapshot.list_rows(TASKS, incident=incident)
        tree = build_timeline(reader, incident, at, limit=TREE_SHOWN)
        evidence = list_evidence(platform, snapshot, incident, now)
        everything = snapshot.list_rows(INCIDENTS)
    curve = sum_days([row], ground.day_of(now))
    anchor, silent = find_week(sum_days(everything, ground.day_of(now)), ground.day_of(now))
    cards = [show_task(ground, task, now) for task in tasks]
    cards.sort(
        key=lambda card: (
            not card.late,
            STATUS_ORDER.get(card.status, 9),
            card.due_at or now,
            card.id,
        )
    )
    shown = {name: getattr(row, name) for name in SHOWN_AS_STORED}
    return IncidentView(
        **shown | {"title": say_reasons(row.title_reasons, row.title)},
        as_of=now,
        area_name=ground.areas.name(row.area),
        affected=[ground.areas.name(code) for code in row.affected],
        new_total=add_up(day.new for day in curve) or 0,
        new_7d=None if silent else new_in_week(curve, anchor),
        week_to=anchor.isoformat(),
        called=row.called,
        called_because=say_reasons(row.called_because_reasons, row.called_because),
        decided_by=row.decided.by if row.decided else None,
        held=say_reasons(row.held.reasons, row.held.because) if row.held else None,
        plan=plan.plan if plan else None,
        plan_authority=plan.authority if plan else None,
        plan_authority_reasons=plan.authority_reasons if plan else (),
        proposed_plan=proposed,
        curve=curve,
        rail=list_stages(row, plan, tasks),
        board=list_duties(platform, tasks, now),
        tasks=cards[:TASKS_SHOWN],
        tasks_all=len(cards),
        evidence=[show_evidence(one) for one in evidence],
        tree=[show_cause(ground, one) for one in tree],
        tree_cut=len(tree) >= TREE_SHOWN,
    )


def show_task(ground: Basemap, task: Task, now: datetime) -> TaskRow:
    names = (
        "id",
        "incident",
        "key",
        "title",
        "department",
        "area",
        "status",
        "essential",
        "ordered_at",
        "done_at",
        "after",
        "comments",
        "files",
        "escalations",
        "result",
        "assignee",
        "case",
    )
    return TaskRow(
        **{name: getattr(task, name) for name in names},
        area_name=ground.areas.name(task.area),
        due_at=deadline_of(task) if task.ordered_at else None,
        late=task.is_late(now),
        escalated_to_name=ground.areas.name(task.escalated_to) if task.escalated_to else None,
    )


def list_stages(incident: Incident, plan: PlanInForce | None, tasks: list[Task]) -> list[LoopStage]:
    """One point triggers, parties are linked, work is scheduled in order, divided by duty, fed
    back.
    """
    ordered = [task.ordered_at for task in tasks if task.ordered_at]
    done = [task.done_at for task in tasks if task.done_at]
    created = [task.created_at for task in tasks]
    reports = int(incident.figures.get("new_total", 0)) or len(incident.days)
    return [
        LoopStage(key="triggered", reached_at=incident.opened_at, count=reports),
        LoopStage(
            key="linked",
            reached_at=min([plan.adopted_at, *created]) if plan else None,  # of the first plan
            count=len(incident.parties),
        ),
        LoopStage(key="scheduled", reached_at=min(created, default=None), count=len(tasks)),
        LoopStage(
            key="divided", reached_at=min(ordered, default=None), count=len(ordered), of=len(tasks)
        ),
        LoopStage(
            key="fed_back", reached_at=min(done, default=None), count=len(done), of=len(tasks)
        ),
    ]


def list_duties(platform: Platform, tasks: list[Task], now: datetime) -> list[AssignedDuty]:
    known = platform.reference.library.departments
    by_department: dict[str, list[Task]] = {}
    for task in tasks:
        by_department.setdefault(task.department, []).append(task)
    duties = [
        AssignedDuty(
            id=name,
            title=known[name].title if name in known else name,
            counts=dict(Counter(task.status for task in own)),
            late=sum(task.is_late(now) for task in own),
        )
        for name, own in by_department.items()
    ]
    return sorted(duties, key=lambda duty: (-duty.late, duty.id))


def show_cause(ground: Basemap, event: ShownEvent) -> CauseNode:
    """What an event says in a few plain words; lists and long fields stay behind."""
    says = {
        name: value
        for name, value in event["fact"].items()
        if isinstance(value, str | int | float | bool)
    }
    return CauseNode(
        seq=event["seq"],
        depth=event.get("depth", 0),
        type=event["type"],
        occurred_at=event["occurred_at"],
        actor=event["actor"],
        area_name=ground.areas.name(event["area"]),
        says=says,
    )
