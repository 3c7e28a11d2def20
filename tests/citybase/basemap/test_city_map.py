"""The base map shows what the sources give, where they give it, and names what they do not."""

from __future__ import annotations

import gzip
from typing import Any

import numpy as np
import shapely

from twinward.citybase.areas.hierarchy import AreaNode, Hierarchy
from twinward.citybase.basemap.city_map import MapSources, list_layers, write_city_map
from twinward.citybase.basemap.map_layers import make_layer, make_tiles, to_world
from twinward.citybase.basemap.osm_shapes import OsmShapes, close_sea
from twinward.citybase.basemap.tile_archive import TileArchive
from twinward.citybase.basemap.vector_tile import encode_tile
from twinward.citybase.places.named_places import PlaceTable


def read_tile(body: bytes) -> dict[str, list[dict[str, Any]]]:
    """A slow, plain reader of vector tiles: layer -> features with properties and rings."""

    def varint(data: bytes, at: int) -> tuple[int, int]:
        value = shift = 0
        while True:
            value |= (data[at] & 127) << shift
            shift, at = shift + 7, at + 1
            if data[at - 1] < 128:
                return value, at

    def fields(data: bytes) -> list[tuple[int, Any]]:
        at, found = 0, []
        while at < len(data):
            key, at = varint(data, at)
            if key & 7 == 0:
                value: Any
                value, at = varint(data, at)
            elif key & 7 == 1:
                value, at = float(np.frombuffer(data[at : at + 8], "<f8")[0]), at + 8
            else:
                size, at = varint(data, at)
                value, at = data[at : at + size], at + size
            found.append((key >> 3, value))
        return found

    def numbers(data: bytes) -> list[int]:
        at, found = 0, []
        while at < len(data):
            value, at = varint(data, at)
            found.append(value)
        return found

    layers: dict[str, list[dict[str, Any]]] = {}
    for _, layer in fields(body):
        parts = fields(layer)
        name = next(value for key, value in parts if key == 1).decode()
        keys = [value.decode() for key, value in parts if key == 3]
        values = []
        for value in (value for key, value in parts if key == 4):
            kind, raw = fields(value)[0]
            values.append(
                raw.decode()
                if kind == 1
                else (raw >> 1) ^ -(raw & 1)
                if kind == 6
                else bool(raw)
                if kind == 7
                else raw
            )
        for feature in (fields(value) for key, value in parts if key == 2):
            row = dict(feature)
            tags = numbers(row.get(2, b""))
            x = y = at = 0
            rings: list[list[tuple[int, int]]] = []
            commands = numbers(row[4])
            while at < len(commands):
                what, count = commands[at] & 7, commands[at] >> 3
                at += 1
                for _ in range(count if what != 7 else 0):
                    x += (commands[at] >> 1) ^ -(commands[at] & 1)
                    y += (commands[at + 1] >> 1) ^ -(commands[at + 1] & 1)
                    at += 2
                    rings.append([(x, y)]) if what == 1 else rings[-1].append((x, y))
            told = {keys[a]: values[b] for a, b in zip(tags[::2], tags[1::2], strict=True)}
            layers.setdefault(name, []).append(
                {"id": row.get(1), "properties": told, "rings": rings}
            )
    return layers


