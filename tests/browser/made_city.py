"""A small made-up city with outlines, for the tests that look at the screen; nothing in it is a
real place.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from shapely.geometry import LineString, MultiPoint, box, mapping, shape
from shapely.ops import voronoi_diagram

from twinward.app.workspace import init_workspace
from twinward.citybase.basemap.city_map import DESCRIPTION, TILES
from twinward.citybase.basemap.map_layers import make_layer, make_tiles
from twinward.citybase.basemap.tile_archive import write_archive
from twinward.citybase.columns import COLUMNS, CityManifest, base_of, write_columns, write_manifest
from twinward.citybase.inputs import apportion
from twinward.citybase.people.plain_city import plain_frame
from twinward.citybase.people.synthesis import synthesise
from twinward.citybase.schema import Area, CityBase

ZONE = "Europe/Berlin"
WEST, SOUTH, WIDTH, HEIGHT = 10.0, 50.0, 0.5, 0.3
RESIDENTS = 480_000
MAP_ZOOM = 11
NAMES = (
    "North Bank",
    "Old Harbour",
    "Mill Quarter",
    "Castle",
    "Market",
    "Riverside",
    "Long Meadow",
    "Hillside",
    "Lake",
)
QUARTERS = ("East", "West")
BLOCKS = ("One", "Two")


def make_city(
    workspace: Path,
    *,
    kind: str = "demonstration",
    managed: bool = False,
    residents: int = RESIDENTS,
) -> None:
    """A workspace with a city of nine districts with outlines, each with quarters and blocks."""
    init_workspace(
        workspace, kind=kind, managed=managed, drill="made-drill" if kind == "drill" else ""
    )
    folder = workspace / "city"
    folder.mkdir()
    stream = np.random.Generator(np.random.PCG64(7))
    grid = [
        (WEST + (i % 3 + 0.5) * WIDTH / 3, SOUTH + (i // 3 + 0.5) * HEIGHT / 3) for i in range(9)
    ]
    points = [(x + stream.uniform(-0.04, 0.04), y + stream.uniform(-0.025, 0.025)) for x, y in grid]
    frame = box(WEST, SOUTH, WEST + WIDTH, SOUTH + HEIGHT)
    cells = [cell.intersection(frame) for cell in voronoi_diagram(MultiPoint(points), frame).geoms]
    areas, features = [], []
    for number, (name, (lon, lat)) in enumerate(zip(NAMES, points, strict=True), 1):
        code = f"{number:02d}"
        outline = next(cell for cell in cells if cell.contains(MultiPoint([(lon, lat)])))
        properties = {"code": code, "name": name}
        features.append({"type": "Feature", "properties": properties, "geometry": mapping(outline)})
        areas.append(Area(code=code, name=name, level="district", parent=None, lon=lon, lat=lat))
        for q, quarter in enumerate(QUARTERS, 1):
            inner = f"{code}{q:02d}"
            below = Area(
                code=inner, name=f"{name} {quarter}", level="quarter", parent=code, lon=lon, lat=lat
            )
            areas.append(below)
            areas += [
                Area(
                    code=f"{inner}{b:02d}",
                    name=f"{below.name} {block}",
                    level="block",
                    parent=inner,
                    lon=lon,
                    lat=lat,
                )
                for b, block in enumerate(BLOCKS, 1)
            ]
    blocks = [area for area in areas if area.level == "block"]
    base = people(blocks, areas, residents)
    write_columns(base, folder)
    lengths = {name: len(getattr(base, name)) for name in COLUMNS}
    manifest = CityManifest(
        schema_version=1,
        name=base.name,
        timezone=ZONE,
        sha256=base.sha256,
        lengths=lengths,
        leaf_codes=base.leaf_codes,
        areas=areas,
        report={},
        fidelity={},
    )
    write_manifest(manifest, folder)
    (folder / "boundaries.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": features})
    )
    draw_base_map(folder, features)


def draw_base_map(folder: Path, features: list[dict[str, Any]]) -> None:
    """The outlines of the districts, and one road across them."""
    middle = SOUTH + HEIGHT / 2
    road = LineString([(WEST, middle), (WEST + WIDTH, middle)])
    outlines = [(shape(one["geometry"]), one["properties"] | {"depth": 1}, 0) for one in features]
    layers = [
        make_layer("area", outlines),
        make_layer("road", [(road, {"class": "primary", "name": "Long Road"}, 0)]),
    ]
    bounds = (WEST, SOUTH, WEST + WIDTH, SOUTH + HEIGHT)
    write_archive(folder / TILES, make_tiles(layers, MAP_ZOOM), bounds, {})
    counts = {layer.name: len(layer.shapes) for layer in layers}
    described = {"bounds": list(bounds), "max_zoom": MAP_ZOOM, "layers": counts}
    (folder / DESCRIPTION).write_text(json.dumps(described))


def people(blocks: list[Area], areas: list[Area], residents: int) -> CityBase:
    """Synthetic residents, equally many in each block, who work in any district."""
    count = len(blocks)
    lonlat = np.array([(block.lon, block.lat) for block in blocks])
    lonlat += np.random.Generator(np.random.PCG64(8)).uniform(-0.03, 0.03, lonlat.shape)
    frame = msgspec.structs.replace(
        plain_frame(residents, 7),
        residents=apportion(np.ones(count), residents),
        lonlat=lonlat,
        radius_m=np.full(count, 800.0),
        zone_of=np.arange(count) // 4,
        jobs=np.ones(count),
    )
    columns = synthesise(frame, 1)
    codes = [block.code for block in blocks]
    return base_of(columns, lonlat, codes, areas, name="harbour-city", timezone=ZONE, sha256="made")
