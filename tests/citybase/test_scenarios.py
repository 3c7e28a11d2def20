"""The bundled scenarios: Shanghai's areas nest and its census adds up; the others build where
their data is at hand.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import shapely

from twinward.citybase.build import build
from twinward.citybase.columns import open_city
from twinward.citybase.config import load_config
from twinward.citybase.inputs import whole_ages
from twinward.citybase.places.roads import read_roads
from twinward.service.city.build import scenario_path

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
SHARED = SCENARIOS.parent.parent / "shared" / "data"
LEVELS = ("districts", "subdistricts", "communities")
needs_data = pytest.mark.skipif(
    not SHARED.exists(), reason="the published data of ../shared/data is not at hand"
)


def rows(name: str) -> list[dict[str, str]]:
    with (SCENARIOS / "shanghai" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_areas_of_shanghai_nest() -> None:
    districts, subdistricts, communities = (
        rows(f"{level}.csv") for level in ("districts", "subdistricts", "communities")
    )
    assert (len(districts), len(subdistricts), len(communities)) == (16, 234, 6509)
    tops = {row["code"] for row in districts}
    middle = {row["code"] for row in subdistricts}
    assert all(code[:6] in tops for code in middle)
    assert all(row["code"][:9] in middle for row in communities)


def test_the_census_of_shanghai_adds_up() -> None:
    residents = {row["code"]: int(row["residents"]) for row in rows("residents.csv")}
    assert set(residents) == {row["code"] for row in rows("districts.csv")}
    assert sum(residents.values()) == 24_870_895 == 12_875_211 + 11_995_684


def test_every_district_of_shanghai_has_an_outline() -> None:
    import json

    document = json.loads((SCENARIOS / "shanghai" / "districts.geojson").read_text("utf-8"))
    shapes = {
        f["properties"]["code"]: shapely.from_geojson(json.dumps(f["geometry"]))
        for f in document["features"]
    }
    assert set(shapes) == {row["code"] for row in rows("districts.csv")}
    west, south, east, north = shapely.total_bounds(list(shapes.values()))
    assert 120.8 < west < east < 122.3 and 30.6 < south < north < 31.9


def test_the_bundled_scenario_is_small_and_every_config_is_sound() -> None:
    assert sum(path.stat().st_size for path in (SCENARIOS / "shanghai").iterdir()) < 1_000_000
    for path in SCENARIOS.glob("*/city.toml"):
        load_config(path)
    assert scenario_path("shanghai", "city.toml") == SCENARIOS / "shanghai" / "city.toml"


@needs_data
def test_monaco_is_built_from_its_buildings(tmp_path: Path) -> None:
    report = build(SCENARIOS / "monaco" / "city.toml", tmp_path / "ws")
    assert (
        report["residents"] == 39_150
        and report["buildings"] > 20_000
        and report["road_edges"] > report["road_nodes"]
    )
    assert (read_roads(tmp_path / "ws" / "city").component == 0).mean() > 0.9


@needs_data
def test_porto_alegre_is_built_from_its_hexagons(tmp_path: Path) -> None:
    report = build(SCENARIOS / "porto-alegre" / "city.toml", tmp_path / "ws")
    assert report["residents"] == 812_935 and report["road_nodes"] > 10_000
    for source in report["sources"]:
        assert source["read"] == source["kept"] + source["rejected"]


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ["shanghai", "shanghai-places"])
def test_all_of_shanghai(scenario: str, tmp_path: Path) -> None:
    if scenario != "shanghai" and not SHARED.exists():
        pytest.skip("the published data of ../shared/data is not at hand")
    config = SCENARIOS / scenario / "city.toml"
    report = build(config, tmp_path / "ws", threads=2)
    assert report["areas"] == {"district": 16, "subdistrict": 234, "community": 6509}
    city = open_city(tmp_path / "ws" / "city")
    count = np.diff(city.leaf_start.astype(np.int64))
    for row in rows("residents.csv"):
        mine = [i for i, code in enumerate(city.leaf_codes) if code.startswith(row["code"])]
        assert count[mine].sum() == int(row["residents"])
    cells = np.bincount(city.age_sex, minlength=256)
    from twinward.citybase.defaults import default_ages

    assert (cells[:101] + cells[128:229]).tolist() == whole_ages(
        default_ages(), 24_870_895
    ).tolist()
    assert cells[:128].sum() == 12_875_211
    assert build(config, tmp_path / "ws1", threads=1)["sha256"] == report["sha256"]
