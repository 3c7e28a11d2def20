"""A city as hazard models take it: areas in local metres, residents, and the ground under them."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.citybase.schema import CityBase
from twinward.core.chance import generator
from twinward.core.errors import InputError
from twinward.decision.simulation.interface import CaseGround, Floats

METRES_A_DEGREE = 111_194.93
MOST_CELLS = 4_000_000


class HazardCity(msgspec.Struct, frozen=True, kw_only=True):
    """Leaf areas with their centre (metres east and north of the city's south-west corner) and
    residents; `over65` and `night` share them out. terrain: its first row is the northernmost and
    its lower left corner is the origin. base: the residents themselves, for who needs them.
    """

    areas: tuple[str, ...]
    east_m: Floats
    north_m: Floats
    residents: Floats
    over65: Floats
    hospitals: NDArray[np.int64]
    schools: NDArray[np.int64]
    terrain: CaseGround
    synthetic_terrain: bool = True
    base: CityBase | None = None
    corner: tuple[float, float] = (0.0, 0.0)  # lon, lat of the origin
    scale: tuple[float, float] = (METRES_A_DEGREE, METRES_A_DEGREE)  # metres a degree

    def locate(self, lon: float, lat: float) -> tuple[float, float]:
        """Metres east and north of the origin."""
        return (lon - self.corner[0]) * self.scale[0], (lat - self.corner[1]) * self.scale[1]

    def area_of_cells(self) -> NDArray[np.int64]:
        """The nearest area of each terrain cell, row by row."""
        from scipy.spatial import cKDTree

        rows, cols = self.terrain.rows, self.terrain.cols
        y, x = np.divmod(np.arange(rows * cols), cols)
        cell = self.terrain.cell_m
        points = np.column_stack([(x + 0.5) * cell, (rows - y - 0.5) * cell])
        found = cKDTree(np.column_stack([self.east_m, self.north_m])).query(points)[1]
        return np.asarray(found, np.int64)

    def cell_of_areas(self) -> NDArray[np.int64]:
        """The terrain cell that holds each area's centre."""
        cell, rows, cols = self.terrain.cell_m, self.terrain.rows, self.terrain.cols
        col = np.clip((self.east_m / cell).astype(np.int64), 0, cols - 1)
        row = np.clip(rows - 1 - (self.north_m / cell).astype(np.int64), 0, rows - 1)
        return np.asarray(row * cols + col, np.int64)


def make_city(
    base: CityBase, cell_m: float, terrain: CaseGround | None = None, seed: int = 1
) -> HazardCity:
    """A city from its base; without a terrain a seeded synthetic one is made, which says so."""
    lonlat = np.asarray(base.leaf_lonlat, np.float64)
    if not len(lonlat):
        raise InputError("the city has no areas", "build a city first", code="no_city")
    scale = METRES_A_DEGREE * np.array([np.cos(np.radians(lonlat[:, 1].mean())), 1.0])
    corner = lonlat.min(axis=0) - 2 * cell_m / scale
    local = (lonlat - corner) * scale
    width, height = local.max(axis=0) + 2 * cell_m
    if terrain is None:
        terrain = make_terrain(
            int(np.ceil(height / cell_m)), int(np.ceil(width / cell_m)), cell_m, seed
        )
        synthetic = True
    else:
        synthetic = False
    starts = np.asarray(base.leaf_start, np.int64)
    old = np.concatenate([[0], np.cumsum((np.asarray(base.age_sex) & 0x7F) >= 65)])
    kinds, leaves = np.asarray(base.site_kind), np.asarray(base.site_leaf, np.int64)
    count = len(lonlat)
    return HazardCity(
        areas=tuple(base.leaf_codes),
        east_m=np.ascontiguousarray(local[:, 0]),
        north_m=np.ascontiguousarray(local[:, 1]),
        residents=np.diff(starts).astype(np.float64),
        over65=np.diff(old[starts]).astype(np.float64),
        hospitals=np.bincount(leaves[kinds == 6], minlength=count)[:count],
        schools=np.bincount(leaves[(kinds >= 1) & (kinds <= 4)], minlength=count)[:count],
        terrain=terrain,
        synthetic_terrain=synthetic,
        base=base,
        corner=(float(corner[0]), float(corner[1])),
        scale=(float(scale[0]), float(scale[1])),
    )


def make_terrain(rows: int, cols: int, cell_m: float, seed: int) -> CaseGround:
    """Smooth seeded ground of a few metres that falls to the east: not the city's own."""
    if rows * cols > MOST_CELLS:
        raise InputError(
            f"{rows:,} rows of {cols:,} cells are too many",
            "use wider cells",
            code="too_many_cells",
        )
    chance = generator(seed, "synthetic-terrain")
    y, x = np.mgrid[:rows, :cols] * cell_m
    ground = 6.0 - 3.0 * x / max(cols * cell_m, 1.0)
    for _ in range(12):
        length = chance.uniform(400, 6000)
        angle, phase = chance.uniform(0, 2 * np.pi, 2)
        along = np.cos(angle) * x + np.sin(angle) * y
        ground = ground + 0.3 * np.sin(2 * np.pi * along / length + phase)
    outside = np.zeros((rows, cols), np.bool_)
    return CaseGround(cell_m=cell_m, elevation=ground, outside=outside)
