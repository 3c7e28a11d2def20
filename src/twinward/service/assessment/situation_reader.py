"""One incident as the log shows it at an instant, cut to the caller's areas: what the five
functions are given.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from twinward.core.clock import from_us
from twinward.core.errors import AbsentError, BusyError, ConflictError
from twinward.core.messages import Event
from twinward.core.ports import Reader
from twinward.decision.assessment.causes import setting_of
from twinward.decision.assessment.situation import (
    CaseSeen,
    ContactSeen,
    CountSeen,
    Milestone,
    ReadingSeen,
    SensorSeen,
    Situation,
)
from twinward.library.texts import say, say_reasons
from twinward.service.city.population import leaves_of, residents_below
from twinward.service.console.basemap import Ground
from twinward.service.console.dashboard import read_titles
from twinward.service.console.dashboard_tables import find_week, sum_days
from twinward.service.incidents.plan_status import proposed_plan
from twinward.service.incidents.queries import concerns, list_all_events
from twinward.service.platform import Caller, Platform, snapshot_of
from twinward.twins.emergency.contacts.rows import CONTACTS
from twinward.twins.emergency.incidents.rows import INCIDENTS
from twinward.twins.emergency.plans.rows import PLANS_IN_FORCE
from twinward.twins.emergency.reports.messages import HazardReported
from twinward.twins.emergency.reports.rows import BULLETINS, CASES, COUNTS
from twinward.twins.emergency.resources.rows import STOCKS
from twinward.twins.emergency.tasks.rows import TASKS

if TYPE_CHECKING:
    from twinward.twins.emergency.incidents.rows import Incident, PlanInForce
    from twinward.twins.snapshot import Snapshot

TURNS = {
    "IncidentOpened",
    "IncidentReopened",
    "IncidentClosed",
    "PlanAdopted",
    "ResponseLevelSet",
    "IncidentDeveloped",
}


PUBLISHED = {"patients_in_hospital", "dead", "severe"}  # figures of bulletins that are shown


class IncidentInputs(NamedTuple):
    """The picture and the incident behind it, with the plans that only guidance asks for."""

    picture: Situation
    row: Incident
    proposed_plan: str | None
    plan: PlanInForce | None


def read_situation(
    platform: Platform, ground: Ground, caller: Caller, incident: str, at: datetime | None = None
) -> IncidentInputs:
    """Everything the log holds of one incident at an instant, without a person in it."""
    now, is_under = (
        (at or platform.clock.now()).astimezone(ground.zone),
        platform.reference.areas.is_under,
    )
    with platform.store.read() as reader:
        snapshot = snapshot_of(platform, reader, at)
        row = snapshot.find(INCIDENTS, incident)
        if row is None or not concerns(platform, caller, row.area):
            raise AbsentError(
                f"there is no incident {incident}", "list them with `twinward incident list`"
            )
        if row.closed_at is not None and row.closed_at < now:  # a closed one is told as it closed
            now = row.closed_at.astimezone(ground.zone)
        plan = snapshot.find(PLANS_IN_FORCE, incident)
        proposed = proposed_plan(platform, snapshot, row, now)
        events = list_all_events(reader, incident, at)
        cases, contacts = read_persons(snapshot, events, incident)
        counts = read_counts(snapshot, row)
        stocks = [
            one
            for one in snapshot.list_rows(STOCKS)
            if concerns(platform, caller, one.area)
            and (is_under(one.area, row.area) or is_under(row.area, one.area))
        ]
        tasks = snapshot.list_rows(TASKS, incident=incident)
        evidence = [
            (one.objective, one.holds, say_reasons(one.reasons, one.because))
            for one in snapshot.list_evidence(incident, now)
        ]
        readings = read_readings(reader, events)
        published = read_published(platform, snapshot, row)
        curve = sum_days(snapshot.list_rows(INCIDENTS), now.date())
    areas = {
        row.area,
        *row.affected,
        *(case.area for case in cases),
        *(task.area for task in tasks),
    }
    picture = Situation(
        incident=row.id,
        hazard=row.hazard,
        area=row.area,
        title=say_reasons(row.title_reasons, row.title),
        status=row.status,
        now=now,
        today=now.date(),
        opened_at=row.opened_at,
        level=row.level,
        plan=plan.plan if plan else None,
        affected=row.affected,
        names={code: ground.areas.name(code) for code in sorted(areas)},
        residents=residents_of(platform, areas),
        cases=cases,
        counts=counts,
        contacts=contacts,
        tasks=tasks,
        task_events=last_events(events),
        stocks=stocks,
        readings=readings,
        sensors=read_sensors(platform, row) if at is None else [],
        turns=list(read_milestones(ground, events)),
        evidence=evidence,
        days={
            date.fromisoformat(day): told
            for day, told in row.days.items()
            if "new" in told and day <= now.date().isoformat()
        },
        counted=row.counted,
        last_day=find_week(curve, now.date())[0],
        called=row.called,
        held=say_reasons(row.held.reasons, row.held.because) if row.held else "",
        published=published,
    )
    return IncidentInputs(picture, row, proposed, plan)


def read_published(
    platform: Platform, snapshot: Snapshot, row: Incident
) -> dict[str, tuple[float, str, str]]:
    """What bulletins of the incident's own area say of those in hospital and of deaths."""
    found: dict[str, tuple[float, str, str]] = {}
    for one in snapshot.list_rows(BULLETINS, hazard=row.hazard):
        if one.area == row.area:
            for name in PUBLISHED & one.figures.keys():
                if name not in found or one.day > found[name][1]:
                    found[name] = (one.figures[name], one.day, one.source)
    titles = read_titles(platform)
    return {name: (v, day, titles.get(s, s)) for name, (v, day, s) in found.items()}


