"""A release in a city: concentration at the areas over time, wind and rate varying by member."""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec
import numpy as np

from twinward.core.chance import generator
from twinward.core.errors import InputError
from twinward.decision.simulation.actions import find_action
from twinward.decision.simulation.chemical import kernels
from twinward.decision.simulation.chemical.release import (
    CALM,
    LEAST_DRIFT,
    ChemicalSettings,
    make_release,
)
from twinward.decision.simulation.city import HazardCity
from twinward.decision.simulation.interface import Ask, Footprint, Ground, Series, Start

DIRECTION_SD, WIND_SD, RATE_RANGE = 25.0, 0.3, (0.3, 3.0)  # degrees, ln, factor: assumptions


def prepare(city: HazardCity) -> Ground:
    """Cells of the city's grid as places."""
    rows, cols, cell = city.terrain.rows, city.terrain.cols, city.terrain.cell_m
    row, col = np.divmod(np.arange(rows * cols), cols)
    settled = city.settle_cells()
    return Ground(
        hazard="chemical",
        places=(),
        area_of_place=settled.area_of_place,
        place_of_area=settled.place_of_area,
        areas=city.areas,
        residents=settled.residents,
        arrays={"east_m": (col + 0.5) * cell, "north_m": (rows - row - 0.5) * cell},
        assumptions=("people are spread over their area, outdoors, 1.5 m above flat ground",),
    )


def read(ground: Ground, observed: Mapping[str, float], at_s: float = 0.0) -> Start:
    """Nothing has been released before."""
    return Start(at_s=at_s)


def run(ground: Ground, ask: Ask) -> Footprint:
    """kg/m3 at every cell; the forcing is rate_kg_s, duration_s, wind_m_s, wind_from_deg, east_m
    and north_m of the source. Ammonia, class D, urban, unless a case says otherwise.
    """
    ask.check()
    given = {}
    for name in ("rate_kg_s", "duration_s", "wind_m_s", "wind_from_deg", "east_m", "north_m"):
        value = ask.forcing.get(name)
        if value is None or isinstance(value, Series):
            raise InputError(f"the forcing {name} is missing", "give a number", code="bad_ask")
        given[name] = float(value)
    valve = find_action(ask.measures, "valve_shut")
    if valve is not None:
        given["duration_s"] = max(min(given["duration_s"], valve.at_s), 1.0)
    base = ChemicalSettings(
        substance="ammonia",
        rate_kg_s=given["rate_kg_s"],
        duration_s=given["duration_s"],
        wind_m_s=given["wind_m_s"],
        wind_from_deg=given["wind_from_deg"],
        sigma="briggs",
    )
    base.check()
    east, north = (
        ground.arrays["east_m"] - given["east_m"],
        ground.arrays["north_m"] - given["north_m"],
    )
    times = ask.times()
    values = np.zeros((ask.members, len(times), len(east)), np.float32)
    for member in range(ask.members):
        release = make_release(_vary(base, ask, member))
        one = release.settings
        for n, at in enumerate(times):
            kernels.release_field(
                east,
                north,
                1.5,
                float(at),
                one.rate_kg_s or 0.0,
                one.duration_s or math.inf,
                release.wind_m_s,
                LEAST_DRIFT,
                CALM,
                *release.towards,
                one.height_m,
                release.ky,
                release.kz,
                100,
                values[member, n],
            )
    return Footprint(
        figure="concentration_kg_m3",
        unit="kg/m3",
        places=ground.places,
        times=times,
        values=values,
        assumptions=release.assumptions,
        out_of_range=("wind is below 1 m/s",) * (base.wind_m_s < 1),
    )


def _vary(base: ChemicalSettings, ask: Ask, member: int) -> ChemicalSettings:
    if ask.members == 1:
        return base
    chance = generator(ask.seed, f"chemical-member-{member}")
    turn = chance.normal(0, DIRECTION_SD)
    wind = base.wind_m_s * math.exp(chance.normal(0, WIND_SD))
    rate = (base.rate_kg_s or 0.0) * chance.uniform(*RATE_RANGE)
    return msgspec.structs.replace(
        base,
        wind_from_deg=(base.wind_from_deg + turn) % 360,
        wind_m_s=min(wind, 75.0),
        rate_kg_s=min(rate, 1e5),
    )
