"""Reads the buildings, and the parts of buildings, of an OpenStreetMap extract or a built city."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import osmium
import shapely

from twinward.citybase.scene.buildings import PART, Outline, join_parts, make_buildings
from twinward.citybase.scene.counts import SceneCount
from twinward.citybase.scene.ground import Ground
from twinward.citybase.scene.heights import TAGS
from twinward.citybase.scene.things import Footprint
from twinward.core.errors import InputError

if TYPE_CHECKING:
    from osmium.osm.types import Area as OsmArea

BROKEN = "outline broken or not whole in the extract"
AT_ONCE = 5000  # outlines in memory as shapes


def read_buildings(path: Path, count: SceneCount, ground: Ground | None = None) -> list[Footprint]:
    """Every building of an extract; InputError when it is no sound PBF."""
    parts: list[Outline] = []
    try:
        found = make_all(each_outline(path, parts, count), count, ground)
    except RuntimeError as error:
        raise InputError(
            f"{path.name} is not a sound OpenStreetMap PBF: {str(error).rstrip('.')}",
            "download the extract again",
            code="bad_osm",
        ) from error
    found = join_parts(found, make_all(parts, count, ground), count)
    if not found:
        raise InputError(
            f"{path.name} has no buildings", "name an extract with buildings", code="empty_scene"
        )
    return found


def make_all(
    outlines: Iterable[Outline], count: SceneCount, ground: Ground | None
) -> list[Footprint]:
    """Buildings of outlines that are read a few thousand at a time."""
    source, found = iter(outlines), list[Footprint]()
    while batch := list(islice(source, AT_ONCE)):
        found += make_buildings(batch, count, ground)
    return found


def each_outline(path: Path, parts: list[Outline], count: SceneCount) -> Iterator[Outline]:
    """Buildings as they come, those whose ways cross themselves at last; parts of buildings go into
    `parts`.
    """
    wkb, keys = osmium.geom.WKBFactory(), osmium.filter.KeyFilter("building", PART)
    broken: dict[int, Outline] = {}
    for thing in osmium.FileProcessor(str(path)).with_areas(keys).with_filter(keys):
        if thing.type_str() != "a":
            continue
        kind, part = thing.tags.get("building", "no"), thing.tags.get(PART, "no")
        if kind == "no" and part == "no":
            continue
        count.read += kind != "no"
        outline = outline_of(thing, PART if kind == "no" else kind, wkb)
        if not outline.shape:
            if thing.from_way():
                broken[thing.orig_id()] = outline
            else:
                count.rejected[BROKEN] += 1
        elif kind != "no":
            yield outline
        else:
            parts.append(outline)
    for outline in walk_ways(path, broken, count):
        if outline.kind != PART:
            yield outline
        else:
            parts.append(outline)


def walk_ways(path: Path, broken: dict[int, Outline], count: SceneCount) -> Iterator[Outline]:
    """Outlines along the corners of ways that are no area as they are drawn: who draws a crossed
    footprint means a building all the same.
    """
    if not broken:
        return
    told = osmium.FileProcessor(str(path)).with_locations()
    for way in told.with_filter(osmium.filter.IdFilter(broken).enable_for(osmium.osm.WAY)):
        if not way.is_way():
            continue
        outline = broken.pop(way.id)
        corners = [(one.lon, one.lat) for one in way.nodes if one.location.valid()]
        if len(corners) < len(way.nodes) or len(set(corners)) < 3:
            count.rejected[BROKEN] += 1
            continue
        shape = shapely.to_wkb(shapely.Polygon(corners))
        yield msgspec.structs.replace(outline, shape=shape)
    if broken:  # ways that the extract only names
        count.rejected[BROKEN] += len(broken)


def outline_of(thing: OsmArea, kind: str, wkb: osmium.geom.WKBFactory) -> Outline:
    """An outline; without a shape where the area has none."""
    try:
        shape = bytes.fromhex(wkb.create_multipolygon(thing))
    except (RuntimeError, osmium.InvalidLocationError):
        shape = b""
    name = f"{'way' if thing.from_way() else 'relation'}/{thing.orig_id()}"
    tags = {key: thing.tags[key] for key in TAGS if key in thing.tags}
    return Outline(id=name, kind=kind, shape=shape, tags=tags)


def read_built_city(path: Path, count: SceneCount, ground: Ground | None = None) -> list[Footprint]:
    """The buildings of a built city (`buildings.parquet`), under the ids of its base map."""
    return make_all(each_built(path, count), count, ground)


def each_built(path: Path, count: SceneCount) -> Iterator[Outline]:
    import pyarrow.parquet as pq

    names = ["osm_id", "kind", "levels", "levels_stated", "outline"]
    try:
        source = pq.ParquetFile(path)
        for batch in source.iter_batches(AT_ONCE, columns=names):
            columns = [batch[name].to_pylist() for name in names]
            for number, kind, levels, stated, outline in zip(*columns, strict=True):
                count.read += 1
                tags = {"building:levels": f"{levels:g}"} if stated else {}
                yield Outline(id=f"way/{number}", kind=kind, shape=outline, tags=tags)
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            f"the city has no buildings: {path.name} cannot be read",
            "build it from a source with buildings, or name --osm or --cityjson",
            code="no_buildings",
        ) from error


def read_ids(path: Path) -> set[str]:
    """The ids of the buildings of a built city, as a scene of it names them."""
    import pyarrow.parquet as pq

    return {
        f"way/{number}" for number in pq.read_table(path, columns=["osm_id"])["osm_id"].to_pylist()
    }
