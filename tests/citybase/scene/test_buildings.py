"""Buildings of odd and broken sources: each is mended, doubted or left out, and that is counted."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import osmium
import pytest
import shapely

from twinward.citybase.scene.build import build_scene
from twinward.citybase.scene.buildings import Outline, join_parts, make_buildings
from twinward.citybase.scene.counts import SceneCount
from twinward.citybase.scene.ground import Ground
from twinward.citybase.scene.heights import find_height, read_metres, read_storeys
from twinward.citybase.scene.prisms import raise_footprints
from twinward.citybase.scene.things import ESTIMATED, GIVEN, LEVELS, Footprint
from twinward.citybase.terrain.elevation import Elevation
from twinward.core.errors import InputError

SIDE = 0.001  # degrees


def box(x: float = 0.0, y: float = 0.0, wide: float = SIDE) -> shapely.Polygon:
    return shapely.box(x, y, x + wide, y + wide)


def make(
    shape: Any, tags: dict[str, str] | None = None, ground: Ground | None = None
) -> tuple[list[Footprint], SceneCount]:
    count = SceneCount()
    outline = Outline(id="way/1", kind="yes", shape=shapely.to_wkb(shape), tags=tags or {})
    return make_buildings([outline], count, ground), count


def roof_area(made: list[Footprint], top: float) -> float:
    faces, _ = raise_footprints(made)
    flat = faces[(faces[:, :, 2] == top).all(axis=1)][:, :, :2]
    a, b = flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]
    return float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum() / 2)


@pytest.mark.parametrize(
    ("text", "metres"),
    [("12", 12), ("12.5 m", 12.5), ("40 ft", 12.192), ("5'6\"", 1.6764), ("-3", None), ("8848", None), ("tall", None), ("", None), ("12 m 40 ft", None)],
)  # fmt: skip
def test_a_height_is_metres_or_feet_or_nothing(text: str, metres: float | None) -> None:
    assert read_metres(text) == (pytest.approx(metres) if metres is not None else None)


@pytest.mark.parametrize(
    ("text", "storeys"),
    [("4", 4), ("3;4", 4), ("G+2", 3), ("R+6", 7), ("B1+G+2", 3), ("2-5", 5), ("0", None), ("999", None), ("many", None)],
)  # fmt: skip
def test_storeys_are_read_as_people_write_them(text: str, storeys: float | None) -> None:
    assert read_storeys(text) == storeys


@pytest.mark.parametrize(
    ("tags", "top", "source", "floors", "floors_from", "noted"),
    [
        ({"height": "30"}, 30, GIVEN, 10, ESTIMATED, ""),
        ({"height": "30", "building:levels": "8"}, 30, GIVEN, 8, GIVEN, ""),
        ({"building:levels": "G+2"}, 9, LEVELS, 3, GIVEN, ""),
        ({"height": "-3"}, 6, ESTIMATED, 2, ESTIMATED, "height that no building has"),
        ({"height": "8848", "building:levels": "3;4"}, 12, LEVELS, 4, GIVEN, "height that no building has"),
        ({"height": "41", "building:levels": "4"}, 12, LEVELS, 4, GIVEN, "feet without a unit"),
        ({"height": "41", "building:levels": "1"}, 41, GIVEN, 1, GIVEN, ""),
        ({"building:levels": "tall"}, 6, ESTIMATED, 2, ESTIMATED, "building:levels that no building"),
        ({"height": "9", "min_height": "12"}, 9, GIVEN, 3, ESTIMATED, "undersides above the top"),
        ({}, 6, ESTIMATED, 2, ESTIMATED, ""),
    ],
)  # fmt: skip
def test_a_height_says_whence_it_comes_and_a_wrong_one_is_counted(
    tags: dict[str, str], top: float, source: int, floors: int, floors_from: int, noted: str
) -> None:
    count = SceneCount()
    found = find_height("yes", tags, count.notes)
    assert (found.top_m, found.source) == (top, source)
    assert (found.floors, found.floors_from) == (floors, floors_from)
    assert [noted in what for what in count.notes] == ([True] if noted else [])


CROSSED = shapely.Polygon([(0, 0), (SIDE, SIDE), (SIDE, 0), (0, SIDE)])
ALONG_RIM = shapely.Polygon(box().exterior, [box(0, SIDE / 4, SIDE / 2).exterior])
AT_RIM = shapely.Polygon(
    box().exterior,
    [[(0, SIDE / 2), (SIDE / 4, SIDE / 4), (SIDE / 4, 3 * SIDE / 4), (0, SIDE / 2)]],
)


@pytest.mark.parametrize(
    ("shape", "share", "noted"),
    [(CROSSED, 0.5, True), (ALONG_RIM, 0.75, True), (AT_RIM, 0.9375, False), (box() - box(SIDE / 4, SIDE / 4, SIDE / 2), 0.75, False)],
    ids=["crossed", "a hole along the rim", "a hole touching the rim", "a court"],
)  # fmt: skip
def test_a_faulty_footprint_keeps_its_area(shape: Any, share: float, noted: bool) -> None:
    made, count = make(shape, {"height": "10"})
    assert roof_area(made, 10) == pytest.approx(share * SIDE**2)
    assert bool(count.notes["footprints that cross or touch themselves, mended"]) == noted


@pytest.mark.parametrize(
    ("shape", "tags", "why"),
    [
        (shapely.Polygon(), {}, "footprint is empty or no area"),
        (shapely.Polygon([(0, 0), (1, 0), (2, 0)]), {}, "footprint is empty or no area"),
        (shapely.Point(0, 0), {}, "footprint is empty or no area"),
        (shapely.box(0, 0, 1, float("inf")), {}, "footprint is empty or no area"),
        (box(), {"location": "underground"}, "underground"),
    ],
)
def test_what_is_no_building_is_left_out_and_counted(
    shape: Any, tags: dict[str, str], why: str
) -> None:
    made, count = make(shape, tags)
    assert (made, dict(count.rejected)) == ([], {why: 1})


def slope(holes: slice | None = None) -> Ground:
    """Ground that rises eastwards by 100 m a degree, from 0 at 0 degrees; cells of 0.001."""
    values = np.tile(np.arange(21) * 0.1, (21, 1))
    if holes:
        values[:, holes] = np.nan
    grid = Elevation(values=values, x=0.0, y=0.02, step_x=0.001, step_y=-0.001, crs="")
    return Ground(grid)


def test_a_building_stands_on_the_lowest_ground_under_it() -> None:
    made, count = make(box(0.01, 0.01), {"height": "10"}, slope())
    faces, _ = raise_footprints(made)
    assert made[0].ground_m == pytest.approx(1.0)
    assert (faces[:, :, 2].min(), faces[:, :, 2].max()) == pytest.approx((1.0, 11.0))
    assert not +count.notes


@pytest.mark.parametrize(
    ("x", "holes", "stands", "noted"),
    [
        (0.010, slice(9, 13), 0.8, "over a hole of the terrain"),
        (0.010, slice(9, 11), 1.1, ""),  # one side of it lies on known ground
        (0.500, None, 2.0, "beyond the terrain"),
    ],
)
def test_ground_that_is_not_known_is_as_high_as_the_nearest_that_is(
    x: float, holes: slice | None, stands: float, noted: str
) -> None:
    made, count = make(box(x, 0.01), {}, slope(holes))
    assert made[0].ground_m == pytest.approx(stands)
    assert [noted in what for what in +count.notes] == ([True] if noted else [])


def test_terrain_of_another_city_is_refused() -> None:
    ground = slope()
    make(box(50, 50), {}, ground)
    with pytest.raises(InputError) as caught:
        ground.check_met()
    assert caught.value.code == "terrain_elsewhere"


def test_parts_are_drawn_in_place_of_their_building_and_under_its_id() -> None:
    count = SceneCount()
    (whole,) = make(box(), {"height": "5"})[0]
    (tower,) = make(box(0, 0, SIDE / 2), {"height": "30", "min_height": "5"})[0]
    (lost,) = make(box(1, 1), {"height": "7"})[0]
    joined = join_parts([whole], [tower, lost], count)
    assert len(joined) == 2 and joined[1] is lost
    assert (joined[0].id, joined[0].height_m) == ("way/1", 30)
    assert roof_area(joined[:1], 30) == pytest.approx(SIDE**2 / 4)
    assert roof_area(joined[:1], 5) == pytest.approx(SIDE**2 * 3 / 4)
    assert count.read == 1
    assert count.notes["building parts outside any building, drawn by themselves"] == 1


@pytest.mark.parametrize(
    ("shape", "top_corners"), [("pyramidal", 1), ("gabled", 2), ("flat", 4), ("mansard", 4)]
)
def test_a_roof_rises_to_the_height_of_its_building(shape: str, top_corners: int) -> None:
    made, count = make(box(), {"height": "10", "roof:shape": shape, "roof:height": "4"})
    faces, _ = raise_footprints(made)
    corners = np.unique(faces.reshape(-1, 3), axis=0)
    assert (corners[:, 2] == 10).sum() == top_corners
    assert bool(+count.notes) == (shape == "mansard")


def write_town(path: Path) -> Path:
    """A building, a part of it, and a part of none, as an extract."""
    writer = osmium.SimpleWriter(str(path))
    areas = [
        (box(7.4, 43.7), {"building": "yes", "height": "5"}),
        (box(7.4, 43.7, SIDE / 2), {"building:part": "yes", "height": "20"}),
        (box(7.5, 43.7), {"building:part": "yes", "building:levels": "2"}),
    ]
    node = 0
    ways = []
    for shape, tags in areas:
        refs = []
        for x, y in shape.exterior.coords[:-1]:
            node += 1
            refs.append(node)
            writer.add_node(osmium.osm.mutable.Node(id=node, location=(x, y)))
        ways.append((refs + refs[:1], tags))
    for number, (refs, tags) in enumerate(ways, 1):
        writer.add_way(osmium.osm.mutable.Way(id=number, nodes=refs, tags=tags))
    writer.close()
    return path


def test_an_extract_with_parts_becomes_a_scene_whose_tiles_tell_storeys(tmp_path: Path) -> None:
    report = build_scene(tmp_path / "out", osm=write_town(tmp_path / "town.osm.pbf"))
    assert (report["objects_in"], report["objects_out"]) == (2, 2)
    assert report["heights"] == {"given": 1, "levels": 1, "estimated": 0}
    assert report["floors"] == {"given": 1, "estimated": 1}
    data = (tmp_path / "out" / "tiles" / "00000.glb").read_bytes()
    size = struct.unpack("<I", data[12:16])[0]
    document = json.loads(data[20 : 20 + size])
    table = document["extensions"]["EXT_structural_metadata"]["propertyTables"][0]
    view = document["bufferViews"][table["properties"]["floors"]["values"]]
    floors = np.frombuffer(data[28 + size + view["byteOffset"] :], np.uint16, 2)
    assert floors.tolist() == [7, 2]


def test_a_way_that_crosses_itself_is_a_building_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "crossed.osm.pbf"
    drawn = {
        1: [(7.4, 43.7), (7.4001, 43.7001), (7.4001, 43.7), (7.4, 43.7001)],  # a bow
        2: [(7.41, 43.7), (7.4101, 43.7), (7.4101, 43.7001), (7.41, 43.7001)],
        3: [(7.42, 43.7)] * 4,  # no more than a point
    }
    writer, node = osmium.SimpleWriter(str(path)), 0
    ways = []
    for number, corners in drawn.items():
        refs = []
        for x, y in corners:
            node += 1
            refs.append(node)
            writer.add_node(osmium.osm.mutable.Node(id=node, location=(x, y)))
        ways.append((number, [*refs, refs[0]]))
    for number, refs in ways:
        writer.add_way(osmium.osm.mutable.Way(id=number, nodes=refs, tags={"building": "yes"}))
    writer.close()
    report = build_scene(tmp_path / "out", osm=path)
    assert (report["objects_in"], report["objects_out"]) == (3, 2)
    assert report["notes"] == {"footprints that cross or touch themselves, mended": 1}
    assert report["rejected"] == {"outline broken or not whole in the extract": 1}
