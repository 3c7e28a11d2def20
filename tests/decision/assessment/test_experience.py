"""What an incident taught, from its rows alone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from twinward.decision.assessment.experience import (
    CORRECTIVE,
    is_synthetic,
    lessons_of,
    weigh_measures,
)
from twinward.twins.emergency.tasks.rows import Task

START = datetime(2022, 3, 1, 8, tzinfo=UTC)


def task(key: str = "test_area", measure: str | None = "mass_testing", **more: object) -> Task:
    fields = {"title": "Test", "department": "health", "area": "A", "status": "done", "after": ()}
    return Task(
        id=key,
        incident="inc",
        key=key,
        deadline_h=24.0,
        created_at=START,
        measure=measure,
        done_at=START + timedelta(days=20),
        **fields | more,  # type: ignore[arg-type]
    )


def test_growth_that_falls_after_a_measure_is_its_record() -> None:
    rise = [round(10 * 1.1**day) for day in range(24)]
    fall = [round(rise[-1] * 0.9**day) for day in range(1, 20)]
    (found,) = weigh_measures([task()], (*rise, *fall), date(2022, 3, 1), UTC)
    assert (found.measure, found.day) == ("mass_testing", 20)
    assert found.growth_before > 0.05 > 0 > -0.05 > found.growth_after
    assert found.after_high is not None and found.after_high < 0


def test_what_a_rehearsal_answered_earns_no_credit() -> None:
    invented = task(result="done (synthetic)")
    assert is_synthetic(invented)
    assert weigh_measures([invented], tuple(range(1, 60)), date(2022, 3, 1), UTC) == []


def test_lessons_are_the_work_that_a_review_asked_for() -> None:
    asked = task(CORRECTIVE, None, title="Count beds twice a day", status="ordered")
    assert lessons_of([task(), asked]) == ("Count beds twice a day (health): ordered",)
