"""Tasks: scheduled in order, divided by duty, fed back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from twinward.core.messages import Command, Fact
from twinward.core.reasons import Reason
from twinward.twins.emergency.vocabulary import AreaCode, PersonsReason, Text, Word


class CreateTask(Command, frozen=True, kw_only=True):
    task: Word
    incident: Word
    key: Word
    title: Text
    department: Word
    area: AreaCode
    after: tuple[str, ...] = ()
    deadline_h: float
    measure: Word | None = None
    contact: Word | None = None
    case: Word | None = None  # whose interview it is
    manual: Word | None = None
    needs: dict[str, float] = {}
    essential: bool = True
    clause: Text = ""  # of which plan, and which of its clauses, this follows
    adoption: int = 0  # of which adoption of a plan for its incident, counted from 1
    turn: int = 0  # which round of recurring work, counted from 1
    missed: int = 0  # how many rounds before it were not done


class TaskCreated(Fact, frozen=True, kw_only=True):
    task: str
    incident: str
    key: str
    title: str
    department: str
    area: str
    after: tuple[str, ...]
    deadline_h: float
    measure: str | None
    contact: str | None
    manual: str | None
    needs: dict[str, float]
    essential: bool
    clause: str = ""
    adoption: int = 0
    turn: int = 0
    missed: int = 0
    case: str | None = None


class OrderTask(Command, frozen=True, kw_only=True):
    """A person orders work that no plan asks for; it goes to its department at once, is chased and
    answered like any other. `by`: who answers for the order.
    """

    incident: Word
    title: Annotated[str, msgspec.Meta(min_length=3, max_length=300)]
    department: Word
    area: AreaCode
    deadline_h: Annotated[float, msgspec.Meta(gt=0, le=24 * 90)]
    essential: bool = False
    by: Text = ""


class IssueOrder(Command, frozen=True, kw_only=True):
    task: Word


class OrderIssued(Fact, frozen=True, kw_only=True):
    task: str
    incident: str
    department: str
    area: str
    title: str
    measure: str | None
    due_at: datetime


class ConfirmOrder(Command, frozen=True, kw_only=True):
    """The department's receipt: the order has been read by those who must act."""

    task: Word
    department: Word


class OrderConfirmed(Fact, frozen=True, kw_only=True):
    task: str
    department: str


class AcknowledgeTask(Command, frozen=True, kw_only=True):
    task: Word
    department: Word


class TaskAcknowledged(Fact, frozen=True, kw_only=True):
    task: str
    department: str


class CompleteTask(Command, frozen=True, kw_only=True):
    task: Word
    department: Word
    result: Text
    succeeded: bool = True


class TaskCompleted(Fact, frozen=True, kw_only=True):
    task: str
    incident: str
    department: str
    result: str


class TaskFailed(Fact, frozen=True, kw_only=True):
    task: str
    incident: str
    department: str
    result: str


class CommentTask(Command, frozen=True, kw_only=True):
    task: Word
    department: Word
    comment: Text


class TaskCommented(Fact, frozen=True, kw_only=True):
    task: str
    department: str
    comment: str


class DropTask(Command, frozen=True, kw_only=True):
    """The plan in force no longer asks for it."""

    task: Word
    because: Text
    reasons: tuple[Reason, ...] = ()


class WithdrawOrder(Command, frozen=True, kw_only=True):
    """A person takes back an order that was given by mistake; what it restricted is free."""

    task: Word
    reason: PersonsReason
    by: Text = ""


class TaskDropped(Fact, frozen=True, kw_only=True):
    """`withdrawn`: by a person (`by`); the plan does not order it again."""

    task: str
    incident: str
    because: str
    withdrawn: bool = False
    by: str = ""
    reasons: tuple[Reason, ...] = ()


class AssignTask(Command, frozen=True, kw_only=True):
    """Who in the department does it; without `assignee` nobody in particular."""

    task: Word
    department: Word
    assignee: Annotated[str, msgspec.Meta(max_length=120)] = ""


class TaskAssigned(Fact, frozen=True, kw_only=True):
    task: str
    department: str
    assignee: str
    before: str


class RedirectTask(Command, frozen=True, kw_only=True):
    """A person gives the work to another department; it begins anew there, with the same
    deadline.
    """

    task: Word
    to_department: Word
    reason: PersonsReason
    by: Text = ""


class TaskRedirected(Fact, frozen=True, kw_only=True):
    """`due_at`: until when, where it was ordered already."""

    task: str
    incident: str
    before: str
    to_department: str
    title: str
    due_at: datetime | None
    reason: str
    by: str


class SetDeadline(Command, frozen=True, kw_only=True):
    """A person gives more time or less: `hours` from now, or from the order where it still
    waits.
    """

    task: Word
    hours: Annotated[float, msgspec.Meta(gt=0, le=24 * 90)]
    reason: PersonsReason
    by: Text = ""


class DeadlineSet(Fact, frozen=True, kw_only=True):
    """`deadline_h`: hours from the order."""

    task: str
    incident: str
    before: datetime | None
    due_at: datetime | None
    deadline_h: float
    reason: str
    by: str


class AssessTask(Command, frozen=True, kw_only=True):
    """The objective assessment of a finished task, 1 (poor) to 5 (good)."""

    task: Word
    score: Annotated[int, msgspec.Meta(ge=1, le=5)]
    reason: Text = ""


class TaskAssessed(Fact, frozen=True, kw_only=True):
    task: str
    score: int
    reason: str


class EscalateTask(Command, frozen=True, kw_only=True):
    """Lateness goes up one administrative level at a time."""

    task: Word
    to_area: AreaCode
    late_h: float
    grace_h: float


class TaskEscalated(Fact, frozen=True, kw_only=True):
    task: str
    incident: str
    department: str
    to_area: str
    late_h: float
    due_at: datetime


class AttachFile(Command, frozen=True, kw_only=True):
    """A file that was examined, cleaned and laid apart belongs to a task; the log holds what it is
    and never what is in it.
    """

    attachment: Word
    task: Word
    department: Word
    name: Word
    media_type: Word
    size: int
    digest: Word  # SHA-256 of what is kept


class FileAttached(Fact, frozen=True, kw_only=True):
    attachment: str
    task: str
    department: str
    name: str
    media_type: str
    size: int
    digest: str


class OpenFile(Command, frozen=True, kw_only=True):
    """Somebody looks at a file of a task; the look is on record before the file is given."""

    attachment: Word


class FileOpened(Fact, frozen=True, kw_only=True):
    attachment: str
    task: str
