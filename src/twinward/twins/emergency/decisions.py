"""What persons decide of an incident: its level, doubtful reports, unprovable objectives, a
false alarm, a merger.
"""

from __future__ import annotations

import msgspec

from twinward.core.errors import AbsentError, ConflictError
from twinward.core.messages import Draft, Event
from twinward.core.ports import Rows, Transaction
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.incidents.closure import find_evidence
from twinward.twins.emergency.incidents.handlers import LOOP, about, get_incident, get_open
from twinward.twins.emergency.incidents.rows import (
    INCIDENTS,
    LATEST_INCIDENTS,
    Decision,
    Held,
    LatestIncident,
    front_id,
)
from twinward.twins.emergency.plans.rows import PLANS_IN_FORCE
from twinward.twins.twin import Behaviour, Context


def set_level(command: m.SetResponseLevel, rows: Rows, context: Context) -> list[Draft]:
    incident = get_open(rows, command.incident)
    if incident.level == command.level:
        raise ConflictError(
            f"the level is already {command.level}", "nothing was changed", code="already_set"
        )
    fact = m.ResponseLevelSet(
        incident=incident.id,
        before=incident.level,  # type: ignore[arg-type]
        level=command.level,
        because=command.because,
        by=command.by or ("" if context.actor == LOOP else context.actor),
        reasons=command.reasons if context.actor == LOOP else (),
    )
    return about(incident, fact)


def level_set(fact: m.ResponseLevelSet, event: Event, tx: Transaction) -> None:
    """A person's decision is kept with the figures it was taken on: figures alone do not take it
    back.
    """
    incident = get_incident(tx, fact.incident)
    decided = None
    if fact.by:
        decided = Decision(
            level=fact.level,
            by=fact.by,
            because=fact.because,
            at=event.occurred_at,
            figures=incident.figures,
            reasons=fact.reasons,
        )
    row = msgspec.structs.replace(
        incident,
        level=fact.level,
        level_since=event.occurred_at,
        decided=decided,
        called=None,
        called_because="",
        called_because_reasons=(),
        called_at=None,
    )
    tx.put(INCIDENTS, row, event.occurred_at)


def call_level(command: m.CallLevel, rows: Rows, context: Context) -> list[Draft]:
    incident = get_open(rows, command.incident)
    if incident.called == command.level:
        raise ConflictError(
            f"level {command.level} is called for", "nothing was changed", code="already_set"
        )
    fact = m.LevelCalled(
        incident=incident.id,
        level=command.level,
        because=command.because,
        reasons=command.reasons,
    )
    return about(incident, fact)


def level_called(fact: m.LevelCalled, event: Event, tx: Transaction) -> None:
    incident = get_incident(tx, fact.incident)
    row = msgspec.structs.replace(
        incident,
        called=fact.level,
        called_because=fact.because,
        called_because_reasons=fact.reasons,
        called_at=event.occurred_at,
    )
    tx.put(INCIDENTS, row, event.occurred_at)


def hold_reports(command: m.HoldReports, rows: Rows, context: Context) -> list[Draft]:
    incident = get_open(rows, command.incident)
    if incident.held is not None and incident.held.source == command.source:
        raise ConflictError(
            f"the reports of {command.source} are held", "nothing was changed", code="already_held"
        )
    fact = m.ReportsHeld(
        incident=incident.id,
        source=command.source,
        level=command.level,
        because=command.because,
        reasons=command.reasons,
    )
    return about(incident, fact)


def reports_held(fact: m.ReportsHeld, event: Event, tx: Transaction) -> None:
    held = Held(
        source=fact.source,
        level=fact.level,
        because=fact.because,
        since=event.occurred_at,
        reasons=fact.reasons,
    )
    row = msgspec.structs.replace(get_incident(tx, fact.incident), held=held)
    tx.put(INCIDENTS, row, event.occurred_at)


def confirm_reports(command: m.ConfirmReports, rows: Rows, context: Context) -> list[Draft]:
    incident = get_open(rows, command.incident)
    by = command.by or context.actor
    return about(incident, m.ReportsConfirmed(incident=incident.id, reason=command.reason, by=by))


def reports_confirmed(fact: m.ReportsConfirmed, event: Event, tx: Transaction) -> None:
    incident = get_incident(tx, fact.incident)
    tx.put(
        INCIDENTS,
        msgspec.structs.replace(incident, held=None, trusted_day=incident.last_day),
        event.occurred_at,
    )


