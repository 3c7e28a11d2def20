"""What officers see: incidents with reasons and timeline, tasks, sources, the overview; now or
as of an instant.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, TypedDict

from twinward.core.errors import AbsentError, InputError, TwinwardError
from twinward.core.messages import Counts
from twinward.core.ports import Reader
from twinward.service.incidents.answers import (
    IncidentCount,
    Overview,
    PlatformStatus,
    SourceAccount,
)
from twinward.service.incidents.event_queries import build_timeline
from twinward.service.incidents.incident_course import (
    ALL_TASKS,
    OPEN_TASKS,
    describe_course,
    describe_incident,
    tally,
)
from twinward.service.incidents.shown import ShownCourse, ShownIncident, ShownWhole
from twinward.service.platform import Caller, Platform, snapshot_of
from twinward.service.visibility import concerns, is_own_task
from twinward.twins.emergency.faults.rows import FAULTS
from twinward.twins.emergency.incidents.rows import INCIDENTS
from twinward.twins.emergency.reports.rows import AFFECTED_PLACES, COUNTS
from twinward.twins.emergency.resources.rows import STOCKS
from twinward.twins.emergency.tasks.rows import TASKS

if TYPE_CHECKING:
    from twinward.twins.emergency.tasks.rows import Task

GROUPS: dict[str, tuple[str, ...]] = {
    "open": OPEN_TASKS,
    "at_work": OPEN_TASKS[1:],
}  # words for several statuses at once
INCIDENT_STATES = ("open", "closed")
TASK_STATES = (*GROUPS, *ALL_TASKS)


def require_word(word: str | None, known: Iterable[str], what: str) -> None:
    """InputError for a filter that could never hold: an empty list would look like an answer."""
    if word is not None and word not in known:
        raise InputError(
            f"no {what} is called {word!r}",
            f"known: {', '.join(dict.fromkeys(known))}",
            code=f"unknown_{what}",
        )


class TaskFilter(TypedDict, total=False):
    """Which tasks or incidents."""

    department: str
    incident: str
    status: str | tuple[str, ...]


def list_incidents(
    platform: Platform,
    *,
    at: datetime | None = None,
    status: str | None = None,
    details: bool = False,
    caller: Caller | None = None,
) -> list[ShownIncident] | list[ShownCourse]:
    """Incidents that concern the caller's areas, newest first; `details`: with everything that
    `get_incident` says of each.
    """
    require_word(status, INCIDENT_STATES, "status")
    equals: TaskFilter = {"status": status} if status else {}
    now = at or platform.clock.now()
    with platform.store.read() as reader:
        snapshot = snapshot_of(platform, reader, at)
        rows = snapshot.list_rows(INCIDENTS, **equals)
        rows = [row for row in rows if concerns(platform, caller, row.area)]
        newest = sorted(rows, key=lambda row: row.opened_at, reverse=True)
        if details:
            return [describe_course(platform, snapshot, row, now) for row in newest]
    return [describe_incident(platform, row) for row in newest]


def get_incident(
    platform: Platform,
    incident: str,
    *,
    at: datetime | None = None,
    timeline: bool = False,
    caller: Caller | None = None,
) -> ShownWhole:
    """One incident with its plan, its tasks by status, what keeps it open, and on request its
    whole cause tree.
    """
    now = at or platform.clock.now()
    with platform.store.read() as reader:
        snapshot = snapshot_of(platform, reader, at)
        row = snapshot.find(INCIDENTS, incident)
        if row is None or not concerns(platform, caller, row.area):
            raise AbsentError(
                f"there is no incident {incident}", "list them with `twinward incident list`"
            )
        course = describe_course(platform, snapshot, row, now)
        if timeline:
            return {**course, "timeline": build_timeline(reader, incident, at)}
    return course  # type: ignore[typeddict-item,return-value]


def list_tasks(
    platform: Platform,
    *,
    department: str | None = None,
    area: str | None = None,
    incident: str | None = None,
    status: str | None = None,
    at: datetime | None = None,
    limit: int = 1000,
    offset: int = 0,
    caller: Caller | None = None,
) -> list[Task]:
    """Tasks by deadline in the caller's areas; `status` a word of the glossary, or `open` or
    `at_work`.

    One who answers for a department sees that department's.
    """
    equals: TaskFilter = {}
    if caller is not None and caller.department:
        if department not in (None, caller.department):
            return []
        department = caller.department
    within = platform.policy.ranges(caller) if caller is not None else None
    if department:
        platform.reference.library.require_department(department)
        equals["department"] = department
    if incident:
        equals["incident"] = incident
    require_word(status, TASK_STATES, "status")
    if status:
        equals["status"] = GROUPS.get(status, status)
    under = (
        None
        if area in (None, platform.reference.areas.root)
        else platform.reference.areas.require(str(area))
    )
    with platform.store.read() as reader:
        if at is None:
            return reader.list_rows(
                TASKS,
                under=under,
                within=within,
                order="due_at",
                limit=limit,
                offset=offset,
                **equals,
            )
        mine = platform.policy.jurisdiction(caller).covers if caller is not None else bool
        found = snapshot_of(platform, reader, at).list_rows(TASKS, under=under, **equals)
        return [row for row in found if mine(row.area)][offset : offset + limit]


def get_task(
    platform: Platform, task: str, caller: Caller | None = None, at: datetime | None = None
) -> Task:
    """One task; one outside the caller's areas or department answers like one that is not there."""
    with platform.store.read() as reader:
        row = snapshot_of(platform, reader, at).find(TASKS, task)
    if row is None or (caller is not None and not is_own_task(platform, caller, row)):
        raise AbsentError(f"there is no task {task}", "list them with `twinward task list`")
    return row


