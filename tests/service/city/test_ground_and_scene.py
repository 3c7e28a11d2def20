"""The ground's heights and the scene reach the screen as they were built."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from twinward.citybase.scene.build import build_scene
from twinward.citybase.terrain.elevation import Elevation, keep_elevation
from twinward.core.errors import AbsentError
from twinward.service.city.scene import check_scene
from twinward.service.city.scene_tiles import SceneTiles
from twinward.service.console.terrain_tiles import TerrainTiles, encode_png

TOWN = """{"type":"CityJSON","version":"2.0","transform":{"scale":[1,1,1],"translate":[0,0,0]},
"metadata":{"referenceSystem":"https://www.opengis.net/def/crs/EPSG/0/28992"},
"vertices":[[85000,446000,0],[85010,446000,0],[85010,446010,0],[85000,446010,0],
[85000,446000,9],[85010,446000,9],[85010,446010,9],[85000,446010,9]],
"CityObjects":{"house":{"type":"Building","geometry":[{"type":"MultiSurface","lod":"1",
"boundaries":[[[4,5,6,7]],[[0,1,5,4]],[[1,2,6,5]],[[2,3,7,6]],[[3,0,4,7]]]}]}}}"""


def heights_of(png: bytes) -> np.ndarray:
    """A plain reader of what the writer writes: one run of lines without filters."""
    at = png.index(b"IDAT")
    size = int.from_bytes(png[at - 4 : at], "big")
    lines = np.frombuffer(zlib.decompress(png[at + 4 : at + 4 + size]), np.uint8).reshape(256, -1)
    assert not lines[:, 0].any()
    rgb = lines[:, 1:].reshape(256, 256, 3).astype(np.float64)
    return rgb[..., 0] * 256 + rgb[..., 1] + rgb[..., 2] / 256 - 32_768


def test_a_tile_tells_the_height_to_half_a_centimetre() -> None:
    height = np.random.Generator(np.random.PCG64(1)).uniform(-400, 8_800, (256, 256))
    assert np.abs(heights_of(encode_png(height)) - height).max() <= 0.5 / 256 + 1e-9


def test_the_terrain_of_a_city_is_drawn_where_it_lies(tmp_path: Path) -> None:
    slope = np.tile(np.linspace(0, 100, 60), (60, 1))  # rises to the east
    slope[:5, :5] = np.nan
    ground = Elevation(values=slope, x=10.0, y=50.06, step_x=0.001, step_y=-0.001, crs="")
    keep_elevation(ground, (10.02, 50.02, 10.04, 50.04), tmp_path)
    tiles = TerrainTiles(tmp_path)
    assert tiles.available
    assert tiles.bounds() == pytest.approx([10.0, 50.0, 10.06, 50.06], abs=0.003)
    body = tiles.find_tile(10, 540, 347)
    assert body is not None
    seen = heights_of(body)
    assert seen.max() == pytest.approx(100, abs=3)
    assert seen.min() >= 0
    assert tiles.find_tile(20, 0, 0) is None


def test_a_city_without_elevation_has_no_terrain(tmp_path: Path) -> None:
    tiles = TerrainTiles(tmp_path)
    assert (tiles.available, tiles.bounds(), tiles.find_tile(3, 1, 1)) == (False, [], None)


def test_the_scene_is_read_as_it_was_built(tmp_path: Path) -> None:
    source = tmp_path / "town.city.json"
    source.write_text(TOWN, "utf-8")
    scene = SceneTiles(tmp_path)
    assert scene.view().available is False
    report = build_scene(tmp_path / "scene", cityjson=[source])
    view = scene.view()
    assert (view.available, view.objects, view.heights) == (True, 1, report["heights"])
    assert scene.read_tile("00000.glb").startswith(b"glTF")
    assert b"tiles/00000.glb" in scene.read_tileset()


def test_an_entity_that_the_city_has_no_more_is_counted(tmp_path: Path) -> None:
    (tmp_path / "city").mkdir()
    write_buildings(tmp_path / "city", [1, 2, 3])
    build_scene(tmp_path / "scene", city=tmp_path / "city")
    assert check_scene(tmp_path, None, None).gone == 0
    write_buildings(tmp_path / "city", [1, 3])
    found = check_scene(tmp_path, None, None)
    assert found.checked.sound
    assert (found.entities, found.gone, found.named) == (3, 1, ["way/2"])


def test_the_scene_of_a_city_with_elevation_stands_on_it(tmp_path: Path) -> None:
    city = tmp_path / "city"
    city.mkdir()
    write_buildings(city, [1, 2])
    slope = np.tile(np.arange(41) * 10.0, (41, 1))  # 100 m a degree of longitude
    ground = Elevation(values=slope, x=0.0, y=2.0, step_x=0.1, step_y=-0.1, crs="")
    keep_elevation(ground, (0.0, -1.0, 3.0, 1.0), city)
    report = build_scene(tmp_path / "scene", city=city)
    assert report["ground_m"] == pytest.approx([100, 200], abs=0.1)
    view = SceneTiles(tmp_path).view()
    assert (view.terrain, view.floors) == (True, {"given": 2, "estimated": 0})


def write_buildings(folder: Path, numbers: list[int]) -> None:
    """The buildings of a built city, one beside the other."""
    outlines = [shapely.to_wkb(shapely.box(n, 0, n + 0.001, 0.001)) for n in numbers]
    columns = {
        "osm_id": numbers,
        "kind": ["yes"] * len(numbers),
        "levels": [2.0] * len(numbers),
        "levels_stated": [True] * len(numbers),
        "outline": outlines,
    }
    pq.write_table(pa.table(columns), folder / "buildings.parquet")


@pytest.mark.parametrize("name", ["99999.glb", "../tileset.json", "00000.glb/..", "scene.json"])
def test_nothing_but_tiles_is_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "scene" / "tiles").mkdir(parents=True)
    with pytest.raises(AbsentError):
        SceneTiles(tmp_path).read_tile(name)
