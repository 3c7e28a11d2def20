"""Planned against actual for each task of the plan: its deadline, who did it, how long it took,
how late it was.
"""

from __future__ import annotations

import statistics
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from twinward.twins.emergency.tasks.rows import Task


class TaskDone(msgspec.Struct, frozen=True, kw_only=True):
    """One duty of a plan over all the areas in which it was ordered. Hours from the order;
    `clause` asked for it.
    """

    key: str
    title: str
    department: str
    clause: str
    planned_h: float
    actual_h: float | None
    ordered: int
    done: int
    on_time: int
    dropped: int
    worst_late_h: float


def weigh_tasks(tasks: list[Task], until: datetime) -> list[TaskDone]:
    """Every duty once, the latest first; what is not done by `until` is late when its time is
    over.
    """
    groups: dict[tuple[str, str, str], list[Task]] = {}
    for task in tasks:
        groups.setdefault((task.key, task.department, task.clause), []).append(task)
    return sorted(
        (weigh(own, until) for own in groups.values()), key=lambda one: (-one.worst_late_h, one.key)
    )


def weigh(tasks: list[Task], until: datetime) -> TaskDone:
    ordered = [task for task in tasks if task.ordered_at and task.status != "dropped"]
    took = [hours(task.ordered, task.done_at or until) for task in ordered]
    over = [spent - task.deadline_h for spent, task in zip(took, ordered, strict=True)]
    done = [spent for spent, task in zip(took, ordered, strict=True) if task.done_at]
    return TaskDone(
        key=tasks[0].key,
        title=tasks[0].title,
        department=tasks[0].department,
        clause=tasks[0].clause,
        planned_h=round(statistics.median(task.deadline_h for task in tasks), 1),
        actual_h=round(statistics.median(done), 1) if done else None,
        ordered=len(ordered),
        done=len(done),
        on_time=sum(late <= 0 for late, task in zip(over, ordered, strict=True) if task.done_at),
        dropped=sum(task.status == "dropped" for task in tasks),
        worst_late_h=round(max([0.0, *over]), 1),
    )


def hours(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds() / 3600
