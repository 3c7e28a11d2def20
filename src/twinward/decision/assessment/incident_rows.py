"""What the rows and events of one incident say of cases, contacts, counts and readings, without a
person in it.
"""

from __future__ import annotations

from datetime import date, datetime

from twinward.core.messages import Event
from twinward.core.ports import Reader
from twinward.decision.assessment.causes import setting_of
from twinward.decision.assessment.situation import CaseSeen, ContactSeen, CountSeen, ReadingSeen
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.contacts.rows import CONTACTS, Contact
from twinward.twins.emergency.incidents.rows import Incident
from twinward.twins.emergency.messages import HazardReported
from twinward.twins.emergency.reports.rows import CASES, COUNTS
from twinward.twins.snapshot import Snapshot


def read_persons(
    snapshot: Snapshot, events: list[Event], incident: str
) -> tuple[list[CaseSeen], list[ContactSeen]]:
    """Cases with where they were infected and whether they were known; contacts with the time of
    each step.

    Persons are matched here, case with contact, and left behind: nothing that leaves has a
    pseudonym.
    """
    contacts = snapshot.list_rows(CONTACTS, incident=incident)
    named: dict[str, list[Contact]] = {}
    for one in contacts:
        named.setdefault(one.subject, []).append(one)
    steps: dict[str, dict[str, datetime]] = {}
    seqs: dict[str, int] = {}
    joined: dict[str, int] = {}
    for event in events:
        match event.fact:
            case m.ContactUpdated(contact=contact, step=step):
                steps.setdefault(contact, {})[step] = event.occurred_at
            case m.ContactNamed(contact=contact) | m.ContactAssigned(contact=contact):
                seqs[contact] = event.seq
            case m.CaseJoined(case=case):
                joined[case] = event.seq
    cases = []
    for case, seq in joined.items():
        row = snapshot.find(CASES, case)
        if row is None:
            continue
        before = [
            c
            for c in named.get(row.subject, [])
            if c.case != row.id and c.named_at <= row.reported_at
        ]
        stated = setting_of(min(before, key=lambda c: c.named_at).setting) if before else None
        cases.append(
            CaseSeen(
                area=row.area,
                status=row.status,
                found_in=row.found_in,
                setting=stated or setting_of(row.place),
                known=bool(before),
                onset=row.onset,
                reported_at=row.reported_at,
                seq=seq,
            )
        )
    seen = [
        ContactSeen(
            area=c.area,
            setting=c.setting,
            named_at=c.named_at,
            steps=steps.get(c.id, {}),
            seq=seqs.get(c.id, 0),
        )
        for c in contacts
    ]
    return cases, seen


def read_counts(snapshot: Snapshot, row: Incident) -> list[CountSeen]:
    areas = tuple({row.area, *row.affected})
    return [
        CountSeen(
            area=one.area,
            day=date.fromisoformat(one.day),
            status=one.status,
            found_in=one.found_in,
            count=one.count,
        )
        for one in snapshot.list_rows(COUNTS, hazard=row.hazard, area=areas)
    ]


def read_readings(reader: Reader, events: list[Event]) -> list[ReadingSeen]:
    """What hazards measured: the reports that developed or opened the incident."""
    found = []
    for event in events:
        if event.type in ("IncidentDeveloped", "IncidentOpened") and event.cause:
            report = reader.find_event(event.cause)
            if report is not None and isinstance(report.fact, HazardReported):
                fact = report.fact
                found.append(
                    ReadingSeen(
                        area=fact.area,
                        figure=fact.figure,
                        value=fact.value,
                        at=report.occurred_at,
                        seq=report.seq,
                    )
                )
    return found


def last_events(events: list[Event]) -> dict[str, int]:
    return {
        fact.task: event.seq
        for event in events
        if (fact := event.fact) is not None and hasattr(fact, "task")
    }
