"""An earthquake under a city: motion at the areas with correlated residuals, a member a field."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from twinward.core.errors import InputError
from twinward.core.reasons import because_of
from twinward.decision.simulation.city import HazardCity
from twinward.decision.simulation.earthquake.ground_motion import (
    PGA,
    Rupture,
    estimate_motion,
)
from twinward.decision.simulation.earthquake.harm import ASSUMED, CLASS, assumed_mix
from twinward.decision.simulation.earthquake.residuals import (
    RANGE_KM,
    sample_events,
    sample_fields,
)
from twinward.decision.simulation.earthquake.site import vs30_of_city
from twinward.decision.simulation.interface import Ask, Footprint, Ground, Start

MOST_MAGNITUDE = 8.5  # of the records that the motion model rests on
CELL_KM = 1.0  # of the grid on which residuals are drawn


def prepare(city: HazardCity) -> Ground:
    """Areas as places."""
    vs30, said = vs30_of_city(city)
    classes, share = city.building_mix or assumed_mix(len(city.areas))
    return Ground(
        hazard="earthquake",
        places=city.areas,
        area_of_place=np.arange(len(city.areas)),
        areas=city.areas,
        residents=city.residents,
        arrays={
            "east_m": city.east_m,
            "north_m": city.north_m,
            "vs30_m_s": vs30,
            **{f"{CLASS}{name}": share[:, n] for n, name in enumerate(classes)},
        },
        assumptions=(*((said,) if said else ()), because_of("remark.point_source"))
        + ASSUMED[:1] * (city.building_mix is None),
    )


def read(ground: Ground, observed: Mapping[str, float], at_s: float = 0.0) -> Start:
    """Nothing has shaken before."""
    return Start(at_s=at_s)


def run(ground: Ground, ask: Ask) -> Footprint:
    """PGA at every area; the forcing is magnitude, east_m and north_m of the epicentre."""
    ask.check()
    given = {name: ask.number(name) for name in ("magnitude", "east_m", "north_m")}
    check_depth(ask)
    east, north = ground.arrays["east_m"], ground.arrays["north_m"]
    rjb = np.hypot(east - given["east_m"], north - given["north_m"]) / 1000
    rupture = Rupture(magnitude=given["magnitude"], region="china")
    rupture.check()
    motion = estimate_motion(
        rupture, (PGA,), rjb, ground.arrays["vs30_m_s"], np.full(len(rjb), -1.0)
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
        assumptions=(because_of("remark.residuals", km=RANGE_KM),) * (ask.members > 1),
        out_of_range=(
            because_of("remark.magnitude_high", magnitude=given["magnitude"], most=MOST_MAGNITUDE),
        )
        * (given["magnitude"] > MOST_MAGNITUDE),
    )


def check_depth(ask: Ask) -> None:
    """A depth is not used by the motion model; one that cannot be is a wrong unit."""
    if "depth_km" not in ask.forcing:
        return
    depth = ask.number("depth_km")
    if not 0 <= depth <= 700:
        raise InputError(
            f"depth_km must be 0 to 700, got {depth:g}", "give kilometres", code="bad_rupture"
        )
