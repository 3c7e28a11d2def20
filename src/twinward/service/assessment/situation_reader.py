"""One incident as the log shows it at an instant, cut to the caller's areas: what the five
functions are given.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple

from twinward.core.clock import from_us
from twinward.core.errors import AbsentError, BusyError, ConflictError
from twinward.core.messages import Event, Fact
from twinward.decision.assessment.incident_rows import (
    last_events,
    read_counts,
    read_persons,
    read_readings,
)
from twinward.decision.assessment.situation import (
    Milestone,
    SensorSeen,
    Situation,
)
from twinward.library.texts import say, say_reasons
from twinward.service.city.population import leaves_of, residents_below
from twinward.service.console.basemap import Basemap
from twinward.service.console.dashboard import read_titles
from twinward.service.console.dashboard_tables import find_week, sum_days
from twinward.service.incidents.event_queries import list_all_events
from twinward.service.incidents.incident_course import list_evidence
from twinward.service.incidents.plan_status import proposed_plan
from twinward.service.platform import Caller, Platform, snapshot_of
from twinward.service.visibility import concerns
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.incidents.rows import INCIDENTS, Incident
from twinward.twins.emergency.plans.rows import PLANS_IN_FORCE
from twinward.twins.emergency.reports.rows import BULLETINS
from twinward.twins.emergency.resources.rows import STOCKS, Stock
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


def read_stocks(platform: Platform, caller: Caller, snapshot: Snapshot, area: str) -> list[Stock]:
    """What the caller may see of the stocks in an area, below it and above it."""
    is_under = platform.reference.areas.is_under
    return [
        one
        for one in snapshot.list_rows(STOCKS)
        if concerns(platform, caller, one.area)
        and (is_under(one.area, area) or is_under(area, one.area))
    ]


def read_evidence(
    platform: Platform, snapshot: Snapshot, incident: str, now: datetime
) -> list[tuple[str, bool, str]]:
    """Each objective of the plan, whether it holds, and what shows it."""
    return [
        (one.objective, one.holds, say_reasons(one.reasons, one.because))
        for one in list_evidence(platform, snapshot, incident, now)
    ]


def read_days(row: Incident, today: date) -> dict[date, dict[str, float]]:
    """Figures of the days up to today of which new reports are known."""
    days = (day for day in row.reported_days() if day <= today.isoformat())
    return {date.fromisoformat(day): row.days[day] for day in sorted(days)}


def read_situation(
    platform: Platform, ground: Basemap, caller: Caller, incident: str, at: datetime | None = None
) -> IncidentInputs:
    """Everything the log holds of one incident at an instant, without a person in it."""
    now = (at or platform.clock.now()).astimezone(ground.zone)
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
        stocks = read_stocks(platform, caller, snapshot, row.area)
        tasks = snapshot.list_rows(TASKS, incident=incident)
        evidence = read_evidence(platform, snapshot, incident, now)
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
        days=read_days(row, now.date()),
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


def read_milestones(ground: Basemap, events: list[Event]) -> Iterator[Milestone]:
    for event in events:
        fact = event.fact
        if event.type not in TURNS or fact is None:
            continue
        if isinstance(fact, m.IncidentDeveloped) and not fact.grown:
            continue
        yield Milestone(
            seq=event.seq,
            type=event.type,
            at=event.occurred_at,
            area=event.area,
            says=say_milestone(ground, fact),
            more=getattr(fact, "level", None)
            or getattr(fact, "plan", None)
            or getattr(fact, "grown", None)
            or "",
        )


def say_milestone(ground: Basemap, fact: Fact) -> str:
    match fact:
        case m.PlanAdopted(plan=plan):
            return say("change.plan", plan=plan)
        case m.ResponseLevelSet(level=level):
            return say("change.level", level=level)
        case m.IncidentDeveloped(grown=str(grown)):
            return say("change.grew_into", area=ground.areas.name(grown))
        case m.IncidentOpened():
            return say("change.opened")
        case m.IncidentReopened():
            return say("change.reopened")
        case _:
            return say("change.closed")
