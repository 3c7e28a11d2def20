"""A drill's events in order, with hours from its start."""

from __future__ import annotations

from datetime import datetime, timedelta

from twinward.core.messages import Event
from twinward.library.drills.drill import DrillTruth
from twinward.twins.emergency.tasks.rows import Task

RECEIPTS = ("OrderConfirmed", "TaskAcknowledged", "TaskCompleted", "TaskFailed")


class Log:
    """The drill's log, read once, and the tasks that were ordered in it."""

    def __init__(self, truth: DrillTruth, events: list[Event], tasks: list[Task]) -> None:
        self.truth = truth
        self.end = truth.start + timedelta(hours=truth.hours)
        self.events = events
        ordered = {getattr(event.fact, "task", "") for event in self.of("OrderIssued")}
        self.tasks = [task for task in tasks if task.id in ordered]
        self.answers: dict[str, Event] = {}
        for event in self.of(*RECEIPTS):
            self.answers.setdefault(getattr(event.fact, "task", ""), event)

    def of(self, *types: str) -> list[Event]:
        return [event for event in self.events if event.type in types and event.fact is not None]

    def hour(self, at: datetime) -> float:
        return (at - self.truth.start) / timedelta(hours=1)
