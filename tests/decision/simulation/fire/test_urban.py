"""Fire from block to block: Hamada's properties, engines, and what cannot burn."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from twinward.core.errors import InputError
from twinward.decision.simulation.fire.urban import (
    DOWN,
    SIDE,
    UP,
    Engines,
    UrbanBlock,
    burn_time_min,
    speed_m_s,
    spread_blocks,
)


def town(side: int = 15, **more: Any) -> list[UrbanBlock]:
    return [
        UrbanBlock(east_m=40.0 * x, north_m=40.0 * y, **more)
        for y in range(side)
        for x in range(side)
    ]


def burn(blocks: list[UrbanBlock], **more: Any) -> np.ndarray:
    asked: dict[str, Any] = {
        "ignitions": [(112, 0.0)],
        "wind_m_s": 6.0,
        "wind_from_deg": 270.0,
        "until_s": 6 * 3600.0,
    } | more
    return spread_blocks(blocks, **asked)


def test_wind_drives_it_and_fire_resistant_buildings_hold_it() -> None:
    block = UrbanBlock(east_m=0, north_m=0)
    assert speed_m_s(block, 12, 0) > speed_m_s(block, 6, 0) > speed_m_s(block, 2, 0)
    stone = UrbanBlock(east_m=0, north_m=0, resistant=1.0)
    assert speed_m_s(stone, 6, 0) < speed_m_s(block, 6, 0)
    assert (
        burn_time_min(block, 6, DOWN) < burn_time_min(block, 6, SIDE) < burn_time_min(block, 6, UP)
    )


def test_the_time_of_one_building_is_hamadas() -> None:
    block = UrbanBlock(east_m=0, north_m=0, building_m=10.0, separation_m=5.0)
    gap = 5.0 / (25 + 2.5 * 10)
    right = (3 + 0.375 * 10 + 8 * gap) / (1.6 * (1 + 0.1 * 10 + 0.007 * 100))
    assert burn_time_min(block, 10, DOWN) == pytest.approx(right, rel=1e-12)


def test_far_apart_it_does_not_spread() -> None:
    near, far = UrbanBlock(east_m=0, north_m=0), UrbanBlock(east_m=0, north_m=0, separation_m=1e9)
    assert burn_time_min(far, 6, DOWN) > 1e6 * burn_time_min(near, 6, DOWN)
    lonely = [UrbanBlock(east_m=0, north_m=0), UrbanBlock(east_m=500, north_m=0)]
    assert np.isfinite(burn(lonely, ignitions=[(0, 0.0)])).tolist() == [True, False]


def test_it_goes_farthest_downwind_and_arrives_later_the_farther() -> None:
    caught = burn(town())
    grid = caught.reshape(15, 15)
    assert grid[7, 7] == 0
    assert grid[7, 10] < grid[7, 4]  # wind from the west
    downwind = grid[7, 7:]
    assert (np.diff(downwind[np.isfinite(downwind)]) > 0).all()


def test_engines_save_blocks_the_sooner_the_more_and_without_water_none() -> None:
    burned = [
        int(np.isfinite(burn(town(), engines=engines)).sum())
        for engines in (
            None,
            Engines(arrival_s=1200, at_once=6),
            Engines(arrival_s=300, at_once=6),
            Engines(arrival_s=300, at_once=40),
        )
    ]
    assert burned[0] > burned[1] >= burned[2] >= burned[3] >= 1
    dry = burn(town(), engines=Engines(arrival_s=300, at_once=40, water=False))
    assert int(np.isfinite(dry).sum()) == burned[0]


def test_ground_without_buildings_stops_it() -> None:
    blocks = town()
    for n in range(len(blocks)):
        if n % 15 in (9, 10):  # a park across the wind, two blocks wide
            blocks[n] = UrbanBlock(east_m=blocks[n].east_m, north_m=blocks[n].north_m, built=0.0)
    grid = burn(blocks).reshape(15, 15)
    assert np.isinf(grid[:, 9:]).all() and np.isfinite(grid[:, 8]).any()


def test_no_wind_spreads_alike_to_all_sides() -> None:
    grid = burn(town(), wind_m_s=0.0).reshape(15, 15)
    assert grid[7, 8] == pytest.approx(grid[7, 6]) == pytest.approx(grid[8, 7])


def test_what_cannot_be_is_one_error() -> None:
    with pytest.raises(InputError, match="outside"):
        burn(town(), ignitions=[(999, 0.0)])
    with pytest.raises(InputError, match="wind must be"):
        burn(town(), wind_m_s=90.0)
    assert math.isinf(burn(town(), ignitions=[])[0])
