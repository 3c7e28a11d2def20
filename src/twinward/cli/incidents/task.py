"""`twinward task list|show|acknowledge|complete|comment|assign|redirect|deadline`: the orders of a
department, its answers, and who does them until when.
"""

from __future__ import annotations

import argparse
from datetime import datetime
from typing import TYPE_CHECKING

from twinward.cli.framework.output import emit_json, emit_text, local, pad, told, word_of
from twinward.cli.framework.session import add_person, open_for
from twinward.core.errors import ConflictError
from twinward.core.ids import derive_id
from twinward.service.incidents import queries
from twinward.service.intake.commands import submit_objects
from twinward.service.languages import say
from twinward.service.plans import plan_library

if TYPE_CHECKING:
    from twinward.cli.framework.parser import Verbs


DECISIONS = {
    "assign": ("AssignTask", ("assignee",)),
    "redirect": ("RedirectTask", ("to_department", "reason")),
    "deadline": ("SetDeadline", ("hours", "reason")),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = add_views(
        parser, metavar="list|show|acknowledge|complete|comment|assign|redirect|deadline"
    )
    for name, what in (
        ("acknowledge", "accept the work"),
        ("complete", "say what came of it"),
        ("comment", "say"),
    ):
        sub = acts.add_parser(name, help=what)
        sub.add_argument("id")
        sub.add_argument("--department", help="whose answer this is (default: the task's own)")
        if name != "acknowledge":
            sub.add_argument("--text", default="done", help="result or comment")
        if name == "complete":
            sub.add_argument("--failed", action="store_true", help="it did not succeed")
        add_person(sub)
    add_decisions(acts)


def add_decisions(acts: Verbs) -> None:
    """Who does it, which department, and until when."""
    assign = acts.add_parser("assign", help="say who in the department does it")
    assign.add_argument("id")
    assign.add_argument(
        "assignee", nargs="?", default="", help="nobody in particular when left out"
    )
    assign.add_argument("--department", help="whose it is (default: the task's own)")
    add_person(assign)
    redirect = acts.add_parser("redirect", help="give it to another department")
    redirect.add_argument("id")
    redirect.add_argument("to_department", help="the department that is to do it")
    deadline = acts.add_parser("deadline", help="give more time or less")
    deadline.add_argument("id")
    deadline.add_argument("hours", type=float, help="from now")
    for sub in (redirect, deadline):
        sub.add_argument("--reason", required=True)
        add_person(sub)


def add_views(parser: argparse.ArgumentParser, metavar: str = "list|show") -> Verbs:
    """The verbs that only read."""
    acts = parser.add_subparsers(dest="act", required=True, metavar=metavar)
    listing = acts.add_parser("list", help="tasks by deadline")
    listing.add_argument("--department")
    listing.add_argument("--area")
    listing.add_argument("--incident")
    listing.add_argument(
        "--status", default="open", help="open (default), or waiting, ordered, …, done"
    )
    listing.add_argument("--limit", type=int, default=1000)
    add_person(listing)
    showing = acts.add_parser("show", help="one task, with the text of its work manual")
    showing.add_argument("id")
    add_person(showing)
    return acts


def run(options: argparse.Namespace, at: datetime | None = None) -> int:
    with open_for(options) as (platform, caller):
        if options.act == "list":
            found = queries.list_tasks(
                platform,
                department=options.department,
                area=options.area,
                incident=options.incident,
                status=None if options.status == "all" else options.status,
                at=at,
                limit=options.limit,
                caller=caller,
            )
            if options.json:
                emit_json({"tasks": found})
            else:
                for task in found:
                    due = local(task.due_at) if task.due_at else say("cli.waits")
                    emit_text(
                        f"{task.id}  {pad(word_of(task.status), 12)} {pad(due, 22)}  "
                        f"{pad(word_of(task.department), 18)} {task.area:<12} {told(task.title)}"
                    )
            return 0
        if options.act == "show":
            return show_task(options, queries.get_task(platform, options.id, caller, at))
        account = submit_objects(
            platform,
            caller,
            [answer_of(options, queries.get_task(platform, options.id, caller))],
            "cli",
        )
        if account.rejected:
            one = account.rejected[0]
            raise ConflictError(one.message, one.advice, code=one.code)
        shown = queries.get_task(platform, options.id, caller)
    if options.json:
        emit_json(shown)
    else:
        emit_text(say("cli.task_is", task=shown.id, status=word_of(shown.status)))
    return 0


def show_task(options: argparse.Namespace, task: object) -> int:
    """The order and how the work is done."""
    path = task.manual  # type: ignore[attr-defined]
    manual = plan_library.find_manual(path) if path else None
    if options.json:
        emit_json({"task": task, "manual": manual})
        return 0
    emit_text(told(task.title))  # type: ignore[attr-defined]
    whose = f"{word_of(task.department)}  {task.area}"  # type: ignore[attr-defined]
    emit_text(f"{task.id}  {word_of(task.status)}  {whose}")  # type: ignore[attr-defined]
    named = say("cli.manual", path=path or say("cli.none"))
    emit_text(f"\n{manual.text}" if manual else named)
    return 0


def answer_of(options: argparse.Namespace, task: object) -> dict[str, object]:
    """The command that the words of the verb stand for."""
    if options.act in DECISIONS:
        return decision_of(options, task)
    department = options.department or task.department  # type: ignore[attr-defined]
    kinds = {"acknowledge": "AcknowledgeTask", "complete": "CompleteTask", "comment": "CommentTask"}
    status, comments = task.status, task.comments  # type: ignore[attr-defined]
    name = derive_id(
        "cli", options.id, options.act, department, status, comments, getattr(options, "text", "")
    )
    item: dict[str, object] = {
        "id": name,
        "type": kinds[options.act],
        "task": options.id,
        "department": department,
    }
    if options.act == "complete":
        item |= {"result": options.text, "succeeded": not options.failed}
    if options.act == "comment":
        item |= {"comment": options.text}
    return item


def decision_of(options: argparse.Namespace, task: object) -> dict[str, object]:
    """Who does it, which department, until when; said again of a task as it stands, it is the
    same command.
    """
    kind, fields = DECISIONS[options.act]
    said = {field: getattr(options, field) for field in fields}
    if options.act == "assign":
        said["department"] = options.department or task.department  # type: ignore[attr-defined]
    stands = (task.department, task.assignee, task.due_at)  # type: ignore[attr-defined]
    name = derive_id("cli", options.id, options.act, str(sorted(said.items())), str(stands))
    return {"id": name, "type": kind, "task": options.id, **said}
