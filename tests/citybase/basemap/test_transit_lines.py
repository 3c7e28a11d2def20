"""Lines of the metro out of the stations that name them: straight pieces between neighbours."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from twinward.citybase.basemap.transit_lines import join_stops, list_transit_lines
from twinward.citybase.places.named_places import PlaceTable, begins, split_lines


def stations(lonlat: list[tuple[float, float]], lines: list[list[str]]) -> PlaceTable:
    n = len(lonlat)
    return PlaceTable(
        kind=["metro_station"] * n, name=[f"s{i}" for i in range(n)], source=["a"] * n,
        lonlat=np.array(lonlat), capacity=np.zeros(n, np.int64), leaf=np.zeros(n, np.int64),
        area_by=["outline"] * n, lines=lines, unopened=[False] * n,
    )  # fmt: skip


def joined(lonlat: NDArray[np.float64]) -> set[tuple[int, int]]:
    return {(min(pair), max(pair)) for pair in join_stops(lonlat).tolist()}


def test_a_line_goes_through_its_stations_in_whatever_order_they_are_listed() -> None:
    along = np.column_stack([121.4 + np.arange(12) * 0.01, 31.2 + 0.004 * np.sin(np.arange(12))])
    order = np.random.default_rng(3).permutation(12)
    place = np.argsort(order)
    want = {tuple(sorted((int(place[i]), int(place[i + 1])))) for i in range(11)}
    assert joined(along[order]) == want


def test_a_branch_is_kept_and_a_ring_is_closed() -> None:
    trunk = [(121.0 + 0.01 * i, 31.0) for i in range(6)]
    branch = [(121.05 + 0.01 * i, 31.0 + 0.01 * i) for i in (1, 2)]
    tree = joined(np.array(trunk + branch))
    assert {(4, 5), (5, 6), (6, 7)} <= tree and len(tree) == 7
    turn = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    ring = np.column_stack([121.4 + 0.05 * np.cos(turn), 31.2 + 0.04 * np.sin(turn)])
    assert len(joined(ring)) == 14 and all(np.bincount(join_stops(ring).ravel()) == 2)


def test_each_line_is_a_shape_with_its_number_and_a_lone_station_is_none() -> None:
    places = stations(
        [(121.0, 31.0), (121.1, 31.0), (121.1, 31.1), (121.2, 31.0)],
        [["1号线"], ["1号线", "浦江线"], ["浦江线"], ["9号线"]],
    )
    rows = list_transit_lines(places)
    assert [(row[1]["name"], row[1]["ref"]) for row in rows] == [
        ("1号线", "1"),
        ("浦江线", "浦江线"),
    ]
    assert shapely.get_coordinates(rows[0][0]).tolist() in (
        [[121.0, 31.0], [121.1, 31.0]],
        [[121.1, 31.0], [121.0, 31.0]],
    )


def test_a_stop_names_its_lines_and_which_are_not_open() -> None:
    assert split_lines("(在建)14号线;1号线； ") == ["(在建)14号线", "1号线"]
    assert begins("(在建)14号线", ["(规划)", "(在建)"]) and not begins("1号线", ["(在建)"])
    assert not begins("1号线", []), "nothing is planned where no word says so"
