"""An incident as its own page shows it: its days, its plan, its tasks by status, what keeps it
open.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, cast

import msgspec

from twinward.core.reasons import Reason, Value
from twinward.library.texts import write_reasons
from twinward.service.incidents.plan_status import (
    plan_ends,
    plan_stands,
    proposed_plan,
    waiting_clauses,
)
from twinward.service.incidents.shown import ShownCourse, ShownIncident
from twinward.service.platform import Platform
from twinward.twins.emergency.incidents.rows import CriterionResult
from twinward.twins.emergency.plans.rows import ENDED_PLANS, PLANS_IN_FORCE
from twinward.twins.emergency.tasks.rows import AT_WORK, TASKS
from twinward.twins.snapshot import Snapshot

if TYPE_CHECKING:
    from twinward.twins.emergency.incidents.rows import Incident

OPEN_TASKS = ("waiting", "ordered", "confirmed", "acknowledged", "failed")
ALL_TASKS = (*OPEN_TASKS, "done", "dropped")


def describe_incident(platform: Platform, row: Incident) -> ShownIncident:
    shown = msgspec.structs.asdict(row)
    shown.pop("days")
    shown["area_name"] = platform.reference.areas.name(row.area)
    return cast("ShownIncident", shown)


def describe_course(
    platform: Platform, snapshot: Snapshot, row: Incident, now: datetime
) -> ShownCourse:
    """An incident with its days, its plan, its tasks and what keeps it open."""
    at_work = snapshot.list_rows(TASKS, incident=row.id, status=AT_WORK)
    return {
        **describe_incident(platform, row),
        "days": row.days,
        "plan": snapshot.find(PLANS_IN_FORCE, row.id),
        "proposed_plan": proposed_plan(platform, snapshot, row, now),
        "plan_ends": plan_ends(platform, snapshot, row),
        "plan_stands": plan_stands(platform, snapshot, row),
        "waits_for": waiting_clauses(platform, snapshot, row),
        "ended_plan": snapshot.find(ENDED_PLANS, row.id),
        "tasks": count_tasks(snapshot, row.id),
        "late": [task.id for task in at_work if task.is_late(now)],
        "evidence": list_evidence(platform, snapshot, row.id, now),
    }


def list_evidence(
    platform: Platform, snapshot: Snapshot, incident: str, now: datetime
) -> list[CriterionResult]:
    """What is met and what keeps it open, with departments and areas by name."""
    titles = {one.id: one.title for one in platform.reference.library.departments.values()}
    found = []
    for one in snapshot.list_evidence(incident, now):
        reasons = tuple(_with_area_names(platform, reason) for reason in one.reasons)
        because = write_reasons(reasons, words=titles) or one.because
        found.append(msgspec.structs.replace(one, reasons=reasons, because=because))
    return found


def _with_area_names(platform: Platform, reason: Reason) -> Reason:
    names = platform.reference.areas
    params: dict[str, Value] = {}
    for key, value in reason.params.items():
        if isinstance(value, tuple):
            value = tuple(_with_area_names(platform, inner) for inner in value)
        params[key] = names.name(value) if key == "area" and isinstance(value, str) else value
    return Reason(code=reason.code, params=params)


def count_tasks(snapshot: Snapshot, incident: str) -> dict[str, int]:
    """How many tasks an incident has in each status; as they are now, counted by the database."""
    if snapshot.at is not None:
        return tally(task.status for task in snapshot.list_rows(TASKS, incident=incident))
    counts = {
        status: snapshot.count(TASKS, incident=incident, status=status) for status in ALL_TASKS
    }
    return {status: count for status, count in counts.items() if count}


def tally(words: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return counts
