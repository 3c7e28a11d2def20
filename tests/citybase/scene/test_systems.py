"""The coordinate system of a city model in every way that files name it, heights in feet too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyproj
import pytest

from twinward.citybase.scene.cityjson import check_cityjson, read_cityjson
from twinward.citybase.scene.counts import SceneCount
from twinward.citybase.scene.systems import find_system, plain_name
from twinward.core.errors import InputError

FOOT = 1200 / 3937  # of the United States' survey
ADDRESS = "https://www.opengis.net/def/crs"


@pytest.mark.parametrize(
    ("told", "plain"),
    [
        ("7415", "EPSG:7415"), ("EPSG:7415", "EPSG:7415"), ("epsg:7415", "EPSG:7415"), ("urn:ogc:def:crs:EPSG::7415", "EPSG:7415"),
        ("urn:ogc:def:crs:EPSG:6.9:7415", "EPSG:7415"), (f"{ADDRESS}/EPSG/0/7415", "EPSG:7415"), (f"{ADDRESS}/EPSG/0/7415/", "EPSG:7415"),
        ("EPSG:28992+5709", "EPSG:28992+5709"), ("EPSG:28992+EPSG:5709", "EPSG:28992+5709"),
        ("urn:ogc:def:crs,crs:EPSG::28992,crs:EPSG::5709", "EPSG:28992+5709"),
        (f"{ADDRESS}-compound?1={ADDRESS}/EPSG/0/28992&2={ADDRESS}/EPSG/0/5709", "EPSG:28992+5709"),
        (f"{ADDRESS}/OGC/1.3/CRS84", "OGC:CRS84"), ("urn:ogc:def:crs:OGC:1.3:CRS84", "OGC:CRS84"),
    ],
)  # fmt: skip
def test_a_system_is_known_by_each_of_its_names(told: str, plain: str) -> None:
    assert plain_name(told) == plain
    lon, lat = find_system(told, "a").transformer.transform(
        *((4.36, 52.0) if "CRS84" in plain else (84_600, 447_500))
    )
    assert lon == pytest.approx(4.36, abs=0.02) and lat == pytest.approx(52.01, abs=0.02)


@pytest.mark.parametrize(
    ("told", "metre", "assumed"),
    [
        ("EPSG:28992", 1.0, False),
        ("EPSG:7415", 1.0, False),
        ("EPSG:2056", 1.0, False),
        ("EPSG:2056+5728", 1.0, False),
        ("EPSG:4979", 1.0, False),
        ("EPSG:2225", FOOT, True),
        ("EPSG:2225+6360", FOOT, False),
        ("EPSG:2225+5703", 1.0, False),
        ("EPSG:26910+8228", 0.3048, False),
    ],
)
def test_heights_count_in_the_unit_of_their_own_system(
    told: str, metre: float, assumed: bool
) -> None:
    found = find_system(told, "a")
    assert found.metre == pytest.approx(metre) and found.assumed == assumed


@pytest.mark.parametrize(
    "told", ["EPSG:1", "EPSG:5709", "Narnia", "EPSG:", "http://[", "EPSG:28992+1", "EPSG:4978", "9" * 400]
)  # fmt: skip
def test_what_is_no_system_of_places_is_one_clear_error(told: str) -> None:
    with pytest.raises(InputError) as found:
        find_system(told, "a.json")
    assert found.value.code == "bad_crs" and "a.json" in str(found.value)


BOX = [
    [[[0, 2, 3, 1]], [[4, 5, 7, 6]], [[0, 1, 5, 4]], [[1, 3, 7, 5]], [[3, 2, 6, 7]], [[2, 0, 4, 6]]]
]
CORNERS = [[x, y, z] for z in (0, 9) for y in (0, 9) for x in (0, 9)]


def model(version: str = "2.0", **other: Any) -> dict[str, Any]:
    shape = {"type": "Solid", "lod": "2.2", "boundaries": BOX}
    return {
        "type": "CityJSON",
        "version": version,
        "transform": {"scale": [1, 1, 1], "translate": [84_600, 447_500, 0]},
        "metadata": {"referenceSystem": "EPSG:7415"},
        "CityObjects": {"b": {"type": "Building", "geometry": [shape]}},
        "vertices": CORNERS,
    } | other


def read(tmp_path: Path, document: Any, name: str = "a.city.json", crs: str = "") -> Any:
    path, count = tmp_path / name, SceneCount()
    lines = document if isinstance(document, list) else [document]
    path.write_text("\n".join(json.dumps(one) for one in lines), "utf-8")
    return read_cityjson(path, crs, count), count


def test_heights_in_feet_become_metres_and_what_is_assumed_is_said(tmp_path: Path) -> None:
    lay = {"scale": [1, 1, 1], "translate": [6_000_000, 2_000_000, 0]}
    for told, high, noted in (
        ("EPSG:2225+6360", 9 * FOOT, 0),
        ("EPSG:2225", 9 * FOOT, 1),
        ("EPSG:2225+5703", 9.0, 0),
    ):
        document = model(transform=lay, metadata={"referenceSystem": told})
        (solid,), count = read(tmp_path, document)
        assert solid.height_m == pytest.approx(high, abs=1e-3)
        assert sum(count.notes.values()) == noted
        lon, lat = solid.corners[:, :2].mean(axis=0)
        back = pyproj.Transformer.from_crs(4326, 2225, always_xy=True).transform(lon, lat)
        assert back == pytest.approx((6_000_004.5, 2_000_004.5), abs=0.01)


@pytest.mark.parametrize("version", ["1.0", "1.1", "2.0"])
def test_each_version_and_a_sequence_of_it_say_the_same(tmp_path: Path, version: str) -> None:
    whole = model(version)
    (a,), _ = read(tmp_path, whole)
    head = whole | {"CityObjects": {}, "vertices": []}
    feature = {
        "type": "CityJSONFeature",
        "id": "b",
        "CityObjects": whole["CityObjects"],
        "vertices": CORNERS,
    }
    (b,), _ = read(tmp_path, [head, feature], "a.city.jsonl")
    assert (a.id, a.height_m) == (b.id, b.height_m) == ("b", 9.0)
    assert (a.corners == b.corners).all()


def test_only_1_0_may_do_without_a_transform(tmp_path: Path) -> None:
    plain = model("1.0", vertices=[[x + 84_600, y + 447_500, z] for x, y, z in CORNERS])
    del plain["transform"]
    (solid,), _ = read(tmp_path, plain)
    assert solid.corners[:, 0].mean() == pytest.approx(4.36, abs=0.02)
    with pytest.raises(InputError, match="needs a transform"):
        read(tmp_path, plain | {"version": "2.0"})


def test_a_draft_is_checked_but_not_built_and_the_way_out_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError) as found:
        read(tmp_path, model("0.9"))
    assert "'0.9'" in str(found.value) and "cjio" in (found.value.advice or "")
    assert check_cityjson(tmp_path / "a.city.json") == []
    with pytest.raises(InputError, match="its version is"):
        read(tmp_path, model("3.0"))


@pytest.mark.parametrize("metadata", [None, [], {}, {"referenceSystem": None}, 5])
def test_a_file_without_a_system_asks_for_one(tmp_path: Path, metadata: Any) -> None:
    with pytest.raises(InputError) as found:
        read(tmp_path, model(metadata=metadata))
    assert found.value.code == "no_crs"
    (solid,), _ = read(tmp_path, model(metadata=metadata), crs="EPSG:7415")
    assert solid.height_m == 9.0


def test_a_vertex_beyond_every_system_is_refused(tmp_path: Path) -> None:
    far = model(transform={"scale": [1, 1, 1e300], "translate": [0, 0, 0]})
    with pytest.raises(InputError, match="where no system has a place"):
        read(tmp_path, far)


@pytest.mark.parametrize(
    ("levels", "high"),
    [((1, "2.2"), 9), (("1.2", "2.2"), 9), (("0", 2), 9), (("2.2", "10"), 0), ((None, "1"), 9)],
)
def test_the_finest_level_that_can_be_drawn_is_drawn(
    tmp_path: Path, levels: tuple[Any, Any], high: float
) -> None:
    flat = {"type": "MultiSurface", "boundaries": [[[0, 1, 3, 2]]]}
    solid = {"type": "Solid", "boundaries": BOX, "lod": levels[1]}
    shapes = [flat | {"lod": levels[0]}, solid]
    if high == 0:
        shapes = [solid | {"lod": levels[0]}, flat | {"lod": levels[1]}]
    (found,), _ = read(tmp_path, model(CityObjects={"b": {"type": "Building", "geometry": shapes}}))
    assert found.height_m == high
    broken = {"type": "Solid", "lod": "3.3", "boundaries": [[[[0, 1, 99]]]]}
    item = {"type": "Building", "geometry": [*shapes, broken]}
    (found,), count = read(tmp_path, model(CityObjects={"b": item}))
    assert found.height_m == high and not count.notes


def test_a_model_outside_the_area_of_its_system_has_the_wrong_one(tmp_path: Path) -> None:
    with pytest.raises(InputError) as found:
        read(tmp_path, model(metadata={"referenceSystem": "EPSG:2056"}))
    assert found.value.code == "bad_crs" and "outside the area of EPSG:2056" in str(found.value)
    far = [[x + 900_000, y, z] for x, y, z in CORNERS]
    away = {
        "type": "Building",
        "geometry": [
            {
                "type": "Solid",
                "lod": "1",
                "boundaries": [[[[8 + n for n in ring] for ring in face] for face in BOX[0]]],
            }
        ],
    }
    both = model()["CityObjects"] | {"far": away}
    solids, count = read(tmp_path, model(CityObjects=both, vertices=CORNERS + far))
    assert len(solids) == 2
    assert count.notes["objects outside the area of their coordinate system"] == 1


def test_an_area_reaches_over_the_180th_meridian() -> None:
    fiji = find_system("EPSG:3460", "a")
    assert fiji.holds(179, -17) and fiji.holds(-179, -17) and not fiji.holds(0, -17)


def test_what_no_building_can_be_is_drawn_and_said(tmp_path: Path) -> None:
    item = model()["CityObjects"]["b"] | {"type": "BuildingPart", "parents": ["gone"]}
    high = [[x, y, z * 983] for x, y, z in CORNERS]
    (solid,), count = read(tmp_path, model(CityObjects={"b": item}, vertices=high))
    assert solid.height_m == 8847
    assert sorted(one for one, n in count.notes.items() if n) == [
        "buildings higher than any there is, drawn as the file says",
        "parts of an object that the file does not have",
    ]


@pytest.mark.parametrize("far", [1e300, 1e10])
def test_a_template_that_reaches_beyond_everything_is_one_broken_object(
    tmp_path: Path, far: float
) -> None:
    templates = {
        "templates": [{"type": "MultiSurface", "lod": "1", "boundaries": [[[0, 1, 2]]]}],
        "vertices-templates": [[0, 0, 0], [far, 0, 0], [0, far, 0]],
    }
    at = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
    shape = {
        "type": "GeometryInstance",
        "template": 0,
        "boundaries": [0],
        "transformationMatrix": at,
    }
    objects = model()["CityObjects"] | {"t": {"type": "CityFurniture", "geometry": [shape]}}
    document = model(CityObjects=objects) | {"geometry-templates": templates}
    solids, count = read(tmp_path, document)
    assert [len(one.triangles) for one in solids] == [12, 0]
    assert count.notes["objects whose geometry is broken, kept without it"] == 1
    assert [one.code for one in check_cityjson(tmp_path / "a.city.json")] == [901]
