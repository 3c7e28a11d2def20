"""The daily check: the chain, rows that the log does not explain, a day's changes and looks;
alarms are announced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
    seen = Seen(platform, platform.clock.now() - DAY)
    with platform.store.read() as rows:
        for event in _events_about_persons(rows):
            seen.see(event)
        found += seen.list_unexplained(rows)
    accounts = {one.name: one for one in platform.accounts.list_accounts()}

    def covers(actor: str, area: str) -> bool:
        account = accounts.get(actor)
        if account is None:
            return (actor == "local-admin" and not platform.managed) or actor == "loop"
        return platform.policy.jurisdiction(account.caller("")).concerns(area)

    zone = ZoneInfo(platform.settings.timezone)
    found += find_anomalies(seen.deeds, covers, seen.known, zone) + seen.alone
    for one in found:
        raise_alarm(platform, caller, one)
    return {
        "checked": len(seen.deeds),
        "entries": chain.entries,
        "anomalies": [msgspec.structs.asdict(a) for a in found],
    }


def _events_about_persons(rows: Rows) -> Iterator[Event]:
    """One page of them at a time: there are many more than fit into memory."""
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
    last = 0
    while page := rows.events_after(last, PAGE, types=kinds):
        yield from page
        last = page[-1].seq


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
        self._rows: dict[str, dict[str, bytes]] = {}  # packed: a tenth of what the rows take

    def find(self, table: Table[R], key: str) -> R | None:
        packed = self._rows.get(table.name, {}).get(key)
        return None if packed is None else msgspec.msgpack.decode(packed, type=table.row)

    def get(self, table: Table[R], key: str) -> R:
        return msgspec.msgpack.decode(self._rows[table.name][key], type=table.row)

    def put(self, table: Table[R], row: R, valid_from: object) -> None:
        held = self._rows.setdefault(table.name, {})
        held[str(getattr(row, table.key))] = msgspec.msgpack.encode(row)


class Seen:
    """What the check keeps of the events that it reads one after another: the last day's deeds, the
    ids that can be a cause, and the rows about persons as the log makes them.
    """

    def __init__(self, platform: Platform, since: datetime) -> None:
        self._appliers = platform.loop.twins.behaviour.appliers
        self._since = since
        self._replay: Any = Replay()
        self._lost_until: datetime | None = None  # what ended on its date is not told any more
        self._unsure: set[str] = set()  # of whom a part was deleted
        self.deeds: list[Deed] = []
        self.alone: list[Anomaly] = []
        self.known: set[str] = set()

    def see(self, event: Event) -> None:
        if event.recorded_at >= self._since:
            self.deeds += _deeds(event)
        self.known.update(_names(event))
        if event.incident:
            self.known.add(event.incident)
        if isinstance(event.fact, m.ChangeConfirmed) and event.fact.proposed_by == event.actor:
            self.alone.append(Anomaly(what="alone", actor=event.actor, count=1, event=event.id))
        self._play(event)

    def _play(self, event: Event) -> None:
        if event.fact is None:
            self._lost_until = event.recorded_at
        elif event.type not in LOOKS and str(event.subject) not in self._unsure:
            try:
                self._appliers[type(event.fact)](event.fact, event, self._replay)
            except (LookupError, AbsentError):
                self._unsure.add(str(event.subject))

    def list_unexplained(self, rows: Rows) -> list[Anomaly]:
        """Rows about persons that differ from what the log makes of them: somebody wrote past
        it.
        """
        found = []
        for table, _ in PERSONS:
            for row in every_row(rows, table):
                told = as_once_kept(self._replay.find(table, row.id), row)
                older = self._lost_until is not None and began_at(row) <= self._lost_until
                if str(row.subject) not in self._unsure and not older and told != row:
                    name = f"{table.name} {row.id}"
                    found.append(Anomaly(what="forced", actor="?", count=1, event=name))
        return found


def every_row(rows: Rows, table: Table[R]) -> Iterator[R]:
    """All rows, a page at a time."""
    for offset in range(0, rows.count(table), PAGE):
        yield from rows.list_rows(table, limit=PAGE, offset=offset)


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
