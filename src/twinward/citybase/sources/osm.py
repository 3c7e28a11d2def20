"""Reads an OpenStreetMap extract (PBF): ways for traffic, buildings, amenities; each counted as
its own source.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import osmium
import shapely
from numpy.typing import NDArray

from twinward.citybase.sources.drawings import Drawing, one_each
from twinward.citybase.sources.ledger import SourceLedger
from twinward.citybase.sources.ways import (
    CLASSES,
    HIGHWAYS,
    SLOW_KMH,
    TURN_KEYS,
    WITH_A_KEY,
    TurnRule,
    Way,
    blocks,
    closed_by,
    ferry_speed,
    note_lorries,
    opened_by,
    parse_speed,
    read_direction,
    read_turn,
    split_at_barriers,
)
from twinward.core.errors import InputError

if TYPE_CHECKING:
    from osmium.geom import WKBFactory
    from osmium.osm.types import Area as OsmArea
    from osmium.osm.types import Node as OsmNode
    from osmium.osm.types import TagList
    from osmium.osm.types import Way as OsmWay

M_PER_DEGREE = 111_194.93

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
        self.ways: list[Way] = []
        self.turns: list[TurnRule] = []
        self.blocked: set[int] = set()  # nodes that no car passes
        self.fresh = -1  # the number of the next copy of such a node
        self.with_keys = False
        self.buildings: list[tuple[int, bytes, str, float, bool]] = []
        self.amenities: list[Drawing] = []


def read_osm(
    path: Path,
    roads: SourceLedger,
    buildings: SourceLedger,
    amenities: SourceLedger,
    *,
    private_roads: bool = False,
) -> OsmData:
    """Everything of an extract that a city uses; InputError when it is no sound PBF.

    `private_roads`: for services that hold the keys, private roads and gates are open.
    """
    data, wkb = OsmData(), osmium.geom.WKBFactory()
    data.with_keys = private_roads
    keys = osmium.filter.KeyFilter(
        "highway",
        "building",
        "amenity",
        "social_facility",
        "shop",
        "railway",
        "route",
        "barrier",
        *TURN_KEYS,
    )
    shapes = osmium.filter.KeyFilter("building", "amenity", "social_facility", "shop")
    try:
        for thing in (
            osmium.FileProcessor(str(path)).with_locations().with_areas(shapes).with_filter(keys)
        ):
            kind, tags = thing.type_str(), thing.tags
            if kind == "w" and ("highway" in tags or tags.get("route") == "ferry"):
                read_way(data, thing, tags, roads)
            elif kind == "r" and tags.get("type", "").startswith("restriction"):
                if turn := read_turn(thing, tags, roads):
                    data.turns.append(turn)
            elif kind == "a":
                if "building" in tags:
                    read_building(data, thing, tags, buildings, wkb)
                read_amenity(data, thing, tags, amenities, wkb)
            elif kind == "n":
                if blocks(tags, with_keys=private_roads):
                    data.blocked.add(thing.id)
                read_amenity(data, thing, tags, amenities, None)
    except RuntimeError as error:
        raise InputError(
            f"{path.name} is not a sound OpenStreetMap PBF: {error}",
            "download the extract again",
            code="bad_osm",
        ) from error
    data.amenities = one_each(data.amenities, amenities)
    return data


def read_way(data: OsmData, way: OsmWay, tags: TagList, ledger: SourceLedger) -> None:
    ledger.read += 1
    ferry = "highway" not in tags
    highway = "ferry" if ferry else tags["highway"]
    if highway not in HIGHWAYS or tags.get("area") == "yes" or (highway == "ferry") != ferry:
        ledger.reject(
            way.id,
            f"not a way for traffic: {'area of ' if highway in HIGHWAYS else ''}{highway}",
            way.id,
        )
        return
    refs, places = [], []
    for node in way.nodes:
        if node.location.valid():
            refs.append(node.ref)
            places.append((node.lon, node.lat))
    if len(refs) < 2:
        ledger.reject(way.id, "fewer than two of its nodes are in the extract", way.id)
        return
    if len(refs) < len(way.nodes):
        ledger.note("ways cut at the edge of the extract")
    oneway, back, changing = read_direction(tags, highway)
    order, points = slice(None, None, -1) if back else slice(None), np.array(places)
    speed, cars = find_speed(data, tags, highway, points, changing, ledger)
    found = Way(
        way.id,
        refs[order],
        points[order],
        CLASSES.index(highway),
        speed,
        int(oneway and cars),
        cars,
    )
    parts, data.fresh = split_at_barriers(found, data.blocked, data.fresh)
    if len(parts) > 1:
        ledger.note("ways cut for cars at a bollard, a locked gate or the like")
    data.ways += parts


def find_speed(
    data: OsmData,
    tags: TagList,
    highway: str,
    points: NDArray[Any],
    changing: bool,
    ledger: SourceLedger,
) -> tuple[float, bool]:
    """(km/h, open to cars) of a way; what closes it is counted."""
    speed, cars = HIGHWAYS[highway]
    if highway == "ferry":
        speed = ferry_speed(tags, points)
        ledger.note("ferry lines (crossing times as tagged, waits unknown)")
    elif cars:
        speed = min(parse_speed(tags.get("maxspeed", "")) or speed, 130.0)
    elif highway not in {"steps", "corridor", "busway"} and opened_by(tags):
        cars, speed = True, SLOW_KMH
    if cars and (shut := closed_by(tags, with_keys=data.with_keys)):
        key, value = shut.split("=")
        private = value in WITH_A_KEY
        ledger.note(f"ways left out for cars ({'private' if private else f'{key}={value}'[:40]})")
        return speed, False
    if cars and changing:
        ledger.note("ways left out for cars (oneway=reversible)")
        return speed, False
    if cars:
        note_lorries(tags, ledger)
    return speed, cars


def parse_levels(tags: TagList, kind: str) -> tuple[float, bool]:
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


def read_building(
    data: OsmData, area: OsmArea, tags: TagList, ledger: SourceLedger, wkb: WKBFactory
) -> None:
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


def read_amenity(
    data: OsmData,
    thing: OsmArea | OsmNode,
    tags: TagList,
    ledger: SourceLedger,
    wkb: WKBFactory | None,
) -> None:
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
    shape = None
    try:
        if wkb is None:
            lon, lat = thing.location.lon, thing.location.lat
        else:
            shape = shapely.from_wkb(wkb.create_multipolygon(thing))
            lon, lat = shape.centroid.x, shape.centroid.y
    except (RuntimeError, osmium.InvalidLocationError, shapely.errors.GEOSException):
        ledger.reject(number, "its outline is broken or not whole in the extract", kind)
        return
    size = tags.get(
        "capacity:persons", tags.get("beds", tags.get("capacity:beds", tags.get("capacity", "")))
    )
    capacity = float(size) if size.isdigit() and int(size) <= 100_000 else 0.0
    data.amenities.append(
        Drawing(
            number, kind, tags.get("name", ""), lon, lat, capacity, shape, tags.get("wikidata", "")
        )
    )
