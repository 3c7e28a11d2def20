"""ONE POINT TRIGGERS: a report opens, joins, grows or reopens the incident of its area; figures
set the level.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import msgspec

from twinward.core.ids import derive_id
from twinward.core.messages import Command, Event
from twinward.core.ports import Rows
from twinward.library.hazards.hazard import LEVELS, Rule
from twinward.loop.context import ReferenceData, command_id
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.incidents.rows import (
    CASE_INCIDENTS,
    INCIDENTS,
    LATEST_INCIDENTS,
    Incident,
    LatestIncident,
    front_id,
)
from twinward.twins.emergency.reports.case_history import NEW_STATUSES, UNWATCHED


def case_reported(
    fact: m.CaseReported, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    add: dict[str, float] = {fact.status: 1.0}
    if fact.status in NEW_STATUSES:
        add["new"] = 1.0
        if fact.found_in in UNWATCHED:
            add["new_linked"] = 1.0
    yield from take_in(
        fact.hazard, fact.area, reference.day_of(event.occurred_at), add, {}, event, rows, reference
    )
    yield from join(fact, event, rows, reference)


def join(
    fact: m.CaseReported | m.CaseReclassified | m.CaseAmended,
    event: Event,
    rows: Rows,
    reference: ReferenceData,
) -> Iterator[Command]:
    """A case belongs to the open incident of its area, from its first report or from when it
    called for one.
    """
    incident = find_front(rows, fact.hazard, fact.area, reference)
    joined = rows.find(CASE_INCIDENTS, fact.case)
    elsewhere = (
        joined is not None
        and incident is not None
        and not in_area_of(rows, joined.incident, fact.area, reference)
    )
    if incident is not None and incident.status == "open" and (joined is None or elsewhere):
        yield m.JoinCase(id=command_id(event, "join"), incident=incident.id, case=fact.case)


def in_area_of(rows: Rows, incident: str, area: str, reference: ReferenceData) -> bool:
    known: Incident | None = rows.find(INCIDENTS, incident)
    return known is not None and reference.areas.is_under(area, known.area)


def case_reclassified(
    fact: m.CaseReclassified, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    if fact.counts is not None:
        yield from recount(fact, event, rows, reference)
        yield from join(fact, event, rows, reference)
        return
    add = {fact.status: 1.0, "reclassified": 1.0}
    if fact.before == "suspected" and fact.status in NEW_STATUSES:
        add = {fact.status: 1.0, "new": 1.0, "new_linked": 1.0}
    yield from take_in(
        fact.hazard, fact.area, reference.day_of(event.occurred_at), add, {}, event, rows, reference
    )
    yield from join(fact, event, rows, reference)


def case_amended(
    fact: m.CaseAmended, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    yield from recount(fact, event, rows, reference)
    yield from join(fact, event, rows, reference)


def recount(
    fact: m.CaseReclassified | m.CaseAmended, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    """What a case counts for is taken from the incident that counted it, and added where it
    belongs now.
    """
    joined = rows.find(CASE_INCIDENTS, fact.case)
    counted: Incident | None = rows.find(INCIDENTS, joined.incident) if joined is not None else None
    changes = (fact.counts or ()) if joined is not None else fact.whole
    for change in sorted(
        changes, key=lambda one: -one.add.get("new", 0.0)
    ):  # what opens an incident comes first
        turn = msgspec.structs.replace(event, id=f"{event.id}|{change.area}|{change.day}")
        inside = counted is not None and reference.areas.is_under(change.area, counted.area)
        if counted is not None and inside and counted.status == "open":
            yield m.DevelopIncident(
                id=command_id(turn, "develop"),
                incident=counted.id,
                affected=change.area,
                day=change.day,
                add=change.add,
            )
        elif any(value > 0 for value in change.add.values()):
            yield from take_in(
                fact.hazard, change.area, change.day, change.add, {}, turn, rows, reference
            )


def count_reported(
    fact: m.CountReported, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    change = float(fact.count - fact.before)
    if fact.found_in == "reclassified":
        add = {"reclassified": change}
    else:
        add = {fact.status: change}
        if fact.status in NEW_STATUSES:
            add["new"] = change
            if fact.found_in in ("community", "unknown"):
                add["new_linked"] = change
    yield from take_in(fact.hazard, fact.area, fact.day, add, {}, event, rows, reference)


def place_affected(
    fact: m.PlaceAffected, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    """A place says where, not how many: it makes an open incident grow into its area."""
    incident = find_front(rows, fact.hazard, fact.area, reference)
    if incident is not None and incident.status == "open" and fact.area not in incident.affected:
        yield m.DevelopIncident(
            id=command_id(event, "develop"), incident=incident.id, affected=fact.area, day=fact.day
        )


def hazard_reported(
    fact: m.HazardReported, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    incident = find_front(rows, fact.hazard, fact.area, reference)
    known = incident.figures if incident is not None and incident.status == "open" else {}
    here = f"{fact.figure}@{fact.area}"
    others = [v for name, v in known.items() if name.startswith(f"{fact.figure}@") and name != here]
    set_to = {here: fact.value, fact.figure: max([fact.value, *others])}
    yield from take_in(
        fact.hazard,
        fact.area,
        reference.day_of(event.occurred_at),
        {},
        set_to,
        event,
        rows,
        reference,
    )


def find_front(rows: Rows, hazard: str, area: str, reference: ReferenceData) -> Incident | None:
    """The latest incident of the hazard in the area's incident level, open or closed."""
    known = reference.library.find_hazard(hazard)
    if known is None:
        return None
    home = reference.areas.at_depth(area, known.incident_level)
    front: LatestIncident | None = rows.find(LATEST_INCIDENTS, front_id(hazard, home))
    return rows.find(INCIDENTS, front.incident) if front else None


