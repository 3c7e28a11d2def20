"""Areas that no source names are called as people there would say."""

from __future__ import annotations

import shapely

from twinward.citybase.areas.cell_names import name_cells
from twinward.citybase.areas.hierarchy import AreaNode, Hierarchy
from twinward.citybase.basemap.osm_shapes import OsmShapes


def cells(*middles: tuple[float, float]) -> Hierarchy:
    """Cells a tenth of a degree wide, under one zone."""
    hierarchy = Hierarchy(["zone", "cell"])
    zone = AreaNode("Z001", "zone Z001", 0, None)
    hierarchy.nodes[0].append(zone)
    for number, (lon, lat) in enumerate(middles, 1):
        node = AreaNode(f"Z001-{number:04d}", f"cell Z001-{number:04d}", 1, zone)
        node.point = (lon, lat)
        hierarchy.nodes[1].append(node)
        hierarchy.drawn[node.code] = shapely.box(lon - 0.05, lat - 0.05, lon + 0.05, lat + 0.05)
    return hierarchy


def road(name: str, kind: str, *points: tuple[float, float]) -> OsmShapes:
    shapes = OsmShapes()
    shapes.add("road", shapely.LineString(points), {"name": name, "class": kind}, 8)
    return shapes


def test_the_nearest_place_names_a_cell_and_cells_of_one_place_are_numbered() -> None:
    hierarchy, shapes = cells((0.0, 0.0), (0.011, 0.0), (0.5, 0.0)), OsmShapes()
    shapes.add("place_name", shapely.Point(0.005, 0), {"name": "Harbour", "class": "suburb"}, 10)
    shapes.add("place_name", shapely.Point(0.5, 0.01), {"name": "Hill", "class": "village"}, 10)
    shapes.add("place_name", shapely.Point(0.0, 0.0), {"name": "City", "class": "city"}, 4)
    assert name_cells(hierarchy, shapes) == 3
    assert [leaf.name for leaf in hierarchy.leaves] == ["Harbour 1", "Harbour 2", "Hill"]
    assert hierarchy.nodes[0][0].name == "zone Z001"  # it is not drawn: nothing to go by
    assert any("nearest place" in note for note in hierarchy.notes)


def test_without_places_the_main_road_names_a_cell_unless_a_street_is_all_there_is() -> None:
    hierarchy = cells((0.0, 0.0), (1.0, 0.0), (2.0, 0.0))
    shapes = road("Long Street", "street", (-0.04, 0.01), (0.04, 0.01))
    shapes.rows["road"] += road("Avenue", "primary", (-0.01, 0.0), (0.01, 0.0)).rows["road"]
    shapes.rows["road"] += road("Lane", "street", (1.0, 0.0), (1.01, 0.0)).rows["road"]
    shapes.rows["road"] += road("Path", "path", (2.0, 0.0), (2.01, 0.0)).rows["road"]
    assert name_cells(hierarchy, shapes) == 2
    assert [leaf.name for leaf in hierarchy.leaves] == ["Avenue", "Lane", "cell Z001-0003"]


def test_without_an_extract_the_codes_stay() -> None:
    hierarchy = cells((0.0, 0.0))
    assert name_cells(hierarchy, OsmShapes()) == 0
    assert hierarchy.leaves[0].name == "cell Z001-0001" and not hierarchy.notes
