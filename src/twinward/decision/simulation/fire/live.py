"""A wildland fire at a city's edge: when it reaches each cell, wind and moisture by member."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from twinward.core.chance import generator
from twinward.core.errors import InputError
from twinward.decision.simulation.city import HazardCity
from twinward.decision.simulation.fire.fuels import Moisture
from twinward.decision.simulation.fire.growth import FireSettings, Ignition, make_fields
from twinward.decision.simulation.fire.suppression import burn_against
from twinward.decision.simulation.interface import (
    Ask,
    CaseGround,
    Footprint,
    Ground,
    Series,
    Start,
)

WIND_SD, DIRECTION_SD, MOISTURE_SD = 0.25, 20.0, 2.0  # ln, degrees, per cent: assumptions


def prepare(city: HazardCity) -> Ground:
    """Cells of the terrain as places; fuel 2 where a city gives none."""
    terrain = city.terrain
    settled = city.settle_cells()
    cells = terrain.rows * terrain.cols
    return Ground(
        hazard="fire",
        places=tuple(str(n) for n in range(cells)) if cells <= 10_000 else (),
        area_of_place=settled.area_of_place,
        place_of_area=settled.place_of_area,
        areas=city.areas,
        residents=settled.residents,
        arrays={"elevation": np.where(terrain.outside, np.nan, terrain.elevation)},
        numbers={"cell_m": terrain.cell_m, "fuel": 2.0},
        assumptions=("fuel model 2 everywhere: the city gives no land cover",),
    )


def read(ground: Ground, observed: Mapping[str, float], at_s: float = 0.0) -> Start:
    """Nothing burns before the ignition."""
    return Start(at_s=at_s)


def run(ground: Ground, ask: Ask) -> Footprint:
    """1 where the fire has come, 0 elsewhere; the forcing is wind_m_s, wind_from_deg, and row and
    col of the ignition, from 1.
    """
    ask.check()
    given = {}
    for name in ("wind_m_s", "wind_from_deg", "row", "col"):
        value = ask.forcing.get(name)
        if value is None or isinstance(value, Series):
            raise InputError(f"the forcing {name} is missing", "give a number", code="bad_ask")
        given[name] = float(value)
    elevation = ground.arrays["elevation"]
    terrain = CaseGround(
        cell_m=ground.numbers["cell_m"], elevation=elevation, outside=np.isnan(elevation)
    )
    row, col = terrain.index("the ignition", int(given["row"]), int(given["col"]))
    fuel = np.full(elevation.shape, ground.numbers["fuel"])
    times = ask.times()
    values = np.zeros((ask.members, len(times), elevation.size), np.float32)
    for member in range(ask.members):
        asked = _vary(given, ask, member)
        fields = make_fields(terrain, fuel, asked)
        if fields.head_m_min[row, col] <= 0:
            continue  # too wet to burn in this member
        arrival = burn_against(terrain, fields, (row, col), float(times[-1]), ask.measures)
        values[member] = arrival.ravel()[None, :] <= times[:, None]
    return Footprint(
        figure="burned",
        unit="share",
        places=ground.places,
        times=times,
        values=values,
        assumptions=("no spotting",) + ("no suppression",) * (not ask.measures),
    )


def _vary(given: Mapping[str, float], ask: Ask, member: int) -> FireSettings:
    wind, towards, wetter = given["wind_m_s"], given["wind_from_deg"], 0.0
    if ask.members > 1:
        chance = generator(ask.seed, f"fire-member-{member}")
        wind *= float(np.exp(chance.normal(0, WIND_SD)))
        towards = (towards + chance.normal(0, DIRECTION_SD)) % 360
        wetter = float(chance.normal(0, MOISTURE_SD))
    return FireSettings(
        fuel=2.0,
        moisture=Moisture(h1=max(6.0 + wetter, 1.0)),
        wind_m_s=wind,
        wind_from_deg=towards,
        ignition=(Ignition(row=int(given["row"]), col=int(given["col"])),),
    )
