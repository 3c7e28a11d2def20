"""Reads an OpenStreetMap extract (PBF): ways for traffic, buildings, amenities; each counted as
its own source.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import osmium
import shapely
from numpy.typing import NDArray

from twinward.citybase.sources.ledger import SourceLedger
from twinward.core.errors import InputError

M_PER_DEGREE = 111_194.93

# highway value -> (km/h where the way states no maxspeed, open to cars). Classes: OpenStreetMap
# wiki, "Key:highway".
HIGHWAYS: dict[str, tuple[float, bool]] = {
    "motorway": (90, True),
    "motorway_link": (50, True),
    "trunk": (70, True),
    "trunk_link": (40, True),
    "primary": (50, True),
    "primary_link": (35, True),
    "secondary": (45, True),
    "secondary_link": (30, True),
    "tertiary": (40, True),
    "tertiary_link": (30, True),
    "unclassified": (30, True),
    "residential": (30, True),
    "living_street": (15, True),
    "service": (15, True),
    "road": (30, True),
    "track": (15, True),
    "pedestrian": (5, False),
    "footway": (5, False),
    "path": (5, False),
    "steps": (3, False),
    "cycleway": (15, False),
    "bridleway": (5, False),
    "corridor": (4, False),
    "busway": (40, False),
}
CLASSES = tuple(HIGHWAYS)

# tag -> kind of place
AMENITIES: dict[tuple[str, str], str] = {
    ("amenity", "hospital"): "hospital",
    ("amenity", "clinic"): "clinic",
    ("amenity", "doctors"): "clinic",
    ("amenity", "pharmacy"): "pharmacy",
    ("amenity", "kindergarten"): "kindergarten",
    ("amenity", "school"): "school",
    ("amenity", "university"): "university",
    ("amenity", "college"): "university",
    ("amenity", "nursing_home"): "care_home",
    ("social_facility", "nursing_home"): "care_home",
    ("social_facility", "assisted_living"): "care_home",
    ("amenity", "fire_station"): "fire_station",
    ("amenity", "police"): "police",
    ("amenity", "marketplace"): "market",
    ("shop", "mall"): "mall",
    ("shop", "supermarket"): "supermarket",
    ("amenity", "bus_station"): "bus_station",
    ("railway", "station"): "station",
    ("highway", "bus_stop"): "bus_stop",
}
AMENITY_KEYS = ("amenity", "social_facility", "shop", "railway", "highway")
STOREY_M = 3.0
# storeys assumed where a building states neither levels nor height
LEVELS: dict[str, float] = {
    "apartments": 5,
    "dormitory": 4,
    "hotel": 5,
    "office": 5,
    "residential": 3,
    "yes": 2,
    "house": 2,
    "terrace": 2,
    "hospital": 4,
    "university": 3,
    "school": 2,
    "commercial": 3,
    "retail": 1,
}


class OsmData:
    """What one extract holds; lists while reading."""

    def __init__(self) -> None:
        self.ways: list[tuple[int, list[int], NDArray[Any], int, float, int]] = []
        self.buildings: list[tuple[int, bytes, str, float, bool]] = []
        self.amenities: list[tuple[int, str, str, float, float, float]] = []


def read_osm(
    path: Path, roads: SourceLedger, buildings: SourceLedger, amenities: SourceLedger
) -> OsmData:
    """Everything of an extract that a city uses; InputError when it is no sound PBF."""
    data, wkb = OsmData(), osmium.geom.WKBFactory()
    keys = osmium.filter.KeyFilter(
        "highway", "building", "amenity", "social_facility", "shop", "railway"
    )
    shapes = osmium.filter.KeyFilter("building", "amenity", "social_facility", "shop")
    try:
        for thing in (
            osmium.FileProcessor(str(path)).with_locations().with_areas(shapes).with_filter(keys)
        ):
            kind, tags = thing.type_str(), thing.tags
            if kind == "w" and "highway" in tags:
                read_way(data, thing, tags, roads)
            elif kind == "a":
                if "building" in tags:
                    read_building(data, thing, tags, buildings, wkb)
                read_amenity(data, thing, tags, amenities, wkb)
            elif kind == "n":
                read_amenity(data, thing, tags, amenities, None)
    except RuntimeError as error:
        raise InputError(
            f"{path.name} is not a sound OpenStreetMap PBF: {error}",
            "download the extract again",
            code="bad_osm",
        ) from error
    return data


def read_way(data: OsmData, way: Any, tags: Any, ledger: SourceLedger) -> None:
    ledger.read += 1
    highway = tags["highway"]
    if highway not in HIGHWAYS or tags.get("area") == "yes":
        ledger.reject(
            way.id,
            f"not a way for traffic: {'area of ' if highway in HIGHWAYS else ''}{highway}",
            way.id,
        )
        return
    refs, points = [], []
    for node in way.nodes:
        if node.location.valid():
            refs.append(node.ref)
            points.append((node.lon, node.lat))
    if len(refs) < 2:
        ledger.reject(way.id, "fewer than two of its nodes are in the extract", way.id)
        return
    if len(refs) < len(way.nodes):
        ledger.note("ways cut at the edge of the extract")
    one = tags.get("oneway", "")
    back = one in {"-1", "reverse"}
    oneway = (
        back
        or one in {"yes", "true", "1"}
        or (
            one != "no"
            and (tags.get("junction") == "roundabout" or highway in {"motorway", "motorway_link"})
        )
    )
    speed, cars = HIGHWAYS[highway]
    speed = min(parse_speed(tags.get("maxspeed", "")) or speed, 130.0) if cars else speed
    order = slice(None, None, -1) if back else slice(None)
    data.ways.append(
        (
            way.id,
            refs[order],
            np.array(points[order]),
            CLASSES.index(highway),
            speed,
            int(oneway and cars),
        )
    )


def parse_speed(text: str) -> float:
    """Kilometres an hour of a maxspeed tag; 0 when it says none."""
    parts = text.split()
    if not parts or not parts[0].isdigit():
        return 0.0
    return float(parts[0]) * (1.609344 if "mph" in text else 1.0)


def parse_levels(tags: Any, kind: str) -> tuple[float, bool]:
    """Storeys, and whether the building states them (levels, or height at three metres a
    storey).
    """
    for key, per in (("building:levels", 1.0), ("height", STOREY_M)):
        text = tags.get(key, "").replace(",", ".").removesuffix("m").strip()
        try:
            value = float(text) / per
        except ValueError:
            continue
        if 0.3 <= value <= 200:
            return max(1.0, value), True
    return LEVELS.get(kind, 1.0), False


def read_building(data: OsmData, area: Any, tags: Any, ledger: SourceLedger, wkb: Any) -> None:
    kind = tags["building"]
    if kind == "no":
        return
    ledger.read += 1
    try:
        shape = bytes.fromhex(wkb.create_multipolygon(area))
    except (RuntimeError, osmium.InvalidLocationError):
        ledger.reject(area.orig_id(), "its outline is broken or not whole in the extract", kind)
        return
    levels, stated = parse_levels(tags, kind)
    mixed = kind == "yes" and any(key in tags for key in ("amenity", "shop", "office", "tourism"))
    data.buildings.append((area.orig_id(), shape, "public" if mixed else kind, levels, stated))


def read_amenity(data: OsmData, thing: Any, tags: Any, ledger: SourceLedger, wkb: Any) -> None:
    kind = next(
        (
            AMENITIES[key, tags[key]]
            for key in AMENITY_KEYS
            if key in tags and (key, tags[key]) in AMENITIES
        ),
        None,
    )
    if kind is None:
        return
    ledger.read += 1
    number = thing.id if wkb is None else thing.orig_id()
    try:
        if wkb is None:
            lon, lat = thing.location.lon, thing.location.lat
        else:
            middle = shapely.from_wkb(wkb.create_multipolygon(thing)).centroid
            lon, lat = middle.x, middle.y
    except (RuntimeError, osmium.InvalidLocationError, shapely.errors.GEOSException):
        ledger.reject(number, "its outline is broken or not whole in the extract", kind)
        return
    size = tags.get(
        "capacity:persons", tags.get("beds", tags.get("capacity:beds", tags.get("capacity", "")))
    )
    capacity = float(size) if size.isdigit() and int(size) <= 100_000 else 0.0
    data.amenities.append((number, kind, tags.get("name", ""), lon, lat, capacity))
