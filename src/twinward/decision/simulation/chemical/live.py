"""A release in a city: concentration at the areas over time, wind and rate varying by member."""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec
import numpy as np

from twinward.core.chance import generator
from twinward.core.errors import InputError
from twinward.core.reasons import Reason, because_of
from twinward.decision.simulation.actions import find_action
from twinward.decision.simulation.chemical import kernels
from twinward.decision.simulation.chemical.release import (
    CALM,
    LEAST_DRIFT,
    ChemicalSettings,
    make_release,
)
from twinward.decision.simulation.chemical.substances import get_substance
from twinward.decision.simulation.city import HazardCity
from twinward.decision.simulation.interface import Ask, Footprint, Ground, Start

DAY = (6.0, 19.0)  # hours between which the sun may mix the air
SUBSTANCE, AT_ONCE_S = "ammonia", 60.0  # where none is named; how long a mass at once takes
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
        assumptions=(because_of("remark.people_spread"),),
    )


def read(ground: Ground, observed: Mapping[str, float], at_s: float = 0.0) -> Start:
    """Nothing has been released before."""
    return Start(at_s=at_s)


def run(ground: Ground, ask: Ask) -> Footprint:
    """kg/m3 at every cell; the forcing is rate_kg_s, duration_s, wind_m_s, wind_from_deg, east_m
    and north_m of the source; the words are substance, stability and ground (ammonia, D, urban).
    """
    ask.check()
    base = _settings(ask)
    base.check()
    east, north = (
        ground.arrays["east_m"] - ask.number("east_m"),
        ground.arrays["north_m"] - ask.number("north_m"),
    )
    times = ask.times()
    values = []
    for member in ask.members_to_run():
        release = make_release(_vary(base, ask, member))
        one = release.settings
        field = np.zeros((len(times), len(east)), np.float32)
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
                field[n],
            )
        values.append(field)
    return Footprint(
        figure="concentration_kg_m3",
        unit="kg/m3",
        places=ground.places,
        times=times,
        values=np.stack(values),
        assumptions=release.assumptions
        + (because_of("remark.stability_by_hour", stability=base.stability),)
        * ("stability" not in ask.words)
        + (because_of("remark.mass_at_once", seconds=AT_ONCE_S),) * ("mass_kg" in ask.forcing),
        out_of_range=_unlikely(ask, base)
        + (because_of("remark.wind_low", wind_m_s=base.wind_m_s),) * (base.wind_m_s < CALM),
    )


def _settings(ask: Ask) -> ChemicalSettings:
    """The release that is asked: a rate over a duration, or a mass that is gone within a minute;
    the valve, when it is shut, ends it.
    """
    if "mass_kg" in ask.forcing:
        rate, duration = ask.number("mass_kg") / AT_ONCE_S, AT_ONCE_S
    else:
        rate, duration = ask.number("rate_kg_s"), ask.number("duration_s")
    valve = find_action(ask.measures, "valve_shut")
    if valve is not None:
        duration = max(min(duration, valve.at_s), 1.0)
    ground = ask.words.get("ground", "urban")
    if ground not in ("urban", "rural"):
        raise InputError(f"ground is {ground!r}", "name urban or rural", code="bad_ask")
    return ChemicalSettings(
        substance=ask.words.get("substance", SUBSTANCE),
        rate_kg_s=rate,
        duration_s=duration,
        wind_m_s=ask.number("wind_m_s"),
        wind_from_deg=ask.number("wind_from_deg"),
        stability=ask.words.get("stability") or stability_at(ask.hour(), ask.number("wind_m_s")),
        ground="urban" if ground == "urban" else "rural",
        sigma="briggs",
    )


def stability_at(hour: float | None, wind_m_s: float) -> str:
    """Pasquill's class by hour and wind where sun and cloud are not known: by night stable in weak
    wind (Turner 1970), else neutral, which by day keeps a release together longer than sun would.
    """
    if hour is None or DAY[0] <= hour < DAY[1]:
        return "D"
    return "F" if wind_m_s < 3 else "E" if wind_m_s < 5 else "D"


def _unlikely(ask: Ask, one: ChemicalSettings) -> tuple[Reason, ...]:
    """Strong sun does not mix the air by night, nor does still air stand by day (Turner 1970)."""
    hour = ask.hour()
    if hour is None:
        return ()
    night = not DAY[0] <= hour < DAY[1]
    if (night and one.stability in "ABC") or (not night and one.stability in "EF"):
        return (because_of("remark.stability", stability=one.stability, hour=hour),)
    return ()


def list_levels(ask: Ask) -> tuple[tuple[str, float], ...]:
    """AEGL-1 to 3 of the substance at 60 minutes, kg/m3, as levels IV to II; those that are
    published.
    """
    substance = get_substance(ask.words.get("substance", SUBSTANCE))
    grades = (
        (name, substance.level(grade, 60)) for name, grade in (("IV", 1), ("III", 2), ("II", 3))
    )
    found = tuple((name, value) for name, value in grades if value is not None)
    if not found:
        raise InputError(
            f"no exposure levels of {substance.id} are published",
            "run a case without a city: it answers concentrations and distances",
            code="no_levels",
        )
    return found


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
