"""Where the city's areas are, for questions about movement: points to lowest areas, and any
level above them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from twinward.core.errors import InputError
from twinward.decision.tracing.scoped_lake import AreaLocator

FAR_DEGREES = 0.5  # a point farther than this from every area is in none of them


class CityAreas:
    """The areas of a city that have a point of their own. `lowest` is None in a workspace
    without a city.
    """

    def __init__(self, areas: Sequence[Any] = ()) -> None:
        self.areas = [area for area in areas if hasattr(area, "lon")]
        self.lowest = locate_by_nearest(self.areas)

    def level(self, level: str) -> AreaLocator:
        """The areas of one level, found through their lowest areas."""
        if self.lowest is None:
            raise InputError(
                "this workspace has no city", "build one, or name areas of your own", code="no_city"
            )
        wanted = [area for area in self.areas if area.level == level]
        if not wanted:
            levels = sorted({area.level for area in self.areas})
            raise InputError(
                f"the city has no level {level!r}", f"it has {', '.join(levels)}", code="bad_level"
            )
        row = {area.code: number for number, area in enumerate(wanted)}
        above = np.array([*(row_above(code, row) for code in self.lowest.codes), -1], np.int64)
        locate = self.lowest.locate
        return AreaLocator(list(row), lambda lon, lat: above[locate(lon, lat)])


def row_above(code: str, rows: dict[str, int]) -> int:
    """The row of the area that holds `code` (codes nest), -1 if none does."""
    while code:
        if code in rows:
            return rows[code]
        code = code[:-1]
    return -1


def locate_by_nearest(areas: list[Any]) -> AreaLocator | None:
    """Points belong to the lowest area whose own point is nearest; None without a city."""
    parents = {area.parent for area in areas if getattr(area, "parent", None)}
    leaves = [area for area in areas if area.code not in parents]
    if not leaves:
        return None
    points = np.array([[area.lon, area.lat] for area in leaves])
    squeeze = np.array([np.cos(np.radians(points[:, 1].mean())), 1.0])
    tree = cKDTree(points * squeeze)

    def locate(lon: Any, lat: Any) -> Any:
        far_degrees, row = tree.query(np.stack([lon, lat], axis=1) * squeeze)
        return np.where(far_degrees <= FAR_DEGREES, row, -1)

    return AreaLocator([area.code for area in leaves], locate)
