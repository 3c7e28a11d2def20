"""WORK IS DIVIDED BY DUTY: an order goes to its department as soon as what it waits for is done."""

from __future__ import annotations

from collections.abc import Iterator

from twinward.core.messages import Command, Event
from twinward.core.ports import Rows
from twinward.loop.context import ReferenceData, command_id
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.tasks.rows import TASKS, Task


def order_at_once(
    fact: m.TaskCreated, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    task: Task = rows.get(TASKS, fact.task)
    if task.status == "waiting" and all(is_over(rows, other) for other in task.after):
        yield m.IssueOrder(id=command_id(event, "order"), task=task.id)


def order_next(
    fact: m.TaskCompleted | m.TaskDropped, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    waiting: list[Task] = rows.list_rows(TASKS, incident=fact.incident, status="waiting")
    for task in waiting:
        if fact.task in task.after and all(is_over(rows, other) for other in task.after):
            yield m.IssueOrder(id=command_id(event, "order", task.id), task=task.id)


def is_over(rows: Rows, task: str) -> bool:
    found: Task | None = rows.find(TASKS, task)
    return found is None or found.status in ("done", "dropped")
