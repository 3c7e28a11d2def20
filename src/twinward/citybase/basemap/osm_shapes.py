"""Reads what a map draws out of an OpenStreetMap extract: roads, railways, water, green, names of
places; and the sea, closed from the coastline.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import osmium
import shapely
import shapely.ops

from twinward.citybase.basemap.vector_tile import Value
from twinward.core.errors import InputError

if TYPE_CHECKING:
    from osmium.geom import WKBFactory
    from osmium.osm.types import TagList
    from shapely.geometry.base import BaseGeometry

Row = tuple[Any, dict[str, Value], int]
# highway value -> (class on the map, first zoom). Classes: OpenStreetMap wiki, "Key:highway"
ROADS: dict[str, tuple[str, int]] = {
    "motorway": ("motorway", 6),
    "trunk": ("motorway", 7),
    "motorway_link": ("motorway", 10),
    "trunk_link": ("motorway", 10),
    "primary": ("primary", 8),
    "primary_link": ("primary", 11),
    "secondary": ("secondary", 9),
    "secondary_link": ("secondary", 12),
    "tertiary": ("tertiary", 10),
    "tertiary_link": ("tertiary", 12),
    "unclassified": ("street", 11),
    "residential": ("street", 11),
    "living_street": ("street", 12),
    "road": ("street", 12),
    "service": ("service", 13),
    "busway": ("service", 13),
    "track": ("path", 13),
    "pedestrian": ("path", 13),
    "footway": ("path", 14),
    "path": ("path", 14),
    "steps": ("path", 14),
    "cycleway": ("path", 14),
}
RAILS = {"rail": 8, "subway": 10, "light_rail": 10, "tram": 11, "narrow_gauge": 10, "monorail": 11}
GREEN: dict[tuple[str, str], tuple[str, int]] = {
    **{("leisure", one): ("park", 10) for one in ("park", "garden", "common", "nature_reserve")},
    **{("leisure", one): ("sport", 12) for one in ("pitch", "golf_course", "stadium", "track")},
    **{("landuse", one): ("wood", 9) for one in ("forest", "orchard", "vineyard")},
    **{
        ("landuse", one): ("grass", 11)
        for one in ("grass", "meadow", "farm", "farmland", "village_green", "recreation_ground")
    },
    ("landuse", "cemetery"): ("cemetery", 12),
    **{("natural", one): ("wood", 9) for one in ("wood", "scrub", "heath")},
    ("natural", "grassland"): ("grass", 11),
    ("natural", "beach"): ("beach", 11),
}
WATERS = {("natural", "water"), ("waterway", "riverbank"), ("landuse", "reservoir")}
STREAMS = {"river": 8, "canal": 10, "stream": 12, "drain": 13, "ditch": 13}
PLACES = {"city": 4, "town": 8, "suburb": 10, "village": 10, "quarter": 11, "neighbourhood": 12}
NEAR_EDGE_DEG = 0.002  # 200 m: an extract cuts its ways at a node, not at its edge
LEAST_SURE = 0.1  # of the points in a face on the land side: more, and the coast is not whole
ASIDE_DEG = 2e-6  # a point this far to the right of a coastline lies in the sea


class OsmShapes(msgspec.Struct, kw_only=True):
    """Rows of (shape, properties, first zoom) by layer of the map."""

    rows: dict[str, list[Row]] = msgspec.field(default_factory=dict)
    coast: list[BaseGeometry] = msgspec.field(default_factory=list)
    box: tuple[float, float, float, float] | None = None
    broken: int = 0

    def add(self, layer: str, shape: BaseGeometry, properties: dict[str, Value], zoom: int) -> None:
        self.rows.setdefault(layer, []).append((shape, properties, zoom))


def read_shapes(path: Path) -> OsmShapes:
    """Everything of an extract that the map draws; InputError when it is no sound PBF."""
    found, wkb = OsmShapes(), osmium.geom.WKBFactory()
    areas = osmium.filter.KeyFilter("natural", "landuse", "leisure", "waterway")
    keys = osmium.filter.KeyFilter(
        "natural", "landuse", "leisure", "waterway", "highway", "railway", "place"
    )
    try:
        box = osmium.io.Reader(str(path)).header().box()
        if box.valid():
            low, high = box.bottom_left, box.top_right
            found.box = (low.lon, low.lat, high.lon, high.lat)
        things = osmium.FileProcessor(str(path)).with_locations().with_areas(areas)
        for thing in things.with_filter(keys):
            try:
                read_thing(found, thing, wkb)
            except (RuntimeError, osmium.InvalidLocationError, shapely.errors.GEOSException):
                found.broken += 1  # not whole in the extract
    except RuntimeError as error:
        raise InputError(
            f"{path.name} is not a sound OpenStreetMap PBF: {error}",
            "download the extract again",
            code="bad_osm",
        ) from error
    for shape in close_sea(found):
        found.add("water", shape, {"class": "sea"}, 0)
    return found


def read_thing(found: OsmShapes, thing: Any, wkb: WKBFactory) -> None:
    kind, tags = thing.type_str(), thing.tags
    if kind == "n":
        place = tags.get("place", "")
        if place in PLACES and "name" in tags:
            point = shapely.Point(thing.location.lon, thing.location.lat)
            found.add("place_name", point, names_of(tags) | {"class": place}, PLACES[place])
    elif kind == "w":
        read_line(found, thing, tags, wkb)
    elif kind == "a":
        read_area(found, thing, tags, wkb)


def read_line(found: OsmShapes, way: Any, tags: TagList, wkb: WKBFactory) -> None:
    if tags.get("natural") == "coastline":
        found.coast.append(shapely.from_wkb(bytes.fromhex(wkb.create_linestring(way))))
    elif tags.get("highway") in ROADS and tags.get("area") != "yes":
        road, zoom = ROADS[tags["highway"]]
        more: dict[str, Value] = {"class": road}
        for key in ("bridge", "tunnel"):
            if tags.get(key, "no") != "no":
                more[key] = True
        found.add("road", line_of(way, wkb), names_of(tags) | more, zoom)
    elif tags.get("railway") in RAILS:
        more = {"class": tags["railway"]}
        if tags.get("tunnel", "no") != "no":
            more["tunnel"] = True
        found.add("rail", line_of(way, wkb), names_of(tags) | more, RAILS[tags["railway"]])
    elif tags.get("waterway") in STREAMS and tags.get("tunnel", "no") == "no":
        kind = tags["waterway"]
        found.add("waterway", line_of(way, wkb), names_of(tags) | {"class": kind}, STREAMS[kind])


def read_area(found: OsmShapes, area: Any, tags: TagList, wkb: WKBFactory) -> None:
    pairs = [
        (key, tags[key]) for key in ("leisure", "landuse", "natural", "waterway") if key in tags
    ]
    if any(pair in WATERS for pair in pairs):
        shape = shapely.from_wkb(bytes.fromhex(wkb.create_multipolygon(area)))
        found.add("water", shape, names_of(tags) | {"class": "water"}, 8)
        return
    for pair in pairs:
        if pair in GREEN:
            green, zoom = GREEN[pair]
            shape = shapely.from_wkb(bytes.fromhex(wkb.create_multipolygon(area)))
            found.add("green", shape, names_of(tags) | {"class": green}, zoom)
            return


def line_of(way: Any, wkb: WKBFactory) -> BaseGeometry:
    return shapely.from_wkb(bytes.fromhex(wkb.create_linestring(way)))


def names_of(tags: TagList) -> dict[str, Value]:
    """The name as the place says it, and in English and Chinese where the extract has them."""
    return {
        key.replace(":", "_"): tags[key] for key in ("name", "name:en", "name:zh") if key in tags
    }


def close_sea(found: OsmShapes) -> list[BaseGeometry]:
    """The sea inside the box of the extract: land lies to the left of a coastline (OpenStreetMap
    wiki, "Tag:natural=coastline"), so the faces at its right are sea. Nothing where the coastline
    is not whole: no sea is better than a drowned city.
    """
    if not found.coast or found.box is None:
        return []
    box = shapely.box(*found.box)
    merged = shapely.line_merge(shapely.multilinestrings(found.coast))
    lines = [reach_edge(line, box) for line in getattr(merged, "geoms", [merged])]
    lines = [line for line in lines if line.intersects(box)]
    parts = [line.intersection(box) for line in lines]
    wet, dry = beside(lines)
    sea = []
    for face in shapely.ops.polygonize(shapely.union_all([box.exterior, *parts])):
        shapely.prepare(face)
        votes = [int(shapely.contains_xy(face, xy[:, 0], xy[:, 1]).sum()) for xy in (wet, dry)]
        if votes[0] > votes[1] / LEAST_SURE:
            sea.append(face)
    return sea


def reach_edge(line: BaseGeometry, box: BaseGeometry) -> BaseGeometry:
    """The line with its ends drawn on to the edge of the extract where they stop just before it."""
    xy = [tuple(point) for point in line.coords]
    for end, at in ((xy[0], 0), (xy[-1], len(xy))):
        point = shapely.Point(end)
        gap = point.distance(box.exterior)
        if not line.is_ring and 0 < gap < NEAR_EDGE_DEG and box.contains(point):
            edge = shapely.ops.nearest_points(point, box.exterior)[1]
            beyond = (2 * edge.x - end[0], 2 * edge.y - end[1])
            xy.insert(at and len(xy), beyond)
    return shapely.LineString(xy)


def beside(lines: list[BaseGeometry]) -> tuple[BaseGeometry, BaseGeometry]:
    """Points just to the right and just to the left of the middle of each piece."""
    right, left = [np.empty((0, 2))], [np.empty((0, 2))]
    for line in lines:
        xy = np.asarray(line.coords)
        step = np.diff(xy, axis=0)
        long = np.hypot(step[:, 0], step[:, 1])
        use = long > 0
        aside = np.column_stack([step[use, 1], -step[use, 0]]) / long[use, None] * ASIDE_DEG
        middle = (xy[:-1] + xy[1:])[use] / 2
        right.append(middle + aside)
        left.append(middle - aside)
    return np.concatenate(right), np.concatenate(left)
