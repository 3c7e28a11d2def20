"""Tasks: ordered when what they wait for is done, answered by their department, escalated when
late.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from twinward.core.errors import AbsentError, ConflictError, RefusedError
from twinward.core.ids import derive_id
from twinward.core.messages import Draft, Event, Fact
from twinward.core.ports import Rows, Table, Transaction
from twinward.core.reasons import because_of
from twinward.library.texts import write_reason
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.contacts.handlers import SETTLED, get_contact
from twinward.twins.emergency.incidents.rows import INCIDENTS, Incident
from twinward.twins.emergency.responders.rows import FIELD_ALARMS, FieldAlarm
from twinward.twins.emergency.supervision.rows import DEFECTS, FoundDefect
from twinward.twins.emergency.tasks.rows import (
    AT_WORK,
    ATTACHMENTS,
    BY_HAND,
    OF_DEFECT,
    OPEN_TASK,
    TABLES,
    TASKS,
    Attachment,
    Task,
)
from twinward.twins.twin import Behaviour, Context

RESOLVED_STEPS = (*SETTLED, "not_found")
MOST_FILES = 50  # of one task


def get_task(rows: Rows, task: str) -> Task:
    found: Task | None = rows.find(TASKS, task)
    if found is None:
        raise AbsentError(
            f"there is no task {task}", "list yours with `twinward task list --department D`"
        )
    return found


def get_own(rows: Rows, task: str, department: str) -> Task:
    """The task, if it is at work and belongs to `department`."""
    found = get_task(rows, task)
    if found.department != department:
        raise RefusedError(
            f"task {task} is not {department}'s",
            f"only {found.department} can answer it",
            code="wrong_department",
        )
    if found.status == "waiting":
        raise ConflictError(
            f"task {task} has not been ordered yet", "it waits for others", code="not_ordered"
        )
    if found.status not in AT_WORK:
        raise ConflictError(
            f"task {task} is already {found.status}", "nothing was changed", code="already_done"
        )
    return found


def about(task: Task, fact: Fact) -> list[Draft]:
    return [Draft(fact=fact, area=task.area, incident=task.incident)]


# what a task may be of: an incident, a defect, somebody in the field who is down
OF_WHAT: tuple[Table[Incident] | Table[FoundDefect] | Table[FieldAlarm], ...] = (
    INCIDENTS,
    DEFECTS,
    FIELD_ALARMS,
)


def create_task(command: m.CreateTask, rows: Rows, context: Context) -> list[Draft]:
    if rows.find(TASKS, command.task) is not None:
        raise ConflictError(f"task {command.task} exists", "nothing was changed", code="exists")
    if all(rows.find(table, command.incident) is None for table in OF_WHAT):
        raise AbsentError(f"there is no incident {command.incident}", "open it first")
    fields = {name: getattr(command, name) for name in m.TaskCreated.__struct_fields__}
    return [Draft(fact=m.TaskCreated(**fields), area=command.area, incident=command.incident)]


def order_task(command: m.OrderTask, rows: Rows, context: Context) -> list[Draft]:
    """Work by hand: of an incident that is open, for an area inside it or the city."""
    incident: Incident | None = rows.find(INCIDENTS, command.incident)
    if incident is None:
        raise AbsentError(
            f"there is no incident {command.incident}", "see `twinward incident list`"
        )
    if incident.status != "open":
        raise ConflictError(
            f"incident {incident.id} is closed", "reopen it first", code="incident_closed"
        )
    said_by = command.by or context.actor
    fact = m.TaskCreated(
        task=derive_id("task", incident.id, BY_HAND, command.id),
        incident=incident.id,
        key=BY_HAND,
        title=command.title,
        department=command.department,
        area=command.area,
        after=(),
        deadline_h=command.deadline_h,
        measure=None,
        contact=None,
        manual=None,
        needs={},
        essential=command.essential,
        clause=f"ordered by {said_by}",
    )
    return [Draft(fact=fact, area=command.area, incident=incident.id)]


def task_created(fact: m.TaskCreated, event: Event, tx: Transaction) -> None:
    fields = {name: getattr(fact, name) for name in Task.__struct_fields__ if hasattr(fact, name)}
    tx.put(
        TASKS,
        Task(id=fact.task, status="waiting", created_at=event.occurred_at, **fields),
        event.occurred_at,
    )


def issue_order(command: m.IssueOrder, rows: Rows, context: Context) -> list[Draft]:
    task = get_task(rows, command.task)
    if task.status != "waiting":
        raise ConflictError(
            f"task {task.id} is {task.status}", "its order is out already", code="already_ordered"
        )
    undone = [
        other for other in task.after if get_task(rows, other).status not in ("done", "dropped")
    ]
    if undone:
        raise ConflictError(
            f"task {task.id} waits for {', '.join(undone)}", "finish these first", code="waits"
        )
    fact = m.OrderIssued(
        task=task.id,
        incident=task.incident,
        department=task.department,
        area=task.area,
        title=task.title,
        measure=task.measure,
        due_at=context.occurred_at + timedelta(hours=task.deadline_h),
    )
    return about(task, fact)


def order_issued(fact: m.OrderIssued, event: Event, tx: Transaction) -> None:
    change(tx, fact.task, event, status="ordered", due_at=fact.due_at, ordered_at=event.occurred_at)


def confirm_order(command: m.ConfirmOrder, rows: Rows, context: Context) -> list[Draft]:
    task = get_own(rows, command.task, command.department)
    if task.confirmed_at is not None:
        raise ConflictError(
            f"the order of {task.id} is confirmed", "nothing was changed", code="already_confirmed"
        )
    return about(task, m.OrderConfirmed(task=task.id, department=task.department))


def order_confirmed(fact: m.OrderConfirmed, event: Event, tx: Transaction) -> None:
    change(tx, fact.task, event, status="confirmed", confirmed_at=event.occurred_at)


def acknowledge_task(command: m.AcknowledgeTask, rows: Rows, context: Context) -> list[Draft]:
    task = get_own(rows, command.task, command.department)
    if task.status == "acknowledged":
        raise ConflictError(
            f"task {task.id} is acknowledged", "nothing was changed", code="already_acknowledged"
        )
    drafts = []
    if task.confirmed_at is None:
        drafts = about(task, m.OrderConfirmed(task=task.id, department=task.department))
    return drafts + about(task, m.TaskAcknowledged(task=task.id, department=task.department))


def task_acknowledged(fact: m.TaskAcknowledged, event: Event, tx: Transaction) -> None:
    change(tx, fact.task, event, status="acknowledged")


def complete_task(command: m.CompleteTask, rows: Rows, context: Context) -> list[Draft]:
    task = get_own(rows, command.task, command.department)
    if not command.succeeded:
        return about(
            task,
            m.TaskFailed(
                task=task.id,
                incident=task.incident,
                department=task.department,
                result=command.result,
            ),
        )
    if (
        task.contact is not None
        and not task.turn
        and get_contact(rows, task.contact).step not in RESOLVED_STEPS
    ):
        raise ConflictError(
            f"contact {task.contact} is not yet located, isolated and tested",
            "report these steps with UpdateContact, then complete the task",
            code="not_evident",
        )
    require_mended(task, rows)
    fact = m.TaskCompleted(
        task=task.id, incident=task.incident, department=task.department, result=command.result
    )
    return about(task, fact)


def require_mended(task: Task, rows: Rows) -> None:
    """ConflictError `not_evident` while the defect that a task is about stands: its evidence ends
    both, and a department's word does not.
    """
    defect: FoundDefect | None = (
        rows.find(DEFECTS, task.incident) if task.key == OF_DEFECT else None
    )
    if defect is not None and defect.status == "open":
        by = "readings that are good again" if defect.evidence == "clear" else defect.evidence
        raise ConflictError(
            f"defect {defect.id} stands: nothing has shown that it is mended",
            f"it takes {by}; the task is then done by itself",
            code="not_evident",
        )


def task_completed(fact: m.TaskCompleted, event: Event, tx: Transaction) -> None:
    change(tx, fact.task, event, status="done", result=fact.result, done_at=event.occurred_at)


def task_failed(fact: m.TaskFailed, event: Event, tx: Transaction) -> None:
    change(tx, fact.task, event, status="failed", result=fact.result)


def comment_task(command: m.CommentTask, rows: Rows, context: Context) -> list[Draft]:
    task = get_task(rows, command.task)
    return about(
        task, m.TaskCommented(task=task.id, department=command.department, comment=command.comment)
    )


def task_commented(fact: m.TaskCommented, event: Event, tx: Transaction) -> None:
    change(tx, fact.task, event, comments=get_task(tx, fact.task).comments + 1)


def attach_file(command: m.AttachFile, rows: Rows, context: Context) -> list[Draft]:
    task = get_task(rows, command.task)
    if rows.find(ATTACHMENTS, command.attachment) is not None:
        raise ConflictError(f"file {command.attachment} exists", "nothing was changed")
    if len(rows.list_rows(ATTACHMENTS, task=task.id)) >= MOST_FILES:
        raise ConflictError(
            f"task {task.id} has {MOST_FILES} files", "attach them to another task", code="too_many"
        )
    names = m.FileAttached.__struct_fields__
    return about(task, m.FileAttached(**{name: getattr(command, name) for name in names}))


def file_attached(fact: m.FileAttached, event: Event, tx: Transaction) -> None:
    fields = {name: getattr(fact, name) for name in fact.__struct_fields__ if name != "attachment"}
    row = Attachment(
        id=fact.attachment,
        area=event.area,
        by=event.actor,
        at=event.recorded_at,
        **fields,
    )
    tx.put(ATTACHMENTS, row, event.recorded_at)
    change(tx, fact.task, event, files=get_task(tx, fact.task).files + 1)


def open_file(command: m.OpenFile, rows: Rows, context: Context) -> list[Draft]:
    found = rows.find(ATTACHMENTS, command.attachment)
    if found is None:
        raise AbsentError(f"there is no file {command.attachment}", "list those of the task")
    return about(get_task(rows, found.task), m.FileOpened(attachment=found.id, task=found.task))


def file_opened(fact: m.FileOpened, event: Event, tx: Transaction) -> None:
    row = tx.get(ATTACHMENTS, fact.attachment)
    tx.put(ATTACHMENTS, msgspec.structs.replace(row, opened=row.opened + 1), event.recorded_at)


def drop_task(command: m.DropTask, rows: Rows, context: Context) -> list[Draft]:
    task = get_task(rows, command.task)
    if task.status not in OPEN_TASK:
        raise ConflictError(
            f"task {task.id} is {task.status}", "nothing was changed", code="already_done"
        )
    fact = m.TaskDropped(
        task=task.id,
        incident=task.incident,
        because=command.because,
        reasons=command.reasons,
    )
    return about(task, fact)


def task_dropped(fact: m.TaskDropped, event: Event, tx: Transaction) -> None:
    fields = {
        "status": "dropped",
        "result": fact.because,
        "result_reasons": fact.reasons,
        "done_at": event.occurred_at,
        "withdrawn": fact.withdrawn,
    }
    change(tx, fact.task, event, **fields)


def withdraw_order(command: m.WithdrawOrder, rows: Rows, context: Context) -> list[Draft]:
    task = get_task(rows, command.task)
    if task.status == "dropped":
        raise ConflictError(
            f"task {task.id} is dropped", "nothing was changed", code="already_done"
        )
    by = command.by or context.actor
    why = because_of("ended.withdrawn", by=by, reason=command.reason)
    fact = m.TaskDropped(
        task=task.id,
        incident=task.incident,
        because=write_reason(why),
        withdrawn=True,
        by=by,
        reasons=(why,),
    )
    return about(task, fact)


def get_open_task(rows: Rows, task: str) -> Task:
    """The task, if it is neither done nor dropped."""
    found = get_task(rows, task)
    if found.status not in OPEN_TASK:
        raise ConflictError(
            f"task {task} is already {found.status}", "nothing was changed", code="already_done"
        )
    return found


def assign_task(command: m.AssignTask, rows: Rows, context: Context) -> list[Draft]:
    task = get_own(rows, command.task, command.department)
    assignee = command.assignee.strip()
    if assignee == task.assignee:
        raise ConflictError(
            f"task {task.id} is {assignee or 'nobody'}'s", "nothing was changed", code="already_set"
        )
    fact = m.TaskAssigned(
        task=task.id, department=task.department, assignee=assignee, before=task.assignee
    )
    return about(task, fact)


def task_assigned(fact: m.TaskAssigned, event: Event, tx: Transaction) -> None:
    change(tx, fact.task, event, assignee=fact.assignee)


def redirect_task(command: m.RedirectTask, rows: Rows, context: Context) -> list[Draft]:
    task = get_open_task(rows, command.task)
    if task.department == command.to_department:
        raise ConflictError(
            f"task {task.id} is {task.department}'s", "nothing was changed", code="already_there"
        )
    fact = m.TaskRedirected(
        task=task.id,
        incident=task.incident,
        before=task.department,
        to_department=command.to_department,
        title=task.title,
        due_at=task.due_at,
        reason=command.reason,
        by=command.by or context.actor,
    )
    return about(task, fact)


def task_redirected(fact: m.TaskRedirected, event: Event, tx: Transaction) -> None:
    """The receipt and the beginning were the other department's: it is ordered anew."""
    task = get_task(tx, fact.task)
    status = "ordered" if task.status in AT_WORK else task.status
    change(
        tx,
        fact.task,
        event,
        department=fact.to_department,
        status=status,
        confirmed_at=None,
        assignee="",
        result=None,
    )


