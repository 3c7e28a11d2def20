"""Dispersion coefficients by named set, and the wind profile; every answer names its set."""

from __future__ import annotations

import numpy as np

from twinward.core.errors import InputError
from twinward.decision.simulation.ground import Floats

CLASSES = "ABCDEF"
# a set is four numbers a class for each sigma, as kernels.sigma reads them:
# kind 0: a x (1 + b x)^p;  kind 1: a x^b exp(c ln(x)^2)
BRIGGS_URBAN_Y = [(0, a, 4e-4, -0.5) for a in (0.32, 0.32, 0.22, 0.16, 0.11, 0.11)]
BRIGGS_URBAN_Z = [
    (0, 0.24, 1e-3, 0.5),
    (0, 0.24, 1e-3, 0.5),
    (0, 0.20, 0.0, 0.0),
    (0, 0.14, 3e-4, -0.5),
    (0, 0.08, 1.5e-3, -0.5),
    (0, 0.08, 1.5e-3, -0.5),
]
BRIGGS_RURAL_Y = [(0, a, 1e-4, -0.5) for a in (0.22, 0.16, 0.11, 0.08, 0.06, 0.04)]
BRIGGS_RURAL_Z = [
    (0, 0.20, 0.0, 0.0),
    (0, 0.12, 0.0, 0.0),
    (0, 0.08, 2e-4, -0.5),
    (0, 0.06, 1.5e-3, -0.5),
    (0, 0.03, 3e-4, -1.0),
    (0, 0.016, 3e-4, -1.0),
]
# ten-minute values: Spicer and Havens 1989 for y, Seinfeld 1986 for z, as the CCPS example on
# page 97 uses them
TEN_MINUTES_Y = [(1, a, 0.9, 0.0) for a in (0.423, 0.313, 0.210, 0.136, 0.102, 0.0674)]
TEN_MINUTES_Z = [
    (1, 107.7, -1.7172, 0.2770),
    (1, 0.1355, 0.8752, 0.0136),
    (1, 0.09623, 0.9477, -0.0020),
    (1, 0.04134, 1.1737, -0.0316),
    (1, 0.02275, 1.3010, -0.0450),
    (1, 0.01122, 1.4024, -0.0540),
]
# puffs: Slade 1968 as tabled by CCPS 1999; sigma_x = sigma_y
PUFF_Y = [
    (1, 0.18, 0.92, 0.0),
    (1, 0.14, 0.92, 0.0),
    (1, 0.10, 0.92, 0.0),
    (1, 0.06, 0.92, 0.0),
    (1, 0.04, 0.92, 0.0),
    (1, 0.02, 0.89, 0.0),
]
PUFF_Z = [
    (1, 0.60, 0.75, 0.0),
    (1, 0.53, 0.73, 0.0),
    (1, 0.34, 0.71, 0.0),
    (1, 0.15, 0.70, 0.0),
    (1, 0.10, 0.65, 0.0),
    (1, 0.05, 0.61, 0.0),
]
SETS = {
    ("briggs", "urban"): (BRIGGS_URBAN_Y, BRIGGS_URBAN_Z, "Briggs 1973, urban"),
    ("briggs", "rural"): (BRIGGS_RURAL_Y, BRIGGS_RURAL_Z, "Briggs 1973, rural"),
    ("ccps", "urban"): (BRIGGS_URBAN_Y, BRIGGS_URBAN_Z, "CCPS 1999, urban plume"),
    ("ccps", "rural"): (BRIGGS_RURAL_Y, BRIGGS_RURAL_Z, "CCPS 1999, rural plume"),
    ("ten-minute", "urban"): (TEN_MINUTES_Y, TEN_MINUTES_Z, "ten-minute values, CCPS p. 97"),
    ("ten-minute", "rural"): (TEN_MINUTES_Y, TEN_MINUTES_Z, "ten-minute values, CCPS p. 97"),
    ("puff", "urban"): (PUFF_Y, PUFF_Z, "puff, Slade 1968 as in CCPS 1999"),
    ("puff", "rural"): (PUFF_Y, PUFF_Z, "puff, Slade 1968 as in CCPS 1999"),
}
NAMES = ("briggs", "ccps", "ten-minute", "puff")
# Irwin 1979, as in ISC3
PROFILE = {
    "urban": (0.15, 0.15, 0.20, 0.25, 0.40, 0.60),
    "rural": (0.07, 0.07, 0.10, 0.15, 0.35, 0.55),
}


def get_set(name: str, ground: str, stability: str) -> tuple[Floats, Floats, str]:
    """Coefficients of sigma_y and sigma_z of that set and class, and its full name."""
    found = SETS.get((name, ground))
    if found is None or stability not in CLASSES or len(stability) != 1:
        raise InputError(
            f"there are no coefficients {name!r} for {ground} ground, class {stability!r}",
            f"sigma: {', '.join(NAMES)}; ground: urban, rural; stability: A to F",
            code="bad_dispersion",
        )
    place = CLASSES.index(stability)
    return np.array(found[0][place]), np.array(found[1][place]), found[2]


def wind_at(height_m: float, wind_m_s: float, at_m: float, ground: str, stability: str) -> float:
    """Wind at a height by Irwin's power law from the wind at `at_m`."""
    return float(wind_m_s * (height_m / at_m) ** PROFILE[ground][CLASSES.index(stability)])
