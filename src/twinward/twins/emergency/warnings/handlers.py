"""Warnings: one person issues, a second confirms what the public reads; ended by time, by a
person, or by the warning that takes their place.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from twinward.core.errors import AbsentError, ConflictError, InputError, RefusedError
from twinward.core.messages import OWN_ACTORS, Draft, Event
from twinward.core.ports import Rows, Transaction
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.warnings.rows import (
    TABLES,
    WARNINGS,
    IssuedWarning,
    share_area,
)
from twinward.twins.twin import Behaviour, Context

LONGEST = timedelta(days=14)
GRADES_OF_OWN = ("IV", "III")  # what the loop may issue by itself, never to the public


def get_warning(rows: Rows, warning: str) -> IssuedWarning:
    found: IssuedWarning | None = rows.find(WARNINGS, warning)
    if found is None:
        raise AbsentError(
            f"there is no warning {warning}", "list them with `twinward warning list`"
        )
    return found


def require_state(row: IssuedWarning, at: datetime, *wanted: str) -> None:
    state = row.state_at(at)
    if state not in wanted:
        raise ConflictError(
            f"warning {row.id} is {state}",
            f"this can be done only to one that is {' or '.join(wanted)}; issue a new one",
            code=f"warning_{state}",
        )


def issue_warning(command: m.IssueWarning, rows: Rows, context: Context) -> list[Draft]:
    if rows.find(WARNINGS, command.warning) is not None:
        raise ConflictError(
            f"warning {command.warning} exists", "give it an id of its own", code="exists"
        )
    if not command.starts_at < command.ends_at <= context.now + LONGEST:
        raise InputError(
            f"a warning ends after it starts and within {LONGEST.days} days from now",
            "give a later --until, or a nearer one",
            code="bad_until",
        )
    if command.ends_at <= context.now:
        raise InputError(
            "the warning would be over already", "give a later --until", code="bad_until"
        )
    replaced = find_overlap(command, rows, context)
    names = m.WarningProposed.__struct_fields__
    fields = {name: getattr(command, name) for name in names}
    if context.actor in OWN_ACTORS and (command.public or command.grade not in GRADES_OF_OWN):
        fields["public"] = True  # what goes past the bounds of the loop waits for persons
        return [Draft(fact=m.WarningProposed(**fields), area=command.area)]
    if command.public:
        return [Draft(fact=m.WarningProposed(**fields), area=command.area)]
    return [
        Draft(fact=m.WarningIssued(**fields), area=command.area),
        *take_place(replaced, command),
    ]


def find_overlap(command: m.IssueWarning, rows: Rows, context: Context) -> IssuedWarning | None:
    """The warning that this one names to take the place of; ConflictError `warning_overlaps` for
    another of the same hazard that is in force there then.
    """
    for row in rows.list_rows(WARNINGS, hazard=command.hazard, decided="in_force"):
        if row.id == command.replaces or row.state_at(context.now) != "in_force":
            continue
        meets = row.starts_at < command.ends_at and command.starts_at < row.ends_at
        if meets and share_area(row.areas, command.areas):
            raise ConflictError(
                f"warning {row.id} of grade {row.grade} is in force there until "
                f"{row.ends_at.isoformat()}",
                "extend or cancel it, or name it as the one to replace",
                code="warning_overlaps",
            )
    if not command.replaces:
        return None
    replaced = get_warning(rows, command.replaces)
    require_state(replaced, context.now, "in_force")
    return replaced


def take_place(replaced: IssuedWarning | None, command: m.IssueWarning) -> list[Draft]:
    if replaced is None:
        return []
    fact = m.WarningCancelled(
        warning=replaced.id, because=command.because, by_warning=command.warning
    )
    return [Draft(fact=fact, area=replaced.area)]


def row_of(fact: m.WarningProposed | m.WarningIssued, event: Event, decided: str) -> IssuedWarning:
    names = set(IssuedWarning.__struct_fields__) - {"proposed_by"}
    fields = {name: getattr(fact, name) for name in names if hasattr(fact, name)}
    return IssuedWarning(
        id=fact.warning,
        area=event.area,
        decided=decided,
        proposed_by=event.actor,
        proposed_at=event.recorded_at,
        **fields,
    )


def warning_proposed(fact: m.WarningProposed, event: Event, tx: Transaction) -> None:
    tx.put(WARNINGS, row_of(fact, event, "proposed"), event.recorded_at)


def warning_issued(fact: m.WarningIssued, event: Event, tx: Transaction) -> None:
    known: IssuedWarning | None = tx.find(WARNINGS, fact.warning)
    row = known or row_of(fact, event, "in_force")
    row = msgspec.structs.replace(
        row, decided="in_force", issued_by=event.actor, issued_at=event.recorded_at
    )
    tx.put(WARNINGS, row, event.recorded_at)


def confirm_warning(command: m.ConfirmWarning, rows: Rows, context: Context) -> list[Draft]:
    row = get_warning(rows, command.warning)
    require_state(row, context.now, "proposed")
    if context.actor == row.proposed_by:
        raise RefusedError(
            f"{context.actor} has proposed it",
            "it takes another person",
            code="second_person_needed",
        )
    names = set(m.WarningIssued.__struct_fields__) - {"warning"}
    fields = {name: getattr(row, name) for name in names}
    asked = m.IssueWarning(
        id=command.id,
        warning=row.id,
        area=row.area,
        **{k: v for k, v in fields.items() if k != "proposed_by"},
    )
    replaced = find_overlap(asked, rows, context)
    fact = m.WarningIssued(warning=row.id, **fields)
    return [Draft(fact=fact, area=row.area), *take_place(replaced, asked)]


def refuse_warning(command: m.RefuseWarning, rows: Rows, context: Context) -> list[Draft]:
    row = get_warning(rows, command.warning)
    require_state(row, context.now, "proposed")
    fact = m.WarningRefused(warning=row.id, because=command.because)
    return [Draft(fact=fact, area=row.area)]


def acknowledge_warning(command: m.AcknowledgeWarning, rows: Rows, context: Context) -> list[Draft]:
    row = get_warning(rows, command.warning)
    require_state(row, context.now, "in_force")
    if command.office in row.acknowledged:
        raise ConflictError(
            f"{command.office} has acknowledged warning {row.id}", "once is enough", code="exists"
        )
    fact = m.WarningAcknowledged(warning=row.id, office=command.office)
    return [Draft(fact=fact, area=row.area)]


def extend_warning(command: m.ExtendWarning, rows: Rows, context: Context) -> list[Draft]:
    row = get_warning(rows, command.warning)
    require_state(row, context.now, "in_force")
    if not row.ends_at < command.until <= context.now + LONGEST:
        raise InputError(
            f"an extension ends after {row.ends_at.isoformat()} and within {LONGEST.days} days",
            "give a later --until",
            code="bad_until",
        )
    fact = m.WarningExtended(warning=row.id, until=command.until, because=command.because)
    return [Draft(fact=fact, area=row.area)]


def cancel_warning(command: m.CancelWarning, rows: Rows, context: Context) -> list[Draft]:
    row = get_warning(rows, command.warning)
    require_state(row, context.now, "in_force")
    fact = m.WarningCancelled(warning=row.id, because=command.because)
    return [Draft(fact=fact, area=row.area)]


def _put(tx: Transaction, event: Event, warning: str, **fields: object) -> None:
    row = msgspec.structs.replace(get_warning(tx, warning), **fields)
    tx.put(WARNINGS, row, event.recorded_at)


def warning_refused(fact: m.WarningRefused, event: Event, tx: Transaction) -> None:
    _put(tx, event, fact.warning, decided="refused", ended_because=fact.because)


def warning_acknowledged(fact: m.WarningAcknowledged, event: Event, tx: Transaction) -> None:
    known = get_warning(tx, fact.warning).acknowledged
    _put(tx, event, fact.warning, acknowledged=known | {fact.office: event.recorded_at})


def warning_extended(fact: m.WarningExtended, event: Event, tx: Transaction) -> None:
    times = get_warning(tx, fact.warning).extended + 1
    _put(tx, event, fact.warning, ends_at=fact.until, extended=times)


def warning_cancelled(fact: m.WarningCancelled, event: Event, tx: Transaction) -> None:
    told = {"ended_at": event.recorded_at, "ended_because": fact.because}
    _put(tx, event, fact.warning, decided="cancelled", **told)


BEHAVIOUR = Behaviour(
    handlers={
        m.IssueWarning: issue_warning,
        m.ConfirmWarning: confirm_warning,
        m.RefuseWarning: refuse_warning,
        m.AcknowledgeWarning: acknowledge_warning,
        m.ExtendWarning: extend_warning,
        m.CancelWarning: cancel_warning,
    },
    appliers={
        m.WarningProposed: warning_proposed,
        m.WarningIssued: warning_issued,
        m.WarningRefused: warning_refused,
        m.WarningAcknowledged: warning_acknowledged,
        m.WarningExtended: warning_extended,
        m.WarningCancelled: warning_cancelled,
    },
    tables=TABLES,
)