def residents_of(platform: Platform, areas: set[str]) -> dict[str, int]:
    """Residents of each area that the city's base knows."""
    leaves = leaves_of(platform)
    found = (
        {code: leaves.get(code) or residents_below(platform, code) for code in areas}
        if leaves
        else {}
    )
    return {code: int(count) for code, count in found.items() if count}


def read_persons(
    snapshot: Snapshot, events: list[Event], incident: str
) -> tuple[list[CaseSeen], list[ContactSeen]]:
    """Cases with where they were infected and whether they were known; contacts with the time of
    each step.

    Persons are matched here, case with contact, and left behind: nothing that leaves has a
    pseudonym.
    """
    contacts = snapshot.list_rows(CONTACTS, incident=incident)
    named: dict[str, list[Any]] = {}
    for one in contacts:
        named.setdefault(one.subject, []).append(one)
    steps: dict[str, dict[str, datetime]] = {}
    seqs: dict[str, int] = {}
    joined: dict[str, int] = {}
    for event in events:
        fact: Any = event.fact
        if fact is None:
            continue
        if event.type == "ContactUpdated":
            steps.setdefault(fact.contact, {})[fact.step] = event.occurred_at
        if event.type in ("ContactNamed", "ContactAssigned"):
            seqs[fact.contact] = event.seq
        elif event.type == "CaseJoined":
            joined[fact.case] = event.seq
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


def read_sensors(platform: Platform, row: Incident) -> list[SensorSeen]:
    """The sensors in the incident's area and when each was last heard; none while another
    process takes them in.
    """
    try:
        heard = platform.intake.open().sensors()
    except (BusyError, ConflictError):  # another process takes the observations in
        return []
    is_under = platform.reference.areas.is_under
    return [
        SensorSeen(name=str(name), area=heard.areas[number], last_at=from_us(int(time_us)))
        for name, time_us, number in zip(heard.name, heard.time_us, heard.area, strict=True)
        if number >= 0 and is_under(heard.areas[number], row.area)
    ]


def read_milestones(ground: Ground, events: list[Event]) -> Iterator[Milestone]:
    for event in events:
        fact: Any = event.fact
        if (
            event.type not in TURNS
            or fact is None
            or (event.type == "IncidentDeveloped" and not fact.grown)
        ):
            continue
        yield Milestone(
            seq=event.seq,
            type=event.type,
            at=event.occurred_at,
            area=event.area,
            says=say_milestone(ground, event.type, fact),
            more=getattr(fact, "level", None)
            or getattr(fact, "plan", None)
            or getattr(fact, "grown", None)
            or "",
        )


def say_milestone(ground: Ground, kind: str, fact: Any) -> str:
    match kind:
        case "PlanAdopted":
            return say("change.plan", plan=fact.plan)
        case "ResponseLevelSet":
            return say("change.level", level=fact.level)
        case "IncidentDeveloped":
            return say("change.grew_into", area=ground.areas.name(fact.grown))
        case "IncidentOpened":
            return say("change.opened")
        case "IncidentReopened":
            return say("change.reopened")
        case _:
            return say("change.closed")


def last_events(events: list[Event]) -> dict[str, int]:
    return {
        fact.task: event.seq
        for event in events
        if (fact := event.fact) is not None and hasattr(fact, "task")
    }