def waive_objective(command: m.WaiveObjective, rows: Rows, context: Context) -> list[Draft]:
    incident = get_open(rows, command.incident)
    findings = {one.objective: one for one in find_evidence(incident, rows, context.local)}
    found = findings.get(command.objective)
    if found is None:
        known = ", ".join(findings) or "none"
        raise AbsentError(
            f"the plan in force has no objective {command.objective!r}", f"there are: {known}"
        )
    if found.holds:
        raise ConflictError(
            f"{command.objective} holds: {found.because}", "nothing was changed", code="already_met"
        )
    if not found.vacuous:
        raise ConflictError(
            f"{command.objective} is not met: {found.because}",
            "a reason stands only where nothing could show it",
            code="not_evident",
        )
    fact = m.ObjectiveWaived(
        incident=incident.id,
        objective=command.objective,
        reason=command.reason,
        by=command.by or context.actor,
    )
    return about(incident, fact)


def objective_waived(fact: m.ObjectiveWaived, event: Event, tx: Transaction) -> None:
    incident = get_incident(tx, fact.incident)
    waived = incident.waived | {fact.objective: f"{fact.reason} ({fact.by})"}
    tx.put(INCIDENTS, msgspec.structs.replace(incident, waived=waived), event.occurred_at)


def close_false_alarm(command: m.CloseFalseAlarm, rows: Rows, context: Context) -> list[Draft]:
    incident = get_open(rows, command.incident)
    fact = m.IncidentClosed(
        incident=incident.id,
        evidence={"false alarm": command.reason},
        outcome="false_alarm",
        by=command.by or context.actor,
    )
    return about(incident, fact)


def merge_incident(command: m.MergeIncident, rows: Rows, context: Context) -> list[Draft]:
    incident, into = get_open(rows, command.incident), get_open(rows, command.into)
    if incident.id == into.id or incident.hazard.partition("/")[0] != into.hazard.partition("/")[0]:
        raise ConflictError(
            f"{incident.id} cannot be merged into {into.id}",
            "name two incidents of one kind of hazard",
            code="no_merge",
        )
    fact = m.IncidentClosed(
        incident=incident.id,
        evidence={"merged": command.reason},
        outcome="merged",
        into=into.id,
        by=command.by or context.actor,
    )
    return about(incident, fact)


def transfer_incident(command: m.TransferIncident, rows: Rows, context: Context) -> list[Draft]:
    incident = get_open(rows, command.incident)
    if incident.area == command.area:
        raise ConflictError(
            f"{command.area} is accountable already", "nothing was changed", code="already_there"
        )
    front: LatestIncident | None = rows.find(
        LATEST_INCIDENTS, front_id(incident.hazard, command.area)
    )
    if front is not None and get_incident(rows, front.incident).status == "open":
        raise ConflictError(
            f"incident {front.incident} is open in {command.area}",
            "merge the two instead",
            code="already_open",
        )
    fact = m.IncidentTransferred(
        incident=incident.id,
        before=incident.area,
        area=command.area,
        reason=command.reason,
        by=command.by or context.actor,
    )
    return [Draft(fact=fact, area=command.area, incident=incident.id)]


def incident_transferred(fact: m.IncidentTransferred, event: Event, tx: Transaction) -> None:
    """The area that hands it on still leads to it: what is reported there joins it."""
    incident = get_incident(tx, fact.incident)
    affected = tuple(dict.fromkeys((*incident.affected, fact.before)))
    row = msgspec.structs.replace(
        incident, area=fact.area, affected=affected, changed_at=event.occurred_at
    )
    tx.put(INCIDENTS, row, event.occurred_at)
    key = front_id(incident.hazard, fact.area)
    before: LatestIncident | None = tx.find(LATEST_INCIDENTS, key)
    openings = (before.openings if before else 0) + 1
    tx.put(
        LATEST_INCIDENTS,
        LatestIncident(id=key, area=fact.area, incident=incident.id, openings=openings),
        event.occurred_at,
    )
    plan = tx.find(PLANS_IN_FORCE, incident.id)
    if plan is not None:
        tx.put(PLANS_IN_FORCE, msgspec.structs.replace(plan, area=fact.area), event.occurred_at)


BEHAVIOUR = Behaviour(
    handlers={
        m.SetResponseLevel: set_level,
        m.CallLevel: call_level,
        m.HoldReports: hold_reports,
        m.ConfirmReports: confirm_reports,
        m.WaiveObjective: waive_objective,
        m.CloseFalseAlarm: close_false_alarm,
        m.MergeIncident: merge_incident,
        m.TransferIncident: transfer_incident,
    },
    appliers={
        m.ResponseLevelSet: level_set,
        m.LevelCalled: level_called,
        m.ReportsHeld: reports_held,
        m.ReportsConfirmed: reports_confirmed,
        m.ObjectiveWaived: objective_waived,
        m.IncidentTransferred: incident_transferred,
    },
)
