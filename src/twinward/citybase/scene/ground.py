"""The ground under a scene: where each building stands on a city's heights, holes and all."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray

from twinward.citybase.scene.counts import SceneCount
from twinward.citybase.terrain.elevation import Elevation
from twinward.core.errors import InputError


class Ground:
    """Answers how high the lowest ground under an outline lies; over a hole and beyond the rim of
    the terrain it is as high as the nearest ground that is known, and that is counted.
    """

    def __init__(self, elevation: Elevation) -> None:
        self.elevation = elevation
        self.whole = fill_holes(elevation)
        self.met = False

    def lowest_m(self, shapes: NDArray[Any], count: SceneCount) -> NDArray[np.float64]:
        """Metres float64[n] for shapes in lon and lat that are not empty."""
        xy, of = shapely.get_coordinates(shapes, return_index=True)
        known = self.elevation.sample(xy[:, 0], xy[:, 1])
        on_land = self.whole.sample(xy[:, 0], xy[:, 1])
        beyond = self.whole.sample(xy[:, 0], xy[:, 1], beyond=True)
        starts = np.searchsorted(of, np.arange(len(shapes)))
        seen = np.fmin.reduceat(known, starts)  # passes over NaN
        inside = np.fmin.reduceat(on_land, starts)
        count.notes["buildings beyond the terrain, on the nearest ground"] += int(
            np.isnan(inside).sum()
        )
        count.notes["buildings over a hole of the terrain, on the nearest ground"] += int(
            (np.isnan(seen) & ~np.isnan(inside)).sum()
        )
        self.met = self.met or not np.isnan(inside).all()
        found = np.where(np.isnan(seen), np.fmin.reduceat(beyond, starts), seen)
        return np.asarray(np.round(found, 2))

    def check_met(self) -> None:
        """InputError where the terrain lies under no building at all."""
        if not self.met:
            raise InputError(
                "the elevation lies outside the city",
                "give the elevation of this city, with its coordinate system",
                code="terrain_elsewhere",
            )


def fill_holes(elevation: Elevation) -> Elevation:
    """The same heights with each cell without data as high as the nearest cell that has some."""
    from scipy.ndimage import distance_transform_edt

    empty = np.isnan(elevation.values)
    if not empty.any():
        return elevation
    row, col = distance_transform_edt(empty, return_distances=False, return_indices=True)
    return msgspec.structs.replace(elevation, values=elevation.values[row, col])
