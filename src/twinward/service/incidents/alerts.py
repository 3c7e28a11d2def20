"""Alerts: what an officer on duty must be told, with who has acknowledged it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec
from msgspec.structs import replace

from twinward.core.ports import Reader
from twinward.service.access.approvals import ACCOUNT_KINDS, LIFE_KINDS
from twinward.service.incidents.incident_course import OPEN_TASKS
from twinward.service.incidents.plan_status import proposed_plan
from twinward.service.platform import Caller, Platform, snapshot_of
from twinward.service.visibility import concerns, is_own_task
from twinward.twins.emergency.approvals.rows import CHANGES
from twinward.twins.emergency.incidents.rows import INCIDENTS
from twinward.twins.emergency.journal.rows import ALERTS_SEEN, AlertSeen, seen_key
from twinward.twins.emergency.signals.rows import SIGNALS
from twinward.twins.emergency.tasks.rows import TASKS

AlertKind = Literal["incident", "level", "plan", "signal", "late", "second_person"]
MOST_SHOWN = 500


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to look at. `what`: the level, the plan, the department, the signal or the kind of
    change; `count` of late tasks, or of the cases of a signal; `seen_by` empty until somebody
    acknowledges it.
    """

    id: str
    kind: AlertKind
    at: datetime
    area: str
    area_name: str
    hazard: str
    incident: str | None
    what: str
    count: int
    seen_by: str
    seen_at: datetime | None


class RaisedAlert(msgspec.Struct, frozen=True, kw_only=True):
    """An alert before it is known who has seen it."""

    id: str
    kind: AlertKind
    at: datetime
    area: str
    hazard: str = ""
    incident: str | None = None
    what: str = ""
    count: int = 1


def list_alerts(platform: Platform, caller: Caller) -> list[Alert]:
    """What concerns the caller now, newest first: incidents and their levels, plans, changes and
    signals that wait for a person, late work by department.
    """
    now = platform.clock.now()
    with platform.store.read() as reader:
        found = [
            *list_of_incidents(platform, caller, reader, now),
            *list_late(platform, caller, reader, now),
            *list_waiting(platform, caller, reader, now),
            *list_signals(platform, caller, reader),
        ]
        seen = {row.id: row for row in reader.list_rows(ALERTS_SEEN)}
    found.sort(key=lambda one: (one.at, one.id), reverse=True)
    return [
        show_alert(platform, one, seen.get(seen_key(one.area, one.id)))
        for one in found[:MOST_SHOWN]
    ]


def show_alert(platform: Platform, one: RaisedAlert, seen: AlertSeen | None) -> Alert:
    return Alert(
        **msgspec.structs.asdict(one),
        area_name=platform.reference.areas.name(one.area),
        seen_by=seen.by if seen is not None else "",
        seen_at=seen.seen_at if seen is not None else None,
    )


def list_of_incidents(
    platform: Platform, caller: Caller, reader: Reader, now: datetime
) -> list[RaisedAlert]:
    """Each open incident, its level, and the plan that waits for a person."""
    found: list[RaisedAlert] = []
    snapshot = snapshot_of(platform, reader, None)
    for row in reader.list_rows(INCIDENTS, status="open"):
        if not concerns(platform, caller, row.area):
            continue
        about = RaisedAlert(
            id=f"incident|{row.id}|{row.round}",
            kind="incident",
            at=row.opened_at,
            area=row.area,
            hazard=row.hazard,
            incident=row.id,
        )
        found.append(about)
        since = row.level_since or row.opened_at
        if row.level:
            name = f"level|{row.id}|{row.level}|{since.isoformat()}"
            found.append(replace(about, id=name, kind="level", at=since, what=row.level))
        if (plan := proposed_plan(platform, snapshot, row, now)) is not None:
            name = f"plan|{row.id}|{plan}|{row.round}"
            found.append(replace(about, id=name, kind="plan", at=since, what=plan))
    return found


def list_late(
    platform: Platform, caller: Caller, reader: Reader, now: datetime
) -> list[RaisedAlert]:
    """Late work, one alert for a department in an incident, at the first deadline missed; it calls
    again when that task has gone up a level, whose new time lies ahead.
    """
    late: dict[tuple[str, str], list[tuple[datetime, datetime, str]]] = {}
    for task in reader.list_rows(TASKS, status=OPEN_TASKS):
        if task.is_late(now) and is_own_task(platform, caller, task):
            due = task.due_at or task.created_at
            late.setdefault((task.incident, task.department), []).append(
                (task.deadline, due, task.area)
            )
    return [
        RaisedAlert(
            id=f"late|{incident}|{department}|{min(tasks)[1].isoformat()}",
            kind="late",
            at=min(tasks)[0],
            area=min(tasks)[2],
            incident=incident,
            what=department,
            count=len(tasks),
        )
        for (incident, department), tasks in late.items()
    ]


def list_waiting(
    platform: Platform, caller: Caller, reader: Reader, now: datetime
) -> list[RaisedAlert]:
    """Changes that wait for a second person, which the caller may be."""
    actions = platform.policy.roles.actions_of(caller.role, managed=platform.managed)
    kinds: tuple[str, ...] = LIFE_KINDS if "confirm_change" in actions else ()
    kinds += ACCOUNT_KINDS if "keep_accounts" in actions else ()
    return [
        RaisedAlert(
            id=f"second_person|{row.id}",
            kind="second_person",
            at=row.proposed_at,
            area=row.area,
            what=row.kind,
        )
        for row in reader.list_rows(CHANGES, status="proposed")
        if row.kind in kinds
        and row.lapses_at > now
        and row.proposed_by != caller.name
        and concerns(platform, caller, row.area)
    ]


def list_signals(platform: Platform, caller: Caller, reader: Reader) -> list[RaisedAlert]:
    """Signals of surveillance that nobody has judged yet."""
    return [
        RaisedAlert(
            id=f"signal|{row.id}",
            kind="signal",
            at=row.raised_at,
            area=row.area,
            hazard=row.hazard,
            what=row.id,
            count=row.observed,
        )
        for row in reader.list_rows(SIGNALS, status="waiting")
        if concerns(platform, caller, row.area)
    ]
