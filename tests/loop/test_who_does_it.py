"""Who in a department does a task, which department, and until when: said by people, told on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from helpers.cities import Desk
from twinward.edge.orders.dispatcher import order_again, withdrawn
from twinward.twins.emergency.tasks.rows import Task


@pytest.fixture
def task(desk: Desk) -> Task:
    """A task of the disease control centre that was ordered."""
    desk.case()
    return desk.task("investigate")


def test_a_task_is_given_to_a_person_and_to_nobody_again(desk: Desk, task: Task) -> None:
    own = {"task": task.id, "department": task.department}
    desk.post("AssignTask", **own, assignee="Chen")
    assert desk.task("investigate").assignee == "Chen"
    assert desk.refusal("AssignTask", **own, assignee="Chen") == "already_set"
    assert (
        desk.refusal("AssignTask", task=task.id, department="police", assignee="Wu")
        == "wrong_department"
    )
    desk.post("AssignTask", **own)
    assert desk.task("investigate").assignee == ""


def test_another_department_begins_anew_with_the_same_deadline(desk: Desk, task: Task) -> None:
    desk.post("AcknowledgeTask", task=task.id, department=task.department)
    desk.post("AssignTask", task=task.id, department=task.department, assignee="Chen")
    told = {"task": task.id, "reason": "The team is at the port", "by": "Li"}
    desk.post("RedirectTask", to_department="health", **told)
    moved = desk.task("investigate")
    assert (moved.department, moved.status, moved.assignee) == ("health", "ordered", "")
    assert moved.confirmed_at is None
    assert (moved.due_at, moved.deadline) == (task.due_at, task.deadline)
    assert desk.refusal("RedirectTask", to_department="health", **told) == "already_there"
    assert desk.refusal("RedirectTask", to_department="astrology", **told) == "unknown_department"
    assert (
        desk.refusal("AcknowledgeTask", task=task.id, department=task.department)
        == "wrong_department"
    )
    heard = order_again(moved, moved.due_at), withdrawn(moved, task.department, "no")
    assert [(one.kind, one.department) for one in heard] == [
        ("order", "health"),
        ("withdrawn", task.department),
    ]


def test_a_deadline_is_moved_and_lateness_counts_from_the_new_one(desk: Desk, task: Task) -> None:
    desk.post("SetDeadline", task=task.id, hours=100.0, reason="Two teams are ill", by="Li")
    later = desk.task("investigate")
    assert later.deadline == later.due_at
    assert later.due_at is not None
    assert abs(later.due_at - desk.clock.now() - timedelta(hours=100)) < timedelta(minutes=1)
    desk.pass_time(hours=90)
    assert desk.task("investigate").escalations == 0
    desk.post("SetDeadline", task=task.id, hours=1.0, reason="It is urgent now", by="Li")
    desk.pass_time(hours=2)
    assert desk.task("investigate").escalations == 1
    assert desk.task("investigate").is_late(desk.clock.now())


def test_what_waits_is_counted_from_its_order(desk: Desk, task: Task) -> None:
    waiting = next(one for one in desk.rows("tasks") if one.status == "waiting")
    desk.post("SetDeadline", task=waiting.id, hours=3.0, reason="Faster", by="Li")
    (after,) = [one for one in desk.rows("tasks") if one.id == waiting.id]
    assert (after.deadline_h, after.due_at) == (3.0, None)


def test_what_is_done_stays_as_it_is(desk: Desk, task: Task) -> None:
    desk.post("WithdrawOrder", task=task.id, reason="a mistake", by="Li")
    assert desk.refusal("SetDeadline", task=task.id, hours=3, reason="late") == "already_done"
    told = {"task": task.id, "to_department": "health", "reason": "late"}
    assert desk.refusal("RedirectTask", **told) == "already_done"


def test_an_interview_names_its_case(desk: Desk) -> None:
    desk.case()
    (case,) = desk.rows("cases")
    assert desk.task("case").case == case.id
