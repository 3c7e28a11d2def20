"""One hospital drawn as node, way and relation is one place: drawings of the same thing are told
apart from neighbours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely
from scipy.spatial import cKDTree

from twinward.citybase.sources.ledger import SourceLedger
from twinward.citybase.sources.names import bare
from twinward.core.geography import distance_m

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

# kinds whose grounds are wide: drawings of one name within these metres are one place. Bus stops
# stand in pairs.
GROUNDS_M = {
    "hospital": 500.0,
    "university": 500.0,
    "school": 250.0,
    "care_home": 200.0,
    "kindergarten": 100.0,
    "station": 250.0,
    "fire_station": 150.0,
    "police": 150.0,
    "market": 150.0,
    "mall": 250.0,
    "clinic": 100.0,
    "bus_station": 150.0,
    "supermarket": 60.0,
    "pharmacy": 40.0,
}


class Drawing(NamedTuple):
    """One element of the map that shows a place; `shape` where it has an outline."""

    id: int
    kind: str
    name: str
    lon: float
    lat: float
    capacity: float
    shape: BaseGeometry | None = None
    wikidata: str = ""


def one_each(drawings: list[Drawing], ledger: SourceLedger) -> list[Drawing]:
    """Each place once: the widest drawing stands for all, with the capacity and name that any of
    them states.
    """
    root = list(range(len(drawings)))

    def find(i: int) -> int:
        while root[i] != i:
            root[i] = root[root[i]]
            i = root[i]
        return i

    for kind in sorted({drawing.kind for drawing in drawings} & GROUNDS_M.keys()):
        rows = [i for i, drawing in enumerate(drawings) if drawing.kind == kind]
        for a, b in near_pairs([drawings[i] for i in rows], GROUNDS_M[kind]):
            if is_same(drawings[rows[a]], drawings[rows[b]], GROUNDS_M[kind]):
                root[find(rows[b])] = find(rows[a])
    groups: dict[int, list[int]] = {}
    for i in range(len(drawings)):
        groups.setdefault(find(i), []).append(i)
    kept: dict[int, Drawing] = {}
    for rows in groups.values():
        best = max(rows, key=lambda i: (area_of(drawings[i]), -i))
        name = drawings[best].name or next((drawings[i].name for i in rows if drawings[i].name), "")
        kept[best] = drawings[best]._replace(
            name=name, capacity=max(drawings[i].capacity for i in rows)
        )
        for i in rows:
            if i != best:
                ledger.reject(
                    drawings[i].id, f"another drawing of a place: {drawings[best].id}", name
                )
    return [kept[i] for i in sorted(kept)]


def near_pairs(drawings: list[Drawing], within_m: float) -> list[tuple[int, int]]:
    """Pairs near enough to be compared: by their middles, or one within the other's outline."""
    if len(drawings) < 2:
        return []
    lonlat = np.array([(drawing.lon, drawing.lat) for drawing in drawings])
    plane = lonlat * [np.cos(np.radians(lonlat[:, 1].mean())), 1.0]
    pairs = {(int(a), int(b)) for a, b in cKDTree(plane).query_pairs(2 * within_m / 111_194.93)}
    shapes = [
        drawing.shape if drawing.shape is not None else shapely.Point(drawing.lon, drawing.lat)
        for drawing in drawings
    ]
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs |= {
        (min(a, b), max(a, b)) for a, b in zip(one.tolist(), other.tolist(), strict=True) if a != b
    }
    return sorted(pairs)


def is_same(one: Drawing, other: Drawing, grounds_m: float) -> bool:
    if one.wikidata and one.wikidata == other.wikidata:
        return True
    if one.name and other.name:
        apart = float(distance_m(one.lon, one.lat, other.lon, other.lat))
        return bare(one.name) == bare(other.name) and (apart <= grounds_m or overlap(one, other))
    return overlap(
        one, other
    )  # nameless ones: two houses of one campus touch, two neighbours do not


def overlap(one: Drawing, other: Drawing) -> bool:
    """True where one drawing lies in the other: a point in an outline, or outlines that share
    ground.
    """
    if one.shape is None and other.shape is None:
        return one.lon == other.lon and one.lat == other.lat
    if one.shape is None or other.shape is None:
        outline, point = (other.shape, one) if one.shape is None else (one.shape, other)
        return bool(shapely.intersects_xy(outline, point.lon, point.lat))
    return bool(
        shapely.intersection(one.shape, other.shape).area > 0.1 * min(area_of(one), area_of(other))
    )


def area_of(drawing: Drawing) -> float:
    return 0.0 if drawing.shape is None else float(drawing.shape.area)
