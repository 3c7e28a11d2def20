"""Results that were taken back before they came: remembered, so that the result makes no case when
it arrives after all.
"""

from __future__ import annotations

from datetime import datetime

from twinward.core.errors import ConflictError
from twinward.core.ids import derive_id
from twinward.core.messages import Draft, Event
from twinward.core.ports import Rows, Transaction
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.reports.case_history import SAME_ILLNESS
from twinward.twins.emergency.reports.rows import WITHDRAWALS, Withdrawal
from twinward.twins.emergency.vocabulary import is_one_hazard
from twinward.twins.twin import Context


def name_withdrawal(report: str | None, case: str | None, subject: str, hazard: str) -> str:
    """One for a sender's message, one for a case, one for a person's illness."""
    if report is not None:
        return derive_id("withdrawal", "report", report)
    if case is not None:
        return derive_id("withdrawal", "case", case)
    return derive_id("withdrawal", "person", subject, hazard)


def remember_withdrawal(command: m.RememberWithdrawal, rows: Rows, context: Context) -> list[Draft]:
    fields = {name: getattr(command, name) for name in m.WithdrawalRemembered.__struct_fields__}
    fact = m.WithdrawalRemembered(**fields)
    return [Draft(fact=fact, area=command.area, subject=command.subject)]


def withdrawal_remembered(fact: m.WithdrawalRemembered, event: Event, tx: Transaction) -> None:
    """Of two that take back the same thing the later holds."""
    name = name_withdrawal(fact.report, fact.case, fact.subject, fact.hazard)
    known: Withdrawal | None = tx.find(WITHDRAWALS, name)
    at, issued_at = event.occurred_at, fact.issued_at
    if known is not None:
        at = max(at, known.at)
        issued_at = max(filter(None, (issued_at, known.issued_at)), default=None)
    row = Withdrawal(
        id=name,
        subject=fact.subject,
        hazard=fact.hazard,
        area=fact.area,
        case=fact.case,
        report=fact.report,
        at=at,
        issued_at=issued_at,
        note=fact.note,
    )
    tx.put(WITHDRAWALS, row, event.occurred_at)


def require_not_withdrawn(command: m.ReportCase, rows: Rows, at: datetime) -> None:
    """ConflictError for a report that was taken back before it came.

    A version that was issued after the withdrawal stands again, and so does an illness that was
    reported after it.
    """
    names = [
        name_withdrawal(report, case, command.subject, command.hazard)
        for report, case in ((command.report, None), (None, command.case))
        if report is not None or case is not None
    ]
    found = [row for name in names if (row := rows.find(WITHDRAWALS, name)) is not None]
    found += [
        row
        for row in rows.list_rows(WITHDRAWALS, subject=command.subject)
        if row.report is None and row.case is None
    ]
    for row in found:
        if stands(command, row, at):
            continue
        raise ConflictError(
            f"the report was taken back before it came: {row.note or 'it was discarded'}",
            "nothing was changed",
            code="withdrawn_report",
        )


def is_withdrawn(said: m.Said, rows: Rows) -> bool:
    """Whether a report of a case was taken back while the case rested on another one as well."""
    if said.report is None:
        return False
    row = rows.find(WITHDRAWALS, name_withdrawal(said.report, None, "", ""))
    return row is not None and not is_issued_after(said.issued_at, row.issued_at)


def is_issued_after(one: datetime | None, other: datetime | None) -> bool:
    return bool(one and other and one > other)


def stands(command: m.ReportCase, row: Withdrawal, at: datetime) -> bool:
    """Whether a withdrawal is not of this report, or came before it."""
    if not is_one_hazard(command.hazard, row.hazard):
        return True
    if row.report is not None:
        return command.report != row.report or is_issued_after(command.issued_at, row.issued_at)
    return at > row.at or (row.case is None and row.at - at > SAME_ILLNESS)
