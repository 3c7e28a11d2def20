"""Deaths of a quake and its largest aftershock, by member: what a plan can change is the second."""

from __future__ import annotations

import numpy as np

from twinward.core.reasons import because_of
from twinward.decision.simulation.actions import Action, find_action
from twinward.decision.simulation.earthquake.aftershocks import carry_damage, sample_aftershocks
from twinward.decision.simulation.earthquake.damage import (
    BuildingClass,
    death_rate,
    get_class,
    intensity,
    sum_casualties,
)
from twinward.decision.simulation.earthquake.ground_motion import PGA, Rupture, estimate_motion
from twinward.decision.simulation.ground import Floats
from twinward.decision.simulation.interface import Ask, Footprint, Ground

# shares of people by class where a city has surveyed none: an assumption that is reported
MIX = (("C1.M.LC", 0.5), ("URM.L.LC", 0.3), ("W1.LC", 0.2))
INDOORS = 0.7  # share of people indoors, day and night together: an assumption
ASSUMED = (
    because_of("remark.building_mix"),
    because_of("remark.indoors", share=INDOORS),
    because_of("remark.largest_aftershock"),
)
CLASS = "class:"  # before the name of a building class among the arrays of a ground
PGV_OF_PGA = 90.0  # cm/s for each g on stiff soil, of the order of Wald et al. 1999: an assumption


def assumed_mix(areas: int) -> tuple[tuple[str, ...], Floats]:
    """Classes and their shares float64[area, class] where nobody has surveyed the buildings."""
    share = np.tile(np.array([part for _, part in MIX]), (areas, 1))
    return tuple(name for name, _ in MIX), share


def mix_of(ground: Ground) -> tuple[tuple[str, ...], Floats]:
    """Building classes of a prepared ground, and their shares float64[area, class]; InputError
    `unknown_building`.
    """
    classes = tuple(name.removeprefix(CLASS) for name in ground.arrays if name.startswith(CLASS))
    return classes, np.column_stack([ground.arrays[f"{CLASS}{name}"] for name in classes])


def find_harm(ground: Ground, ask: Ask, footprint: Footprint) -> dict[str, Floats]:
    """deaths (by buildings), deaths_empirical (PAGER, main shock) and deaths_aftershock:
    float64[member] each.
    """
    pga = np.asarray(footprint.peak, np.float64)
    people = ground.residents
    classes, share = mix_of(ground)
    main = sum_casualties(np.log(np.maximum(pga, 1e-6)), share, classes)[:, :, 3]
    by_buildings = INDOORS * main @ people
    empirical = death_rate(intensity(pga, pga * PGV_OF_PGA)) @ people
    later = find_later_deaths(ground, ask, pga)
    return {
        "deaths": by_buildings + later,
        "deaths_empirical": empirical,
        "deaths_aftershock": later,
    }


def find_later_deaths(ground: Ground, ask: Ask, pga: Floats) -> Floats:
    """Deaths by the largest aftershock: of people who are still in buildings when it comes."""
    magnitude = float(ask.forcing["magnitude"])  # type: ignore[arg-type]
    after = sample_aftershocks(magnitude, len(pga), ask.seed, ask.until_s)
    rjb = (
        np.hypot(
            ground.arrays["east_m"] - float(ask.forcing["east_m"]),  # type: ignore[arg-type]
            ground.arrays["north_m"] - float(ask.forcing["north_m"]),  # type: ignore[arg-type]
        )
        / 1000
    )
    classes, share = mix_of(ground)
    buildings = [get_class(name) for name in classes]
    inside = INDOORS * (1 - evacuated(ask.measures, after.at_s))
    found = np.zeros(len(pga))
    for m in range(len(pga)):
        rupture = Rupture(magnitude=float(after.magnitude[m]), region="china")
        sites = ground.arrays["vs30_m_s"], np.full(len(rjb), -1.0)
        motion = estimate_motion(rupture, (PGA,), rjb, *sites)
        shaken = np.exp(motion.median[0])
        lethal = np.zeros(len(rjb))
        for n, building in enumerate(buildings):
            lethal += share[:, n] * lethality(building, pga[m], shaken)
        found[m] = inside[m] * float(lethal @ ground.residents)
    return found


def lethality(building: BuildingClass, before_g: Floats, after_g: Floats) -> Floats:
    """Share of people indoors whom the second shaking kills: what newly reaches a state."""
    states = building.states(before_g)
    new = np.maximum(carry_damage(states, after_g, building) - states, 0.0)
    new[..., 0] = 0.0
    reached = new.sum(axis=-1, keepdims=True)
    rates = (new / np.maximum(reached, 1e-12)) @ building.rates()[:, 3]
    return np.asarray(rates * reached[..., 0])


def evacuated(actions: tuple[Action, ...], at_s: Floats) -> Floats:
    """Share of people who have left by then: evenly from the order until it is done."""
    leaving = find_action(actions, "evacuation")
    if leaving is None:
        return np.zeros_like(at_s)
    return np.asarray(leaving.share * np.clip(at_s / max(leaving.at_s, 1.0), 0.0, 1.0))
