"""A forecast is said only where it did better than the last value on the sensor's own past."""

from __future__ import annotations

import numpy as np
import pytest

from twinward.decision.layers.ahead import (
    Ahead,
    days_held_out,
    days_won,
    forecast,
    learn,
    step_ahead,
)

HOURS = np.arange(14 * 24)


def daily(seed: int) -> np.ndarray:
    noise = np.random.Generator(np.random.PCG64(seed)).normal(0, 0.3, len(HOURS))
    return np.asarray(30 + 10 * np.sin(2 * np.pi * HOURS / 24) + noise)


def test_a_daily_course_is_forecast_better_than_by_its_last_value() -> None:
    ahead, why = forecast(daily(1))
    assert why == ""
    assert ahead is not None
    come = 30 + 10 * np.sin(2 * np.pi * (len(HOURS) + np.arange(12)) / 24)
    assert np.abs(np.array(ahead.middle) - come).max() < 1.0
    assert ahead.error < 0.2 * ahead.error_of_last
    assert all(
        low <= mid <= high
        for low, mid, high in zip(ahead.low, ahead.middle, ahead.high, strict=True)
    )


def test_of_walks_by_chance_hardly_one_is_forecast() -> None:
    steps = np.random.Generator(np.random.PCG64(2)).normal(0, 1, (40, len(HOURS)))
    said = [forecast(walk)[1] for walk in np.cumsum(steps, axis=1)]
    assert said.count("not_better") >= 38


def test_days_won_counts_days_and_not_hours() -> None:
    model, last = np.full((72, 2), 1.0), np.full((72, 2), 1.1)
    model[:24] = 50.0
    assert days_won(model, last) == pytest.approx(2 / 3)
    model[:24], last[30:] = np.nan, 0.5
    assert days_won(model, last) == 0.0
    assert days_won(np.full((5, 2), np.nan), last[:5]) == 0.0
    assert [days_held_out(24 * days) for days in (5, 9, 12, 21, 28)] == [3, 3, 4, 7, 7]


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (daily(3)[:60], "too_short"),
        (np.concatenate([daily(3), [np.nan]]), "silent"),
        (np.full(300, np.nan), "too_short"),
    ],
)
def test_where_nothing_can_be_said_the_reason_is(values: np.ndarray, why: str) -> None:
    assert forecast(values) == (None, why)


def test_the_days_that_are_tested_are_not_learnt_from() -> None:
    values = daily(4)
    values[-72:] += 50  # the usual value of an hour is not what the last three days were
    ahead, _ = forecast(values)
    assert ahead is None or isinstance(ahead, Ahead)
    usual, _ = learn(values[:-72])
    assert usual.max() < 45


def test_an_hour_ahead_is_the_usual_value_and_what_is_left_of_the_difference() -> None:
    usual = np.arange(24.0)
    said = step_ahead(np.array([0.0, 5.0]), 2, usual, 0.5, 2)
    assert said.tolist() == [2 + 4 * 0.5, 3 + 4 * 0.25]


def test_a_week_s_course_is_learnt_where_there_are_weeks_of_it_and_a_day_s_where_not() -> None:
    hours = np.arange(28 * 24)
    noise = np.random.Generator(np.random.PCG64(6)).normal(0, 0.5, len(hours))
    workday = (hours // 24) % 7 < 5
    values = 20 + np.where(workday, 12, 2) * np.sin(2 * np.pi * hours / 24) + noise
    ahead, _ = forecast(values)
    assert ahead is not None
    assert (ahead.model, ahead.better > 0.5) == ("week", True)
    come = 20 + 12 * np.sin(2 * np.pi * np.arange(12) / 24)  # the next day is a working day
    assert np.abs(np.array(ahead.middle) - come).max() < 2.0
    assert ahead.better == pytest.approx(1 - ahead.error / ahead.error_of_last, abs=1e-3)
    short, _ = forecast(daily(7))
    assert short is not None and short.model == "day"
