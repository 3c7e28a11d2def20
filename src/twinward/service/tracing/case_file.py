"""`trace file`: one person, one file: places and contacts from movement; case, tests, isolation,
tasks from the log.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from twinward.core.errors import AbsentError
from twinward.decision.tracing.contacts.case_file import Stay
from twinward.decision.tracing.contacts.evidence import TracedContact
from twinward.service.platform import Platform
from twinward.service.tracing.access_record import of_person
from twinward.service.tracing.questions import Tracing
from twinward.twins.emergency.contacts.rows import CONTACTS, Contact
from twinward.twins.emergency.reports.rows import CASES, Case
from twinward.twins.emergency.tasks.rows import TASKS

MOST_CONTACTS = 200
Row = dict[str, Any]


class PersonFile(msgspec.Struct, frozen=True, kw_only=True):
    """One person, one file. `cases`, `as_contact` and `tasks` are rows of the emergency twin;
    the rest is movement.
    """

    subject: str
    window: tuple[str, str] | None
    timeline: list[Stay]
    contacts: list[TracedContact]
    counts: dict[str, int]
    cases: list[Row]
    as_contact: list[Row]
    tests: list[Row]
    isolation: list[Row]
    tasks: list[Row]
    activation: str
    query_ms: float


def make_file(
    platform: Platform, tracing: Tracing, subject: str, start: datetime | None, end: datetime | None
) -> dict[str, Any]:
    """Everything the activation opens about one person. AbsentError when neither movement nor
    log know them.
    """
    movement: dict[str, Any] = {}
    contacts: dict[str, Any] = {}
    absent: AbsentError | None = None
    try:
        movement = tracing.movement(subject=subject, start=start, end=end)
        if movement["fixes"]:
            contacts = tracing.contacts(subject=subject, start=start, end=end, limit=MOST_CONTACTS)
    except AbsentError as error:
        absent = error
    scope = tracing.scope_for("trace")
    record = read_log(platform, subject, lambda row, at: tracing.may_see(scope, row.area, at))
    if absent is not None and not any(record.values()):
        raise absent
    if absent is not None:
        tracing.audit(scope, of_person("file", subject))
    return {
        "subject": subject,
        "window": movement.get("window"),
        "timeline": movement.get("stays", []),
        "contacts": contacts.get("contacts", []),
        "counts": contacts.get("counts", {}),
        **record,
        "activation": scope.activation,
        "query_ms": round(movement.get("query_ms", 0.0) + contacts.get("query_ms", 0.0), 3),
    }


def read_log(
    platform: Platform, subject: str, may_see: Callable[[Case | Contact, datetime], bool]
) -> dict[str, list[object]]:
    """What the log knows: the person's cases, their steps as a contact (isolation, tests), and
    tasks about them.

    Only rows that `may_see` lets through: of the areas and the window that the caller's scope
    opens.
    """
    with platform.store.read() as rows:
        cases = [
            row for row in rows.list_rows(CASES, subject=subject) if may_see(row, row.reported_at)
        ]
        steps = [
            row for row in rows.list_rows(CONTACTS, subject=subject) if may_see(row, row.named_at)
        ]
        incidents = {row.incident for row in steps if row.incident}
        about = {row.id for row in steps}
        work = [
            task
            for incident in sorted(incidents)
            for task in rows.list_rows(TASKS, incident=incident)
        ]
    tasks = [task for task in work if task.contact in about]
    tests = [row for row in steps if row.step.startswith("tested")]
    isolation = [row for row in steps if row.step in ("isolated", "released")]
    found: dict[str, Sequence[msgspec.Struct]] = {
        "cases": cases,
        "as_contact": steps,
        "tests": tests,
        "isolation": isolation,
        "tasks": tasks,
    }
    return {name: [msgspec.to_builtins(row) for row in list_] for name, list_ in found.items()}
