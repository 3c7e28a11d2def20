"""An OpenStreetMap extract becomes a routable graph, buildings with floor area, and places."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from helpers.extracts import Node, Way, block, write_pbf
from twinward.citybase.build import build
from twinward.citybase.columns import open_city
from twinward.citybase.places.roads import read_roads
from twinward.core.errors import AbsentError
from twinward.core.geography import distance_m

HOME = (
    '[city]\nname = "osm"\n[residents]\nkind = "buildings"\ntotal = 900\n[osm]\nfile = '
    '"x.osm.pbf"\n'
)
# a street 1-2-3-4 crossed at 3 by the one-way 5-3-6; 9 and 10 are a footway apart from all
NODES: list[Node] = [
    (1, 10.00, 50.0, {}),
    (2, 10.01, 50.0, {}),
    (3, 10.02, 50.0, {}),
    (4, 10.03, 50.0, {}),
    (5, 10.02, 50.01, {}),
    (6, 10.02, 49.99, {}),
    (9, 10.05, 50.05, {}),
    (10, 10.051, 50.05, {}),
    (20, 10.01, 50.001, {"amenity": "pharmacy", "name": "Apo"}),
    (21, 10.02, 50.001, {"amenity": "bench"}),
]
WAYS: list[Way] = [
    (100, [1, 2, 3, 4], {"highway": "residential", "maxspeed": "30"}),
    (101, [5, 3, 6], {"highway": "primary", "oneway": "yes"}),
    (102, [9, 10], {"highway": "footway"}),
    (103, [1, 6], {"highway": "proposed"}),
    (104, [4, 777], {"highway": "service"}),
]


@pytest.fixture
def osm_city(small_city: Callable[..., Path]) -> Path:
    config: Path = small_city(config=HOME)
    nodes, ways = list(NODES), list(WAYS)
    kinds: list[dict[str, str]] = [
        {"building": "apartments", "building:levels": "6"},
        {"building": "house"},
        {"building": "garage"},
        {"building": "school", "amenity": "school", "name": "School"},
        {"building": "yes", "shop": "mall"},
    ]
    for i, tags in enumerate(kinds):
        corners, ring = block(1000 + 10 * i, 10.0 + i / 1000, 50.002, 0.0003)
        nodes += corners
        ways.append((200 + i, ring, tags))
    write_pbf(config.parent / "x.osm.pbf", nodes, ways)
    return config


def test_ways_become_a_graph_that_can_be_routed(osm_city: Path, tmp_path: Path) -> None:
    report = build(osm_city, tmp_path / "ws")
    source = next(entry for entry in report["sources"] if entry["name"] == "osm.roads")
    assert (source["read"], source["kept"], source["rejected"]) == (5, 3, 2)
    roads = read_roads(tmp_path / "ws" / "city")
    assert (
        (report["road_nodes"], report["road_edges"])
        == (len(roads.node_lonlat), len(roads.way))
        == (7, 4 + 2 + 2)
    )
    at = {tuple(np.round(point, 3).tolist()): i for i, point in enumerate(roads.node_lonlat)}
    metres = roads.matrix(roads.length_m, cars=True).toarray()
    west, crossing, east = at[10.0, 50.0], at[10.02, 50.0], at[10.03, 50.0]
    assert metres[west, crossing] == pytest.approx(
        float(distance_m(10.0, 50.0, 10.02, 50.0)), rel=1e-4
    )
    assert metres[crossing, east] == metres[east, crossing] > 0
    assert metres[at[10.02, 50.01], crossing] > 0 == metres[crossing, at[10.02, 50.01]]


def test_shortest_ways_follow_the_streets(osm_city: Path, tmp_path: Path) -> None:
    build(osm_city, tmp_path / "ws")
    roads = read_roads(tmp_path / "ws" / "city")
    metres = roads.shortest_m(np.array([[10.0, 50.0]]))[0]
    north = int(np.argmax(roads.node_lonlat[:, 1] * (roads.node_lonlat[:, 0] < 10.04)))
    east = int(np.argmax(roads.node_lonlat[:, 0] * (roads.node_lonlat[:, 1] < 50.04)))
    assert metres[east] == pytest.approx(float(distance_m(10.0, 50.0, 10.03, 50.0)), rel=1e-3)
    assert np.isinf(metres[north])


def test_residents_live_where_the_floor_area_is(osm_city: Path, tmp_path: Path) -> None:
    report = build(osm_city, tmp_path / "ws")
    assert (report["residents"], report["buildings"]) == (900, 5)
    rows = {
        row["osm_id"]: row
        for row in pq.read_table(tmp_path / "ws/city/buildings.parquet").to_pylist()
    }
    assert (
        rows[200]["floor_m2"] == pytest.approx(6 * rows[200]["footprint_m2"])
        and rows[200]["levels_stated"]
    )
    side = float(distance_m(10.0, 50.0, 10.0003, 50.0)) * float(
        distance_m(10.0, 50.0, 10.0, 50.0003)
    )
    assert rows[200]["footprint_m2"] == pytest.approx(side, rel=0.01)
    source = next(entry for entry in report["sources"] if entry["name"] == "residents")
    assert (source["read"], source["kept"], source["reasons"]) == (5, 2, {"no home": 3})


def test_amenities_become_places_and_sites(osm_city: Path, tmp_path: Path) -> None:
    report = build(osm_city, tmp_path / "ws")
    rows = [
        row
        for row in pq.read_table(tmp_path / "ws/city/places.parquet").to_pylist()
        if not row["synthetic"]
    ]
    assert sorted((row["kind"], row["name"]) for row in rows) == [
        ("mall", ""),
        ("pharmacy", "Apo"),
        ("school", "School"),
    ]
    assert report["sites"]["primary"] == report["sites"]["secondary"] == 1
    assert open_city(tmp_path / "ws" / "city").residents == 900


def test_kinds_given_as_places_are_not_taken_twice(osm_city: Path, tmp_path: Path) -> None:
    text = osm_city.read_text() + '[[places]]\nfile = "p.csv"\nkind = "school"\n'
    osm_city.write_text(text)
    (osm_city.parent / "p.csv").write_text("name,lon,lat\nOurs,10.001,50.002\n")
    report = build(osm_city, tmp_path / "ws")
    source: dict[str, Any] = next(
        entry for entry in report["sources"] if entry["name"] == "osm.amenities"
    )
    assert source["reasons"] == {"kind school comes from [[places]]": 1}


def test_a_city_without_roads_says_so(small_city: Callable[..., Path], tmp_path: Path) -> None:
    build(small_city(), tmp_path / "ws")
    with pytest.raises(AbsentError, match="road graph"):
        read_roads(tmp_path / "ws" / "city")
