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
from twinward.core.reasons import because_of
from twinward.library.hazards.hazard import Rule
from twinward.library.texts import write_reason
from twinward.loop.context import ReferenceData, command_id
from twinward.loop.tallies import (
    Figures,
    case_part,
    change,
    count_part,
    read_parts,
    told_by,
    told_of,
)
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.incidents.rows import (
    CASE_INCIDENTS,
    INCIDENTS,
    LATEST_INCIDENTS,
    Incident,
    LatestIncident,
    front_id,
)
from twinward.twins.emergency.reports.case_history import DISCARDED, NEW_STATUSES, UNWATCHED
from twinward.twins.emergency.reports.rows import CASES
from twinward.twins.emergency.tasks.rows import OPEN_TASK, TASKS, Task
from twinward.twins.emergency.vocabulary import is_one_hazard


def case_reported(
    fact: m.CaseReported, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    add: Figures = {fact.status: 1.0}
    if fact.status in NEW_STATUSES:
        add["new"] = 1.0
        if fact.found_in in UNWATCHED:
            add["new_linked"] = 1.0
    yield from take_in_case(
        fact, fact.area, reference.day_of(event.occurred_at), add, event, rows, reference
    )
    yield from join(fact, event, rows, reference)


def take_in_case(
    fact: m.CaseReported | m.CaseReclassified | m.CaseAmended,
    area: str,
    day: date,
    add: Figures,
    event: Event,
    rows: Rows,
    reference: ReferenceData,
) -> Iterator[Command]:
    """By how much a case changes what was reported one by one of its area and day."""
    known = rows.find(CASES, fact.case)  # one whose key is destroyed says nothing
    part = case_part(known.source if known is not None else "unknown", area)
    yield from take_in(
        fact.hazard, area, day, told_of(add), event, rows, reference, part=part, singly=True
    )


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
    yield from take_in_case(
        fact, fact.area, reference.day_of(event.occurred_at), add, event, rows, reference
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
    known = rows.find(CASES, fact.case)
    source = known.source if known is not None else "unknown"
    for one in sorted(
        changes, key=lambda one: -one.add.get("new", 0.0)
    ):  # what opens an incident comes first
        turn = msgspec.structs.replace(event, id=f"{event.id}|{one.area}|{one.day}")
        inside = counted is not None and reference.areas.is_under(one.area, counted.area)
        if counted is not None and inside and counted.status == "open":
            told, part = told_of(one.add), case_part(source, one.area)
            counted = rows.find(INCIDENTS, counted.id) or counted
            yield develop(counted, one.area, one.day, told, part, True, {}, turn, rows, reference)
        elif any(value > 0 for value in one.add.values()):
            yield from take_in_case(fact, one.area, one.day, one.add, turn, rows, reference)
    if fact.status == DISCARDED:
        yield from drop_interview(fact.case, event, rows)


def drop_interview(case: str, event: Event, rows: Rows) -> Iterator[Command]:
    """Nobody is asked about an illness that was none."""
    task: Task | None = rows.find(TASKS, derive_id("task", "case", case))
    if task is not None and task.status in OPEN_TASK:
        why = because_of("ended.no_case")
        yield m.DropTask(
            id=command_id(event, "drop"), task=task.id, because=write_reason(why), reasons=(why,)
        )


def count_reported(
    fact: m.CountReported, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    part = count_part(fact.source, fact.area, fact.status, fact.found_in)
    told = told_by(fact.status, fact.found_in, float(fact.count))
    yield from take_in(fact.hazard, fact.area, fact.day, told, event, rows, reference, part=part)


def count_withdrawn(
    fact: m.CountWithdrawn, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    part = count_part(fact.source, fact.area, fact.status, fact.found_in)
    yield from take_in(fact.hazard, fact.area, fact.day, {}, event, rows, reference, part=part)


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
        event,
        rows,
        reference,
        set_to=set_to,
    )


def find_front(rows: Rows, hazard: str, area: str, reference: ReferenceData) -> Incident | None:
    """The latest incident of the hazard in the area's incident level, open or closed; of a
    merged one, the whole.

    Where none of exactly this hazard is open, an open one of its family takes the report in, and
    the one agent of the family that is there a report that names no agent.
    """
    known = reference.library.find_hazard(hazard)
    if known is None:
        return None
    home = reference.areas.at_depth(area, known.incident_level)
    own = latest(rows, rows.find(LATEST_INCIDENTS, front_id(hazard, home)))
    if own is not None and own.status == "open":
        return own
    family, _, agent = hazard.partition("/")
    if agent:
        others = [latest(rows, rows.find(LATEST_INCIDENTS, front_id(family, home)))]
    else:
        fronts = rows.list_rows(LATEST_INCIDENTS, area=home)
        others = [latest(rows, one) for one in fronts if one.id.startswith(f"{family}/")]
    related = {
        one.id: one
        for one in others
        if one is not None
        and one.status == "open"
        and is_one_hazard(one.hazard, hazard)
        and not has_other_agent(rows, one, hazard)
    }
    return next(iter(related.values())) if len(related) == 1 else own


def has_other_agent(rows: Rows, incident: Incident, hazard: str) -> bool:
    """Whether a case of another agent than that of `hazard` is in an incident of the family."""
    if "/" not in hazard:
        return False
    for joined in rows.list_rows(CASE_INCIDENTS, incident=incident.id):
        case = rows.find(CASES, joined.id)
        if case is not None and "/" in case.hazard and case.hazard != hazard:
            return True
    return False


def latest(rows: Rows, front: LatestIncident | None) -> Incident | None:
    """The incident that a front points to; of a merged one, the whole."""
    incident: Incident | None = rows.find(INCIDENTS, front.incident) if front else None
    while incident is not None and incident.outcome == "merged" and incident.into:
        incident = rows.find(INCIDENTS, incident.into)
    return incident


def take_in(
    hazard: str,
    area: str,
    day: date,
    told: Figures,
    event: Event,
    rows: Rows,
    reference: ReferenceData,
    *,
    part: str = "",
    singly: bool = False,
    set_to: Figures | None = None,
) -> Iterator[Command]:
    """Open or reopen what the report calls for, then let the incident take it in.

    `part` names the account that says `told` of the day; of persons reported singly it is one more
    in their account.
    """
    known = reference.library.find_hazard(hazard)
    if known is None:
        return
    incident = find_front(rows, hazard, area, reference)
    if incident is None or incident.status == "closed":
        new = {"new": sum(told.get(name, 0.0) for name in NEW_STATUSES)} | told | (set_to or {})
        if not calls_for_incident(known.opens, new):
            return
        window = timedelta(days=known.reopens_within_days)
        mistaken = incident is not None and incident.outcome == "false_alarm"
        recent = (
            incident is not None
            and incident.closed_at
            and event.occurred_at - incident.closed_at <= window
        )
        if incident is not None and recent and not mistaken:
            why = because_of("reopened.report", area=reference.areas.name(area), days=window.days)
            yield m.ReopenIncident(
                id=command_id(event, "reopen"),
                incident=incident.id,
                because=write_reason(why),
                reasons=(why,),
            )
        else:
            yield open_command(hazard, area, day, event, rows, reference)
        incident = find_front(rows, hazard, area, reference)
    if incident is not None:
        yield develop(incident, area, day, told, part, singly, set_to or {}, event, rows, reference)


def develop(
    incident: Incident,
    area: str,
    day: date,
    told: Figures,
    part: str,
    singly: bool,
    set_to: Figures,
    event: Event,
    rows: Rows,
    reference: ReferenceData,
) -> Command:
    """The incident's day as all its accounts say it together, with this one's latest word."""
    add: Figures = {}
    untold = False
    if part:
        parts = dict(read_parts(incident, day.isoformat(), rows))
        if singly:
            before = parts.get(part, {})
            told = {
                name: before.get(name, 0.0) + told.get(name, 0.0) for name in {**before, **told}
            }
        parts[part] = told
        add = change(incident, day.isoformat(), parts, reference.areas)
        untold = not any(parts.values())
    return m.DevelopIncident(
        id=command_id(event, "develop"),
        incident=incident.id,
        affected=area,
        day=day,
        add=add,
        set_to=set_to,
        part=part,
        told=told,
        untold=untold,
    )


def calls_for_incident(rules: tuple[Rule, ...], figures: dict[str, float]) -> bool:
    return any(figures.get(rule.figure, 0.0) >= rule.at_least for rule in rules)


def open_command(
    hazard: str, area: str, day: date, event: Event, rows: Rows, reference: ReferenceData
) -> Command:
    known = reference.library.find_hazard(hazard)
    assert known is not None
    home = reference.areas.at_depth(area, known.incident_level)
    front: LatestIncident | None = rows.find(LATEST_INCIDENTS, front_id(hazard, home))
    openings = front.openings if front else 0
    title = because_of(
        "incident.title",
        hazard=known.title,
        area=reference.areas.name(home),
        day=day.isoformat(),
    )
    return m.OpenIncident(
        id=command_id(event, "open"),
        incident=derive_id("inc", hazard, home, openings + 1),
        hazard=hazard,
        area=home,
        affected=(area,),
        title=write_reason(title),
        title_reasons=(title,),
    )
