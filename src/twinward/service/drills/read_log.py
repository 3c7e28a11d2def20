"""Reads the log of a drill for its score."""

from __future__ import annotations

from twinward.core.messages import Event
from twinward.decision.evaluation.drill_log import Log
from twinward.library.drills.drill import DrillTruth
from twinward.service.platform import Platform
from twinward.twins.emergency.tasks.rows import TASKS

PAGE = 10_000


def read_log(platform: Platform, truth: DrillTruth, after: int = 0) -> Log:
    """The log from `after` on: what came along with the state is nobody's doing."""
    events: list[Event] = []
    with platform.store.read() as reader:
        while page := reader.events_after(events[-1].seq if events else after, PAGE):
            events += page
        return Log(truth, events, reader.list_rows(TASKS))
