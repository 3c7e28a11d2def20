"""Rivers that leave their bed: heights above the stream, rating by Manning, drainage of pits."""

from __future__ import annotations

import numpy as np
import pytest

from twinward.decision.simulation.flood.rivers import RIVER_MANNING, STAGES, find_rivers
from twinward.decision.simulation.ground import Floats
from twinward.service.hazards.forecasts import HazardRequest, forecast_hazard

CELL = 20.0


def valley(rows: int = 41, cols: int = 120, side: float = 0.05, fall: float = 0.002) -> Floats:
    """A V that falls to the east; its stream runs along the middle row."""
    y, x = np.mgrid[:rows, :cols]
    return np.asarray(CELL * (side * np.abs(y - rows // 2) + fall * (cols - 1 - x)))


def test_height_above_the_stream_of_a_tilted_valley() -> None:
    rivers = find_rivers(valley(), CELL, 0.2)
    height = rivers.height[:, 40:110]
    across = np.abs(np.arange(41) - 20)[:, None] * 0.05 * CELL
    # a cell drains along the diagonal, so its stream cell lies as many columns down as it is aside
    expected = across + np.abs(np.arange(41) - 20)[:, None] * 0.002 * CELL
    known = np.isfinite(height)
    assert known.mean() > 0.9  # corners drain over the edge without a stream
    assert np.abs(height - expected)[known].max() < 1e-9


def test_the_rating_is_mannings_for_a_triangular_bed() -> None:
    rivers = find_rivers(valley(side=0.05), CELL, 0.2)
    lowest = int(np.argmax(rivers.share))
    for stage in (4.0, 8.0):
        area, wetted = stage**2 / 0.05, 2 * stage / 0.05
        by_hand = area * (area / wetted) ** (2 / 3) * np.sqrt(0.002) / RIVER_MANNING
        found = float(np.interp(stage, STAGES, rivers.rating[lowest]))
        assert found == pytest.approx(by_hand, rel=0.12)  # cells of 20 m, heights along diagonals


def test_stage_grows_with_discharge_and_comes_back_from_it() -> None:
    rivers = find_rivers(valley(), CELL, 0.2)
    stages = [rivers.stages(q).max() for q in (0.0, 50.0, 500.0, 5000.0)]
    assert stages[0] == 0 and stages == sorted(stages) and stages[3] > stages[1]
    lowest = int(np.argmax(rivers.share))
    back = np.interp(rivers.stages(500.0)[lowest], STAGES, rivers.rating[lowest])
    assert back == pytest.approx(500.0 * rivers.share[lowest], rel=1e-6)
    assert (rivers.depth(5000.0) >= rivers.depth(500.0)).all()
    assert (rivers.stages(500.0, 1.4) >= rivers.stages(500.0)).all(), "rougher is deeper"


def test_a_pit_drains_over_its_rim_and_a_hole_in_the_data_is_an_edge() -> None:
    bed = valley()
    bed[20, 60] -= 500.0
    bed[:, 119] = np.nan
    rivers = find_rivers(bed, CELL, 0.2)
    assert np.isfinite(rivers.rating).all() and (np.diff(rivers.rating, axis=1) > 0).all()
    assert not np.isnan(rivers.depth(1000.0)).any()
    assert rivers.depth(1000.0)[np.isnan(bed)].max() == 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (2, 2)])
def test_a_ground_too_small_for_a_river_has_none(shape: tuple[int, int]) -> None:
    rivers = find_rivers(np.zeros(shape), CELL)
    assert rivers.depth(1e6).shape == shape and np.isfinite(rivers.depth(1e6)).all()


def test_upstream_area_is_kept() -> None:
    from twinward.decision.simulation.flood.kernels import drainage

    bed = valley() + np.random.default_rng(2).random((41, 120))
    down, order = np.full(bed.size, -1, np.int64), np.zeros(bed.size, np.int64)
    outside = np.zeros(bed.shape, np.bool_)
    count = drainage.drain(bed, outside, down, order)
    area = np.ones(bed.size)
    drainage.gather(down, order, count, area)
    assert count == bed.size and sorted(order.tolist()) == list(range(bed.size))
    assert area[down < 0].sum() == bed.size, "everything leaves over the edge, once"


def test_a_river_over_a_city_is_a_flood_like_rain() -> None:
    given = {"residents": 12_000, "hours": 1.0, "members": 3, "cell_m": 150.0}
    low = forecast_hazard(HazardRequest(hazard="flood", river="20", **given))  # type: ignore[arg-type]
    high = forecast_hazard(HazardRequest(hazard="flood", river="2000", **given))  # type: ignore[arg-type]
    assert "remark.rivers" in {one.code for one in high.assumptions_reasons}
    assert high.exposed[0].people[2] >= low.exposed[0].people[2]
    assert high.exposed[0].people[2] > 0
    both = forecast_hazard(HazardRequest(hazard="flood", river="2000", rain="40", **given))  # type: ignore[arg-type]
    assert both.exposed[0].people[2] >= high.exposed[0].people[2]
