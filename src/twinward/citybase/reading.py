"""Reads every source of a city file into one `CityInputs`, with a ledger for each source."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.citybase.areas.cell_names import name_cells
from twinward.citybase.areas.cells import leaf_radii_m, seat_areas
from twinward.citybase.areas.hierarchy import Hierarchy, read_hierarchy
from twinward.citybase.areas.locator import Finder
from twinward.citybase.areas.outlines import (
    areas_from_boundaries,
    attach_boundaries,
    attach_positions,
)
from twinward.citybase.areas.zones import disc_radii_m, zones_of
from twinward.citybase.basemap.osm_shapes import OsmShapes, read_shapes
from twinward.citybase.config import CityConfig
from twinward.citybase.defaults import (
    CENSUS_MEN,
    CENSUS_WOMEN,
    SOURCE,
    default_ages,
    household_shares,
)
from twinward.citybase.inputs import CityInputs, whole_ages
from twinward.citybase.people.hexagons import hierarchy_of_cells
from twinward.citybase.people.losses import require_floor, require_most
from twinward.citybase.people.profiles import (
    default_jobs,
    jobs_by_floor,
    read_ages,
    read_jobs,
    read_sizes,
)
from twinward.citybase.people.residents import (
    Weights,
    read_weights,
    residents_by_points,
    residents_by_table,
    total_of,
)
from twinward.citybase.places.buildings import Buildings, build_buildings
from twinward.citybase.places.named_places import (
    PlaceTable,
    area_words,
    check_far_apart,
    facilities_from,
    join_places,
    read_places,
)
from twinward.citybase.places.roads import Roads, build_roads, empty_roads
from twinward.citybase.sources.files import source_path
from twinward.citybase.sources.ledger import SourceLedger
from twinward.citybase.terrain.elevation import Elevation, read_elevation
from twinward.core.errors import InputError

MAPPED_M = 100.0  # what is on the map stands where it is drawn; outlines are coarser


class Sources:
    """Everything read for one city: hierarchy, frame, places, roads, buildings, and the ledgers."""

    hierarchy: Hierarchy
    frame: CityInputs
    places: PlaceTable
    roads: Roads
    buildings: Buildings | None = None
    building_leaf: NDArray[Any]

    def __init__(self, config: CityConfig, base: Path, seed: int, accept: bool = False) -> None:
        self.config, self.base, self.seed, self.accept = config, base, seed, accept
        self.ledgers: list[SourceLedger] = []
        self.notes: list[str] = []
        self._osm: Any = None
        self._osm_ledgers: dict[str, SourceLedger] = {}

    def ledger(self, name: str, label: str) -> SourceLedger:
        """A ledger with a name no other source has."""
        taken = {ledger.name for ledger in self.ledgers}
        unique, n = name, 2
        while unique in taken:
            unique, n = f"{name}-{n}", n + 1
        ledger = SourceLedger(unique, label)
        self.ledgers.append(ledger)
        return ledger

    def read(self) -> Sources:
        self.roads = empty_roads()
        hierarchy = self._read_areas()
        self._read_osm()
        residents = self._read_residents(hierarchy)
        finder = Finder(self.hierarchy, self.config.city.max_snap_m)
        if residents is None:
            residents = residents_by_points(
                self._weights,
                self.config.residents,
                finder,
                self._residents_ledger,
                self.config.city.max_snap_m,
                self.accept,
            )
        self._read_places(finder)
        if hierarchy is None:
            name_cells(self.hierarchy, self.map_shapes)
        self.frame = self._make_frame(residents, finder)
        if self.elevation is None:
            self.notes.append("terrain: no elevation is given; floods run on a synthetic ground")
        self.notes += self.hierarchy.notes
        return self

    @cached_property
    def elevation(self) -> Elevation | None:
        """The height of the ground where the city file names one."""
        terrain = self.config.terrain
        if terrain is None:
            return None
        label = f"terrain ({terrain.file})"
        return read_elevation(source_path(terrain.file, self.base, label), label, terrain.crs)

    @cached_property
    def map_shapes(self) -> OsmShapes:
        """What the extract has for a map; empty without an extract."""
        osm = self.config.osm
        return read_shapes(source_path(osm.file, self.base, "osm")) if osm else OsmShapes()

    def _read_areas(self) -> Hierarchy | None:
        config, hierarchy = self.config, None
        if config.areas:
            hierarchy = read_hierarchy(config.areas, self.base, self.ledgers)
        for number, boundaries in enumerate(config.outlines()):
            if hierarchy is None and number == 0:
                hierarchy = areas_from_boundaries(boundaries, self.base, self.ledgers)
            elif hierarchy is not None and boundaries.level in hierarchy.levels:
                attach_boundaries(hierarchy, boundaries, self.base, self.ledgers)
            else:
                raise InputError(
                    f"outlines of level {boundaries.level!r} have no areas to belong to",
                    "add the level to [areas]",
                    code="bad_city_config",
                )
        if hierarchy is not None:
            if config.positions:
                attach_positions(hierarchy, config.positions, self.base, self.ledgers)
            seat_areas(hierarchy, self.seed)
        elif config.positions:
            raise InputError(
                "[positions] needs [areas]", "add the levels to [areas]", code="bad_city_config"
            )
        return hierarchy

    def _read_osm(self) -> None:
        osm = self.config.osm
        if osm is None:
            return
        from twinward.citybase.sources.osm import read_osm

        path = source_path(osm.file, self.base, "osm")
        ledgers = {
            name: SourceLedger(f"osm.{name}", f"osm ({osm.file})")
            for name in ("roads", "buildings", "amenities")
        }
        self._osm = read_osm(path, *ledgers.values(), private_roads=osm.private_roads)
        wanted = {
            "roads": osm.roads,
            "buildings": osm.buildings or self.config.residents.kind == "buildings",
            "amenities": osm.amenities,
        }
        self._osm_ledgers = {name: ledger for name, ledger in ledgers.items() if wanted[name]}
        self.ledgers += self._osm_ledgers.values()
        if wanted["roads"]:
            self.roads = build_roads(self._osm)
            main = float((self.roads.component == 0).mean()) if len(self.roads.component) else 0.0
            self.notes.append(f"roads: {main:.1%} of the nodes lie in the largest connected part")
            if osm.private_roads:
                self.notes.append(
                    "roads: private roads and gates are taken as open (private_roads)"
                )
        if wanted["buildings"]:
            self.buildings = build_buildings(self._osm)
            stated = float(self.buildings.levels_stated.mean()) if len(self.buildings.kind) else 0.0
            self.notes.append(
                f"buildings: {stated:.1%} state their storeys or height, for the others they are "
                f"assumed"
            )

    def _read_residents(self, hierarchy: Hierarchy | None) -> NDArray[np.int64] | None:
        """Residents of each leaf, or None when they wait for the finder."""
        residents = self.config.residents
        ledger = self._residents_ledger = self.ledger(
            "residents", f"residents ({residents.file or residents.kind})"
        )
        if residents.kind == "table":
            assert hierarchy is not None
            self.hierarchy = hierarchy
            self.notes.append("residents of an area are shared evenly over the leaf areas below it")
            return residents_by_table(residents, hierarchy, self.base, ledger, self.accept)
        if residents.kind == "buildings":
            assert self.buildings is not None
            ledger.read = len(self.buildings.kind)
            home = self.buildings.home_m2()
            ids = self.buildings.osm_id.tolist()
            for i in np.flatnonzero(home <= 0).tolist():
                ledger.reject(ids[i], f"no home: {self.buildings.kind[i]}", ids[i])
            ledger.require_some("the extract has no buildings in which people may live")
            keep = np.flatnonzero(home > 0)
            lines = [ids[i] for i in keep.tolist()]
            self._weights = Weights(
                lonlat=self.buildings.lonlat[keep],
                count=home[keep],
                lines=lines,
                rows=[str(line) for line in lines],
            )
            self.notes.append("residents are shared over homes by floor area (footprint x storeys)")
        else:
            nodes = hierarchy.nodes if hierarchy is not None else []
            around = [one.shape for level in nodes for one in level if one.shape is not None]
            self._weights = read_weights(residents, self.base, ledger, around)
        if len(self.roads.node_lonlat):
            check_far_apart(
                ledger.label,
                self._weights.lonlat,
                "the OpenStreetMap extract",
                self.roads.node_lonlat,
            )
        if hierarchy is not None:
            points = np.array([leaf.point for leaf in hierarchy.leaves])
            check_far_apart(ledger.label, self._weights.lonlat, "the areas", points)
            self.hierarchy = hierarchy
            return None
        if residents.kind == "buildings":
            floor = float(self._weights.count.sum())
            require_floor(floor, residents.total or 0, ledger, self.accept)
        self.hierarchy, made = hierarchy_of_cells(
            self._weights, total_of(self._weights.count, residents, ledger), ledger
        )
        require_most(
            ledger, sum(ledger.people.values()), float(self._weights.count.sum()), self.accept
        )
        return made

    def _read_places(self, finder: Finder) -> None:
        tables = []
        for places in self.config.places:
            ledger = self.ledger(f"places.{Path(places.file).stem}", f"places ({places.file})")
            tables.append(read_places(places, self.base, ledger, finder, self.hierarchy))
        if "amenities" in self._osm_ledgers:
            tables.append(
                self._amenity_places(finder, {kind for table in tables for kind in table.kind})
            )
        self.places = join_places(tables)
        if self.buildings is not None:
            self.building_leaf, _ = finder.locate(self.buildings.lonlat, MAPPED_M)

    def _amenity_places(self, finder: Finder, given: set[str]) -> PlaceTable:
        ledger, rows = self._osm_ledgers["amenities"], self._osm.amenities
        lonlat = np.array([(row[3], row[4]) for row in rows], dtype=np.float64).reshape(-1, 2)
        leaf, snapped = finder.locate(lonlat, self.config.city.max_snap_m or MAPPED_M)
        keep = []
        for i, row in enumerate(rows):
            if row[1] in given:
                ledger.reject(row[0], f"kind {row[1]} comes from [[places]]", row[2])
            elif leaf[i] < 0:
                ledger.reject(row[0], "outside every area", row[2])
            else:
                keep.append(i)
        return PlaceTable(
            kind=[rows[i][1] for i in keep],
            name=[rows[i][2] for i in keep],
            source=[ledger.name] * len(keep),
            lonlat=lonlat[keep],
            capacity=np.array([rows[i][5] for i in keep], np.int64),
            leaf=leaf[keep],
            area_by=area_words(finder, snapped[keep]),
        )

    def _make_frame(self, residents: NDArray[np.int64], finder: Finder) -> CityInputs:
        config, total = self.config, int(residents.sum())
        if config.ages:
            ages = read_ages(
                config.ages, self.base, self.ledger("ages", f"ages ({config.ages.file})")
            )
        else:
            ages = default_ages()
            self.notes.append(f"ages: the bundled figures ({SOURCE}), this city gives none")
        if config.households:
            ledger = self.ledger("households", f"households ({config.households.file})")
            sizes = read_sizes(config.households, self.base, ledger)
        else:
            sizes = household_shares()
            self.notes.append(
                f"household sizes: the bundled law with mean 2.32 ({SOURCE}), this city gives none"
            )
        radius = leaf_radii_m(finder.points)
        return CityInputs(
            residents=residents,
            lonlat=finder.points,
            radius_m=radius,
            zone_of=zones_of(self.hierarchy, finder.points),
            ages=whole_ages(ages, total),
            men=self._men(total),
            sizes=sizes,
            jobs=self._jobs(residents, radius, finder),
            facilities=facilities_from(self.places),
            assumptions=config.assumptions,
            seed=self.seed,
        )

    def _men(self, total: int) -> int:
        head = self.config.city
        if head.men is not None and head.women is not None and head.men + head.women > 0:
            return total * head.men // (head.men + head.women)
        if self.config.ages is None:
            self.notes.append(f"sexes: the bundled split ({SOURCE}), this city gives none")
            return total * CENSUS_MEN // (CENSUS_MEN + CENSUS_WOMEN)
        self.notes.append("sexes: half and half, this city gives none")
        return total // 2

    def _jobs(
        self, residents: NDArray[Any], radius: NDArray[Any], finder: Finder
    ) -> NDArray[np.float64]:
        if self.config.jobs:
            ledger = self.ledger("jobs", f"jobs ({self.config.jobs.file})")
            return read_jobs(self.config.jobs, self.base, ledger, finder)
        plain = default_jobs(
            residents,
            disc_radii_m(self.hierarchy, radius),
            self.config.assumptions.jobs_density_exponent,
        )
        if self.buildings is None or not len(self.buildings.kind):
            self.notes.append(
                "jobs: by residents, rising with their density (our assumption), this city gives "
                "none"
            )
            return plain
        inside = self.building_leaf >= 0
        floor, work, home = (
            np.bincount(self.building_leaf[inside], area[inside], len(residents))
            for area in (
                self.buildings.floor_m2,
                self.buildings.work_m2(),
                self.buildings.home_m2(),
            )
        )
        jobs, note = jobs_by_floor(
            residents, floor, work + 0.05 * home, plain, zones_of(self.hierarchy, finder.points)
        )
        self.notes.append(note)
        return jobs