def set_deadline(command: m.SetDeadline, rows: Rows, context: Context) -> list[Draft]:
    task = get_open_task(rows, command.task)
    due_at, deadline_h = None, command.hours
    if task.ordered_at is not None:
        due_at = context.occurred_at + timedelta(hours=command.hours)
        deadline_h = (due_at - task.ordered) / timedelta(hours=1)
    fact = m.DeadlineSet(
        task=task.id,
        incident=task.incident,
        before=task.due_at,
        due_at=due_at,
        deadline_h=deadline_h,
        reason=command.reason,
        by=command.by or context.actor,
    )
    return about(task, fact)


def deadline_set(fact: m.DeadlineSet, event: Event, tx: Transaction) -> None:
    change(tx, fact.task, event, due_at=fact.due_at, deadline_h=fact.deadline_h)


def assess_task(command: m.AssessTask, rows: Rows, context: Context) -> list[Draft]:
    task = get_task(rows, command.task)
    if task.status != "done":
        raise ConflictError(
            f"task {task.id} is {task.status}", "assess it when it is done", code="not_done"
        )
    return about(task, m.TaskAssessed(task=task.id, score=command.score, reason=command.reason))


def task_assessed(fact: m.TaskAssessed, event: Event, tx: Transaction) -> None:
    change(tx, fact.task, event, score=fact.score)


