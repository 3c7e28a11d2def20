"""Networks as they are: tags that close a way, bollards and gates, ferries, islands, one place
drawn three times.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import osmium
import pyarrow.parquet as pq
import pytest

from helpers.extracts import Node, Way, block, write_pbf
from twinward.citybase.build import build
from twinward.citybase.columns import open_city
from twinward.citybase.places.road_paths import find_paths
from twinward.citybase.places.roads import Roads, read_roads
from twinward.citybase.sources.ways import parse_duration_s, parse_speed
from twinward.core.errors import InputError
from twinward.core.geography import distance_m
from twinward.decision.logistics.routing.travel import by_road

CITY = (
    '[city]\nname = "r"\n[residents]\nkind = "points"\nfile = "grid.csv"\n[osm]\nfile = '
    '"x.osm.pbf"\n'
)
GRID = "lon,lat,count\n10.0,50.0,300\n10.01,50.0,300\n"
HERE, THERE = np.array([[10.0, 50.0]]), np.array([[10.02, 50.0]])
# a short way 1-2-3 and a long one 1-4-5-3
NODES: list[Node] = [
    (1, 10.0, 50.0, {}),
    (2, 10.01, 50.0, {}),
    (3, 10.02, 50.0, {}),
    (4, 10.0, 50.02, {}),
    (5, 10.02, 50.02, {}),
]
LONG: Way = (10, [1, 4, 5, 3], {"highway": "secondary"})
SHORT_M, LONG_M = 1430, 5880


def lay(
    small_city: Callable[..., Path],
    nodes: list[Node],
    ways: list[Way],
    extra: str = "",
    grid: str = GRID,
) -> Path:
    config: Path = small_city(config=CITY + extra, grid_csv=grid)
    write_pbf(config.parent / "x.osm.pbf", nodes, ways)
    return config


def way_m(
    config: Path, workspace: Path, start: Any = HERE, end: Any = THERE
) -> tuple[float, float, dict[str, int]]:
    report = build(config, workspace)
    roads = read_roads(workspace / "city")
    metres, seconds, _ = by_road(roads, start, end)
    notes = next(entry for entry in report["sources"] if entry["name"] == "osm.roads")["notes"]
    return float(metres[0, 0]), float(seconds[0, 0]), notes


CLOSING: dict[str, tuple[dict[str, str], float]] = {
    "nothing": ({}, SHORT_M),
    "private": ({"access": "private"}, LONG_M),
    "no motors": ({"motor_vehicle": "no"}, LONG_M),
    "no vehicles": ({"vehicle": "no"}, LONG_M),
    "buses only": ({"motor_vehicle": "no", "bus": "yes"}, LONG_M),
    "farmers only": ({"motor_vehicle": "agricultural;forestry"}, LONG_M),
    "the more special tag counts": ({"access": "private", "motor_vehicle": "yes"}, SHORT_M),
    "destination stays open": ({"access": "destination"}, SHORT_M),
    "a lorry's limits are told, not closed": ({"hgv": "no"}, SHORT_M),
    "changes by the hour": ({"oneway": "reversible"}, LONG_M),
    "one-way against": ({"oneway": "-1"}, LONG_M),
    "one-way along": ({"oneway": "yes"}, SHORT_M),
    "no motors forward": ({"motor_vehicle:forward": "no"}, LONG_M),
}


@pytest.mark.parametrize("case", CLOSING)
def test_tags_say_who_may_drive(case: str, small_city: Callable[..., Path], tmp_path: Path) -> None:
    tags, wanted = CLOSING[case]
    config = lay(small_city, NODES, [LONG, (11, [1, 2, 3], {"highway": "residential"} | tags)])
    metres, _, notes = way_m(config, tmp_path / "ws")
    assert metres == pytest.approx(wanted, rel=0.01)
    if wanted == LONG_M and "oneway" not in tags and "forward" not in str(tags):
        assert any("left out for cars" in note for note in notes)
    if "hgv" in tags:
        assert any("lorries" in note for note in notes)


def test_a_footway_that_motors_may_use_is_open(
    small_city: Callable[..., Path], tmp_path: Path
) -> None:
    config = lay(
        small_city,
        NODES,
        [LONG, (11, [1, 2, 3], {"highway": "pedestrian", "motor_vehicle": "delivery"})],
    )
    assert way_m(config, tmp_path / "ws")[0] == pytest.approx(SHORT_M, rel=0.01)


def test_services_with_keys_may_say_so(small_city: Callable[..., Path], tmp_path: Path) -> None:
    config = lay(
        small_city,
        NODES,
        [LONG, (11, [1, 2, 3], {"highway": "residential", "access": "private"})],
        "private_roads = true\n",
    )
    assert way_m(config, tmp_path / "ws")[0] == pytest.approx(SHORT_M, rel=0.01)


BARRIERS: dict[str, tuple[dict[str, str], float]] = {
    "bollard": ({"barrier": "bollard"}, LONG_M),
    "block": ({"barrier": "block"}, LONG_M),
    "a gate stands open": ({"barrier": "gate"}, SHORT_M),
    "a private gate": ({"barrier": "gate", "access": "private"}, LONG_M),
    "a locked gate": ({"barrier": "lift_gate", "locked": "yes"}, LONG_M),
    "a bollard that sinks": ({"barrier": "bollard", "motor_vehicle": "yes"}, SHORT_M),
    "a toll booth": ({"barrier": "toll_booth"}, SHORT_M),
}


@pytest.mark.parametrize("case", BARRIERS)
@pytest.mark.parametrize("where", ["inside", "between two ways"])
def test_no_car_passes_a_bollard(
    case: str, where: str, small_city: Callable[..., Path], tmp_path: Path
) -> None:
    tags, wanted = BARRIERS[case]
    nodes = [node if node[0] != 2 else (2, 10.01, 50.0, tags) for node in NODES]
    street = {"highway": "residential"}
    ways = (
        [(11, [1, 2, 3], street)]
        if where == "inside"
        else [(11, [1, 2], street), (12, [2, 3], street)]
    )
    metres, _, _ = way_m(lay(small_city, nodes, [LONG, *ways]), tmp_path / "ws")
    assert metres == pytest.approx(wanted, rel=0.01)
    on_foot = read_roads(tmp_path / "ws" / "city").shortest_m(HERE, cars=False)[0]
    assert np.isfinite(on_foot).all() and on_foot.max() < LONG_M


# a mainland of four streets and an island of two, 3 km apart
ISLES: list[Node] = [
    (n, 10.0 + 0.002 * (n % 10), 55.0 + 0.002 * (n // 10), {}) for n in range(1, 39) if n % 10 < 8
] + [
    (101, 10.06, 55.0, {}),
    (102, 10.062, 55.0, {}),
    (103, 10.062, 55.002, {}),
    (104, 10.06, 55.002, {}),
]
ISLE_WAYS: list[Way] = [
    *(
        (200 + r, [n for n in range(10 * r, 10 * r + 8) if n >= 1], {"highway": "residential"})
        for r in range(4)
    ),
    *(
        (300 + c, [n for n in range(c, 39, 10) if n >= 1], {"highway": "residential"})
        for c in range(8)
    ),
    (400, [101, 102, 103, 104, 101], {"highway": "residential"}),
]
MAIN, ISLE = np.array([[10.004, 55.002]]), np.array([[10.0601, 55.0]])
SEA = "lon,lat,count\n10.004,55.002,300\n10.06,55.001,40\n"


def test_an_island_is_reached_by_no_road(small_city: Callable[..., Path], tmp_path: Path) -> None:
    config = lay(small_city, ISLES, ISLE_WAYS, grid=SEA)
    metres, seconds, _ = way_m(config, tmp_path / "ws", MAIN, ISLE)
    assert np.isinf(metres) and np.isinf(seconds)
    roads = read_roads(tmp_path / "ws" / "city")
    inside, _, _ = by_road(roads, ISLE, np.array([[10.062, 55.002]]))
    assert 100 < inside[0, 0] < 500


@pytest.mark.parametrize(
    ("duration", "minutes"), [("00:40", 40), ("40", 40), ("PT40M", 40), ("1:10", 70)]
)
def test_a_ferry_takes_its_time(
    duration: str, minutes: float, small_city: Callable[..., Path], tmp_path: Path
) -> None:
    ferry: Way = (500, [7, 101], {"route": "ferry", "duration": duration})
    config = lay(small_city, ISLES, [*ISLE_WAYS, ferry], grid=SEA)
    metres, seconds, notes = way_m(config, tmp_path / "ws", MAIN, ISLE)
    assert (
        metres >= float(distance_m(*MAIN[0], *ISLE[0]))
        and minutes * 60 <= seconds < minutes * 60 + 300
    )
    assert any("ferry" in note for note in notes)


def test_a_ferry_for_walkers_carries_no_lorry(
    small_city: Callable[..., Path], tmp_path: Path
) -> None:
    ferry: Way = (500, [7, 101], {"route": "ferry", "duration": "00:40", "motor_vehicle": "no"})
    config = lay(small_city, ISLES, [*ISLE_WAYS, ferry], grid=SEA)
    assert np.isinf(way_m(config, tmp_path / "ws", MAIN, ISLE)[0])


def test_no_way_is_shorter_than_the_straight_line(
    small_city: Callable[..., Path], tmp_path: Path
) -> None:
    build(lay(small_city, ISLES, ISLE_WAYS, grid=SEA), tmp_path / "ws")
    chance = np.random.default_rng(0)
    points = np.column_stack([10.0 + 0.07 * chance.random(80), 54.998 + 0.012 * chance.random(80)])
    metres, _, _ = by_road(read_roads(tmp_path / "ws" / "city"), points, points)
    straight = distance_m(
        points[:, None, 0], points[:, None, 1], points[None, :, 0], points[None, :, 1]
    )
    assert (metres >= straight - 1e-6).all() and np.isfinite(metres).any()


def test_durations_and_speeds_as_mappers_write_them() -> None:
    assert [parse_duration_s(text) for text in ("90 min", "1:30:30", "PT1H", "soon")] == [
        5400,
        5430,
        3600,
        0,
    ]
    assert parse_speed("30 mph") == pytest.approx(48.28, abs=0.01) and parse_speed("RU:urban") == 0


def test_one_hospital_drawn_three_times_is_one_place(
    small_city: Callable[..., Path], tmp_path: Path
) -> None:
    config: Path = small_city(config=CITY, grid_csv=GRID)
    corners, ring = block(1000, 10.0, 50.002, 0.001)
    house, house_ring = block(1010, 10.002, 50.002, 0.0005)
    other, other_ring = block(1020, 10.009, 50.002, 0.001)
    named = {"amenity": "hospital", "name": "St. Anna"}
    nodes = [
        *NODES,
        *corners,
        *house,
        *other,
        (50, 10.0005, 50.0025, named | {"beds": "200"}),
        (51, 10.0095, 50.0025, {"amenity": "hospital"}),
        (60, 10.0001, 50.0, {"highway": "bus_stop", "name": "Gate"}),
        (61, 10.0002, 50.0, {"highway": "bus_stop", "name": "Gate"}),
    ]
    with osmium.SimpleWriter(str(config.parent / "x.osm.pbf")) as writer:
        for number, lon, lat, tags in sorted(nodes):
            writer.add_node(
                osmium.osm.mutable.Node(id=number, location=(lon, lat), tags=tags, version=1)
            )
        for number, refs, tags in (
            (10, [1, 2, 3], {"highway": "residential"}),
            (20, ring, {}),
            (21, house_ring, named | {"building": "hospital"}),
            (22, other_ring, {"amenity": "hospital", "name": "County"}),
        ):
            writer.add_way(osmium.osm.mutable.Way(id=number, nodes=refs, tags=tags, version=1))
        tags = named | {"type": "multipolygon"}
        writer.add_relation(
            osmium.osm.mutable.Relation(id=30, members=[("w", 20, "outer")], tags=tags, version=1)
        )
    report = build(config, tmp_path / "ws")
    places = pq.read_table(tmp_path / "ws" / "city" / "places.parquet").to_pylist()
    hospitals = sorted(
        (row["name"], row["capacity"] >= 200) for row in places if row["kind"] == "hospital"
    )
    assert [name for name, _ in hospitals] == ["County", "St. Anna"] and hospitals[1][1]
    assert sum(row["kind"] == "bus_stop" for row in places) == 2
    entry = next(entry for entry in report["sources"] if entry["name"] == "osm.amenities")
    assert entry["reasons"] == {"another drawing of a place": 3}


def test_two_shelters_do_not_decide_where_people_work(
    small_city: Callable[..., Path], tmp_path: Path
) -> None:
    grid = "lon,lat,count\n" + "".join(f"{10 + 0.02 * i},50.0,2000\n" for i in range(9))
    nodes, ring = block(1000, 10.16, 50.0, 0.00003)
    config = lay(
        small_city,
        [*NODES, *nodes],
        [LONG, (20, ring, {"building": "yes", "amenity": "shelter"})],
        grid=grid,
    )
    report = build(config, tmp_path / "ws")
    note = next(note for note in report["synthetic"] if note.startswith("jobs:"))
    assert "by residents" in note and "m2 of floor" in note
    assert share_of_workers(tmp_path / "ws", 8) < 0.3


def share_of_workers(workspace: Path, leaf: int) -> float:
    city = open_city(workspace / "city")
    staff = np.where(city.site_kind == 0, city.site_capacity, 0)
    return float(staff[city.site_leaf == leaf].sum() / staff.sum())


def test_an_extract_of_a_part_keeps_the_jobs_of_the_rest(
    small_city: Callable[..., Path], tmp_path: Path
) -> None:
    grid = "lon,lat,count\n" + "".join(f"{10 + 0.02 * i},50.0,2000\n" for i in range(9))
    nodes, ways = list(NODES), [LONG]
    for leaf in range(4):
        for k in range(6):
            corners, ring = block(
                1000 + 100 * leaf + 10 * k, 10.0 + 0.02 * leaf + 0.001 * k, 50.001, 0.0006
            )
            nodes += corners
            ways.append((200 + 10 * leaf + k, ring, {"building": "office", "building:levels": "5"}))
    report = build(lay(small_city, nodes, ways, grid=grid), tmp_path / "ws")
    note = next(note for note in report["synthetic"] if note.startswith("jobs:"))
    assert "by floor area" in note and "by residents where" in note
    assert sum(share_of_workers(tmp_path / "ws", leaf) for leaf in range(4, 9)) > 0.4


def test_outlines_come_from_the_extract_by_their_level(
    small_city: Callable[..., Path], tmp_path: Path
) -> None:
    text = CITY + '[boundaries]\nfile = "x.osm.pbf"\nlevel = "ward"\ncode = "id"\nname = "name"\n'
    config: Path = small_city(
        config=text, grid_csv="lon,lat,count\n10.01,50.01,300\n10.1,50.01,70\n"
    )
    left, left_ring = block(1000, 10.0, 50.0, 0.05)
    right, right_ring = block(1010, 10.08, 50.0, 0.05)
    ward = {"type": "boundary", "boundary": "administrative", "admin_level": "10"}
    hospital: Node = (70, 10.054, 50.01, {"amenity": "hospital", "name": "Of the neighbours"})
    with osmium.SimpleWriter(str(config.parent / "x.osm.pbf")) as writer:
        for number, lon, lat, tags in sorted([*NODES, *left, *right, hospital]):
            node = osmium.osm.mutable.Node(id=number, location=(lon, lat), tags=tags, version=1)
            writer.add_node(node)
        ways = [
            (10, [1, 2, 3], {"highway": "residential"}),
            (20, left_ring, {}),
            (21, right_ring, {}),
        ]
        for number, refs, tags in ways:
            writer.add_way(osmium.osm.mutable.Way(id=number, nodes=refs, tags=tags, version=1))
        for number, way, name in ((30, 20, "Left"), (31, 21, "Right"), (32, 99, "Not whole")):
            writer.add_relation(
                osmium.osm.mutable.Relation(
                    id=number, members=[("w", way, "outer")], tags=ward | {"name": name}, version=1
                )
            )
    with pytest.raises(InputError, match="admin_level is not set") as caught:
        build(config, tmp_path / "ws")
    assert "10 (Left, Right)" in caught.value.advice
    config.write_text(config.read_text() + "admin_level = 10\n")
    report = build(config, tmp_path / "ws")
    city = open_city(tmp_path / "ws" / "city")
    assert [area.name for area in city.areas] == ["Left", "Right"]
    assert np.diff(city.leaf_start.astype(int)).tolist() == [300, 70]
    assert report["places_published"] == 0  # 300 m outside is the neighbours' hospital


def test_a_few_homes_do_not_hold_a_whole_city(
    small_city: Callable[..., Path], tmp_path: Path
) -> None:
    text = CITY.replace('kind = "points"\nfile = "grid.csv"', 'kind = "buildings"\ntotal = 9000')
    config: Path = small_city(config=text)
    nodes, ring = block(1000, 10.0, 50.0, 0.0002)
    write_pbf(
        config.parent / "x.osm.pbf", [*NODES, *nodes], [LONG, (20, ring, {"building": "house"})]
    )
    with pytest.raises(InputError, match="m2 of floor for each of 9,000 residents"):
        build(config, tmp_path / "ws")
    assert build(config, tmp_path / "ws", accept_losses=True)["residents"] == 9000


def test_a_place_far_outside_is_a_question_and_no_school(
    small_city: Callable[..., Path], tmp_path: Path
) -> None:
    extra = '[[places]]\nfile = "p.csv"\nkind = "primary"\n'
    text = '[city]\nname = "q"\n[residents]\nkind = "points"\nfile = "grid.csv"\n' + extra
    rows = "name,lon,lat\nhere,10.0,50.0\nturned,50.0,10.0\nfar,12.5,50.0\nnear,10.02,50.01\n"
    report = build(small_city(config=text, grid_csv=GRID, p_csv=rows), tmp_path / "ws")
    assert report["places_published"] == 2 and len(report["questions"]) == 2
    assert any("are lon and lat swapped?" in text for text in report["questions"])
    assert any("outside the city" in text for text in report["questions"])


# 1-2-3 with a side street 2-6 to the south, and a long way round 3-7-6 to it
CROSS: list[Node] = [
    (1, 10.0, 50.0, {}), (2, 10.01, 50.0, {}), (3, 10.02, 50.0, {}),
    (6, 10.01, 49.99, {}), (7, 10.02, 49.99, {}),
]  # fmt: skip
STREETS: list[Way] = [
    (11, [1, 2], {"highway": "secondary"}), (12, [2, 3], {"highway": "secondary"}),
    (13, [2, 6], {"highway": "secondary"}), (14, [3, 7, 6], {"highway": "secondary"}),
]  # fmt: skip
SOUTH = np.array([[10.01, 49.99]])


def restriction(kind: str, start: int, end: int, **tags: str) -> Any:
    members = [("w", start, "from"), ("n", 2, "via"), ("w", end, "to")]
    return (90, members, {"type": "restriction", "restriction": kind} | tags)


@pytest.mark.parametrize(
    ("relation", "long"),
    [
        (None, False), (restriction("no_right_turn", 11, 13), True),
        (restriction("only_straight_on", 11, 12), True), (restriction("only_right_turn", 11, 13), False),
        (restriction("no_left_turn", 13, 11), False), (restriction("no_right_turn", 12, 13), False),
        (restriction("no_right_turn", 11, 13, **{"except": "psv;motorcar"}), False),
        (restriction("no_right_turn", 11, 99), False), (restriction("give_way", 11, 13), False),
        ((90, [("w", 11, "from"), ("w", 12, "via"), ("w", 13, "to")],
          {"type": "restriction", "restriction": "no_right_turn"}), False),
    ],
)  # fmt: skip
def test_a_turn_that_is_forbidden_is_not_driven(
    small_city: Callable[..., Path], tmp_path: Path, relation: Any, long: bool
) -> None:
    config: Path = small_city(config=CITY, grid_csv=GRID)
    write_pbf(config.parent / "x.osm.pbf", CROSS, STREETS, [relation] if relation else [])
    metres, _, _ = way_m(config, tmp_path / "ws", end=SOUTH)
    direct = 715 + 1112
    assert metres == pytest.approx(direct if not long else 2 * 715 + 1112 + 715, rel=0.01)
    back = by_road(read_roads(tmp_path / "ws" / "city"), SOUTH, HERE)[0][0, 0]
    banned_back = relation == restriction("no_left_turn", 13, 11)
    assert (back > direct * 1.1) == banned_back
    to_crossing = by_road(read_roads(tmp_path / "ws" / "city"), HERE, np.array([[10.01, 50.0]]))
    assert to_crossing[0][0, 0] == pytest.approx(715, rel=0.01)


def test_forbidden_turns_give_the_paths_that_trying_every_one_gives() -> None:
    rng = np.random.default_rng(5)
    for _ in range(20):
        n, m = 7, 18
        tail, head = rng.integers(0, n, m), rng.integers(0, n, m)
        weight = rng.uniform(1, 9, m)
        pairs = {
            (a, b) for a in range(m) for b in range(m) if head[a] == tail[b] and rng.random() < 0.4
        }
        roads = plain_roads(tail, head, weight, sorted(pairs))
        found = roads.shortest(roads.length_m, np.arange(n))
        assert np.allclose(found, slow_paths(n, tail, head, roads.length_m, pairs), rtol=1e-5)
        ends = np.array([(a, b) for a in range(n) for b in range(n)])
        for (a, b), way in zip(ends.tolist(), find_paths(roads, roads.length_m, ends), strict=True):
            assert len(way) == 0 if np.isinf(found[a, b]) else (way[0], way[-1]) == (a, b)
            if len(way):
                assert cost_of(way, tail, head, roads.length_m, pairs) == pytest.approx(found[a, b])


def cost_of(way: Any, tail: Any, head: Any, weight: Any, pairs: set[tuple[int, int]]) -> float:
    """The least that driving these nodes in this order costs where no forbidden turn is made."""
    last: dict[int, float] = {-1: 0.0}
    for a, b in pairwise(way.tolist()):
        steps = [int(edge) for edge in np.flatnonzero((tail == a) & (head == b))]
        last = {
            edge: min(
                (cost for one, cost in last.items() if (one, edge) not in pairs), default=np.inf
            )
            + float(weight[edge])
            for edge in steps
        }
    return min(last.values())


def plain_roads(tail: Any, head: Any, weight: Any, pairs: list[tuple[int, int]]) -> Roads:
    turns = np.array(pairs, dtype=np.uint32).reshape(-1, 2)
    return Roads(
        node_lonlat=np.zeros((7, 2)), edge_from=tail.astype(np.uint32), edge_to=head.astype(np.uint32),
        length_m=weight.astype(np.float32), speed_kmh=np.full(len(tail), 30.0, np.float32),
        highway=np.zeros(len(tail), np.uint8), way=np.arange(len(tail)), component=np.zeros(7, np.uint32),
        cars=np.ones(len(tail), bool), turn_from=turns[:, 0], turn_to=turns[:, 1],
    )  # fmt: skip


def slow_paths(n: int, tail: Any, head: Any, weight: Any, pairs: set[tuple[int, int]]) -> Any:
    """Shortest walks by relaxing every pair of edges until nothing changes."""
    out = np.full((n, n), np.inf)
    for start in range(n):
        at_end = np.where(tail == start, weight, np.inf).astype(float)
        for _ in range(2 * len(tail)):
            for a in range(len(tail)):
                for b in range(len(tail)):
                    if head[a] == tail[b] and (a, b) not in pairs:
                        at_end[b] = min(at_end[b], at_end[a] + weight[b])
        for e in range(len(tail)):
            out[start, head[e]] = min(out[start, head[e]], at_end[e])
        out[start, start] = 0.0
    return out
