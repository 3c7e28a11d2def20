"""Buildings of a city: footprint, storeys, floor area, what they are for, and the residents
floor area suggests.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray

from twinward.citybase.sources.osm import M_PER_DEGREE, OsmData

BUILDINGS = "buildings.parquet"
HOMES = frozenset(
    {
        "yes",
        "apartments",
        "residential",
        "house",
        "detached",
        "semidetached_house",
        "terrace",
        "dormitory",
        "bungalow",
        "farm",
        "cabin",
        "houseboat",
        "static_caravan",
        "semi",
    }
)
NO_ONE = frozenset(
    {
        "garage",
        "garages",
        "carport",
        "shed",
        "roof",
        "hut",
        "greenhouse",
        "construction",
        "ruins",
        "service",
        "parking",
        "bunker",
        "storage_tank",
        "ship",
        "bridge",
    }
)
SMALLEST_HOME_M2 = 20.0


class Buildings(msgspec.Struct, frozen=True, kw_only=True):
    """B buildings. osm_id int64[B], lonlat float64[B, 2], footprint_m2, levels, floor_m2
    float32[B]; shape is WKB.
    """

    osm_id: NDArray[Any]
    lonlat: NDArray[Any]
    kind: list[str]
    footprint_m2: NDArray[Any]
    levels: NDArray[Any]
    levels_stated: NDArray[Any]
    floor_m2: NDArray[Any]
    shape: list[bytes]

    def home_m2(self) -> NDArray[np.float64]:
        """Floor area where people may live: homes, and buildings that say no more than `yes`."""
        home = np.array([kind in HOMES for kind in self.kind], dtype=bool)
        return np.where(home & (self.floor_m2 >= SMALLEST_HOME_M2), self.floor_m2, 0.0).astype(
            np.float64
        )

    def work_m2(self) -> NDArray[np.float64]:
        """Floor area where people may work: neither homes nor sheds."""
        work = np.array(
            [kind not in HOMES and kind not in NO_ONE for kind in self.kind], dtype=bool
        )
        return np.where(work, self.floor_m2, 0.0).astype(np.float64)


def build_buildings(data: OsmData) -> Buildings:
    shapes = shapely.from_wkb([row[1] for row in data.buildings])
    middle = shapely.centroid(shapes) if len(shapes) else np.empty(0, object)
    lon, lat = shapely.get_x(middle), shapely.get_y(middle)
    footprint = shapely.area(shapes) * M_PER_DEGREE**2 * np.cos(np.radians(lat))
    levels = np.array([row[3] for row in data.buildings], np.float32)
    return Buildings(
        osm_id=np.array([row[0] for row in data.buildings], np.int64),
        lonlat=np.column_stack([lon, lat]),
        kind=[row[2] for row in data.buildings],
        footprint_m2=footprint.astype(np.float32),
        levels=levels,
        levels_stated=np.array([row[4] for row in data.buildings], bool),
        floor_m2=(footprint * levels).astype(np.float32),
        shape=[row[1] for row in data.buildings],
    )


def write_buildings(buildings: Buildings, areas: list[str], directory: Path) -> None:
    """`buildings.parquet`, one row a building, with its leaf area and its outline as WKB."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table(
        {
            "osm_id": buildings.osm_id,
            "lon": buildings.lonlat[:, 0],
            "lat": buildings.lonlat[:, 1],
            "kind": pa.array(buildings.kind, pa.string()),
            "area": pa.array(areas, pa.string()),
            "footprint_m2": buildings.footprint_m2,
            "levels": buildings.levels,
            "levels_stated": buildings.levels_stated,
            "floor_m2": buildings.floor_m2,
            "outline": pa.array(buildings.shape, pa.binary()),
        }
    )
    pq.write_table(table, directory / BUILDINGS, compression="zstd")