def escalate_task(command: m.EscalateTask, rows: Rows, context: Context) -> list[Draft]:
    task = get_task(rows, command.task)
    if task.status not in AT_WORK:
        raise ConflictError(
            f"task {task.id} is {task.status}", "only work that is late escalates", code="not_late"
        )
    fact = m.TaskEscalated(
        task=task.id,
        incident=task.incident,
        department=task.department,
        to_area=command.to_area,
        late_h=command.late_h,
        due_at=context.occurred_at + timedelta(hours=command.grace_h),
    )
    return about(task, fact)


def task_escalated(fact: m.TaskEscalated, event: Event, tx: Transaction) -> None:
    task = get_task(tx, fact.task)
    status = "ordered" if task.status == "failed" else task.status
    change(
        tx,
        fact.task,
        event,
        status=status,
        escalated_to=fact.to_area,
        escalations=task.escalations + 1,
        due_at=fact.due_at,
    )


def change(tx: Transaction, task: str, event: Event, **fields: object) -> None:
    tx.put(TASKS, msgspec.structs.replace(get_task(tx, task), **fields), event.occurred_at)


BEHAVIOUR = Behaviour(
    handlers={
        m.CreateTask: create_task,
        m.OrderTask: order_task,
        m.IssueOrder: issue_order,
        m.ConfirmOrder: confirm_order,
        m.AcknowledgeTask: acknowledge_task,
        m.CompleteTask: complete_task,
        m.DropTask: drop_task,
        m.WithdrawOrder: withdraw_order,
        m.CommentTask: comment_task,
        m.AttachFile: attach_file,
        m.OpenFile: open_file,
        m.AssignTask: assign_task,
        m.RedirectTask: redirect_task,
        m.SetDeadline: set_deadline,
        m.AssessTask: assess_task,
        m.EscalateTask: escalate_task,
    },
    appliers={
        m.TaskCreated: task_created,
        m.OrderIssued: order_issued,
        m.OrderConfirmed: order_confirmed,
        m.TaskAcknowledged: task_acknowledged,
        m.TaskCompleted: task_completed,
        m.TaskFailed: task_failed,
        m.TaskDropped: task_dropped,
        m.TaskCommented: task_commented,
        m.FileAttached: file_attached,
        m.FileOpened: file_opened,
        m.TaskAssigned: task_assigned,
        m.TaskRedirected: task_redirected,
        m.DeadlineSet: deadline_set,
        m.TaskAssessed: task_assessed,
        m.TaskEscalated: task_escalated,
    },
    tables=TABLES,
)
