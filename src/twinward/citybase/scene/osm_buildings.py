"""Buildings of an OpenStreetMap extract or of a built city as solids: heights as tagged, from
storeys, or estimated; what is broken is mended or left out, and counted.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import osmium
import shapely

from twinward.citybase.scene.solids import (
    ESTIMATED,
    GIVEN,
    LEVELS,
    STOREY_M,
    Solid,
    extrude,
    read_metres,
    read_storeys,
)
from twinward.citybase.sources.osm import LEVELS as USUAL_LEVELS
from twinward.core.errors import InputError

if TYPE_CHECKING:
    from osmium.osm.types import TagList
    from shapely.geometry.base import BaseGeometry

MOST_BUILDINGS = 2_000_000
OTHERWISE = 2.0  # storeys where the use says nothing


class SceneCount:
    """What was read, mended, left out and why."""

    def __init__(self) -> None:
        self.read = 0
        self.notes: Counter[str] = Counter()
        self.rejected: Counter[str] = Counter()


def read_buildings(path: Path, count: SceneCount) -> list[Solid]:
    """Every building of an extract; InputError when it is no sound PBF."""
    wkb, solids = osmium.geom.WKBFactory(), list[Solid]()
    keys = osmium.filter.KeyFilter("building")
    try:
        for thing in osmium.FileProcessor(str(path)).with_areas(keys).with_filter(keys):
            if thing.type_str() != "a" or thing.tags.get("building", "no") == "no":
                continue
            count.read += 1
            name = f"{'way' if thing.from_way() else 'relation'}/{thing.orig_id()}"
            try:
                shape = shapely.from_wkb(bytes.fromhex(wkb.create_multipolygon(thing)))
            except (RuntimeError, osmium.InvalidLocationError):
                count.rejected["outline broken or not whole in the extract"] += 1
                continue
            solid = make_building(name, thing.tags.get("building"), shape, thing.tags, count)
            if solid is not None:
                solids.append(solid)
    except RuntimeError as error:
        raise InputError(
            f"{path.name} is not a sound OpenStreetMap PBF: {error}",
            "download the extract again",
            code="bad_osm",
        ) from error
    if not solids:
        raise InputError(
            f"{path.name} has no buildings", "name an extract with buildings", code="empty_scene"
        )
    return solids


def make_building(
    name: str, kind: str, shape: BaseGeometry, tags: TagList, count: SceneCount
) -> Solid | None:
    """A building from its footprint and tags; None, counted, where nothing is left of it."""
    if not shapely.is_valid(shape):
        shape = shapely.make_valid(shape)
        count.notes["footprints that cross themselves, mended"] += 1
    if shapely.is_empty(shape) or shapely.area(shape) == 0:
        count.rejected["empty footprint"] += 1
        return None
    top, source = find_height(kind, tags, count)
    base = min(read_metres(tags.get("min_height", "")) or 0.0, top)
    corners, triangles = extrude(shape, base, top)
    if not len(triangles):
        count.rejected["footprint is no area"] += 1
        return None
    return Solid(
        id=name, kind=kind, corners=corners, triangles=triangles, height_m=top, height_from=source
    )


def find_height(kind: str, tags: TagList, count: SceneCount) -> tuple[float, int]:
    """(metres, where from): the height as tagged, else storeys, else what the use suggests."""
    for key, read, metres, source in (
        ("height", read_metres, 1.0, GIVEN),
        ("building:levels", read_storeys, STOREY_M, LEVELS),
    ):
        text = tags.get(key, "")
        value = read(text) if text else None
        if value is not None:
            return round(value * metres, 2), source
        if text:
            count.notes[f"{key} that no building has ({text[:20]}), not used"] += 1
    return USUAL_LEVELS.get(kind, OTHERWISE) * STOREY_M, ESTIMATED


def read_built_city(path: Path, count: SceneCount) -> list[Solid]:
    """The buildings of a built city (`buildings.parquet`), under the ids of its base map."""
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (OSError, ValueError) as error:
        raise InputError(
            f"the city has no buildings: {path.name} cannot be read",
            "build it from a source with buildings, or name --osm or --cityjson",
            code="no_buildings",
        ) from error
    columns = [
        table[name].to_pylist() for name in ("osm_id", "kind", "levels", "levels_stated", "outline")
    ]
    solids = []
    for number, kind, levels, stated, outline in zip(*columns, strict=True):
        count.read += 1
        shape = shapely.from_wkb(outline)
        tags = {"building:levels": f"{levels:g}"} if stated else {}
        solid = make_building(f"way/{number}", kind, shape, tags, count)
        if solid is not None:
            solids.append(solid)
    return solids
