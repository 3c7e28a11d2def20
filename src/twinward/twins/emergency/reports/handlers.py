"""Reports of the world: cases one by one, counts by area and day, affected places, measured
hazards.
"""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from twinward.core.errors import AbsentError, ConflictError, RefusedError
from twinward.core.messages import Draft, Event
from twinward.core.ports import Rows, Transaction
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.contacts.handlers import OPEN_STEPS, watches
from twinward.twins.emergency.contacts.rows import CONTACTS
from twinward.twins.emergency.reports.case_history import (
    DISCARDED,
    ENDED,
    NEW_STATUSES,
    adds_nothing,
    changes_of,
    find_case,
    insert_said,
    is_later,
    list_said,
    list_versions,
    name_case,
)
from twinward.twins.emergency.reports.indicators import indicator_reported, report_indicator
from twinward.twins.emergency.reports.rows import (
    AFFECTED_PLACES,
    BULLETINS,
    CASES,
    COUNTS,
    TABLES,
    AffectedPlace,
    Bulletin,
    Case,
    CountRow,
)
from twinward.twins.emergency.reports.withdrawals import (
    is_withdrawn,
    remember_withdrawal,
    require_not_withdrawn,
    withdrawal_remembered,
)
from twinward.twins.emergency.vocabulary import is_one_hazard
from twinward.twins.twin import Behaviour, Context


def report_case(command: m.ReportCase, rows: Rows, context: Context) -> list[Draft]:
    at = context.occurred_at
    known = known_case(command, rows, at)
    if command.status != DISCARDED and (known is None or command.report is not None):
        require_not_withdrawn(command, rows, at)
    if known is None:
        return first_report(command, rows, context)
    if known.subject != command.subject:
        raise ConflictError(
            f"case {command.case} belongs to another person",
            "give each person's case its own id",
            code="case_mismatch",
        )
    new = read_said(command, known, rows, context)
    said = list_said(known)
    if any(is_later(one, new) for one in said):
        raise ConflictError(
            "a later version of this report is known", "nothing was changed",
            code="already_reported",
        )  # fmt: skip
    before = list_versions(known, said)
    after = list_versions(known, insert_said(said, new))
    require_open(command, before, new, rows)
    if adds_nothing(before, after, new):
        raise ConflictError(
            f"case {known.id} is already {known.status}",
            "nothing was changed",
            code="already_reported",
        )
    now = after[-1]
    counts, whole = changes_of(before, after, context.day_of), changes_of([], after, context.day_of)
    common = {"case": known.id, "subject": known.subject, "hazard": known.hazard, "area": now.area}
    if now.status != known.status:
        fact: m.CaseReclassified | m.CaseAmended = m.CaseReclassified(
            **common,
            before=known.status,  # type: ignore[arg-type]
            status=now.status,  # type: ignore[arg-type]
            said=new,
            counts=counts,
            whole=whole,
        )
    else:
        fact = m.CaseAmended(
            **common,
            status=now.status,  # type: ignore[arg-type]
            said=new,
            counts=counts,
            whole=whole,
            retrace=now.onset != known.onset,
        )
    became = contacts_of(rows, known, now.status) if known.status not in NEW_STATUSES else []
    return [Draft(fact=fact, area=now.area, subject=known.subject), *became]


def known_case(command: m.ReportCase, rows: Rows, at: datetime) -> Case | None:
    """The case that a report is of: the one it names, or this person's of that time."""
    if command.case is not None:
        return rows.find(CASES, command.case)
    return find_case(rows, command.subject, command.hazard, command.status, at)


def contacts_of(rows: Rows, case: Case | m.CaseReported, status: str) -> list[Draft]:
    """Whoever was a contact and is now a case is cared for as a case: the open rows point to it."""
    name = case.id if isinstance(case, Case) else case.case
    drafts = []
    for row in (
        rows.list_rows(CONTACTS, subject=case.subject, step=OPEN_STEPS)
        if status in NEW_STATUSES
        else ()
    ):
        other: Case | None = rows.find(CASES, row.case)
        if row.case != name and (other is None or is_one_hazard(other.hazard, case.hazard)):
            fact = m.ContactUpdated(
                contact=row.id,
                subject=row.subject,
                step="became_case",
                because="reported as a case",
                as_case=name,
            )
            drafts.append(
                Draft(fact=fact, area=row.area, incident=row.incident, subject=row.subject)
            )
    return drafts


