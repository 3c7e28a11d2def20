"""A city as hazard models take it: areas in local metres, residents, and the ground under them."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.citybase.places.roads import Roads
from twinward.citybase.schema import CityBase
from twinward.citybase.terrain.elevation import Elevation
from twinward.citybase.terrain.layers import KINDS, BuildingMix, LayerKind
from twinward.core.chance import generator
from twinward.core.errors import InputError
from twinward.core.reasons import Reason, because_of
from twinward.decision.simulation.ground import CaseGround, Floats
from twinward.decision.simulation.people import count_city, road_middles

METRES_A_DEGREE = 111_194.93
MOST_CELLS = 4_000_000
LEAST_REACH = 1.5  # cells about an area's centre that are its ground in any case
FINEST_SAMPLES = 9  # of the elevation file, along each side of a cell
EMPTY: Floats = np.zeros(0)
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
    notes: tuple[Reason, ...] = ()  # on the ground, for every answer
    base: CityBase | None = None
    by_day: Floats = EMPTY
    under15: Floats = EMPTY
    beds: Floats = EMPTY
    hospital_sites: Floats = EMPTY  # float64[hospital, (east m, north m, beds, area)]
    roads: Floats = EMPTY  # float64[street, (east m, north m, km)]
    layers: Mapping[str, Floats] = {}  # by name, float64[row, col] over the terrain's cells
    building_mix: tuple[tuple[str, ...], Floats] | None = None  # classes, float64[area, class]
    synthetic: bool = True  # the terrain is not the city's own
    corner: tuple[float, float] = (0.0, 0.0)  # lon, lat of the origin
    scale: tuple[float, float] = (METRES_A_DEGREE, METRES_A_DEGREE)  # metres a degree

    def locate(self, lon: float, lat: float) -> tuple[float, float]:
        """Metres east and north of the origin."""
        return (lon - self.corner[0]) * self.scale[0], (lat - self.corner[1]) * self.scale[1]

    def place_at(self, points: Floats, places: int) -> NDArray[np.int64]:
        """The place of a ground of so many places that holds each point (metres east and north):
        its terrain cell, or the nearest area where areas are the places.
        """
        rows, cols, cell = self.terrain.rows, self.terrain.cols, self.terrain.cell_m
        if places == rows * cols:
            col = np.clip((points[:, 0] / cell).astype(np.int64), 0, cols - 1)
            row = np.clip(rows - 1 - (points[:, 1] / cell).astype(np.int64), 0, rows - 1)
            return np.asarray(row * cols + col, np.int64)
        from scipy.spatial import cKDTree

        tree = cKDTree(np.column_stack([self.east_m, self.north_m]))
        return np.asarray(tree.query(points)[1], np.int64)

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
    base: CityBase,
    cell_m: float,
    elevation: Elevation | None = None,
    seed: int = 1,
    *,
    layers: Mapping[str, Elevation] | None = None,
    buildings: BuildingMix | None = None,
    roads: Roads | None = None,
) -> HazardCity:
    """A city from its base; without an elevation a seeded synthetic terrain is made, which says
    so. `layers`: what else is known of the ground, by name. InputError `terrain_elsewhere` for an
    elevation of another place.
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
    notes: tuple[Reason, ...] = (because_of("remark.synthetic_terrain"),)
    if elevation is None:
        terrain = make_terrain(rows, cols, cell_m, seed)
    else:
        terrain, notes = lay_terrain(elevation, corner, scale, (rows, cols), cell_m, local)
    counts = count_city(base)
    sites = (counts.site_lonlat - corner) * scale
    frame = (corner, scale, (rows, cols), cell_m)
    laid = {name: lay_layer(one, *frame, KINDS[name]) for name, one in (layers or {}).items()}
    return HazardCity(
        areas=tuple(base.leaf_codes),
        east_m=np.ascontiguousarray(local[:, 0]),
        north_m=np.ascontiguousarray(local[:, 1]),
        residents=np.diff(np.asarray(base.leaf_start, np.int64)).astype(np.float64),
        over65=counts.over65,
        hospitals=counts.hospitals,
        schools=counts.schools,
        by_day=counts.by_day,
        under15=counts.under15,
        beds=counts.beds,
        hospital_sites=np.column_stack([sites, counts.site_beds, counts.site_area]),
        roads=_lay_roads(roads, corner, scale),
        layers=laid,
        building_mix=None
        if buildings is None
        else (buildings.classes, buildings.of(base.leaf_codes)),
        synthetic=elevation is None,
        terrain=terrain,
        notes=notes,
        base=base,
        corner=(float(corner[0]), float(corner[1])),
        scale=(float(scale[0]), float(scale[1])),
    )


def _lay_roads(roads: Roads | None, corner: Floats, scale: Floats) -> Floats:
    if roads is None:
        return np.zeros((0, 3))
    middle, km = road_middles(roads)
    return np.column_stack([(middle - corner) * scale, km])


def lay_layer(
    layer: Elevation,
    corner: Floats,
    scale: Floats,
    shape: tuple[int, int],
    cell_m: float,
    kind: LayerKind,
) -> Floats:
    """A layer over the city's cells, at the middle of each; NaN where the file says nothing."""
    rows, cols = shape
    lon = corner[0] + (np.arange(cols) + 0.5) * cell_m / scale[0]
    lat = corner[1] + (rows - np.arange(rows) - 0.5) * cell_m / scale[1]
    found = layer.sample(*np.meshgrid(lon, lat), nearest=kind.classes)
    if np.isnan(found).all():
        raise InputError(
            "a layer covers no cell of the city",
            "give the layer of this city, with its coordinate system",
            code="terrain_elsewhere",
        )
    return np.asarray(found)


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
) -> tuple[CaseGround, tuple[Reason, ...]]:
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
    note = because_of("remark.uncovered", share=float(missing.mean()))
    whole = CaseGround(
        cell_m=cell_m, elevation=ground[tuple(nearest)], outside=np.zeros_like(missing)
    )
    return whole, (note,)
