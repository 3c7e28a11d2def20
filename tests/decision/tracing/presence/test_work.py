"""The work of a question about areas is known before it is done, and bounded."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from twinward.core.errors import InputError
from twinward.core.stopping import StopReason, stoppable, too_much_work
from twinward.decision.tracing.contacts import search
from twinward.decision.tracing.presence import areas as asked_areas
from twinward.decision.tracing.presence.areas import GRID, candidate_grid, read_areas
from twinward.decision.tracing.presence.flows import count_persons_of_cells


def discs(count: int, radius_m: float, step: float = 1e-6) -> dict[str, Any]:
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [121.0 + n * step, 31.0]},
            "properties": {"code": f"d{n}", "radius_m": radius_m},
        }
        for n in range(count)
    ]
    return {"type": "FeatureCollection", "features": features}


def refusal(ask: Any) -> InputError:
    with pytest.raises(InputError) as error:
        ask()
    assert error.value.code == "too_much_work"
    assert error.value.params["work"] > error.value.params["limit"] > 0
    assert f"{error.value.params['limit']:,.0f}" in error.value.message
    return error.value


@pytest.mark.parametrize("count", [500, 3_000])
def test_discs_on_one_spot_are_refused_before_anything_is_counted(count: int) -> None:
    refusal(lambda: read_areas(discs(count, 50_000)))


def test_as_many_discs_beside_each_other_are_taken() -> None:
    assert len(read_areas(discs(3_000, 50, step=0.002))) == 3_000


def test_the_grid_lists_the_same_areas_as_looking_at_every_cell() -> None:
    chance = np.random.default_rng(4)
    west, south = chance.uniform(0, 1, (2, 40))
    bounds = np.stack([west, south, *(np.stack([west, south]) + chance.uniform(0, 0.1, (2, 40)))])
    (x0, y0, width, height, _, _, start), members = candidate_grid(bounds.T)
    found = {
        (cell, int(area))
        for cell in range(GRID * GRID)
        for area in members[start[cell] : start[cell + 1]]
    }
    slow = set()
    for area, (a, b, c, d) in enumerate(bounds.T):
        for gy in range(int((b - y0) / height), min(int((d - y0) / height), GRID - 1) + 1):
            for gx in range(int((a - x0) / width), min(int((c - x0) / width), GRID - 1) + 1):
                slow.add((gy * GRID + gx, area))
    assert found == slow


def test_points_in_parts_are_in_the_same_areas(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = read_areas(discs(50, 300, step=0.001))
    chance = np.random.default_rng(5)
    lon, lat = chance.uniform(120.99, 121.06, 5_000), chance.uniform(30.99, 31.01, 5_000)
    whole = asked.find_inside(lon, lat)
    monkeypatch.setattr(asked_areas, "TESTS_AT_ONCE", 100)
    parts = asked.find_inside(lon, lat)
    assert len(whole[0]) > 1_000
    assert [column.tolist() for column in parts] == [column.tolist() for column in whole]


def test_a_far_area_does_not_hide_that_all_others_lie_on_one_spot() -> None:
    document = discs(2_000, 20_000)
    document["features"][0]["geometry"]["coordinates"] = [100.0, 20.0]
    asked = read_areas(document)
    points = np.full(20_000, 121.0), np.full(20_000, 31.0)
    assert "overlap" in refusal(lambda: asked.find_inside(*points)).message


def test_a_polygon_of_many_corners_is_not_held_against_every_point(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # edges times points are what is bounded: a hundredth of the bound takes a hundredth of a minute
    monkeypatch.setattr(asked_areas, "MOST_TESTS", asked_areas.MOST_TESTS // 100)
    turn = np.linspace(0, 2 * np.pi, 100_000)
    ring = np.stack([121 + 0.1 * np.cos(turn), 31 + 0.1 * np.sin(turn)], axis=1)
    ring[-1] = ring[0]
    asked = read_areas({"type": "Polygon", "coordinates": [ring.tolist()]})
    points = np.full(300_000, 120.5), np.full(300_000, 31.0)
    assert len(asked.find_inside(*points)[0]) == 0  # outside its bounds nothing is compared
    points = np.full(300_000, 121.0), np.full(300_000, 31.0)
    assert refusal(lambda: asked.find_inside(*points)).params["work"] < 3e8


def test_pairs_in_time_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    mine, theirs = np.arange(0, 1_000), np.arange(0, 1_000)
    search.require_affordable(mine, theirs, 3)
    monkeypatch.setattr(search, "MOST_PAIRS", 5_000)
    assert refusal(lambda: search.require_affordable(mine, theirs, 3)).params["work"] == 6_988


def test_a_stopped_question_goes_no_further() -> None:
    asked, stop = read_areas(discs(3, 300)), StopReason()
    told: list[int] = []
    stop.tell(lambda: told.append(1))
    with stoppable(stop):
        asked.find_inside(np.zeros(1), np.zeros(1))
        stop.stop(too_much_work("steps", 2, 1, "ask less"))
        stop.stop(InputError("later"))
        refusal(lambda: asked.find_inside(np.zeros(1), np.zeros(1)))
    asked.find_inside(np.zeros(1), np.zeros(1))
    assert told == [1]


def test_cells_and_their_persons_are_those_of_counting_one_by_one() -> None:
    chance = np.random.default_rng(6)
    keys = tuple(chance.integers(0, most, 4_000) for most in (5, 4, 4, 60))
    slow: dict[tuple[int, ...], set[int]] = {}
    for *cell, who in zip(*(column.tolist() for column in keys), strict=True):
        slow.setdefault(tuple(cell), set()).add(who)
    found, count = count_persons_of_cells(keys, 4)
    told = {tuple(row): n for row, n in zip(found.tolist(), count.tolist(), strict=True)}
    assert told == {cell: len(people) for cell, people in slow.items()}
    assert found.tolist() == sorted(found.tolist())
    empty = tuple(np.empty(0, np.int64) for _ in range(4))
    assert [len(part) for part in count_persons_of_cells(empty, 4)] == [0, 0]
