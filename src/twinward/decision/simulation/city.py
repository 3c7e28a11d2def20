"""A city as hazard models take it: areas in local metres, residents, and the ground under them."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.citybase.schema import CityBase
from twinward.citybase.terrain.elevation import Elevation
from twinward.core.chance import generator
from twinward.core.errors import InputError
from twinward.decision.simulation.interface import CaseGround, Floats

METRES_A_DEGREE = 111_194.93
MOST_CELLS = 4_000_000
LEAST_REACH = 1.5  # cells about an area's centre that are its ground in any case
FINEST_SAMPLES = 9  # of the elevation file, along each side of a cell
LEAST_COVERED = 0.5  # of the areas: an elevation of another place is refused


class CellsOfAreas(msgspec.Struct, frozen=True, kw_only=True):
    """area_of_place: int64[cell], -1 nobody's; residents: float64[cell]; place_of_area:
    int64[area], the cell of an area that has none of its own, else -1.
    """

    area_of_place: NDArray[np.int64]
    residents: Floats
    place_of_area: NDArray[np.int64]


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
    notes: tuple[str, ...] = ()  # on the ground, for every answer
    base: CityBase | None = None
    corner: tuple[float, float] = (0.0, 0.0)  # lon, lat of the origin
    scale: tuple[float, float] = (METRES_A_DEGREE, METRES_A_DEGREE)  # metres a degree

    def locate(self, lon: float, lat: float) -> tuple[float, float]:
        """Metres east and north of the origin."""
        return (lon - self.corner[0]) * self.scale[0], (lat - self.corner[1]) * self.scale[1]

    def area_of_cells(self) -> NDArray[np.int64]:
        """The nearest area of each terrain cell, row by row; -1 where nobody's centre is near: a
        cell farther from an area than the next area is no ground of its residents (a lake).
        """
        from scipy.spatial import cKDTree

        rows, cols = self.terrain.rows, self.terrain.cols
        y, x = np.divmod(np.arange(rows * cols), cols)
        cell = self.terrain.cell_m
        points = np.column_stack([(x + 0.5) * cell, (rows - y - 0.5) * cell])
        centres = np.column_stack([self.east_m, self.north_m])
        tree = cKDTree(centres)
        far, found = tree.query(points)
        apart = tree.query(centres, k=min(2, len(centres)))[0].reshape(len(centres), -1)[:, -1]
        reach = np.maximum(apart, LEAST_REACH * cell) if len(centres) > 1 else np.full(1, np.inf)
        return np.where(far <= reach[found], found, -1).astype(np.int64)

    def cell_of_areas(self) -> NDArray[np.int64]:
        """The terrain cell that holds each area's centre."""
        cell, rows, cols = self.terrain.cell_m, self.terrain.rows, self.terrain.cols
        col = np.clip((self.east_m / cell).astype(np.int64), 0, cols - 1)
        row = np.clip(rows - 1 - (self.north_m / cell).astype(np.int64), 0, rows - 1)
        return np.asarray(row * cols + col, np.int64)

    def settle_cells(self) -> CellsOfAreas:
        """Who lives in which cell: the residents of an area are spread over its cells; an area
        that is smaller than a cell stands in the one that holds its centre.
        """
        area, home = self.area_of_cells(), self.cell_of_areas()
        own = np.bincount(area[area >= 0], minlength=len(self.areas))
        people = np.where(area >= 0, (self.residents / np.maximum(own, 1))[area], 0.0)
        small = own == 0
        np.add.at(people, home[small], self.residents[small])
        return CellsOfAreas(
            area_of_place=area, residents=people, place_of_area=np.where(small, home, -1)
        )


def make_city(
    base: CityBase, cell_m: float, elevation: Elevation | None = None, seed: int = 1
) -> HazardCity:
    """A city from its base; without an elevation a seeded synthetic terrain is made, which says
    so. InputError `terrain_elsewhere` for an elevation of another place.
    """
    lonlat = np.asarray(base.leaf_lonlat, np.float64)
    if not len(lonlat):
        raise InputError("the city has no areas", "build a city first", code="no_city")
    scale = METRES_A_DEGREE * np.array([np.cos(np.radians(lonlat[:, 1].mean())), 1.0])
    corner = lonlat.min(axis=0) - 2 * cell_m / scale
    local = (lonlat - corner) * scale
    width, height = local.max(axis=0) + 2 * cell_m
    rows, cols = int(np.ceil(height / cell_m)), int(np.ceil(width / cell_m))
    if rows * cols > MOST_CELLS:
        raise InputError(
            f"{rows:,} rows of {cols:,} cells are too many",
            "use wider cells",
            code="too_many_cells",
        )
    notes: tuple[str, ...] = ("synthetic terrain: not the city's own ground",)
    if elevation is None:
        terrain = make_terrain(rows, cols, cell_m, seed)
    else:
        terrain, notes = lay_terrain(elevation, corner, scale, (rows, cols), cell_m, local)
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
        notes=notes,
        base=base,
        corner=(float(corner[0]), float(corner[1])),
        scale=(float(scale[0]), float(scale[1])),
    )


def make_terrain(rows: int, cols: int, cell_m: float, seed: int) -> CaseGround:
    """Smooth seeded ground of a few metres that falls to the east: not the city's own."""
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


def lay_terrain(
    elevation: Elevation,
    corner: Floats,
    scale: Floats,
    shape: tuple[int, int],
    cell_m: float,
    centres: Floats,
) -> tuple[CaseGround, tuple[str, ...]]:
    """The ground under the city's cells out of an elevation file, each cell the mean of what the
    file has inside it, and notes on what it does not cover; `centres` float64[area, 2] in metres.
    """
    rows, cols = shape
    step = min(max(1, round(cell_m / elevation.cell_m)), FINEST_SAMPLES)
    inside = (np.arange(step) + 0.5) / step
    lon = corner[0] + (np.arange(cols)[:, None] + inside).ravel() * cell_m / scale[0]
    lat = corner[1] + (rows - np.arange(rows)[:, None] - inside).ravel() * cell_m / scale[1]
    fine = elevation.sample(*np.meshgrid(lon, lat)).reshape(rows, step, cols, step)
    known = ~np.isnan(fine)
    count = known.sum(axis=(1, 3))
    total = np.where(known, fine, 0.0).sum(axis=(1, 3))
    ground = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    row = np.clip(rows - 1 - (centres[:, 1] / cell_m).astype(np.int64), 0, rows - 1)
    col = np.clip((centres[:, 0] / cell_m).astype(np.int64), 0, cols - 1)
    covered = float(np.isfinite(ground[row, col]).mean())
    if covered < LEAST_COVERED:
        raise InputError(
            f"the elevation covers {covered:.0%} of the city's areas",
            "give the elevation of this city, with its coordinate system",
            code="terrain_elsewhere",
        )
    missing = np.isnan(ground)
    if not missing.any():
        return CaseGround(cell_m=cell_m, elevation=ground, outside=missing), ()
    from scipy.ndimage import distance_transform_edt

    nearest = distance_transform_edt(missing, return_distances=False, return_indices=True)
    note = f"{missing.mean():.1%} of the ground has no elevation: taken as level with the nearest"
    whole = CaseGround(
        cell_m=cell_m, elevation=ground[tuple(nearest)], outside=np.zeros_like(missing)
    )
    return whole, (note,)
