"""The filtered R holds the true one as often as it says, also after a step."""

from __future__ import annotations

import numpy as np
import pytest

from twinward.core.chance import generator
from twinward.decision.surveillance.rt.filter import filter_r
from twinward.decision.surveillance.rt.jumps import mask_jumps
from twinward.decision.surveillance.rt.serial_interval import make_serial_interval

SERIAL = make_serial_interval(4.7, 2.9)[:30]
STEP = 35


def simulate_epidemics(number: int, days: int, k: float) -> tuple[np.ndarray, np.ndarray]:
    """Renewal epidemics whose R steps from 2 to 0.7; counts are negative binomial."""
    chance = generator(5, "test.epidemics")
    counts, r = np.zeros((number, days)), np.where(np.arange(days) < STEP, 2.0, 0.7)
    counts[:, :7] = chance.poisson(8, (number, 7))
    for day in range(7, days):
        reach = min(day, 29)
        pressure = counts[:, day - reach : day][:, ::-1] @ SERIAL[1 : reach + 1]
        mean = np.maximum(r[day] * pressure, 1e-9)
        counts[:, day] = chance.poisson(chance.gamma(k, mean / k))
    return counts, r


def test_the_interval_holds_the_true_r_before_and_after_a_step() -> None:
    counts, r = simulate_epidemics(60, 70, 10.0)
    found = filter_r(counts, np.zeros_like(counts), SERIAL)
    inside = (found.quantiles[:, :, 0] <= r) & (r <= found.quantiles[:, :, -1])
    assert 0.90 <= inside[:, 8:].mean() <= 0.985
    assert inside[:, STEP : STEP + 7].mean() >= 0.80


def test_without_cases_r_is_unknown_and_not_extreme() -> None:
    counts = np.zeros((1, 40))
    counts[0, 0] = 2
    counts[0, 25] = 1
    found = filter_r(counts, np.zeros_like(counts), SERIAL)
    assert found.mean[0, 25] < 3
    assert found.quantiles[0, 25, -1] - found.quantiles[0, 25, 0] > 1.5


def test_imports_alone_do_not_raise_r() -> None:
    counts = np.full((1, 60), 6.0)
    here = filter_r(counts, np.zeros_like(counts), SERIAL)
    abroad = filter_r(counts, counts.copy(), SERIAL)
    assert here.mean[0, -1] == pytest.approx(1.0, abs=0.1)
    assert abroad.mean[0, -1] < 0.2


def test_a_part_with_few_cases_leans_on_its_parent() -> None:
    few = np.zeros((1, 60))
    few[0, ::9] = 1
    high = (np.full((1, 60), np.log(1.8)), np.full((1, 60), 0.05))
    low = (np.full((1, 60), np.log(0.6)), np.full((1, 60), 0.05))
    zero = np.zeros_like(few)
    led_up = filter_r(few, zero, SERIAL, parent=high).mean[0, -1]
    led_down = filter_r(few, zero, SERIAL, parent=low).mean[0, -1]
    assert led_up > led_down + 0.1


def test_many_series_give_what_each_alone_gives() -> None:
    counts, _ = simulate_epidemics(5, 30, 10.0)
    together = filter_r(counts, np.zeros_like(counts), SERIAL)
    alone = filter_r(counts[3:4], np.zeros((1, 30)), SERIAL)
    assert np.allclose(together.mean[3], alone.mean[0])


def test_a_heap_of_one_day_is_masked_and_growth_is_not() -> None:
    heap = np.full(40, 20.0)
    heap[30] = 180
    masked, places = mask_jumps(heap)
    assert places.tolist() == [30]
    assert np.isnan(masked[30])
    growth = np.round(5 * np.exp(0.15 * np.arange(40)))
    assert mask_jumps(growth)[1].tolist() == []


def test_a_new_definition_masks_one_day_and_goes_on_at_the_new_level() -> None:
    counts = np.r_[np.full(30, 20.0), np.full(12, 180.0)]
    masked, places = mask_jumps(counts)
    assert places.tolist() == [30]
    assert masked[31] == 180
