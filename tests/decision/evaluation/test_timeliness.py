"""Planned against actual, from rows alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from twinward.decision.evaluation.timeliness import weigh_tasks
from twinward.twins.emergency.tasks.rows import Task

START = datetime(2022, 3, 1, 8, tzinfo=UTC)


def task(area: str, took_h: float | None, status: str = "done", key: str = "beds") -> Task:
    return Task(
        id=f"{key}-{area}",
        incident="inc",
        key=key,
        title=key,
        department="health",
        area=area,
        status=status,
        after=(),
        deadline_h=12.0,
        created_at=START,
        ordered_at=START,
        done_at=START + timedelta(hours=took_h) if took_h is not None else None,
    )


def test_a_duty_is_weighed_over_its_areas_and_the_latest_comes_first() -> None:
    rows = [task("A", 6), task("B", 20), task("C", None, "ordered"), task("A", 3, key="inform")]
    beds, inform = weigh_tasks(rows, START + timedelta(hours=30))
    assert (beds.key, beds.ordered, beds.done, beds.on_time) == ("beds", 3, 2, 1)
    assert beds.worst_late_h == 18.0 and beds.actual_h == 13.0
    assert (inform.key, inform.worst_late_h) == ("inform", 0.0)


def test_what_was_dropped_is_neither_late_nor_done() -> None:
    (beds,) = weigh_tasks([task("A", 40, "dropped")], START + timedelta(hours=60))
    assert (beds.ordered, beds.done, beds.dropped, beds.worst_late_h) == (0, 0, 1, 0.0)
