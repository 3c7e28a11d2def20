"""What a plan leaves of a hazard, member by member: people and traffic hit, people moved."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twinward.core.reasons import because_of
from twinward.decision.simulation.actions import Action, find_action
from twinward.decision.simulation.city import HazardCity
from twinward.decision.simulation.ground import Floats
from twinward.decision.simulation.interface import Footprint, Ground

ON_ROADS = 0.03  # share of residents who are on the road at one time: an assumption
AIR_CHANGES_H = 0.5  # of a closed house: 0.3 to 1, as in ALOHA's guidance
ASSUMED = (
    because_of("remark.on_roads", share=ON_ROADS),
    because_of("remark.leave_evenly"),
    because_of("remark.closed_house", times=AIR_CHANGES_H),
)


def first_hit(footprint: Footprint, at_least: float) -> Floats:
    """When the step begins in which the figure reaches the value, infinite where never:
    float64[member, place].
    """
    hit = footprint.values >= at_least
    begins = np.concatenate([[0.0], footprint.times[:-1]])
    first = np.take(begins, hit.argmax(axis=1))
    return np.where(hit.any(axis=1), first, np.inf)


def indoor(footprint: Footprint, start_s: float = 0.0) -> NDArray[np.float32]:
    """The same figure in a closed house, by its air exchange over each step."""
    times = np.concatenate([[start_s], footprint.times])
    inside = np.zeros_like(footprint.values)
    level = np.zeros_like(footprint.values[:, 0])
    for n in range(inside.shape[1]):
        stays = float(np.exp(-AIR_CHANGES_H * (times[n + 1] - times[n]) / 3600))
        level = level * stays + footprint.values[:, n] * (1 - stays)
        inside[:, n] = level
    return inside


def left_by(actions: tuple[Action, ...], at_s: Floats) -> Floats:
    """Share of people who have left when it comes."""
    leaving = find_action(actions, "evacuation")
    if leaving is None:
        return np.zeros(at_s.shape)
    when = np.where(np.isfinite(at_s), at_s, 0.0)
    return done_by(leaving, when)


def done_by(order: Action, when_s: Floats) -> Floats:
    """Share of those concerned whom the order has reached by then, evenly until it is done."""
    if order.at_s <= 0:
        return np.full(when_s.shape, order.share)
    return np.asarray(order.share * np.clip(when_s / order.at_s, 0.0, 1.0))


def find_outcomes(
    footprint: Footprint,
    ground: Ground,
    city: HazardCity,
    actions: tuple[Action, ...],
    at_least: float,
) -> dict[str, Floats]:
    """float64[member] each: people_hit, over_65_hit, traffic_hours, person_hours, people_moved."""
    first = first_hit(footprint, at_least)
    hit = np.isfinite(first)
    stay = 1 - left_by(actions, first)
    sheltered = _sheltered(footprint, actions, at_least, first)
    exposed = np.where(hit, stay * (1 - sheltered), 0.0)
    people = ground.residents
    old = city.over65 / np.maximum(city.residents, 1.0)
    hours = _hours(footprint, at_least)
    moving = find_action(actions, "evacuation")
    affected = hit @ people
    return {
        "people_hit": exposed @ people,
        "over_65_hit": exposed @ (people * old[ground.area_of_place]),
        "traffic_hours": _traffic(footprint, actions, at_least) @ people,
        "person_hours": (exposed * hours) @ people,
        "people_moved": affected * (moving.share if moving is not None else 0.0),
    }


def _hours(footprint: Footprint, at_least: float) -> Floats:
    steps = np.diff(np.concatenate([[0.0], footprint.times])) / 3600
    return np.asarray(np.einsum("mtp,t->mp", footprint.values >= at_least, steps))


def _sheltered(
    footprint: Footprint, actions: tuple[Action, ...], at_least: float, first: Floats
) -> Floats:
    """Share of people whom a closed house keeps below the value; those whom it reaches before
    the order is carried out are not kept.
    """
    order = find_action(actions, "shelter_in_place")
    if order is None:
        return np.zeros(first.shape)
    kept = ~(indoor(footprint) >= at_least).any(axis=1)
    obeyed = done_by(order, np.where(np.isfinite(first), first, 0.0))
    return np.asarray(np.where(kept, obeyed, 0.0))


def _traffic(footprint: Footprint, actions: tuple[Action, ...], at_least: float) -> Floats:
    """Hours on the road where it is hit, for each resident: float64[member, place]."""
    ends = np.asarray(footprint.times, np.float64)
    steps = np.diff(np.concatenate([[0.0], ends])) / 3600
    open_share = np.ones(len(ends))
    for kind in ("road_closure", "bridge_inspection"):
        order = find_action(actions, kind)
        if order is not None:
            open_share *= 1 - done_by(order, ends - steps * 1800)
    hit = footprint.values >= at_least
    return np.asarray(ON_ROADS * np.einsum("mtp,t->mp", hit, steps * open_share))
