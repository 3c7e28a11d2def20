"""Where the city's areas are, for questions about movement: points to lowest areas, and any
level above them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from twinward.core.errors import InputError
from twinward.core.geography import turn_degrees
from twinward.decision.tracing.presence.fixed_flows import FlowLevel
from twinward.decision.tracing.scoped_lake import AreaLocator

if TYPE_CHECKING:
    from twinward.citybase.schema import Area

FAR_DEGREES = 0.5  # a point farther than this from every area is in none of them


class InTree(Protocol):
    """An area of the tree, which has a point when a city was built."""

    @property
    def code(self) -> str: ...

    @property
    def parent(self) -> str | None: ...


class CityAreas:
    """The areas of a city that have a point of their own. `lowest` is None in a workspace
    without a city.
    """

    def __init__(self, areas: Sequence[InTree] = ()) -> None:
        self.areas = pointed(areas)
        self.lowest = locate_by_nearest(self.areas)
        self._parents = {area.code: area.parent for area in areas}

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
        above = np.array([*self._rows_above(wanted), -1], np.int64)
        locate = self.lowest.locate
        return AreaLocator([area.code for area in wanted], lambda lon, lat: above[locate(lon, lat)])

    def chain(self) -> list[FlowLevel]:
        """The lowest areas, then every level of the city from the smallest areas to the largest."""
        if self.lowest is None:
            return []
        names = {area.level for area in self.areas}
        depth = {name: max(self._depth(a) for a in self.areas if a.level == name) for name in names}
        own = np.arange(len(self.lowest.codes))
        found = [FlowLevel(name="", codes=self.lowest.codes, row=own)]
        for name in sorted(names, key=lambda name: (-depth[name], name)):
            wanted = [area for area in self.areas if area.level == name]
            row = np.array(self._rows_above(wanted), np.int64)
            found.append(FlowLevel(name=name, codes=[area.code for area in wanted], row=row))
        return found

    def _rows_above(self, wanted: Sequence[Area]) -> list[int]:
        """Which of `wanted` each lowest area lies in or is, -1 where in none."""
        row = {area.code: number for number, area in enumerate(wanted)}
        assert self.lowest is not None
        return [
            next((row[code] for code in self._upwards(leaf) if code in row), -1)
            for leaf in self.lowest.codes
        ]

    def _upwards(self, code: str) -> Iterator[str]:
        """An area and those that it lies in."""
        one: str | None = code
        while one is not None:
            yield one
            one = self._parents.get(one)

    def _depth(self, area: Area) -> int:
        return sum(1 for _ in self._upwards(area.code))


def pointed(areas: Iterable[InTree]) -> list[Area]:
    """The areas that have a point of their own: a city's; the bare codes of a workspace without
    one have none.
    """
    return [cast("Area", area) for area in areas if hasattr(area, "lon")]


def locate_by_nearest(areas: list[Area]) -> AreaLocator | None:
    """Points belong to the lowest area whose own point is nearest; None without a city."""
    parents = {area.parent for area in areas if area.parent}
    leaves = [area for area in areas if area.code not in parents]
    if not leaves:
        return None
    first = leaves[0].lon  # longitudes count from here, so that 180 degrees are nothing special
    points = np.array([[turn_degrees(area.lon - first), area.lat] for area in leaves])
    squeeze = np.array([np.cos(np.radians(points[:, 1].mean())), 1.0])
    tree = cKDTree(points * squeeze)

    def locate(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.int64]:
        east = turn_degrees(np.asarray(lon) - first)
        far_degrees, row = tree.query(np.stack([east, lat], axis=1) * squeeze)
        found: NDArray[np.int64] = np.where(far_degrees <= FAR_DEGREES, row, -1)
        return found

    return AreaLocator([area.code for area in leaves], locate)
