"""A name is found as an officer types it: either language, without accents, with a house number, or
as a pair of degrees.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from helpers.cities import HUANGPU, Desk
from twinward.citybase.places.gazetteer import list_named, read_gazetteer, write_gazetteer
from twinward.core.errors import InputError
from twinward.service.city.gazetteer import Gazetteer, fold
from twinward.service.city.name_sounds import called, find_sounding


@pytest.fixture
def city(desk: Desk) -> Gazetteer:
    folder = desk.workspace / "city"
    line = shapely.LineString([(121.48, 31.23), (121.49, 31.24)])
    told: dict[str, Any] = {"name": "Avenida João Pessoa", "name_en": "Joao Pessoa Avenue"}
    rows = {
        "road": [
            (line, told, 12),
            (line, told, 12),
            (line, {"name": "中山东一路", "name_en": "Bund"}, 12),
        ],
        "water": [(line.buffer(0.001), {"name": "黄浦江"}, 8), (line.buffer(0.001), {}, 8)],
    }
    write_gazetteer(list_named(rows), folder)
    places = [
        {
            "kind": "hospital",
            "name": "瑞金医院",
            "lon": 121.47,
            "lat": 31.21,
            "area": HUANGPU,
            "synthetic": False,
        },
        {
            "kind": "school",
            "name": "school 1 (synthetic)",
            "lon": 121.4,
            "lat": 31.2,
            "area": HUANGPU,
            "synthetic": True,
        },
    ]
    pq.write_table(pa.Table.from_pylist(places), folder / "places.parquet")
    return Gazetteer(desk.platform)


@pytest.mark.parametrize(
    ("typed", "kind", "name"),
    [
        ("avenida joao", "street", "Avenida João Pessoa"),
        ("JOAO PESSOA AVENUE", "street", "Avenida João Pessoa"),
        ("pessoa avenida", "street", "Avenida João Pessoa"),
        ("bund", "street", "中山东一路"),
        ("黄浦区", "area", "黄浦区"),
        (HUANGPU, "area", "黄浦区"),
        ("瑞金医", "hospital", "瑞金医院"),
        ("黄浦江", "water", "黄浦江"),
    ],
)
def test_a_name_is_found(city: Gazetteer, typed: str, kind: str, name: str) -> None:
    first = city.search(typed)[0]
    assert (first.kind, first.name, first.approximate) == (kind, name, False)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("huangpu district", "黄浦区"),
        ("Huang Pu", "黄浦区"),
        ("huangpuqu", "黄浦区"),
        ("ruijin yi", "瑞金医院"),
        ("zhongshandongyi road", "中山东一路"),
    ],
)
def test_a_chinese_name_is_found_by_its_sound(city: Gazetteer, typed: str, name: str) -> None:
    assert city.search(typed)[0].name == name


@pytest.mark.parametrize(
    ("name", "sounds"),
    [
        ("长宁区", ["changning", "Changning District", "zhangning"]),
        ("闵行区", ["minhang", "min hang qu"]),
        ("莘庄镇", ["xinzhuang", "Xinzhuang Town"]),
        ("曹杨新村街道", ["caoyang", "caoyangxincun", "caoy"]),
        ("殷行街道", ["yinhang"]),
        ("高行镇", ["gaohang"]),
        ("吕巷镇", ["lüxiang", "lvxiang", "luxiang"]),
        ("静安寺街道", ["jing'ansi", "Jingansi Subdistrict"]),
        ("西安路", ["xi'an road"]),
    ],
)
def test_whichever_reading_a_character_has_in_a_name_it_is_found(
    name: str, sounds: list[str]
) -> None:
    others = ["外滩街道", "长寿路街道", "上海"]
    for sound in sounds:
        found = {[*others, name][n] for n, _ in find_sounding([*others, name], fold(sound))}
        assert found == {name}, sound


def test_what_foreigners_call_a_place_is_looked_for_by_its_own_name(city: Gazetteer) -> None:
    assert called()["bund"] == "外滩"
    assert city.search("People's Square") == []
    assert list(find_sounding(["外滩街道"], "wa")) == []
    assert list(find_sounding(["外滩街道", "school"], "school")) == []


@pytest.mark.parametrize(
    "typed", ["中山东一路18号", "Avenida João Pessoa, 1200", "1200 Avenida João Pessoa"]
)
def test_a_house_is_found_by_its_street_and_says_that_it_is_only_near(
    city: Gazetteer, typed: str
) -> None:
    first = city.search(typed)[0]
    assert (first.kind, first.approximate) == ("street", True)


def test_an_address_that_begins_with_its_district(city: Gazetteer) -> None:
    found = city.search("黄浦区瑞金医院")
    assert [(one.kind, one.name) for one in found] == [("hospital", "瑞金医院")]


@pytest.mark.parametrize("typed", ["121.48, 31.23", "31.23 121.48", "（121.48，31.23）"])
def test_a_pair_of_degrees_is_a_point_whichever_way_round(city: Gazetteer, typed: str) -> None:
    (point,) = city.search(typed)
    assert (point.kind, point.lon, point.lat) == ("point", 121.48, 31.23)


def test_what_was_made_up_is_nowhere_to_be_found(city: Gazetteer) -> None:
    assert city.search("school 1") == []
    assert city.search("   ") == []
    with pytest.raises(InputError):
        city.search("x" * 121)


def test_two_streets_of_one_name_far_apart_are_two(tmp_path: Path) -> None:
    here, there = (shapely.LineString([(x, 0), (x + 0.01, 0)]) for x in (10.0, 10.4))
    rows = {"road": [(shape, {"name": "High Street"}, 12) for shape in (here, here, there)]}
    write_gazetteer(list_named(rows), tmp_path)
    assert [one.lon for one in read_gazetteer(tmp_path)] == pytest.approx(
        [10.005, 10.405], abs=0.006
    )
    assert read_gazetteer(tmp_path / "none") == []
    assert fold("Ｓão  Ａlvaro") == "sao alvaro"
