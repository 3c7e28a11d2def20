"""Names of areas that no source names: of the place or the road that people there would say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

import shapely

from twinward.citybase.areas.hierarchy import AreaNode, Hierarchy

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from twinward.citybase.basemap.osm_shapes import OsmShapes, Row

SAID_PLACES = {"suburb", "quarter", "neighbourhood", "village", "town"}
PLACE_WITHIN_DEG = 0.015  # about 1.5 km: farther away nobody would say the place's name
MAIN_ROADS = ("motorway", "primary", "secondary", "tertiary", "street")
LONGER = 3.0  # a main road is named before a street that is not three times as long in the cell


class Gazetteer:
    """The places and the named roads of an extract, to be asked for a name."""

    def __init__(self, shapes: OsmShapes) -> None:
        self.places = [
            (point, str(told["name"]))
            for point, told, _ in shapes.rows.get("place_name", [])
            if told["class"] in SAID_PLACES
        ]
        self.roads = [row for row in shapes.rows.get("road", []) if is_said(row)]
        self._near = shapely.STRtree([point for point, _ in self.places])
        self._along = shapely.STRtree([row[0] for row in self.roads])

    def find_name(self, outline: BaseGeometry, middle: tuple[float, float]) -> str:
        """The nearest place, else the main road inside; empty where there is neither."""
        if self.places:
            found = self._near.query_nearest(
                shapely.Point(middle), max_distance=PLACE_WITHIN_DEG, all_matches=False
            )
            if len(found):
                return self.places[int(found[0])][1]
        weight = defaultdict[str, float](float)
        for i in self._along.query(outline, predicate="intersects").tolist():
            shape, told, _ = self.roads[i]
            rank = len(MAIN_ROADS) - MAIN_ROADS.index(str(told["class"]))
            inside = shapely.length(shapely.intersection(shape, outline))
            weight[str(told["name"])] += inside * LONGER**rank
        return max(sorted(weight), key=weight.__getitem__, default="")


def is_said(row: Row) -> bool:
    return bool(row[1].get("name")) and row[1].get("class") in MAIN_ROADS


def name_cells(hierarchy: Hierarchy, shapes: OsmShapes) -> int:
    """Gives zones and cells, drawn and not named by any source, the name of what is there; those
    of one name are numbered in the order of their codes. Returns how many got a name.
    """
    asked = Gazetteer(shapes)
    named = 0
    for nodes in hierarchy.nodes:
        said = defaultdict[str, list[AreaNode]](list)
        for node in nodes:
            if node.point is not None and node.code in hierarchy.drawn:
                said[asked.find_name(hierarchy.drawn[node.code], node.point)].append(node)
        named += sum(number_alike(name, alike) for name, alike in said.items() if name)
    if named:
        hierarchy.notes.append(
            "areas without a name of their own are called after the nearest place or main road"
        )
    return named


def number_alike(name: str, nodes: Iterable[AreaNode]) -> int:
    alike = sorted(nodes, key=lambda node: node.code)
    for number, node in enumerate(alike, 1):
        node.name = name if len(alike) == 1 else f"{name} {number}"
    return len(alike)
