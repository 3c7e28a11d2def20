"""The coupling of the twins, as a table: one twin's fact -> what it asks of the other twin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twinward.core.ids import derive_id
from twinward.core.messages import Command, Event, Fact
from twinward.twins.city import messages as c
from twinward.twins.emergency import messages as m


def hazard_from_sensor(fact: c.ThresholdPassed, event: Event) -> Command:
    """City -> emergency: a sensor crossed its threshold (or fell back): report it."""
    return m.ReportHazard(
        id=derive_id("cmd", event.id, "report-hazard"),
        occurred_at=event.occurred_at,
        hazard=fact.hazard,
        area=fact.area,
        figure=fact.figure,
        value=fact.value,
        unit=fact.unit,
        source=f"sensor {fact.sensor}",
    )


# the measures of orders that take something from the people of an area
RESTRICTING = frozenset(
    {
        "school_closure",
        "workplace_closure",
        "gathering_limit",
        "area_lockdown",
        "road_closure",
        "evacuation",
        "shelter_in_place",
    }
)

ORDERED_AS = {"lockdown": "area_lockdown"}  # the simulator's word for the same


def restriction_from_order(fact: m.OrderIssued, event: Event) -> Command | None:
    """Emergency -> city: an order that carries a restricting measure restricts its area."""
    measure = ORDERED_AS.get(fact.measure or "", fact.measure or "")
    if measure not in RESTRICTING:
        return None
    return c.RestrictArea(
        id=derive_id("cmd", event.id, "restrict"),
        occurred_at=event.occurred_at,
        area=fact.area,
        measure=measure,
        incident=fact.incident,
    )


def lift_from_ending(fact: m.IncidentClosed, event: Event) -> Command:
    """Emergency -> city: a closed incident restricts nothing. A plan that ends hands over first,
    which the loop does.
    """
    return c.LiftRestrictions(
        id=derive_id("cmd", event.id, "lift"), occurred_at=event.occurred_at, incident=fact.incident
    )


def mark_from_place(fact: m.PlaceAffected, event: Event) -> Command:
    """Emergency -> city: where cases were is a place at risk."""
    return c.MarkPlace(
        id=derive_id("cmd", "mark", fact.place),
        occurred_at=event.occurred_at,
        place=fact.place,
        area=fact.area,
        name=fact.name,
        hazard=fact.hazard,
    )


COUPLING: dict[type[Fact], Callable[[Any, Event], Command | None]] = {
    c.ThresholdPassed: hazard_from_sensor,
    m.OrderIssued: restriction_from_order,
    m.IncidentClosed: lift_from_ending,
    m.PlaceAffected: mark_from_place,
}
