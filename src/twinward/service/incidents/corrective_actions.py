"""Corrective actions: what a review asks of a department by a date, followed to its end as every
other task is.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from twinward.core.errors import AbsentError, InputError
from twinward.core.ids import derive_id
from twinward.service.platform import Caller, Platform, ask, snapshot_of
from twinward.service.visibility import concerns
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.incidents.rows import INCIDENTS
from twinward.twins.emergency.tasks.rows import CORRECTIVE, Task

LONGEST_D = 366


class CorrectiveAction(msgspec.Struct, frozen=True, kw_only=True):
    """One action: whose, until when, and how far it is."""

    task: str
    title: str
    department: str
    status: str
    due_at: datetime
    late: bool


class OpenedAction(msgspec.Struct, frozen=True, kw_only=True):
    """The task that a corrective action became."""

    task: str
    incident: str


def open_action(
    platform: Platform, caller: Caller, incident: str, title: str, department: str, due_at: datetime
) -> str:
    """The new task's id. The loop orders it; late, it goes up a level like any task, also of a
    closed incident.
    """
    now = platform.clock.now()
    with platform.store.read() as reader:
        row = snapshot_of(platform, reader).find(INCIDENTS, incident)
    if row is None or not concerns(platform, caller, row.area):
        raise AbsentError(
            f"there is no incident {incident}", "list them with `twinward incident list`"
        )
    platform.policy.require(caller, "command_incident", area=row.area)
    platform.reference.library.require_department(department)
    if not title.strip():
        raise InputError("the action says nothing", "say what is to be done", code="missing_field")
    hours = (due_at - now).total_seconds() / 3600
    if not 0 < hours <= LONGEST_D * 24:
        raise InputError(
            f"{due_at.isoformat()} is no date to finish by",
            f"within {LONGEST_D} days from now",
            code="bad_deadline",
        )
    task = derive_id("task", incident, CORRECTIVE, title, department)
    command = m.CreateTask(
        id=derive_id("cmd", task, "create"),
        task=task,
        incident=incident,
        key=CORRECTIVE,
        title=title,
        department=department,
        area=row.area,
        deadline_h=hours,
        essential=False,
    )
    ask(platform, caller, command)
    return task


def list_actions(tasks: list[Task], now: datetime) -> list[CorrectiveAction]:
    """Those among an incident's tasks, by date."""
    found = [
        CorrectiveAction(
            task=task.id,
            title=task.title,
            department=task.department,
            status=task.status,
            due_at=task.due_at or task.created_at,
            late=task.is_late(now),
        )
        for task in tasks
        if task.key == CORRECTIVE
    ]
    return sorted(found, key=lambda one: one.due_at)
