"""An earthquake under a city: motion at the areas with correlated residuals, a member a field."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from twinward.core.errors import InputError
from twinward.decision.simulation.city import HazardCity
from twinward.decision.simulation.earthquake.ground_motion import (
    DEFAULT_VS30,
    PGA,
    Rupture,
    estimate_motion,
)
from twinward.decision.simulation.earthquake.residuals import sample_events, sample_fields
from twinward.decision.simulation.interface import Ask, Footprint, Ground, Series, Start

CELL_KM = 1.0  # of the grid on which residuals are drawn


def prepare(city: HazardCity) -> Ground:
    """Areas as places."""
    return Ground(
        hazard="earthquake",
        places=city.areas,
        area_of_place=np.arange(len(city.areas)),
        areas=city.areas,
        residents=city.residents,
        arrays={"east_m": city.east_m, "north_m": city.north_m},
        assumptions=(
            f"Vs30 {DEFAULT_VS30:g} m/s everywhere",
            "a point source: R_JB is the distance to the epicentre",
        ),
    )


def read(ground: Ground, observed: Mapping[str, float], at_s: float = 0.0) -> Start:
    """Nothing has shaken before."""
    return Start(at_s=at_s)


def run(ground: Ground, ask: Ask) -> Footprint:
    """PGA at every area; the forcing is magnitude, east_m and north_m of the epicentre."""
    ask.check()
    given = {}
    for name in ("magnitude", "east_m", "north_m"):
        value = ask.forcing.get(name)
        if value is None or isinstance(value, Series):
            raise InputError(f"the forcing {name} is missing", "give a number", code="bad_ask")
        given[name] = float(value)
    east, north = ground.arrays["east_m"], ground.arrays["north_m"]
    rjb = np.hypot(east - given["east_m"], north - given["north_m"]) / 1000
    rupture = Rupture(magnitude=given["magnitude"], region="china")
    motion = estimate_motion(
        rupture, (PGA,), rjb, np.full(len(rjb), DEFAULT_VS30), np.full(len(rjb), -1.0)
    )
    log = np.tile(motion.median[0], (ask.members, 1))
    if ask.members > 1:
        col = ((east - east.min()) / 1000 / CELL_KM).astype(np.int64)
        row = ((north - north.min()) / 1000 / CELL_KM).astype(np.int64)
        fields = sample_fields(
            int(row.max()) + 1, int(col.max()) + 1, CELL_KM, ask.members, ask.seed
        )
        within = fields[:, row, col] * motion.phi[0]
        log = log + within + sample_events(ask.members, ask.seed)[:, None] * motion.tau[0]
    times = ask.times()
    values = np.repeat(np.exp(log)[:, None, :], len(times), axis=1).astype(np.float32)
    return Footprint(
        figure="pga_g",
        unit="g",
        places=ground.places,
        times=times,
        values=values,
        assumptions=("residuals correlate over 8.5 km",) * (ask.members > 1),
        out_of_range=("magnitude is above 8.5",) * (given["magnitude"] > 8.5),
    )