def list_sources(platform: Platform) -> list[SourceAccount]:
    """Each source's account and whether it balances."""
    with platform.store.read() as reader:
        counts = reader.counts()
    for source, count in platform.intake.counts().items():
        counts[source] = counts.get(source, Counts()) + count
    return [
        SourceAccount(
            source=source,
            received=count.received,
            stored=count.stored,
            rejected=count.rejected,
            duplicate=count.duplicate,
            balanced=count.balanced,
        )
        for source, count in sorted(counts.items())
    ]


def get_health(platform: Platform) -> dict[str, object]:
    """Whether the log can be read, the loop runs, and every account agrees with what is there."""
    with platform.store.read() as reader:
        last, faults = reader.last_seq(), reader.count(FAULTS, status="open")
    body: dict[str, object] = {
        "status": "ok",
        "last_seq": last,
        "differences": len(platform.reconciler.list_differences()),
    }
    if body["differences"]:
        body |= {
            "status": "alarm",
            "code": "accounts_differ",
            "message": "an account does not agree with what is stored",
            "advice": "see /v1/sources and `twinward doctor`; keep the files as they are until it "
            "is explained",
        }
    if faults:
        body |= {
            "status": "alarm",
            "code": "set_aside",
            "message": f"{faults} events or things could not be answered and were set aside",
            "advice": "see `twinward doctor`; `twinward doctor --mend` tries them again",
        }
    for code, trouble in (("watch", platform.watch.trouble), ("intake", platform.intake.trouble)):
        if trouble:
            body |= {"status": "alarm", "code": code, "message": trouble, "advice": "see the disk"}
    for alarm in platform.alarms:
        if (raised := alarm()) is not None:
            body |= {"status": "alarm", **told(raised)}
    if (failure := platform.loop.find_failure()) is not None:
        body |= {"status": "failing", **told(failure)}
    return body


def told(error: TwinwardError) -> dict[str, str]:
    return {"code": error.code, "message": error.message, "advice": error.advice}


def get_overview(
    platform: Platform, at: datetime | None = None, caller: Caller | None = None
) -> Overview:
    """One screen: figures by area and in all, open incidents, what is late and whose it is."""
    now = at or platform.clock.now()
    with platform.store.read() as reader:
        snapshot = snapshot_of(platform, reader, at)
        incidents = [
            row for row in snapshot.list_rows(INCIDENTS) if concerns(platform, caller, row.area)
        ]
        late = [task for task in snapshot.list_rows(TASKS, status=OPEN_TASKS) if task.is_late(now)]
        tasks = [task for task in late if caller is None or is_own_task(platform, caller, task)]
        stocks = [row for row in snapshot.list_rows(STOCKS) if concerns(platform, caller, row.area)]
        places = (
            reader.count(AFFECTED_PLACES)
            if at is None
            else len(snapshot.list_rows(AFFECTED_PLACES))
        )
        by_status = (
            count_by_status(reader)
            if at is None
            else tally(t.status for t in snapshot.list_rows(TASKS))
        )
    new_by_area = {row.area: int(row.figures.get("new_total", 0)) for row in incidents}
    is_open = [row for row in incidents if row.status == "open"]
    return Overview(
        as_of=now,
        incidents=IncidentCount(open=len(is_open), all=len(incidents)),
        levels=tally(row.level for row in is_open if row.level),
        new_total=sum(new_by_area.values()),
        new_total_by_area=new_by_area,
        affected_areas=sum(len(row.affected) for row in is_open),
        places_affected=places,
        tasks=by_status,
        late=tally(task.department for task in tasks),
        stocks=stocks,
    )


def count_by_status(reader: Reader) -> dict[str, int]:
    counts = {status: reader.count(TASKS, status=status) for status in ALL_TASKS}
    return {status: count for status, count in counts.items() if count}


def city_totals(platform: Platform, hazard: str, source: str) -> dict[str, int]:
    """The sum over areas of one source's stored counts, by day."""
    totals: dict[str, int] = {}
    with platform.store.read() as reader:
        for row in reader.list_rows(COUNTS, hazard=hazard, source=source):
            totals[row.day] = totals.get(row.day, 0) + row.count
    return dict(sorted(totals.items()))


def get_status(platform: Platform) -> PlatformStatus:
    """How far the log is and how far the loop has answered it."""
    with platform.store.read() as reader:
        return PlatformStatus(
            last_seq=reader.last_seq(),
            loop_seq=reader.get_offset("loop"),
            now=platform.clock.now(),
        )
