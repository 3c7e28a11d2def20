"""The duty log: significant events newest first with their authors, comments on a task, shifts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from twinward.core.messages import Event
from twinward.service.incidents.event_queries import show_event
from twinward.service.incidents.queries import get_task
from twinward.service.platform import Caller, Platform
from twinward.service.visibility import concerns
from twinward.twins.emergency.journal.rows import SHIFTS

# what a person of the next shift would ask about; what a machine does in between is in the log
SIGNIFICANT = (
    "JournalWritten",
    "ShiftHandedOver",
    "ShiftTakenOver",
    "AlertAcknowledged",
    "IncidentOpened",
    "IncidentClosed",
    "IncidentReopened",
    "IncidentTransferred",
    "ResponseLevelSet",
    "LevelCalled",
    "ReportsHeld",
    "ReportsConfirmed",
    "PlanAdopted",
    "PlanEnded",
    "TaskEscalated",
    "TaskFailed",
    "TaskCommented",
    "TaskRedirected",
    "DeadlineSet",
    "NoticeSent",
    "ChangeProposed",
    "ChangeConfirmed",
    "ChangeRefused",
    "AppealLodged",
    "AppealDecided",
    "GlassBroken",
    "ActivationOpened",
    "ActivationClosed",
    "AreaRestricted",
    "RestrictionsLifted",
    "CaseHandedOver",
    "SupplyRequested",
    "TransferRequested",
    "ObjectiveWaived",
)
CHUNK = 500
REASONS = "reasons"  # from which a text is written in the reader's language
MOST_READ = 20_000  # events looked through for one page


class LogLine(msgspec.Struct, frozen=True, kw_only=True):
    """One significant event: who did what where, and what was said of it."""

    seq: int
    type: str
    occurred_at: datetime
    actor: str
    area: str
    area_name: str
    incident: str | None
    says: dict[str, object]


class LogPage(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first; `next` is the place before which the following page begins."""

    items: list[LogLine]
    next: int | None


class TaskComment(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wrote on a task."""

    at: datetime
    actor: str
    text: str


class ShiftRow(msgspec.Struct, frozen=True, kw_only=True):
    """One hand-over of a shift; `taken_by` empty while it waits for the next one."""

    id: str
    area: str
    area_name: str
    by: str
    to: str
    pending: str
    warnings: str
    handed_at: datetime
    taken_by: str
    taken_at: datetime | None


def list_journal(
    platform: Platform,
    caller: Caller,
    *,
    before: int | None = None,
    limit: int = 100,
    incident: str | None = None,
    at: datetime | None = None,
    types: Sequence[str] = (),
) -> LogPage:
    """Significant events of the caller's areas before a place in the log, newest first; as known
    at an instant, where one is given; of some `types` only, where any is named.
    """
    wanted = tuple(one for one in SIGNIFICANT if not types or one in types)
    found: list[LogLine] = []
    with platform.store.read() as reader:
        place = min(before or reader.last_seq() + 1, reader.last_seq() + 1)
        read = 0
        while len(found) < limit and read < MOST_READ:
            events = reader.events_before(place, CHUNK, types=wanted, incident=incident)
            for event in events:
                place = event.seq
                late = at is not None and event.recorded_at > at
                if not late and concerns(platform, caller, event.area):
                    found.append(show_line(platform, event))
                if len(found) == limit:
                    break
            read += len(events)
            if len(events) < CHUNK:
                break
    more = len(found) == limit or read >= MOST_READ
    return LogPage(items=found, next=place if more else None)


def show_line(platform: Platform, event: Event) -> LogLine:
    says: dict[str, object] = {
        name: value
        for name, value in fact_of(event).items()
        if isinstance(value, str | int | float | bool) or name.endswith(REASONS)
    }
    return LogLine(
        seq=event.seq,
        type=event.type,
        occurred_at=event.occurred_at,
        actor=event.actor,
        area=event.area,
        area_name=platform.reference.areas.name(event.area),
        incident=event.incident,
        says=says,
    )


def fact_of(event: Event) -> dict[str, object]:
    """What an event says, masked as it may leave."""
    return show_event(event)["fact"]


def list_comments(platform: Platform, caller: Caller, task: str) -> list[TaskComment]:
    """What was written on a task, oldest first; a task that is not the caller's is absent."""
    row = get_task(platform, task, caller)
    with platform.store.read() as reader:
        events: list[Event] = []
        place = reader.last_seq() + 1
        while page := reader.events_before(
            place, CHUNK, types=("TaskCommented",), incident=row.incident
        ):
            events += page
            place = page[-1].seq
    facts = [(event, fact_of(event)) for event in reversed(events)]
    return [
        TaskComment(at=event.occurred_at, actor=event.actor, text=str(fact.get("comment", "")))
        for event, fact in facts
        if fact.get("task") == task
    ]


def list_shifts(platform: Platform, caller: Caller, limit: int = 20) -> list[ShiftRow]:
    """Hand-overs of shifts in the caller's areas, newest first."""
    with platform.store.read() as reader:
        rows = reader.list_rows(SHIFTS, order="-handed_at", limit=limit * 10)
    name = platform.reference.areas.name
    mine = [row for row in rows if concerns(platform, caller, row.area)]
    return [
        ShiftRow(**msgspec.structs.asdict(row), area_name=name(row.area)) for row in mine[:limit]
    ]