def first_report(command: m.ReportCase, rows: Rows, context: Context) -> list[Draft]:
    if command.status == DISCARDED:
        raise ConflictError(
            command.note or "nothing of this person is known that could be discarded",
            "nothing was changed; should the report come later, it makes no case",
            code="nothing_to_discard",
        )
    found_in, note = how_found(command, rows, context)
    fields = {name: getattr(command, name) for name in m.CaseReported.__struct_fields__}
    fields |= {"found_in": found_in, "note": note}
    fields["case"] = command.case or name_case(
        rows, command.subject, command.hazard, context.occurred_at
    )
    fact = m.CaseReported(**fields)
    return [
        Draft(fact=fact, area=command.area, subject=command.subject),
        *contacts_of(rows, fact, fact.status),
    ]


def read_said(command: m.ReportCase, known: Case, rows: Rows, context: Context) -> m.Said:
    found_in, note = (
        how_found(command, rows, context)
        if known.status == "suspected"
        else (
            command.found_in,
            command.note,
        )
    )
    return m.Said(
        at=context.occurred_at,
        status=command.status,
        area=command.area,
        place=command.place,
        onset=command.onset,
        imported=command.imported,
        found_in=found_in,
        source=command.source,
        report=command.report,
        issued_at=command.issued_at,
        note=note,
    )


def how_found(command: m.ReportCase, rows: Rows, context: Context) -> tuple[m.FoundIn, str]:
    """In control, when the sender does not say and the person was a contact in isolation; a
    contradiction is noted.
    """
    if command.status not in NEW_STATUSES or not watches(
        rows, command.subject, command.hazard, context.occurred_at
    ):
        return command.found_in, command.note
    if command.found_in == "community":
        return command.found_in, join_notes(
            command.note, "said to be found in the community, but was in isolation"
        )
    return (
        ("control", command.note)
        if command.found_in == "unknown"
        else (command.found_in, command.note)
    )


def join_notes(*notes: str) -> str:
    return "; ".join(note for note in notes if note)[:300]


def require_open(command: m.ReportCase, before: list[Case], new: m.Said, rows: Rows) -> None:
    """ConflictError for what cannot follow: an illness after its end, a withdrawal that leaves
    other results.
    """
    known = before[-1]
    if command.status == DISCARDED:
        others = [
            one
            for one in list_said(known)
            if one.status in NEW_STATUSES
            and one.report != command.report
            and not is_withdrawn(one, rows)
        ]
        if known.status == DISCARDED:
            raise ConflictError(
                command.note or f"case {known.id} is discarded already",
                "nothing was changed",
                code="already_reported",
            )
        if command.report is not None and others:
            raise ConflictError(
                f"{command.note or 'the report is withdrawn'}: case {known.id} rests on another "
                f"report as well",
                "nothing was changed; discard the case itself if that one was wrong too",
                code="other_reports",
            )
        return
    earlier = [one for one, told in zip(before, list_said(known), strict=True) if told.at <= new.at]
    stood = earlier[-1].status if earlier else None
    if stood in ENDED and command.status not in ENDED:
        raise ConflictError(
            f"case {known.id} ended as {stood}",
            "a new illness of the same person is a new case with an id of its own",
            code="case_closed",
        )


def case_reported(fact: m.CaseReported, event: Event, tx: Transaction) -> None:
    fields = {name: getattr(fact, name) for name in Case.__struct_fields__ if hasattr(fact, name)}
    row = Case(id=fact.case, reported_at=event.occurred_at, put_by=event.actor, **fields)
    tx.put(CASES, row, event.occurred_at)


def case_reclassified(fact: m.CaseReclassified, event: Event, tx: Transaction) -> None:
    known: Case = tx.get(CASES, fact.case)
    if fact.said is None:  # a log of an earlier release: only the status is known
        tx.put(CASES, msgspec.structs.replace(known, status=fact.status), event.occurred_at)
    else:
        take_in(known, fact.said, tx)


def case_amended(fact: m.CaseAmended, event: Event, tx: Transaction) -> None:
    take_in(tx.get(CASES, fact.case), fact.said, tx)


def take_in(known: Case, new: m.Said, tx: Transaction) -> None:
    """From the instant of a report on, the case is known anew: every later version again, the
    last one last.
    """
    said = insert_said(list_said(known), new)
    for one, version in zip(said, list_versions(known, said), strict=True):
        if one.at >= new.at:
            tx.put(CASES, version, one.at)


def count_key(source: str, hazard: str, area: str, day: date, status: str, found_in: str) -> str:
    return f"{source}|{hazard}|{area}|{day.isoformat()}|{status}|{found_in}"


def report_count(command: m.ReportCount, rows: Rows, context: Context) -> list[Draft]:
    if command.day > context.day_of(context.recorded_at):
        raise RefusedError(
            f"{command.day} has not come yet", "mend the day of this row", code="time_in_future"
        )
    key = count_key(
        command.source, command.hazard, command.area, command.day, command.status, command.found_in
    )
    known: CountRow | None = rows.find(COUNTS, key)
    before = known.count if known else 0
    if known and before == command.count:
        raise ConflictError(
            "this count is already known", "nothing was changed", code="already_reported"
        )
    fields = {
        name: getattr(command, name)
        for name in m.CountReported.__struct_fields__
        if name != "before"
    }
    return [Draft(fact=m.CountReported(before=before, **fields), area=command.area)]


