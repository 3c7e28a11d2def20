"""The daily check: the chain, rows that the log does not explain, a day's changes and looks;
alarms are announced.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypedDict
from zoneinfo import ZoneInfo

import msgspec

from twinward.core.errors import AbsentError
from twinward.core.ids import derive_id
from twinward.core.messages import Event
from twinward.core.ports import R, Rows, Table
from twinward.security.detection.anomalies import Anomaly, Deed, find_anomalies
from twinward.service.access.accounts import note
from twinward.service.platform import Caller, LogCheck, Platform, ask
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.approvals.rows import CHANGES as CHANGES_TABLE
from twinward.twins.emergency.approvals.rows import Change
from twinward.twins.emergency.contacts.rows import CONTACTS, Contact
from twinward.twins.emergency.passes.rows import STATUSES, Status
from twinward.twins.emergency.reports.rows import CASES, Case

DAY = timedelta(days=1)
PAGE = 5000
# tables whose rows say something of a person, and the field that their events name them by
PERSONS: tuple[tuple[Table[Case | Contact | Change | Status], str], ...] = (
    (CASES, "case"),
    (CONTACTS, "contact"),
    (CHANGES_TABLE, "change"),
    (STATUSES, "status"),
)
CHANGES = ("ChangeProposed", "ChangeConfirmed", "CaseReclassified", "CaseAmended")
STATUS_CHANGES = ("StatusProposed", "StatusSet")
LOOKS = ("LookRecorded", "PersonsListed")


class MisuseReport(TypedDict):
    """How many deeds and entries were checked, and what was found."""

    checked: int
    entries: int
    anomalies: list[dict[str, object]]


def check_misuse(
    platform: Platform, caller: Caller, verify: Callable[[], LogCheck]
) -> MisuseReport:
    """Everything suspicious of the last day; each finding is an event and a notice to the
    auditors.
    """
    platform.policy.require(caller, "see_audit")
    chain = verify()
    found = (
        []
        if chain.ok
        else [Anomaly(what="log_broken", actor="?", count=1, event=f"entry {chain.first_bad}")]
    )
    with platform.store.read() as rows:
        events = _events_about_persons(rows)
        found += unexplained_rows(platform, rows, events)
    since = platform.clock.now() - DAY
    deeds = [deed for event in events if event.recorded_at >= since for deed in _deeds(event)]
    known = {key for event in events for key in _names(event)} | {
        event.incident for event in events if event.incident
    }
    accounts = {one.name: one for one in platform.accounts.list_accounts()}

    def covers(actor: str, area: str) -> bool:
        account = accounts.get(actor)
        if account is None:
            return (actor == "local-admin" and not platform.managed) or actor == "loop"
        return platform.policy.jurisdiction(account.caller("")).concerns(area)

    found += find_anomalies(deeds, covers, known, ZoneInfo(platform.settings.timezone))
    found += [
        Anomaly(what="alone", actor=event.actor, count=1, event=event.id)
        for event in events
        if isinstance(event.fact, m.ChangeConfirmed) and event.fact.proposed_by == event.actor
    ]
    for one in found:
        raise_alarm(platform, caller, one)
    return {
        "checked": len(deeds),
        "entries": chain.entries,
        "anomalies": [msgspec.structs.asdict(a) for a in found],
    }


def _events_about_persons(rows: Rows) -> list[Event]:
    kinds = (
        "CaseReported",
        "ContactNamed",
        "ContactAssigned",
        "ContactUpdated",
        "ContactFollowed",
        "ChangeRefused",
        "AppealLodged",
        "AppealDecided",
        "ChangeUsed",
        "StatusRefused",
        "StatusLifted",
        "ObjectionLodged",
        "ObjectionDecided",
        *CHANGES,
        *STATUS_CHANGES,
        *LOOKS,
    )
    events: list[Event] = []
    while page := rows.events_after(events[-1].seq if events else 0, PAGE, types=kinds):
        events += page
    return events


def _names(event: Event) -> list[str]:
    return [value for _, field in PERSONS if (value := getattr(event.fact, field, None))]


def _deeds(event: Event) -> list[Deed]:
    """A broken-off fact (its key destroyed) is no deed of the last day."""
    if event.fact is None or event.type not in (*CHANGES, *STATUS_CHANGES, *LOOKS):
        return []
    linked = getattr(event.fact, "linked", None) or next(iter(_names(event)), None)
    if isinstance(event.fact, m.ChangeProposed):
        linked = event.fact.linked
    if isinstance(event.fact, m.StatusProposed | m.StatusSet):
        linked = event.fact.source
    return [
        Deed(
            actor=event.actor,
            kind="look" if event.type in LOOKS else "change",
            at=event.recorded_at,
            area=event.area,
            linked=linked,
            event=event.id,
        )
    ]


class Replay:
    """Rows as the log makes them, in memory: what the appliers are given instead of the
    database.
    """

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], msgspec.Struct] = {}

    def find(self, table: Table[msgspec.Struct], key: str) -> msgspec.Struct | None:
        return self.rows.get((table.name, key))

    def get(self, table: Table[msgspec.Struct], key: str) -> msgspec.Struct:
        return self.rows[table.name, key]

    def put(self, table: Table[R], row: R, valid_from: object) -> None:
        self.rows[table.name, str(getattr(row, table.key))] = row


def unexplained_rows(platform: Platform, rows: Rows, events: list[Event]) -> list[Anomaly]:
    """Rows about persons that differ from what the log makes of them: somebody wrote past it."""
    replay: Any = Replay()
    appliers = platform.loop.twins.behaviour.appliers
    lost_until: datetime | None = None  # what was deleted on its date cannot be told any more
    unsure: set[str] = set()  # of whom a part was deleted
    for event in events:
        if event.fact is None:
            lost_until = event.recorded_at
        elif event.type not in LOOKS and str(event.subject) not in unsure:
            try:
                appliers[type(event.fact)](event.fact, event, replay)
            except (LookupError, AbsentError):
                unsure.add(str(event.subject))
    found = []
    for table, _ in PERSONS:
        for row in rows.list_rows(table):
            told = as_once_kept(replay.find(table, row.id), row)
            older = lost_until is not None and began_at(row) <= lost_until
            if str(row.subject) not in unsure and not older and told != row:
                name = f"{table.name} {row.id}"
                found.append(Anomaly(what="forced", actor="?", count=1, event=name))
    return found


def began_at(row: object) -> datetime:
    """When a row about a person was put on record."""
    times = (
        getattr(row, name, None) for name in ("reported_at", "named_at", "proposed_at", "set_at")
    )
    return next(at for at in times if isinstance(at, datetime))


def as_once_kept(told: msgspec.Struct | None, row: object) -> msgspec.Struct | None:
    """What the log tells, as a release kept it that did not yet say who put a row on record."""
    if told is None or getattr(row, "put_by", None) != "":
        return told
    return msgspec.structs.replace(told, put_by="")


def raise_alarm(platform: Platform, caller: Caller, anomaly: Anomaly) -> None:
    text = f"{anomaly.what}: {anomaly.actor}, {anomaly.count} times, first {anomaly.event}"
    note(platform, caller, "alarm", anomaly.what, text)
    now = platform.clock.now()
    for role in ("auditor", "administrator"):
        name = derive_id("notice", anomaly.what, anomaly.event, role, now.date().isoformat())
        command = m.SendNotice(
            id=derive_id("cmd", name),
            notice=name,
            to_role=role,
            area=platform.reference.areas.root,
            text=text,
        )
        ask(platform, caller, command)
