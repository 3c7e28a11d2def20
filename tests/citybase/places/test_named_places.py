"""Places from any format: points of a geometry, rows that stand for several, positions of areas
from addresses.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas
import pyarrow.parquet as pq
import pytest
import shapely

from twinward.citybase.build import build
from twinward.citybase.columns import open_city

Write = Callable[..., Path]


def published(workspace: Path) -> list[dict[str, Any]]:
    rows = pq.read_table(workspace / "city" / "places.parquet").to_pylist()
    return [row for row in rows if not row["synthetic"]]


@pytest.mark.parametrize("name", ["p.geojson", "p.gpkg", "p.parquet"])
def test_points_may_come_as_geometry(name: str, small_city: Write, tmp_path: Path) -> None:
    config = small_city(
        extra=f'[[places]]\nfile = "{name}"\nkind = "hospital"\ncapacity = "beds"\n'
    )
    shapes = [
        shapely.Point(10.05, 50.05),
        None,
        shapely.Point(10.15, 50.02),
        shapely.Point(11.5, 50.02),
    ]
    frame = geopandas.GeoDataFrame(
        {"name": list("abcd"), "beds": [10, 20, 30, 40]}, geometry=shapes, crs="EPSG:4326"
    )
    path = config.parent / name
    if name.endswith("geojson"):
        path.write_text(frame.to_json())
    elif name.endswith("gpkg"):
        frame.to_crs("EPSG:25832").to_file(path, driver="GPKG")
    else:
        frame.to_crs("EPSG:25832").to_parquet(path)
    report = build(config, tmp_path / "ws")
    source = report["sources"][-1]
    assert (source["read"], source["kept"], source["rejected"]) == (4, 2, 2)
    rows = published(tmp_path / "ws")
    assert [(row["name"], row["capacity"], round(row["lon"], 4)) for row in rows] == [
        ("a", 10, 10.05),
        ("c", 30, 10.15),
    ]


def test_a_row_can_stand_for_several_places(small_city: Write, tmp_path: Path) -> None:
    config = small_city(
        extra='[[places]]\nfile = "g.csv"\nkind = "school"\ncount = "schools"\n',
        g_csv="name,lon,lat,schools\nA,10.05,50.05,3\nB,10.15,50.05,0\nC,10.15,50.06,-2\nD,10.15,50.06,1\n",
    )
    report = build(config, tmp_path / "ws")
    assert [row["name"] for row in published(tmp_path / "ws")] == ["A", "A", "A", "D"]
    assert report["sources"][-1]["rejected"] == 2 and report["places_published"] == 4
    assert report["sites"]["primary"] == report["sites"]["secondary"] == 4


def test_a_place_just_outside_every_outline_is_snapped_and_says_so(
    small_city: Write, tmp_path: Path
) -> None:
    rows = "name,lon,lat\nnear,10.05,49.99\nfar,10.05,49.9\n"
    report = build(
        small_city(extra='[[places]]\nfile = "p.csv"\nkind = "mall"\n', p_csv=rows), tmp_path / "ws"
    )
    assert [(row["name"], row["area_by"]) for row in published(tmp_path / "ws")] == [
        ("near", "snapped")
    ]
    assert report["sources"][-1]["reasons"] == {"outside every area": 1}


def test_areas_stand_at_the_median_of_the_addresses_that_name_them(
    small_city: Write, tmp_path: Path
) -> None:
    extra = (
        '[positions]\nfile = "a.csv"\nlevel = "subdistrict"\nname = "sub"\nparent = '
        '"district"\nlon = "x"\nlat = "y"\n'
    )
    rows = "sub,district,x,y\n" + "".join(
        f"Sub 111,West,{x},50.03\n" for x in (10.01, 10.02, 10.09)
    )
    build(
        small_city(extra=extra, a_csv=rows + "Sub 111,East,10.1,50.0\nSub 121,,10.1,50\n"),
        tmp_path / "ws",
    )
    area = next(area for area in open_city(tmp_path / "ws" / "city").areas if area.code == "111")
    assert (area.lon, area.lat, area.synthetic_point) == (10.02, 50.03, False)


def test_jobs_of_a_file_draw_the_workplaces(small_city: Write, tmp_path: Path) -> None:
    extra = '[jobs]\nfile = "j.csv"\ncount = "n"\n[assumptions]\nhospital_staff_per_1000 = 0.001\n'
    build(small_city(extra=extra, j_csv="lon,lat,n\n10.15,50.05,1000\n"), tmp_path / "ws")
    city = open_city(tmp_path / "ws" / "city")
    work = city.site_kind == 0
    assert work.sum() > 100
    assert (city.site_lonlat[work, 0] > 10.08).mean() > 0.95
    assert len(json.loads((tmp_path / "ws/city/city.json").read_text())["leaf_codes"]) == 12