def count_reported(fact: m.CountReported, event: Event, tx: Transaction) -> None:
    key = count_key(fact.source, fact.hazard, fact.area, fact.day, fact.status, fact.found_in)
    row = CountRow(
        id=key,
        area=fact.area,
        hazard=fact.hazard,
        day=fact.day.isoformat(),
        status=fact.status,
        found_in=fact.found_in,
        source=fact.source,
        count=fact.count,
    )
    tx.put(COUNTS, row, event.occurred_at)


def withdraw_count(command: m.WithdrawCount, rows: Rows, context: Context) -> list[Draft]:
    key = count_key(
        command.source, command.hazard, command.area, command.day, command.status, command.found_in
    )
    known: CountRow | None = rows.find(COUNTS, key)
    if known is None:
        raise AbsentError(
            "there is no such count",
            "name source, area, day, status and found_in as they were sent",
        )
    names = ("hazard", "area", "day", "status", "found_in", "source", "reason")
    fact = m.CountWithdrawn(before=known.count, **{name: getattr(command, name) for name in names})
    return [Draft(fact=fact, area=command.area)]


def count_withdrawn(fact: m.CountWithdrawn, event: Event, tx: Transaction) -> None:
    key = count_key(fact.source, fact.hazard, fact.area, fact.day, fact.status, fact.found_in)
    tx.remove(COUNTS, key, event.occurred_at)


def report_figures(command: m.ReportFigures, rows: Rows, context: Context) -> list[Draft]:
    fields = {name: getattr(command, name) for name in m.FiguresReported.__struct_fields__}
    return [Draft(fact=m.FiguresReported(**fields), area=command.area)]


def figures_reported(fact: m.FiguresReported, event: Event, tx: Transaction) -> None:
    day = fact.day.isoformat()
    row = Bulletin(
        id=f"{fact.source}|{fact.hazard}|{fact.area}|{day}",
        area=fact.area,
        hazard=fact.hazard,
        day=day,
        source=fact.source,
        figures=fact.figures,
    )
    tx.put(BULLETINS, row, event.occurred_at)


def report_place(command: m.ReportAffectedPlace, rows: Rows, context: Context) -> list[Draft]:
    fields = {name: getattr(command, name) for name in m.PlaceAffected.__struct_fields__}
    return [Draft(fact=m.PlaceAffected(**fields), area=command.area)]


def place_affected(fact: m.PlaceAffected, event: Event, tx: Transaction) -> None:
    known: AffectedPlace | None = tx.find(AFFECTED_PLACES, fact.place)
    day = fact.day.isoformat()
    row = AffectedPlace(
        id=fact.place,
        area=fact.area,
        hazard=fact.hazard,
        name=fact.name,
        first_day=min(day, known.first_day) if known else day,
        last_day=max(day, known.last_day) if known else day,
        reports=(known.reports if known else 0) + 1,
        lon=fact.lon,
        lat=fact.lat,
    )
    tx.put(AFFECTED_PLACES, row, event.occurred_at)


def report_hazard(command: m.ReportHazard, rows: Rows, context: Context) -> list[Draft]:
    fields = {name: getattr(command, name) for name in m.HazardReported.__struct_fields__}
    return [Draft(fact=m.HazardReported(**fields), area=command.area)]


def hazard_reported(fact: m.HazardReported, event: Event, tx: Transaction) -> None:
    """The report itself changes no row: the incident it opens or joins does."""


BEHAVIOUR = Behaviour(
    handlers={
        m.ReportCase: report_case,
        m.RememberWithdrawal: remember_withdrawal,
        m.ReportCount: report_count,
        m.WithdrawCount: withdraw_count,
        m.ReportAffectedPlace: report_place,
        m.ReportIndicator: report_indicator,
        m.ReportFigures: report_figures,
        m.ReportHazard: report_hazard,
    },
    appliers={
        m.CaseReported: case_reported,
        m.CaseReclassified: case_reclassified,
        m.CaseAmended: case_amended,
        m.WithdrawalRemembered: withdrawal_remembered,
        m.CountReported: count_reported,
        m.CountWithdrawn: count_withdrawn,
        m.PlaceAffected: place_affected,
        m.IndicatorReported: indicator_reported,
        m.FiguresReported: figures_reported,
        m.HazardReported: hazard_reported,
    },
    tables=TABLES,
)
