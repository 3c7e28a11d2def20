"""Files as offices write them: their numbers, bands, names, encodings, systems, layers, parts
and totals.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import shapely
from small_city import CONFIG, square

from twinward.citybase.build import build
from twinward.citybase.columns import open_city
from twinward.citybase.people.bands import parse_band
from twinward.citybase.sources.names import Names, bare, without_kind
from twinward.citybase.sources.numbers import POINT, Writing, find_writing, to_numbers
from twinward.core.errors import InputError
from twinward.core.geography import distance_m

Write = Callable[..., Path]
WARDS = (
    '[city]\nname = "w"\n[boundaries]\nfile = "{file}"\nlevel = "ward"\ncode = "code"\nname = '
    '"name"\n'
)
TABLE = '[residents]\nkind = "table"\nfile = "r.csv"\ncode = "code"\n'
GRID = '[residents]\nkind = "points"\nfile = "grid.csv"\n'


def wards(*rows: tuple[str, str, dict[str, Any]], crs: str = "") -> str:
    features = [
        {"type": "Feature", "properties": {"code": code, "name": name}, "geometry": shape}
        for code, name, shape in rows
    ]
    more = {"crs": {"type": "name", "properties": {"name": crs}}} if crs else {}
    return json.dumps({"type": "FeatureCollection", "features": features} | more)


THREE = wards(
    *(
        (f"0{i}", name, square(9.9 + i / 10))
        for i, name in enumerate(("Águeda", "Tomar", "Óbidos"), 1)
    )
)


def by_area(workspace: Path) -> dict[str, int]:
    city = open_city(workspace / "city")
    return dict(zip(city.leaf_codes, np.diff(city.leaf_start.astype(int)).tolist(), strict=True))


def make(
    small_city: Write, tmp_path: Path, config: str, accept: bool = False, **files: Any
) -> dict[str, Any]:
    return build(small_city(config=config, **files), tmp_path / "ws", accept_losses=accept)


def read(
    values: list[Any], *, whole: bool = True, separator: str = ",", **stated: str
) -> list[float]:
    signs = {"thousands": "", "decimal": ""} | stated
    return to_numbers(
        values, find_writing(values, "f", "count", whole=whole, separator=separator, **signs)
    ).tolist()


@pytest.mark.parametrize(
    ("values", "numbers"),
    [
        (["4 000", "1 234 567", "950"], [4000, 1234567, 950]),
        (["4\u202f000,5", "12,5"], [4000.5, 12.5]),
        (["4'000", "1’234’567.5"], [4000, 1234567.5]),
        (["1.234.567", "950", "4.000"], [1234567, 950, 4000]),
        (["4,000", "3,000", "950"], [4000, 3000, 950]),
        (["12,34,567", "1,234"], [1234567, 1234]),
        (["4000,5", "0,25"], [4000.5, 0.25]),
        (["1.234,5", "2.000"], [1234.5, 2000]),
        (["0.123", "12.345"], [0.123, 12.345]),
        (["1.2万", "３４５"], [12000, 345]),
        ([4.000, 3], [4, 3]),
    ],
)
def test_numbers_are_read_in_the_writing_of_their_country(
    values: list[Any], numbers: list[float]
) -> None:
    assert read(values) == pytest.approx(numbers)


def test_a_number_that_could_be_two_is_a_question_and_the_answer_counts() -> None:
    for values, separator in ((["4.000", "950"], ";"), (["4,000"], ";"), (["12,5", "12.5"], ",")):
        with pytest.raises(InputError, match="thousands") as caught:
            read(values, separator=separator)
        assert caught.value.code == "which_numbers" and "thousands =" in caught.value.advice
    assert read(["4.000", "950"], thousands=".") == [4000, 950]
    assert read(["4.000", "950"], decimal=".") == [4, 950]
    assert read(["4 000"], thousands="space") == [4000]
    with pytest.raises(InputError, match="no signs"):
        read(["4"], thousands="x")


def test_degrees_with_a_comma_are_read_and_never_parted() -> None:
    assert read(["-8,61", "121,473"], whole=False) == pytest.approx([-8.61, 121.473])
    assert read(["121.473", "31.234"], whole=False) == pytest.approx([121.473, 31.234])
    assert find_writing(["7"], "f", "k", whole=True, thousands="", decimal="", separator=",") in (
        POINT,
        Writing(thousands="", decimal="."),
    )


def test_what_is_no_number_stays_none() -> None:
    assert np.isnan(read(["4²", "1_000", "~4", "4*", "", "x"])).all()


@pytest.mark.parametrize(
    ("text", "band"),
    [
        ("<5", (0, 4, False)),
        ("≥65", (65, 65, True)),
        ("under 1", (0, 0, False)),
        ("65 ans et plus", (65, 65, True)),
        ("0 à 14 ans", (0, 14, False)),
        ("3 bis unter 6", (3, 5, False)),
        (">64", (65, 65, True)),
        ("[15,65)", (15, 64, False)),
        ("65歳以上", (65, 65, True)),
        ("80 anos e mais", (80, 80, True)),
        ("unknown", None),
        ("1e2", None),
    ],
)
def test_bands_in_many_tongues(text: str, band: Any) -> None:
    assert parse_band(text) == band


def test_household_sizes_in_words() -> None:
    words = ("1 person", "3-4", "4 or more persons", "6人以上")
    assert [parse_band(word, sizes=True) for word in words] == [
        (1, 1, False),
        (3, 4, False),
        (4, 4, True),
        (6, 6, True),
    ]


AGES = {
    "signs": "age,count\n<5,500\n5-14,1500\n15-64,6000\n≥65,2000\nTotal,10000\n",
    "sums beside their parts": "age,count\n0-14,2000\n0-4,500\n5-14,1500\n15-64,6000\n65+,2000\n",
    "ends shared": "age,count\n0-5,500\n5-15,1500\n15-65,6000\n65+,2000\n",
    "unknown ages": "age,count\n0-4,450\n5-14,1350\n15-64,5400\n65 and over,1800\nunknown,1000\n",
}


@pytest.mark.parametrize("case", AGES)
def test_no_band_of_ages_is_lost(case: str, small_city: Write, tmp_path: Path) -> None:
    config = '[city]\nname = "b"\n' + GRID + '[ages]\nfile = "a.csv"\n'
    make(small_city, tmp_path, config, grid_csv="lon,lat,count\n10,50,10000\n", a_csv=AGES[case])
    ages = open_city(tmp_path / "ws" / "city").age_sex & 127
    assert (int((ages < 5).sum()), int((ages >= 65).sum())) == (500, 2000)


def test_household_sizes_of_a_band_are_shared(small_city: Write, tmp_path: Path) -> None:
    table = "size,count\n1 person,300\n2,300\n3-4,300\n5 or more persons,100\nTotal,1000\n"
    config = '[city]\nname = "h"\n' + GRID + '[households]\nfile = "h.csv"\n'
    make(small_city, tmp_path, config, grid_csv="lon,lat,count\n10,50,9000\n", h_csv=table)
    sizes = np.diff(open_city(tmp_path / "ws" / "city").household_start.astype(int))
    counts = np.bincount(sizes, minlength=6)
    assert counts[3] > 100 and counts[4] > 50 and abs((counts[3] + counts[4]) / counts[2] - 1) < 0.1


TABLES = {
    "other form of accents": "code,count\nA\u0301gueda,4000\nTomar,3000\nO\u0301bidos,2000\n",
    "invisible signs": "code,count\nÁgueda\u200b,4000\n\ufeffTomar,3000\nÓbidos\u00a0,2000\n",
    "another case, its kind": "code,count\nÁGUEDA,4000\nTomar Ward,3000\nConcelho de Óbidos,2000\n",
    "a row of totals and empty rows": "code,count\n01,4000\n,\n02,3000\n03,2000\nTotal,9000\n,,\n"[
        :-3
    ],
    "a byte order mark": "\ufeffcode,count\n01,4000\n02,3000\n03,2000\n",
}


@pytest.mark.parametrize("case", TABLES)
def test_a_table_finds_its_areas(case: str, small_city: Write, tmp_path: Path) -> None:
    make(
        small_city,
        tmp_path,
        WARDS.format(file="w.geojson") + TABLE,
        w_geojson=THREE,
        r_csv=TABLES[case],
    )
    assert by_area(tmp_path / "ws") == {"01": 4000, "02": 3000, "03": 2000}


def test_a_table_that_finds_one_of_three_areas_asks(small_city: Write, tmp_path: Path) -> None:
    config, rows = (
        WARDS.format(file="w.geojson") + TABLE,
        "code,count\nAgeda,4000\nTomar,1000\nElsewhere,2000\n",
    )
    with pytest.raises(
        InputError, match=r"6,000 of 7,000 residents.*did you mean Águeda"
    ) as caught:
        make(small_city, tmp_path, config, w_geojson=THREE, r_csv=rows)
    assert caught.value.code == "most_residents_lost" and "--accept-losses" in caught.value.advice
    report = make(small_city, tmp_path, config, accept=True, w_geojson=THREE, r_csv=rows)
    assert report["residents"] == 1000 and report["people_left_out"]["residents"] == 6000
    with pytest.raises(InputError, match="2 of 3 areas would have no residents"):
        make(small_city, tmp_path, config, w_geojson=THREE, r_csv="code,count\nTomar,1000\n")


def test_names_in_two_scripts_and_forms() -> None:
    assert (bare("浦東新區"), without_kind("浦東新區"), without_kind("Pudong New Area")) == (
        "浦东新区",
        "浦东",
        "pudong",
    )

    class Area:
        def __init__(self, name: str) -> None:
            self.name = self.stated = name

    areas = [
        Area(name) for name in ("浦东新区 Pudong", "Bozen / Bolzano", "North", "North West", "徐汇")
    ]
    found = Names(areas).find_all(
        ["浦東", "bolzano", "North District", "West", "徐匯區", "Pudong New Area"]
    )
    assert {word: area.name for word, area in found.items()} == {
        "bolzano": "Bozen / Bolzano",
        "North District": "North",
        "徐匯區": "徐汇",
    }  # fmt: skip  (two words mean Pudong: neither is taken)
    assert Names(areas).find_all(["浦東"])["浦東"].name == "浦东新区 Pudong"


def test_rows_of_one_code_are_parts_of_one_area(small_city: Write, tmp_path: Path) -> None:
    text = wards(("A", "A", square(10.0)), ("A", "A", square(10.5)), ("B", "B", square(10.1)))
    rows = "lon,lat,count\n10.05,50.05,500\n10.55,50.05,300\n10.15,50.05,200\n"
    report = make(
        small_city, tmp_path, WARDS.format(file="w.geojson") + GRID, w_geojson=text, grid_csv=rows
    )
    assert by_area(tmp_path / "ws") == {"A": 800, "B": 200}
    assert "rows joined to the outline of A" in report["sources"][0]["notes"]
    with pytest.raises(InputError, match=r"code A stands for A .* and C"):
        make(
            small_city,
            tmp_path,
            WARDS.format(file="w.geojson") + GRID,
            w_geojson=wards(("A", "A", square(10.0)), ("A", "C", square(10.5))),
            grid_csv=rows,
        )


def test_parts_are_joined_to_a_table_of_areas_too(small_city: Write, tmp_path: Path) -> None:
    features = [
        {"type": "Feature", "properties": {"id": code}, "geometry": square(west)}
        for code, west in (("11", 10.0), ("12", 10.1), ("12", 10.3))
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features})
    config = CONFIG[: CONFIG.index("[residents]")] + GRID
    rows = "lon,lat,count\n10.05,50.05,500\n10.35,50.05,300\n10.15,50.05,200\n"
    make(small_city, tmp_path, config, districts_geojson=text, grid_csv=rows)
    counts = by_area(tmp_path / "ws")
    assert sum(n for code, n in counts.items() if code.startswith("12")) == 500


def test_an_enclave_is_its_own_and_the_citys_outline_no_ward(
    small_city: Write, tmp_path: Path
) -> None:
    text = wards(
        ("A", "A", square(10.0)),
        ("B", "B", square(10.04, 50.04, 0.02)),
        ("C", "C", square(10.1)),
        (
            "all",
            "all",
            {
                "type": "Polygon",
                "coordinates": [[[10, 50], [10.2, 50], [10.2, 50.1], [10, 50.1], [10, 50]]],
            },
        ),
    )
    rows = "lon,lat,count\n10.01,50.05,500\n10.05,50.05,300\n10.15,50.05,200\n"
    make(small_city, tmp_path, WARDS.format(file="w.geojson") + GRID, w_geojson=text, grid_csv=rows)
    assert by_area(tmp_path / "ws") == {"A": 500, "B": 300, "C": 200}


def lattice(west: float, south: float, number: int, step: float = 0.01, count: float = 100) -> str:
    rows = [
        f"{west + i * step:.5f},{south + j * step:.5f},{count}"
        for i in range(number)
        for j in range(number)
    ]
    return "lon,lat,count\n" + "\n".join(rows) + "\n"


@pytest.mark.parametrize("margin", [1, 2, 5])
def test_the_neighbours_of_a_grid_are_not_counted_in(
    margin: int, small_city: Write, tmp_path: Path
) -> None:
    grid = lattice(10.005 - margin * 0.01, 50.005 - margin * 0.01, 10 + 2 * margin)
    report = make(
        small_city,
        tmp_path,
        WARDS.format(file="w.geojson") + GRID,
        w_geojson=wards(("A", "A", square(10.0))),
        grid_csv=grid,
    )
    out = 100 * ((10 + 2 * margin) ** 2 - 100)
    assert report["residents"] == 10_000
    assert report["people_left_out"] == {
        "residents": out,
        "of": 10_000 + out,
        "why": {"outside the outlines": out},
        "stands_out": True,
    }


def test_a_cell_of_the_coast_comes_in(small_city: Write, tmp_path: Path) -> None:
    coast = {
        "type": "Polygon",
        "coordinates": [[[10, 50], [10.093, 50], [10.093, 50.1], [10, 50.1], [10, 50]]],
    }
    report = make(
        small_city,
        tmp_path,
        WARDS.format(file="w.geojson") + GRID,
        w_geojson=wards(("A", "A", coast)),
        grid_csv=lattice(10.005, 50.005, 10),
    )
    assert report["residents"] == 10_000
    grid = lattice(10.005, 50.005, 10) + lattice(10.105, 50.005, 10).split("\n", 1)[1]
    inland = make(
        small_city,
        tmp_path,
        WARDS.format(file="w.geojson") + GRID,
        w_geojson=wards(("A", "A", coast)),
        grid_csv=grid,
    )
    assert inland["residents"] == 9_000


def test_single_points_near_an_outline_still_count_to_it(small_city: Write, tmp_path: Path) -> None:
    rows = "lon,lat,count\n10.05,50.05,500\n10.11,50.05,30\n"
    report = make(
        small_city,
        tmp_path,
        WARDS.format(file="w.geojson") + GRID,
        w_geojson=wards(("A", "A", square(10.0))),
        grid_csv=rows,
    )
    assert report["residents"] == 530
    assert report["sources"][-1]["notes"]["residents of these rows"] == 30


def test_a_village_stands_where_its_people_are(small_city: Write, tmp_path: Path) -> None:
    points = [(9.70 + 0.0002 * i, 47.30) for i in range(40)] + [(9.72, 47.31), (9.69, 47.295)]
    rows = "lon,lat,count\n" + "".join(f"{x},{y},{3.1}\n" for x, y in points)
    report = make(small_city, tmp_path, '[city]\nname = "v"\n' + GRID, grid_csv=rows)
    assert report["residents"] == 130
    for area in open_city(tmp_path / "ws" / "city").areas:
        assert min(float(distance_m(area.lon, area.lat, x, y)) for x, y in points) < 500


def test_a_thin_grid_keeps_its_points_on_it(small_city: Write, tmp_path: Path) -> None:
    grid = lattice(9.7, 47.3, 60, 0.002, 0.1).replace(",0.1\n", ",0.0613\n")
    make(small_city, tmp_path, '[city]\nname = "t"\n' + GRID, grid_csv=grid)
    for area in open_city(tmp_path / "ws" / "city").areas:
        assert 9.69 < area.lon < 9.83 and 47.29 < area.lat < 47.43


def shapefile(folder: Path, encoding: str, cpg: str | None) -> None:
    frame = geopandas.GeoDataFrame(
        {"code": ["1", "2"], "name": ["和平街道", "浦东新区"]},
        geometry=[shapely.from_geojson(json.dumps(square(west))) for west in (10.0, 10.1)],
        crs="EPSG:4326",
    )
    folder.mkdir(parents=True, exist_ok=True)
    frame.to_file(folder / "w.shp", encoding=encoding)
    (folder / "w.cpg").unlink(missing_ok=True)
    if cpg is not None:
        (folder / "w.cpg").write_text(cpg)


@pytest.mark.parametrize("cpg", ["GBK", "936", "gb18030", "ANSI 936", "GB2312\n"])
def test_a_shapefiles_own_word_on_its_encoding_counts(
    cpg: str, small_city: Write, tmp_path: Path
) -> None:
    config = small_city(
        config=WARDS.format(file="w.shp") + GRID,
        grid_csv="lon,lat,count\n10.05,50.05,5\n10.15,50.05,7\n",
    )
    shapefile(config.parent, "GBK", cpg)
    build(config, tmp_path / "ws")
    assert [area.name for area in open_city(tmp_path / "ws" / "city").areas] == [
        "和平街道",
        "浦东新区",
    ]


def test_a_shapefile_that_says_nothing_of_its_encoding_gets_advice(
    small_city: Write, tmp_path: Path
) -> None:
    config = small_city(
        config=WARDS.format(file="w.shp") + GRID,
        grid_csv="lon,lat,count\n10.05,50.05,5\n10.15,50.05,7\n",
    )
    shapefile(config.parent, "GBK", None)
    with (config.parent / "w.dbf").open("r+b") as table:
        table.seek(29)
        table.write(b"\x00")
    with pytest.raises(InputError) as caught:
        build(config, tmp_path / "ws")
    assert "encoding" in caught.value.advice and "gb18030" in caught.value.advice
    config.write_text(config.read_text().replace('"w.shp"', '"w.shp"\nencoding = "gbk"'))
    build(config, tmp_path / "ws")
    shapefile(config.parent, "GBK", "klingon")
    config.write_text(config.read_text().replace('encoding = "gbk"', ""))
    with pytest.raises(InputError, match="klingon"):
        build(config, tmp_path / "ws")


def mercator(west: float) -> dict[str, Any]:
    x = [111_319.49 * (west + d) for d in (0, 0.1)]
    ring = [
        [x[0], 6446275.84],
        [x[1], 6446275.84],
        [x[1], 6463595.0],
        [x[0], 6463595.0],
        [x[0], 6446275.84],
    ]
    return {"type": "Polygon", "coordinates": [ring]}


@pytest.mark.parametrize(
    "crs",
    [
        "urn:ogc:def:crs:EPSG::3857",
        "EPSG:3857",
        "urn:ogc:def:crs:EPSG:9.8:3857",
        "http://www.opengis.net/def/crs/EPSG/0/3857",
    ],
)
def test_a_geojson_that_states_its_system_is_heard(
    crs: str, small_city: Write, tmp_path: Path
) -> None:
    text = wards(("A", "A", mercator(10.0)), ("B", "B", mercator(10.1)), crs=crs)
    rows = "lon,lat,count\n10.05,50.05,500\n10.15,50.05,300\n"
    make(small_city, tmp_path, WARDS.format(file="w.geojson") + GRID, w_geojson=text, grid_csv=rows)
    assert by_area(tmp_path / "ws") == {"A": 500, "B": 300}


def test_a_system_nobody_knows_is_quoted_and_a_missing_one_advised(
    small_city: Write, tmp_path: Path
) -> None:
    rows = "lon,lat,count\n10.05,50.05,500\n"
    config = WARDS.format(file="w.geojson") + GRID
    with pytest.raises(InputError, match="Atlantis 1900"):
        make(
            small_city,
            tmp_path,
            config,
            w_geojson=wards(("A", "A", mercator(10.0)), crs="Atlantis 1900"),
            grid_csv=rows,
        )
    with pytest.raises(InputError, match="set its `crs`") as caught:
        make(
            small_city, tmp_path, config, w_geojson=wards(("A", "A", mercator(10.0))), grid_csv=rows
        )
    assert "crs" in caught.value.advice and "boundaries.code" not in caught.value.advice
    with pytest.raises(InputError, match="no degrees") as caught:
        make(
            small_city,
            tmp_path,
            config,
            w_geojson=wards(("A", "A", square(10.0))),
            grid_csv="lon,lat,count\n500000,5540000,5\n500100,5540000,5\n",
        )
    assert "crs" in caught.value.advice


def test_what_the_city_file_states_goes_before_the_member(
    small_city: Write, tmp_path: Path
) -> None:
    text = wards(("A", "A", square(10.0)), crs="EPSG:3857")
    config = WARDS.format(file="w.geojson") + 'crs = "wgs84"\n' + GRID
    assert (
        make(
            small_city, tmp_path, config, w_geojson=text, grid_csv="lon,lat,count\n10.05,50.05,5\n"
        )["residents"]
        == 5
    )


def test_points_of_a_geojson_that_states_its_system(small_city: Write, tmp_path: Path) -> None:
    point = {
        "type": "Feature",
        "properties": {"count": 70},
        "geometry": {"type": "Point", "coordinates": [1118760.9, 6450000]},
    }
    text = json.dumps(
        {
            "type": "FeatureCollection",
            "crs": {"type": "name", "properties": {"name": "EPSG:3857"}},
            "features": [point],
        }
    )
    config = '[city]\nname = "p"\n[residents]\nkind = "points"\nfile = "p.geojson"\n'
    make(small_city, tmp_path, config, p_geojson=text)
    area = open_city(tmp_path / "ws" / "city").areas[-1]
    assert area.lon == pytest.approx(10.05, abs=1e-3) and 49.9 < area.lat < 50.1


def test_a_file_with_several_layers_wants_a_name(small_city: Write, tmp_path: Path) -> None:
    config = small_city(
        config='[city]\nname = "l"\n[residents]\nkind = "polygons"\nfile = "g.gpkg"\ncount = '
        '"pop"\n'
    )
    shape = [shapely.from_geojson(json.dumps(square(10.0)))]
    geopandas.GeoDataFrame({"note": ["x"]}, geometry=shape, crs="EPSG:4326").to_file(
        config.parent / "g.gpkg", layer="frame"
    )
    geopandas.GeoDataFrame({"pop": [300]}, geometry=shape, crs="EPSG:4326").to_file(
        config.parent / "g.gpkg", layer="people"
    )
    with pytest.raises(InputError, match="frame, people") as caught:
        build(config, tmp_path / "ws")
    assert "layer" in caught.value.advice
    text = config.read_text()
    config.write_text(text + 'layer = "people"\n')
    assert build(config, tmp_path / "ws")["residents"] == 300
    config.write_text(text + 'layer = "peple"\n')
    with pytest.raises(InputError, match="no layer 'peple'"):
        build(config, tmp_path / "ws")
