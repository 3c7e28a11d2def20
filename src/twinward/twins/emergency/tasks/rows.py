"""The row of a task: one duty of one department in one area, with its order, deadline and
answers.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from twinward.core.ports import Table
from twinward.core.reasons import Reason

OPEN_TASK = ("waiting", "ordered", "confirmed", "acknowledged", "failed")
AT_WORK = ("ordered", "confirmed", "acknowledged", "failed")


CORRECTIVE = "corrective"  # what a review asks for; no plan asks for it and none takes it back
OF_DEFECT = "defect"  # the key of work on a defect; its `incident` is then the defect
BY_HAND = "by_hand"  # the key of work that a person ordered and no plan asks for


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """`status`: waiting (for `after`), ordered, confirmed (receipt), acknowledged (accepted),
    done, failed, dropped.
    """

    id: str
    incident: str
    key: str
    title: str
    department: str
    area: str
    status: str
    after: tuple[str, ...]
    deadline_h: float
    created_at: datetime
    due_at: datetime | None = None
    ordered_at: datetime | None = None
    confirmed_at: datetime | None = None
    done_at: datetime | None = None
    escalated_to: str | None = None
    escalations: int = 0
    result: str | None = None
    comments: int = 0
    files: int = 0
    score: int | None = None
    measure: str | None = None
    contact: str | None = None
    case: str | None = None
    manual: str | None = None
    needs: dict[str, float] = {}
    essential: bool = True
    clause: str = ""
    adoption: int = 0  # of which adoption of a plan, counted from 1
    turn: int = 0  # which round of recurring work
    missed: int = 0  # how many rounds before it were not done
    assignee: str = ""  # who in the department does it
    withdrawn: bool = False  # by a person: the plan does not order it again
    result_reasons: tuple[Reason, ...] = ()

    def is_late(self, at: datetime) -> bool:
        """Past the deadline of its order; `due_at` moves with each escalation, this deadline
        does not.
        """
        if self.status not in AT_WORK or self.ordered_at is None:
            return False
        return self.deadline < at

    @property
    def ordered(self) -> datetime:
        """When it was ordered; only of a task that was."""
        assert self.ordered_at is not None
        return self.ordered_at

    @property
    def deadline(self) -> datetime:
        """When the order has to be done; only of a task that was ordered. Unlike `due_at` it
        does not move with an escalation.
        """
        return self.ordered + timedelta(hours=self.deadline_h)


TASKS: Table[Task] = Table(
    name="tasks",
    row=Task,
    columns=("incident", "department", "status", "due_at", "essential", "key", "escalations"),
    indexes=(("incident", "status"), ("department", "area", "status"), ("status", "due_at")),
)


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a task; what is in it lies apart, sealed under a key of its own day."""

    id: str
    task: str
    area: str
    department: str
    name: str
    media_type: str
    size: int
    digest: str
    by: str
    at: datetime
    opened: int = 0  # how often somebody has looked at it


ATTACHMENTS: Table[Attachment] = Table(
    name="attachments", row=Attachment, columns=("task", "area", "at"), indexes=(("task",),)
)

TABLES = (TASKS, ATTACHMENTS)
