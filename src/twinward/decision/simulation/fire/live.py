"""A wildland fire at a city's edge: when it reaches each cell, wind and moisture by member."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np

from twinward.core.chance import generator
from twinward.core.errors import InputError
from twinward.core.reasons import because_of
from twinward.decision.simulation.city import HazardCity
from twinward.decision.simulation.fire.blocks import run_blocks
from twinward.decision.simulation.fire.fuels import Moisture
from twinward.decision.simulation.fire.growth import (
    FireSettings,
    Ignition,
    check_settings,
    cut_reachable,
    find_steepest,
    make_fields,
)
from twinward.decision.simulation.fire.suppression import burn_against
from twinward.decision.simulation.ground import CaseGround, Floats
from twinward.decision.simulation.interface import Ask, Footprint, Ground, Start

FUEL, NO_FUEL = 2.0, 91.0  # where a city gives no land cover; what does not burn
EDGE, BLOCKS = "edge", "blocks"  # a wildland fire, or one from block to block
BURNS = (EDGE, BLOCKS)
MOST_WIND = 75.0  # m/s, of a case
WIND_SD, DIRECTION_SD, MOISTURE_SD = 0.25, 20.0, 2.0  # ln, degrees, per cent: assumptions


def prepare(city: HazardCity) -> Ground:
    """Cells of the terrain as places; fuel 2 where a city gives none."""
    terrain = city.terrain
    settled = city.settle_cells()
    fuel = city.layers.get("fuel")
    cells = terrain.rows * terrain.cols
    return Ground(
        hazard="fire",
        places=tuple(str(n) for n in range(cells)) if cells <= 10_000 else (),
        area_of_place=settled.area_of_place,
        place_of_area=settled.place_of_area,
        areas=city.areas,
        residents=settled.residents,
        arrays={
            "elevation": np.where(terrain.outside, np.nan, terrain.elevation),
            "fuel": np.full(settled.residents.shape, FUEL) if fuel is None else _known(fuel),
            "people": settled.residents,
        },
        numbers={"cell_m": terrain.cell_m},
        assumptions=(because_of("remark.fuel_everywhere", fuel=FUEL),) * (fuel is None),
    )


def _known(fuel: Floats) -> Floats:
    """Cells of which the land cover says nothing do not burn."""
    return np.where(np.isnan(fuel), NO_FUEL, fuel).ravel()


def read(ground: Ground, observed: Mapping[str, float], at_s: float = 0.0) -> Start:
    """Nothing burns before the ignition."""
    return Start(at_s=at_s)


def run(ground: Ground, ask: Ask) -> Footprint:
    """1 where the fire has come, 0 elsewhere; the forcing is wind_m_s, wind_from_deg, and row and
    col of the ignition, from 1.
    """
    ask.check()
    given = {name: ask.number(name) for name in ("wind_m_s", "wind_from_deg", "row", "col")}
    if ask.words.get("burns", EDGE) not in BURNS:
        raise InputError(
            f"burns is {ask.words['burns']!r}", f"name one of {', '.join(BURNS)}", code="bad_ask"
        )
    if ask.words.get("burns") == BLOCKS:
        return run_blocks(ground, ask, given)
    elevation = ground.arrays["elevation"]
    terrain = CaseGround(
        cell_m=ground.numbers["cell_m"], elevation=elevation, outside=np.isnan(elevation)
    )
    row, col = terrain.index("the ignition", int(given["row"]), int(given["col"]))
    fuel = ground.arrays["fuel"].reshape(elevation.shape)
    check_settings(_vary(given, msgspec.structs.replace(ask, members=1), 0))
    steepest = find_steepest(terrain, fuel)
    times = ask.times()
    values = []
    for member in ask.members_to_run():
        asked = _vary(given, ask, member)
        part = cut_reachable(terrain, fuel, asked, (row, col), float(times[-1]), steepest)
        fields, start = make_fields(part.ground, part.fuel, asked), (row - part.row, col - part.col)
        burned = np.zeros((len(times), elevation.size), np.float32)
        if fields.head_m_min[start] > 0:  # else too wet to burn in this member
            reached = burn_against(part.ground, fields, start, float(times[-1]), ask.measures)
            arrival = part.spread_out(reached, elevation.shape, np.inf)
            burned[:] = arrival.ravel()[None, :] <= times[:, None]
        values.append(burned)
    return Footprint(
        figure="burned",
        unit="share",
        places=ground.places,
        times=times,
        values=np.stack(values),
        assumptions=(because_of("remark.no_spotting"),)
        + (because_of("remark.no_suppression"),) * (not ask.measures),
    )


def _vary(given: Mapping[str, float], ask: Ask, member: int) -> FireSettings:
    wind, towards, wetter = given["wind_m_s"], given["wind_from_deg"], 0.0
    if ask.members > 1:
        chance = generator(ask.seed, f"fire-member-{member}")
        wind = min(wind * float(np.exp(chance.normal(0, WIND_SD))), MOST_WIND)
        towards = (towards + chance.normal(0, DIRECTION_SD)) % 360
        wetter = float(chance.normal(0, MOISTURE_SD))
    return FireSettings(
        fuel=2.0,
        moisture=Moisture(h1=max(6.0 + wetter, 1.0)),
        wind_m_s=wind,
        wind_from_deg=towards,
        ignition=(Ignition(row=int(given["row"]), col=int(given["col"])),),
    )
