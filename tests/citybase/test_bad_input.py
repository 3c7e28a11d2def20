"""Whatever is wrong with a source: an error that names file, column or line, or a counted
rejection with its reason.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_city import CONFIG, outlines, square

from twinward.citybase.build import build
from twinward.citybase.columns import open_city
from twinward.core.errors import InputError

Write = Callable[..., Path]
POINTS = (
    CONFIG[: CONFIG.index("[residents]")]
    + '[residents]\nkind = "points"\nfile = "grid.csv"\ncount = "n"\n'
)
PLACES = '[[places]]\nfile = "p.csv"\nkind = "hospital"\ncapacity = "beds"\n'
P_HEAD = "name,lon,lat,beds\n"

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no such config key": ({"extra": "[weather]\nfile = 'x.csv'\n"}, "weather"),
    "config is no TOML": ({"extra": "[city\n"}, "is not TOML"),
    "missing file": ({"residents_csv": None}, "there is no file residents.csv"),
    "missing column": (
        {"residents_csv": "code,inhabitants\n11,5\n"},
        "no column 'people'.*inhabitants.*residents.count",
    ),
    "wrong separator": ({"residents_csv": "code;people\n11;5\n"}, "no column 'code'.*separator"),
    "wrong encoding": (
        {"districts_csv": "code,name\n11,Zürich\n12,East\n".encode("latin-1")},
        "is not utf-8: line 2.*encoding",
    ),
    "utf-16 without its mark": (
        {"districts_csv": "code,name\n11,W\n12,E\n".encode("utf-16-le")},
        "no column 'code'|encoding",
    ),
    "unclosed quote": ({"districts_csv": 'code,name\n11,"West\n12,East\n'}, "line 3.*quotation"),
    "a column twice": ({"districts_csv": "code,code\n11,12\n"}, "twice"),
    "an empty file": ({"districts_csv": ""}, "no header"),
    "a header only": ({"districts_csv": "code,name\n"}, "none of 0 rows"),
    "no residents": ({"residents_csv": "code,people\n11,0\n12,0\n"}, "sum to 0"),
    "residents of another city": (
        {"residents_csv": "code,people\n77,5\n"},
        "none of 1 rows.*residents.code",
    ),
    "outlines are no JSON": ({"districts_geojson": "{"}, "is not JSON"),
    "outlines without features": ({"districts_geojson": "[]"}, "no list of features"),
    "unknown property": (
        {"config": CONFIG.replace('code = "id"', 'code = "gid"')},
        "no property 'gid'.*it has: id",
    ),
    "unknown level": (
        {"config": CONFIG.replace('level = "district"\ncode', 'level = "canton"\ncode')},
        "canton",
    ),
    "unknown format": (
        {"config": CONFIG.replace("residents.csv", "residents.xlsx"), "residents_xlsx": b"PK"},
        "formats: .csv",
    ),
    "unknown zone": (
        {"config": CONFIG.replace("Europe/Berlin", "Europe/Atlantis")},
        "no time zone",
    ),
    "unknown crs": (
        {"config": CONFIG.replace('code = "id"', 'code = "id"\ncrs = "EPSG:0"')},
        "no coordinate system",
    ),
    "unknown encoding": (
        {"config": CONFIG.replace('count = "people"', 'count = "people"\nencoding = "klingon"')},
        "klingon",
    ),
    "swapped columns": (
        {"config": POINTS, "grid_csv": "lon,lat,n\n50.05,10.05,5\n50.06,10.15,5\n"},
        "lon and lat look swapped",
    ),
    "latitudes beyond the pole": (
        {"config": POINTS, "grid_csv": "lon,lat,n\n31.2,121.4,5\n31.3,121.5,5\n"},
        "lon and lat look swapped",
    ),
    "a grid elsewhere": (
        {"config": POINTS, "grid_csv": "lon,lat,n\n2.3,48.8,5\n"},
        "more than 300 km apart",
    ),
    "children only": (
        {"extra": '[ages]\nfile = "a.csv"\n', "a_csv": "age,count\n0-9,10\n"},
        "adult",
    ),
    "ages all zero": (
        {"extra": '[ages]\nfile = "a.csv"\n', "a_csv": "age,count\n0-9,0\n"},
        "all counts are zero",
    ),
    "a band of ages nobody understands": (
        {"extra": '[ages]\nfile = "a.csv"\n', "a_csv": "age,count\n0-17,100\nold,4\n18+,900\n"},
        "line 3: 'old' is no age",
    ),
    "an age in two bands": (
        {"extra": '[ages]\nfile = "a.csv"\n', "a_csv": "age,count\n0-17,100\n5,3\n18+,900\n"},
        "age 5 is counted twice",
    ),
    "ages in no band": (
        {"extra": '[ages]\nfile = "a.csv"\n', "a_csv": "age,count\n0-14,100\n20-64,900\n65+,9\n"},
        "ages 15 to 19 are in no band",
    ),
    "a count of ages that is none": (
        {"extra": '[ages]\nfile = "a.csv"\n', "a_csv": "age,count\n0-17,100\n18+,-1\n"},
        "'18\\+' has the count -1",
    ),
    "a household size nobody understands": (
        {"extra": '[households]\nfile = "h.csv"\n', "h_csv": "size,count\n1,5\n99,1\n"},
        "no household size from 1 to 15",
    ),
    "a household size twice": (
        {"extra": '[households]\nfile = "h.csv"\n', "h_csv": "size,count\n1,5\n2,5\n2,7\n"},
        "counts a size twice",
    ),
    "a share above one": ({"extra": "[assumptions]\nuniversity_share = 1.5\n"}, "university_share"),
    "broken parquet": (
        {"config": CONFIG.replace("residents.csv", "r.parquet"), "r_parquet": b"PAR0"},
        "not a readable Parquet",
    ),
    "broken geopackage": (
        {"config": CONFIG.replace("districts.geojson", "d.gpkg"), "d_gpkg": b"no"},
        "cannot be read",
    ),
    "broken pbf": (
        {"extra": '[osm]\nfile = "x.osm.pbf"\n', "x.osm_pbf": b"no pbf at all"},
        "not a sound OpenStreetMap PBF",
    ),
    "nothing says where": (
        {
            "config": CONFIG.replace(
                CONFIG[CONFIG.index("[boundaries]") : CONFIG.index("[residents]")], ""
            )
        },
        "nothing says where",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_error_says_what_and_where(case: str, small_city: Write, tmp_path: Path) -> None:
    files, words = REFUSED[case]
    config = small_city(**{name: text for name, text in files.items() if text is not None})
    for name, text in files.items():
        if text is None:
            (config.parent / name.replace("_", ".")).unlink()
    with pytest.raises(InputError, match=f"(?s){words}") as caught:
        build(config, tmp_path / "ws")
    assert caught.value.advice and caught.value.exit_code == 2
    assert not (tmp_path / "ws" / "city").exists()


REJECTED: dict[str, tuple[dict[str, Any], str, str, int]] = {
    "duplicate code": (
        {"districts_csv": "code,name\n11,West\n12,East\n12,Again\n"},
        "areas.district",
        "duplicate code: 12",
        1,
    ),
    "no code": (
        {"districts_csv": "code,name\n11,West\n12,East\n,Nowhere\n"},
        "areas.district",
        "no code",
        1,
    ),
    "an orphan": (
        {"subdistricts_csv": "code,name,district\n111,a,11\n121,b,12\n991,c,99\n"},
        "areas.subdistrict",
        "no such district: 99",
        1,
    ),
    "a short row": (
        {"residents_csv": "code,people\n11,2500\n12,3501\n12\n"},
        "residents",
        "another number of fields",
        1,
    ),
    "negative": (
        {"residents_csv": "code,people\n11,2500\n12,-3\n"},
        "residents",
        "negative count",
        1,
    ),
    "NaN": ({"residents_csv": "code,people\n11,2500\n12,NaN\n"}, "residents", "no number", 1),
    "counted twice": (
        {"residents_csv": "code,people\n11,2500\n12,3501\n11,9\n"},
        "residents",
        "a second count: 11",
        1,
    ),
    "an empty outline": (
        {"districts_geojson": outlines({"11": square(10.0), "12": square(10.1), "13": None})},
        "boundaries.district",
        "no usable geometry",
        1,
    ),
    "a point as outline": (
        {
            "districts_geojson": outlines(
                {
                    "11": square(10.0),
                    "12": square(10.1),
                    "13": {"type": "Point", "coordinates": [10, 50]},
                }
            )
        },
        "boundaries.district",
        "Point is no outline",
        1,
    ),
    "an outline of no area": (
        {
            "districts_geojson": outlines(
                {"11": square(10.0), "12": square(10.1), "13": square(10.2)}
            )
        },
        "boundaries.district",
        "no such district: 13",
        1,
    ),
    "grid cells": (
        {
            "config": POINTS,
            "grid_csv": "lon,lat,n\n10.05,50.05,500\n10.15,50.05,400\n,50,3\nx,50,3\n"
            "10.1,50.05,-4\n10.1,50.05,many\n0,0,5\n50.05,10.05,7\n10.5,50.9,8\n200,50,1\n",
        },
        "residents",
        "",
        8,
    ),
    "places": (
        {
            "extra": PLACES,
            "p_csv": P_HEAD
            + "a,10.05,50.05,10\nb,10.05,50.05,-1\nc,10.05,50.05,x\nd,10.5,50.5,3\ne,nan,50,3\n",
        },
        "places.p",
        "",
        4,
    ),
}


@pytest.mark.parametrize("case", REJECTED)
def test_a_bad_row_is_counted_and_kept_with_its_reason(
    case: str, small_city: Write, tmp_path: Path
) -> None:
    files, source, reason, count = REJECTED[case]
    report = build(small_city(**files), tmp_path / "ws")
    for entry in report["sources"]:
        assert entry["read"] == entry["kept"] + entry["rejected"]
    entry = next(entry for entry in report["sources"] if entry["name"] == source)
    assert entry["rejected"] == count == sum(entry["reasons"].values())
    with (tmp_path / "ws" / "city-rejected" / f"{source}.csv").open(
        encoding="utf-8", newline=""
    ) as rows:
        kept = list(csv.DictReader(rows))
    assert len(kept) == count and all(row["reason"] and row["line"] for row in kept)
    assert any(reason in row["reason"] for row in kept)


def test_mixed_newlines_and_a_byte_order_mark_are_fine(small_city: Write, tmp_path: Path) -> None:
    text = "\ufeffcode,people\r\n11,2500\r12,3501\n\n"
    assert build(small_city(residents_csv=text), tmp_path / "ws")["residents"] == 6001


def test_another_encoding_and_separator_can_be_stated(small_city: Write, tmp_path: Path) -> None:
    config = CONFIG.replace(
        'file = "districts.csv"', 'file = "districts.csv", encoding = "gb18030", separator = "\\t"'
    )
    build(
        small_city(
            config=config, districts_csv="code\tname\n11\t黄浦区\n12\t徐汇区\n".encode("gb18030")
        ),
        tmp_path / "ws",
    )
    assert open_city(tmp_path / "ws" / "city").areas[0].name == "黄浦区"


def test_a_broken_outline_is_mended_and_said_so(small_city: Write, tmp_path: Path) -> None:
    bow = {
        "type": "Polygon",
        "coordinates": [[[10, 50], [10.1, 50.1], [10.1, 50], [10, 50.1], [10, 50]]],
    }
    report = build(
        small_city(districts_geojson=outlines({"11": bow, "12": square(10.1)})), tmp_path / "ws"
    )
    entry = next(entry for entry in report["sources"] if entry["name"] == "boundaries.district")
    assert entry["rejected"] == 0 and sum(entry["notes"].values()) == 1


def test_a_place_outside_the_area_it_names_is_rejected(small_city: Write, tmp_path: Path) -> None:
    extra = '[[places]]\nfile = "p.csv"\nkind = "mall"\narea = "district"\n'
    rows = (
        "name,lon,lat,district\nin,10.05,50.05,West\nout,10.15,50.05,West\n"
        "near,10.101,50.05,West\nwhat,10.05,50.05,North\n"
    )
    report = build(small_city(extra=extra, p_csv=rows), tmp_path / "ws")
    assert report["sources"][-1]["reasons"] == {
        "outside the area it names": 1,
        "names an unknown area": 1,
    }


def test_codes_that_do_not_nest_are_made_to(small_city: Write, tmp_path: Path) -> None:
    files = {
        "districts_csv": "code,name\n11,W\n12,E\n1,Tiny\n",
        "subdistricts_csv": "code,name,district\nA,a,11\nB,b,12\nC,c,1\n",
        "communities_csv": "code,name,sub\nx,x,A\ny,y,B\nz,z,C\n",
        "districts_geojson": outlines({"11": square(10.0), "12": square(10.1), "1": square(10.2)}),
    }
    config = CONFIG.replace('file = "communities.csv"', 'file = "communities.csv", parent = "sub"')
    report = build(small_city(config=config, **files), tmp_path / "ws")
    told = [note for one in report["sources"] for note in one.get("notes", {})]
    behind = "code put behind its parent's, with which it does not begin: "
    areas = {area.code: area for area in open_city(tmp_path / "ws" / "city").areas}
    assert f"{behind}A is 11.A" in told and f"{behind}x is 11.A.x" in told
    for area in areas.values():
        assert area.parent is None or (
            area.code.startswith(area.parent) and area.code != area.parent
        )
    tops = [area.code for area in areas.values() if area.parent is None]
    assert not any(a != b and a.startswith(b) for a in tops for b in tops)


def test_gcj02_is_converted(small_city: Write, tmp_path: Path) -> None:
    shapes = {"11": square(121.4, 31.2), "12": square(121.5, 31.2)}
    config = CONFIG.replace('code = "id"', 'code = "id"\ncrs = "gcj02"')
    build(small_city(config=config, districts_geojson=outlines(shapes)), tmp_path / "ws")
    west = json.loads((tmp_path / "ws/city/boundaries.geojson").read_text())["features"][0][
        "geometry"
    ]
    lon = np.array(west["coordinates"]).reshape(-1, 2)[:, 0].min()
    assert 0.003 < 121.4 - lon < 0.006


def test_residents_from_parquet_and_outlines_from_a_geopackage(
    small_city: Write, tmp_path: Path
) -> None:
    import geopandas
    import shapely

    config = small_city(
        config=CONFIG.replace("residents.csv", "r.parquet").replace("districts.geojson", "d.gpkg")
    )
    pq.write_table(
        pa.table({"code": [11.0, 12.0], "people": [700, 800]}), config.parent / "r.parquet"
    )
    shapes = [shapely.from_geojson(json.dumps(square(west))) for west in (10.0, 10.1)]
    frame = geopandas.GeoDataFrame({"id": [11, 12]}, geometry=shapes, crs="EPSG:4326").to_crs(
        "EPSG:25832"
    )
    frame.to_file(config.parent / "d.gpkg", driver="GPKG")
    assert build(config, tmp_path / "ws")["residents"] == 1500
    for area in open_city(tmp_path / "ws" / "city").areas:
        assert 9.99 < area.lon < 10.21 and 49.99 < area.lat < 50.11


def test_a_city_without_hierarchy_gets_cells(small_city: Write, tmp_path: Path) -> None:
    config = '[city]\nname = "grid"\n[residents]\nkind = "points"\nfile = "grid.csv"\ncount = "n"\n'
    rows = "".join(
        f"{10 + x / 100},{50 + y / 100},{100 + x}\n" for x in range(12) for y in range(12)
    )
    report = build(small_city(config=config, grid_csv="lon,lat,n\n" + rows), tmp_path / "ws")
    assert report["residents"] == sum(100 + x for x in range(12)) * 12
    assert set(report["areas"]) == {"zone", "cell"} and report["areas"]["cell"] > 20
    assert any("no hierarchy" in note for note in report["synthetic"])


def test_outlines_alone_make_the_areas(small_city: Write, tmp_path: Path) -> None:
    config = (
        '[city]\nname = "two"\n[boundaries]\nfile = "districts.geojson"\nlevel = "ward"\ncode = '
        '"id"\n'
        '[residents]\nkind = "polygons"\nfile = "people.geojson"\ncount = "id"\n'
    )
    people = outlines({"300": square(10.02, 50.02, 0.01), "200": square(10.12, 50.02, 0.01)})
    report = build(small_city(config=config, people_geojson=people), tmp_path / "ws")
    assert (report["residents"], report["areas"]) == (500, {"ward": 2})
    city = open_city(tmp_path / "ws" / "city")
    assert np.diff(city.leaf_start.astype(int)).tolist() == [300, 200]
