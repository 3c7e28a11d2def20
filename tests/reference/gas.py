"""The slow obvious twin of the plume kernel: many small puffs, one after another, added up."""

from __future__ import annotations

import math


def briggs_urban_d(x: float) -> tuple[float, float]:
    return 0.16 * x / math.sqrt(1 + 0.0004 * x), 0.14 * x / math.sqrt(1 + 0.0003 * x)


def steady_by_puffs(x: float, y: float, z: float, rate: float, u: float, height: float) -> float:
    """A plume as puffs that all have the size of the receptor's distance, released every metre."""
    sy, sz = briggs_urban_d(x)
    total = 0.0
    spacing = sy / 20
    for n in range(-400, 401):
        along = n * spacing
        mass = rate * spacing / u
        one = mass / ((2 * math.pi) ** 1.5 * sy * sy * sz)
        one *= math.exp(-(along**2 + y**2) / (2 * sy * sy))
        one *= math.exp(-((z - height) ** 2) / (2 * sz * sz)) + math.exp(
            -((z + height) ** 2) / (2 * sz * sz)
        )
        total += one
    return total
