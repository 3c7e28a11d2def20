"""A forecast that has just missed is wider, one that held is as it was."""

from __future__ import annotations

import numpy as np

from twinward.decision.assessment.predict import WIDEST, widen, width_of


def courses(level: float) -> np.ndarray:  # type: ignore[type-arg]
    chance = np.random.default_rng(3)
    return level * chance.lognormal(0.0, 0.4, (2_000, 1)) * np.ones((1, 7))


def test_a_forecast_that_held_is_no_wider_and_no_narrower() -> None:
    assert width_of(np.full(7, 100.0), courses(100.0)) == 1.0
    assert width_of(np.full(7, 100.0), None) == 1.0
    assert width_of(np.full(7, np.nan), courses(100.0)) == 1.0


def test_a_miss_to_either_side_widens_and_only_so_far() -> None:
    above, below = (
        width_of(np.full(7, 260.0), courses(100.0)),
        width_of(np.full(7, 38.0), courses(100.0)),
    )
    assert above > 1.2 and below > 1.2
    assert width_of(np.full(7, 90_000.0), courses(100.0)) == WIDEST


def test_the_middle_stays_and_no_day_is_below_nought() -> None:
    before, after = courses(3.0), widen(courses(3.0), 2.0)
    assert np.allclose(np.median(after, axis=0), np.median(before, axis=0), rtol=1e-6)
    low, high = np.quantile(after, (0.05, 0.95), axis=0), np.quantile(before, (0.05, 0.95), axis=0)
    assert (low[0] < high[0]).all() and (low[1] > high[1]).all() and (after >= 0).all()