def city() -> MapSources:
    hierarchy = Hierarchy(["district", "community"])
    district = AreaNode("01", "河边区", 0, None)
    district.shape, district.point, district.published = (
        shapely.box(121, 31, 121.2, 31.2),
        (121.1, 31.1),
        True,
    )
    hierarchy.nodes[0].append(district)
    for n in range(4):
        node = AreaNode(f"01{n}", f"社区{n}", 1, district)
        node.point = (121.05 + 0.1 * (n % 2), 31.05 + 0.1 * (n // 2))
        hierarchy.nodes[1].append(node)
    places = PlaceTable(
        kind=["hospital", "bus_stop"], name=["人民医院", "桥站"], source=["a", "b"],
        lonlat=np.array([[121.1, 31.1], [121.11, 31.12]]), capacity=np.zeros(2, np.int64),
        leaf=np.zeros(2, np.int64), area_by=["outline", "outline"],
    )  # fmt: skip
    return MapSources(
        hierarchy=hierarchy,
        places=places,
        buildings=None,
        drawn=OsmShapes(),
        names_en={"01": "Riverside"},
        credits=["us"],
    )


def test_a_shape_comes_back_from_its_tile_to_a_unit_with_its_hole_turned_the_other_way() -> None:
    ring = shapely.Polygon(
        [(10, 10), (400, 10), (400, 300), (10, 300)], [[(50, 50), (90, 50), (90, 90)]]
    )
    found = read_tile(
        encode_tile(
            [("green", [(ring, {"class": "park", "height": 3.5, "n": -2, "yes": True}, 7)])]
        )
    )
    feature = found["green"][0]
    assert feature["id"] == 7 and feature["properties"] == {
        "class": "park",
        "height": 3.5,
        "n": -2,
        "yes": True,
    }
    areas = [
        sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(r, r[1:] + r[:1], strict=True))
        for r in feature["rings"]
    ]
    assert areas[0] == 2 * 390 * 290 and areas[1] == -2 * 800


def test_what_crosses_tiles_is_cut_and_nothing_of_it_is_lost() -> None:
    square = shapely.box(-20, -20, 20, 20)
    tiles = make_tiles([make_layer("water", [(square, {}, 0)])], 2)
    assert {key for key in tiles if key[0] == 2} == {(2, x, y) for x in (1, 2) for y in (1, 2)}
    corner = read_tile(tiles[2, 1, 1])["water"][0]["rings"][0]
    assert max(x for x, _ in corner) == 4096 + 64  # as far as the rim, so that no seam shows


def test_a_map_names_what_its_sources_do_not_give(tmp_path: Any) -> None:
    report = write_city_map(city(), tmp_path)
    assert report["missing"] == ["water", "green", "building", "road", "rail"]
    assert report["layers"] == {"area": 1, "cell": 1, "area_name": 5, "place": 2}
    archive = TileArchive(tmp_path / "basemap.pmtiles")
    tile = np.floor(to_world(np.array([[121.1, 31.1]]))[0] * 512).astype(int).tolist()
    top = read_tile(gzip.decompress(archive.find_tile(9, *tile) or b""))
    assert top["area"][0]["properties"] == {
        "code": "01",
        "name": "河边区",
        "depth": 1,
        "name_en": "Riverside",
    }
    archive.close()


def test_cells_stand_about_the_points_inside_the_outline_above() -> None:
    cells = next(layer for layer in list_layers(city()) if layer.name == "cell")
    # four points in a square: the borders are the cross through its middle
    assert cells.shapes[0].length == 0.4 or abs(cells.shapes[0].length - 0.4) < 1e-9


def test_the_sea_lies_to_the_right_of_a_coastline() -> None:
    shore = shapely.LineString([(-1, 5), (11, 5)])  # drawn to the east: land in the north
    found = OsmShapes(coast=[shore], box=(0, 0, 10, 10))
    (sea,) = close_sea(found)
    assert sea.bounds == (0, 0, 10, 5)
    assert close_sea(OsmShapes(coast=[shore])) == []  # without a box the sea cannot be closed


def test_a_coastline_that_stops_just_before_the_edge_still_closes_and_a_torn_one_draws_no_sea() -> (
    None
):
    short = shapely.LineString([(0.001, 5), (9.999, 5)])
    (sea,) = close_sea(OsmShapes(coast=[short], box=(0, 0, 10, 10)))
    assert sea.bounds == (0, 0, 10, 5)
    torn = shapely.LineString([(3, 5), (7, 5)])
    assert close_sea(OsmShapes(coast=[torn], box=(0, 0, 10, 10))) == []
