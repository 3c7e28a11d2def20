"""The city twin: thresholds of its sensors, restrictions of its areas, places at risk."""

from __future__ import annotations

from twinward.core.errors import ConflictError
from twinward.core.messages import Draft, Event
from twinward.core.ports import Rows, Transaction
from twinward.twins.city import messages as c
from twinward.twins.city.alarms import handlers as alarms
from twinward.twins.city.bundles import handlers as bundles
from twinward.twins.city.devices import handlers as devices
from twinward.twins.city.rows import (
    RESTRICTIONS,
    RISK_PLACES,
    SENSOR_STATES,
    TABLES,
    THRESHOLDS,
    Restriction,
    RiskPlace,
    SensorState,
    Threshold,
)
from twinward.twins.twin import Behaviour, Context, join

EVERYWHERE = "*"


def set_threshold(command: c.SetThreshold, rows: Rows, context: Context) -> list[Draft]:
    fields = {name: getattr(command, name) for name in c.ThresholdSet.__struct_fields__}
    return [Draft(fact=c.ThresholdSet(**fields), area=EVERYWHERE)]


def threshold_set(fact: c.ThresholdSet, event: Event, tx: Transaction) -> None:
    fields = {
        name: getattr(fact, name) for name in c.ThresholdSet.__struct_fields__ if name != "figure"
    }
    tx.put(THRESHOLDS, Threshold(id=fact.figure, area=EVERYWHERE, **fields), event.occurred_at)


def state_id(sensor: str, figure: str) -> str:
    return f"{sensor}|{figure}"


def note_reading(command: c.NoteReading, rows: Rows, context: Context) -> list[Draft]:
    threshold: Threshold | None = rows.find(THRESHOLDS, command.figure)
    if threshold is None or threshold.unit != command.unit:
        expected = f"in {threshold.unit}" if threshold else "set one with SetThreshold"
        raise ConflictError(
            f"no threshold for {command.figure} in {command.unit}", expected, code="no_threshold"
        )
    above = command.value >= threshold.at_least
    known: SensorState | None = rows.find(SENSOR_STATES, state_id(command.sensor, command.figure))
    if known is None and not above:
        raise ConflictError(
            "below the threshold before and after", "nothing was changed", code="nothing_new"
        )
    if known is not None and (context.occurred_at < known.noted_at or command.value == known.value):
        raise ConflictError(
            "no newer value of this sensor", "nothing was changed", code="nothing_new"
        )
    fact = c.ThresholdPassed(
        sensor=command.sensor,
        area=command.area,
        hazard=threshold.hazard,
        figure=command.figure,
        value=command.value,
        unit=command.unit,
        above=above,
    )
    return [Draft(fact=fact, area=command.area)]


def threshold_passed(fact: c.ThresholdPassed, event: Event, tx: Transaction) -> None:
    row = SensorState(
        id=state_id(fact.sensor, fact.figure),
        area=fact.area,
        sensor=fact.sensor,
        figure=fact.figure,
        value=fact.value,
        above=fact.above,
        noted_at=event.occurred_at,
    )
    tx.put(SENSOR_STATES, row, event.occurred_at)


def restriction_id(area: str, measure: str, incident: str) -> str:
    return f"{area}|{measure}|{incident}"


def restrict_area(command: c.RestrictArea, rows: Rows, context: Context) -> list[Draft]:
    if (
        rows.find(RESTRICTIONS, restriction_id(command.area, command.measure, command.incident))
        is not None
    ):
        raise ConflictError(
            "this measure is in force there", "nothing was changed", code="already_restricted"
        )
    fact = c.AreaRestricted(area=command.area, measure=command.measure, incident=command.incident)
    return [Draft(fact=fact, area=command.area, incident=command.incident)]


def area_restricted(fact: c.AreaRestricted, event: Event, tx: Transaction) -> None:
    row = Restriction(
        id=restriction_id(fact.area, fact.measure, fact.incident),
        area=fact.area,
        measure=fact.measure,
        incident=fact.incident,
        since=event.occurred_at,
    )
    tx.put(RESTRICTIONS, row, event.occurred_at)


def lift_restrictions(command: c.LiftRestrictions, rows: Rows, context: Context) -> list[Draft]:
    found: list[Restriction] = rows.list_rows(RESTRICTIONS, incident=command.incident)
    if command.measures is not None:
        found = [row for row in found if row.measure in command.measures]
    if command.areas is not None:
        found = [row for row in found if row.area in command.areas]
    if not found:
        raise ConflictError(
            "nothing is restricted under it", "nothing was changed", code="nothing_new"
        )
    keys = tuple(sorted(row.id for row in found))
    fact = c.RestrictionsLifted(incident=command.incident, restrictions=keys)
    return [Draft(fact=fact, area=found[0].area, incident=command.incident)]


def restrictions_lifted(fact: c.RestrictionsLifted, event: Event, tx: Transaction) -> None:
    for key in fact.restrictions:
        tx.remove(RESTRICTIONS, key, event.occurred_at)


def mark_place(command: c.MarkPlace, rows: Rows, context: Context) -> list[Draft]:
    if rows.find(RISK_PLACES, command.place) is not None:
        raise ConflictError("this place is marked", "nothing was changed", code="already_marked")
    fact = c.PlaceMarked(
        place=command.place, area=command.area, name=command.name, hazard=command.hazard
    )
    return [Draft(fact=fact, area=command.area)]


def place_marked(fact: c.PlaceMarked, event: Event, tx: Transaction) -> None:
    row = RiskPlace(id=fact.place, area=fact.area, name=fact.name, hazard=fact.hazard)
    tx.put(RISK_PLACES, row, event.occurred_at)


OWN = Behaviour(
    handlers={
        c.SetThreshold: set_threshold,
        c.NoteReading: note_reading,
        c.RestrictArea: restrict_area,
        c.LiftRestrictions: lift_restrictions,
        c.MarkPlace: mark_place,
    },
    appliers={
        c.ThresholdSet: threshold_set,
        c.ThresholdPassed: threshold_passed,
        c.AreaRestricted: area_restricted,
        c.RestrictionsLifted: restrictions_lifted,
        c.PlaceMarked: place_marked,
    },
    tables=TABLES,
)
BEHAVIOUR = join((OWN, devices.BEHAVIOUR, bundles.BEHAVIOUR, alarms.BEHAVIOUR))