def take_in(
    hazard: str,
    area: str,
    day: date,
    add: dict[str, float],
    set_to: dict[str, float],
    event: Event,
    rows: Rows,
    reference: ReferenceData,
) -> Iterator[Command]:
    """Open or reopen what the report calls for, then let the incident take it in."""
    known = reference.library.find_hazard(hazard)
    if known is None:
        return
    incident = find_front(rows, hazard, area, reference)
    if incident is None or incident.status == "closed":
        if not calls_for_incident(known.opens, add | set_to):
            return
        window = timedelta(days=known.reopens_within_days)
        if (
            incident is not None
            and incident.closed_at
            and event.occurred_at - incident.closed_at <= window
        ):
            because = (
                f"a new report in {reference.areas.name(area)} within {window.days} days "
                f"after closing"
            )
            yield m.ReopenIncident(
                id=command_id(event, "reopen"), incident=incident.id, because=because
            )
        else:
            yield open_command(hazard, area, event, rows, reference)
        incident = find_front(rows, hazard, area, reference)
    if incident is not None:
        yield m.DevelopIncident(
            id=command_id(event, "develop"),
            incident=incident.id,
            affected=area,
            day=day,
            add=add,
            set_to=set_to,
        )


def calls_for_incident(rules: tuple[Rule, ...], figures: dict[str, float]) -> bool:
    return any(figures.get(rule.figure, 0.0) >= rule.at_least for rule in rules)


def open_command(
    hazard: str, area: str, event: Event, rows: Rows, reference: ReferenceData
) -> Command:
    known = reference.library.find_hazard(hazard)
    assert known is not None
    home = reference.areas.at_depth(area, known.incident_level)
    front: LatestIncident | None = rows.find(LATEST_INCIDENTS, front_id(hazard, home))
    openings = front.openings if front else 0
    return m.OpenIncident(
        id=command_id(event, "open"),
        incident=derive_id("inc", hazard, home, openings + 1),
        hazard=hazard,
        area=home,
        affected=(area,),
        title=f"{known.title}, {reference.areas.name(home)}, since "
        f"{reference.day_of(event.occurred_at)}",
    )


def level_follows_figures(
    fact: m.IncidentDeveloped, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    """Written rules raise the level at once; lowering waits for the tick."""
    incident: Incident = rows.get(INCIDENTS, fact.incident)
    known = reference.library.find_hazard(incident.hazard)
    if known is None or incident.status != "open":
        return
    level, because = known.level_for(
        fact.figures
    )  # as they were then: a peak that has passed counts
    if level is not None and (
        incident.level is None or LEVELS.index(level) > LEVELS.index(incident.level)
    ):
        yield m.SetResponseLevel(
            id=command_id(event, "level"), incident=incident.id, level=level, because=because
        )
