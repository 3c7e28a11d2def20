"""How soft the ground is under each area: measured Vs30, else from the slope of the ground."""

from __future__ import annotations

import numpy as np

from twinward.core.reasons import Reason, because_of
from twinward.decision.simulation.city import HazardCity
from twinward.decision.simulation.earthquake.ground_motion import DEFAULT_VS30
from twinward.decision.simulation.ground import Floats

# slope of the ground (m/m) over 30 arc seconds, and Vs30 (m/s), in regions of active tectonics:
# Wald and Allen 2007, Bull. Seism. Soc. Am. 97, table 2 (recalled: check it)
SLOPES = np.array([1e-4, 2.2e-3, 6.3e-3, 0.018, 0.05, 0.10, 0.138])
SPEEDS = np.array([180.0, 240.0, 300.0, 360.0, 490.0, 620.0, 760.0])
OVER_M = 900.0  # 30 arc seconds, over which the relation was found


def vs30_of_slope(slope: Floats) -> Floats:
    """m/s at each slope, between the bounds of the table on the logarithm of the slope."""
    steep = np.log(np.maximum(np.asarray(slope, np.float64), SLOPES[0]))
    return np.asarray(np.interp(steep, np.log(SLOPES), SPEEDS))


def slope_of(elevation: Floats, cell_m: float) -> Floats:
    """Rise over run of the ground, smoothed over 900 m."""
    from scipy.ndimage import uniform_filter

    if min(elevation.shape) < 2:
        return np.zeros(elevation.shape)
    wide = max(1, round(OVER_M / cell_m))
    smooth = uniform_filter(elevation, wide, mode="nearest")
    north, east = np.gradient(smooth, cell_m)
    return np.asarray(np.hypot(north, east))


def vs30_of_city(city: HazardCity) -> tuple[Floats, Reason | None]:
    """m/s at each area, and what was assumed: nothing where the city gives it everywhere."""
    home = city.cell_of_areas()
    default = because_of("remark.vs30_everywhere", vs30_m_s=DEFAULT_VS30)
    given = city.layers.get("vs30")
    if given is not None:
        at = given.ravel()[home]
        known = np.isfinite(at)
        missing = because_of("remark.vs30_missing", vs30_m_s=DEFAULT_VS30)
        return np.where(known, at, DEFAULT_VS30), None if known.all() else missing
    if city.synthetic:
        return np.full(len(home), DEFAULT_VS30), default
    terrain = city.terrain
    at = vs30_of_slope(slope_of(terrain.elevation, terrain.cell_m)).ravel()[home]
    said = because_of(
        "remark.vs30_slope", length_m=OVER_M, low=float(at.min()), high=float(at.max())
    )
    return at, said
