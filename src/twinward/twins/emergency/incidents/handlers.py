"""Incidents: opened by one point, grown by what follows, closed only on evidence, reopened when
it fails.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

import msgspec

from twinward.core.errors import AbsentError, ConflictError, InputError
from twinward.core.messages import Draft, Event, Fact
from twinward.core.ports import Rows, Transaction
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.incidents.closure import find_evidence
from twinward.twins.emergency.incidents.rows import (
    CASE_INCIDENTS,
    DAY_PARTS,
    INCIDENTS,
    LATEST_INCIDENTS,
    TABLES,
    CaseIncident,
    DayParts,
    Incident,
    LatestIncident,
    PlanInForce,
    day_id,
    front_id,
)
from twinward.twins.emergency.plans.rows import ENDED_PLANS, PLANS_IN_FORCE
from twinward.twins.twin import Behaviour, Context

LINKED = "new_linked"  # cases that nobody was already watching: found in the community
WEEK = 7
MIN_REASON = 3  # characters, as every reason that a person gives

LOOP = "loop"  # what the loop asks, no person has decided


def get_incident(rows: Rows, incident: str) -> Incident:
    found: Incident | None = rows.find(INCIDENTS, incident)
    if found is None:
        raise AbsentError(
            f"there is no incident {incident}", "list them with `twinward incident list`"
        )
    return found


def get_open(rows: Rows, incident: str) -> Incident:
    found = get_incident(rows, incident)
    if found.status != "open":
        raise ConflictError(
            f"incident {incident} is closed", "report a case: it reopens by itself", code="closed"
        )
    return found


def about(incident: Incident, fact: Fact) -> list[Draft]:
    return [Draft(fact=fact, area=incident.area, incident=incident.id)]


def open_incident(command: m.OpenIncident, rows: Rows, context: Context) -> list[Draft]:
    front: LatestIncident | None = rows.find(
        LATEST_INCIDENTS, front_id(command.hazard, command.area)
    )
    if front is not None and get_incident(rows, front.incident).status == "open":
        raise ConflictError(
            f"incident {front.incident} is already open there",
            "join it instead",
            code="already_open",
        )
    if rows.find(INCIDENTS, command.incident) is not None:
        raise ConflictError(
            f"incident {command.incident} exists",
            "give the new one an id of its own",
            code="exists",
        )
    fact = m.IncidentOpened(
        incident=command.incident,
        hazard=command.hazard,
        area=command.area,
        affected=command.affected,
        title=command.title,
        title_reasons=command.title_reasons,
        cause_link=command.cause_link,
    )
    return [Draft(fact=fact, area=command.area, incident=command.incident)]


def incident_opened(fact: m.IncidentOpened, event: Event, tx: Transaction) -> None:
    at = event.occurred_at
    incident = Incident(
        id=fact.incident,
        hazard=fact.hazard,
        area=fact.area,
        title=fact.title,
        title_reasons=fact.title_reasons,
        status="open",
        level=None,
        level_since=None,
        affected=fact.affected,
        opened_at=at,
        changed_at=at,
        cause_link=fact.cause_link,
    )
    tx.put(INCIDENTS, incident, at)
    key = front_id(fact.hazard, fact.area)
    before: LatestIncident | None = tx.find(LATEST_INCIDENTS, key)
    openings = (before.openings if before else 0) + 1
    tx.put(
        LATEST_INCIDENTS,
        LatestIncident(id=key, area=fact.area, incident=fact.incident, openings=openings),
        at,
    )


def develop_incident(command: m.DevelopIncident, rows: Rows, context: Context) -> list[Draft]:
    incident = get_open(rows, command.incident)
    known = command.affected in (*incident.affected, incident.area)
    grown = None if known else command.affected
    day = command.day.isoformat()
    days = add_to_day(incident.days, day, command.add)
    if command.untold:
        days = without(days, day)
    sums = {name: 0.0 for name in incident.figures if name.endswith(("_total", "_7d"))}
    figures = (
        incident.figures
        | sums
        | count_figures(days, len(incident.affected) + (grown is not None))
        | command.set_to
    )
    fact = m.IncidentDeveloped(
        incident=incident.id,
        grown=grown,
        day=command.day,
        add=command.add,
        figures=figures,
        part=command.part,
        told=command.told,
        untold=command.untold,
    )
    return about(incident, fact)


def without(days: dict[str, dict[str, float]], day: str) -> dict[str, dict[str, float]]:
    """A day of which nobody says anything any more: it has no number, which is not nought."""
    return {one: values for one, values in days.items() if one != day}


def add_to_day(
    days: dict[str, dict[str, float]], day: str, add: dict[str, float]
) -> dict[str, dict[str, float]]:
    """A day on which nothing was counted (a place says where, not how many) is none."""
    if not add and day not in days:
        return days
    known = days.get(day, {})
    return days | {day: known | {name: known.get(name, 0.0) + value for name, value in add.items()}}


def count_figures(days: dict[str, dict[str, float]], areas: int) -> dict[str, float]:
    """Totals and the sums of the seven days up to the last one counted, by the words that rules
    and plans use.
    """
    counted = [day for day, values in days.items() if "new" in values]
    counted = counted or [day for day, values in days.items() if values]
    if not counted:
        return {"areas_affected": float(areas)}
    last = date.fromisoformat(max(counted))
    recent = {(last - timedelta(days=back)).isoformat() for back in range(WEEK)}
    figures = {"areas_affected": float(areas)}
    for day, values in days.items():
        for name, value in values.items():
            figures[f"{name}_total"] = figures.get(f"{name}_total", 0.0) + value
            figures.setdefault(f"{name}_7d", 0.0)
            if day in recent:
                figures[f"{name}_7d"] += value
    return figures


def incident_developed(fact: m.IncidentDeveloped, event: Event, tx: Transaction) -> None:
    incident = get_incident(tx, fact.incident)
    day = fact.day.isoformat()
    linked = incident.last_linked_day
    days = add_to_day(incident.days, day, fact.add)
    if fact.add.get(LINKED, 0.0) > 0:
        linked = max(day, linked or day)
    elif fact.add.get(LINKED, 0.0) < 0 and linked == day and days[day][LINKED] <= 0:
        linked = max((one for one, told in days.items() if told.get(LINKED, 0.0) > 0), default=None)
    last = incident.last_day
    if fact.untold:
        days = without(days, day)
        last = max(days, default=None) if last == day else last
    elif fact.add or fact.grown is None:
        last = max(day, last or day)
    changed = event.occurred_at if fact.figures != incident.figures else incident.changed_at
    row = msgspec.structs.replace(
        incident,
        affected=(*incident.affected, fact.grown) if fact.grown else incident.affected,
        days=days,
        figures=fact.figures,
        last_day=last,
        last_linked_day=linked,
        counted=incident.counted or fact.part.count("|") > 1,
        changed_at=changed,
        below_since=mark_below(incident, fact.figures, tx, event.occurred_at),
    )
    tx.put(INCIDENTS, row, event.occurred_at)
    if fact.part:
        keep_part(tx, fact, event)


def keep_part(tx: Transaction, fact: m.IncidentDeveloped, event: Event) -> None:
    """What the account of the report now says of the day; nothing where it took back what it had
    said.
    """
    key = day_id(fact.incident, fact.day.isoformat())
    known: DayParts | None = tx.find(DAY_PARTS, key)
    parts = dict(known.parts) if known else {}
    parts[fact.part] = fact.told
    if not fact.told:
        del parts[fact.part]
    row = DayParts(
        id=key, area=event.area, incident=fact.incident, day=fact.day.isoformat(), parts=parts
    )
    tx.put(DAY_PARTS, row, event.occurred_at)


def mark_below(
    incident: Incident, figures: dict[str, float], tx: Transaction, at: datetime
) -> dict[str, datetime]:
    """Since when each figure that the plan wants low has been low without a break."""
    plan: PlanInForce | None = tx.find(PLANS_IN_FORCE, incident.id)
    wanted = (
        [one for one in plan.objectives if one.kind == "figure_below"] if plan is not None else []
    )
    low = [one.key for one in wanted if figures.get(one.figure, one.below) < one.below]
    return {key: incident.below_since.get(key, at) for key in low}


def join_case(command: m.JoinCase, rows: Rows, context: Context) -> list[Draft]:
    incident = get_open(rows, command.incident)
    return about(incident, m.CaseJoined(incident=incident.id, case=command.case))


def case_joined(fact: m.CaseJoined, event: Event, tx: Transaction) -> None:
    tx.put(
        CASE_INCIDENTS,
        CaseIncident(id=fact.case, area=event.area, incident=fact.incident),
        event.occurred_at,
    )


def link_parties(command: m.LinkParties, rows: Rows, context: Context) -> list[Draft]:
    incident = get_open(rows, command.incident)
    new = tuple(party for party in command.parties if party not in incident.parties)
    if not new:
        raise ConflictError(
            "these parties are linked already", "nothing was changed", code="already_linked"
        )
    return about(incident, m.PartiesLinked(incident=incident.id, parties=new))


def parties_linked(fact: m.PartiesLinked, event: Event, tx: Transaction) -> None:
    incident = get_incident(tx, fact.incident)
    row = msgspec.structs.replace(incident, parties=(*incident.parties, *fact.parties))
    tx.put(INCIDENTS, row, event.occurred_at)


def close_incident(command: m.CloseIncident, rows: Rows, context: Context) -> list[Draft]:
    incident = get_open(rows, command.incident)
    findings = find_evidence(incident, rows, context.local)
    unmet = [finding for finding in findings if not finding.holds]
    if unmet:
        missing = "; ".join(f"{finding.objective}: {finding.because}" for finding in unmet)
        raise ConflictError(
            f"incident {incident.id} stays open: {missing}", "meet these first", code="not_evident"
        )
    evidence = {finding.objective: finding.because for finding in findings}
    reasons = {finding.objective: finding.reasons for finding in findings}
    return about(
        incident,
        m.IncidentClosed(incident=incident.id, evidence=evidence, evidence_reasons=reasons),
    )


def incident_closed(fact: m.IncidentClosed, event: Event, tx: Transaction) -> None:
    incident = get_incident(tx, fact.incident)
    row = msgspec.structs.replace(
        incident,
        status="closed",
        closed_at=event.occurred_at,
        evidence=fact.evidence,
        evidence_reasons=fact.evidence_reasons,
        changed_at=event.occurred_at,
        outcome=fact.outcome,
        into=fact.into,
        held=None,
        called=None,
    )
    tx.put(INCIDENTS, row, event.occurred_at)


def reopen_incident(command: m.ReopenIncident, rows: Rows, context: Context) -> list[Draft]:
    incident = get_incident(rows, command.incident)
    if incident.status == "open":
        raise ConflictError(
            f"incident {incident.id} is open", "nothing was changed", code="already_open"
        )
    if incident.into:
        raise ConflictError(
            f"incident {incident.id} goes on in {incident.into}", "work on that one", code="merged"
        )
    if len(command.because.strip()) < MIN_REASON:
        raise InputError(
            "because must say why it is reopened", "write the reason", code="no_reason"
        )
    fact = m.IncidentReopened(
        incident=incident.id,
        because=command.because,
        reasons=command.reasons if context.actor == LOOP else (),
    )
    return about(incident, fact)


def incident_reopened(fact: m.IncidentReopened, event: Event, tx: Transaction) -> None:
    incident = get_incident(tx, fact.incident)
    row = msgspec.structs.replace(
        incident,
        status="open",
        closed_at=None,
        evidence={},
        evidence_reasons={},
        round=incident.round + 1,
        level=None,
        changed_at=event.occurred_at,
        outcome="",
        into="",
        decided=None,
        waived={},
    )
    tx.put(INCIDENTS, row, event.occurred_at)
    tx.remove(PLANS_IN_FORCE, incident.id, event.occurred_at)
    tx.remove(ENDED_PLANS, incident.id, event.occurred_at)


BEHAVIOUR = Behaviour(
    handlers={
        m.OpenIncident: open_incident,
        m.DevelopIncident: develop_incident,
        m.JoinCase: join_case,
        m.LinkParties: link_parties,
        m.CloseIncident: close_incident,
        m.ReopenIncident: reopen_incident,
    },
    appliers={
        m.IncidentOpened: incident_opened,
        m.IncidentDeveloped: incident_developed,
        m.CaseJoined: case_joined,
        m.PartiesLinked: parties_linked,
        m.IncidentClosed: incident_closed,
        m.IncidentReopened: incident_reopened,
    },
    tables=TABLES,
)
