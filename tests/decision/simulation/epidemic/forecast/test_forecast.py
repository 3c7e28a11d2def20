"""Forecasts of counts: never read what is to be predicted, honest widths, and robust to poor
series.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from twinward.core.errors import InputError
from twinward.decision.surveillance.forecasting.baselines import last_value, log_linear
from twinward.decision.surveillance.forecasting.model import weekday_factors
from twinward.decision.surveillance.forecasting.observed import read_after, read_until
from twinward.decision.surveillance.forecasting.renewal import fit_renewal, predict
from twinward.decision.surveillance.forecasting.score import (
    LEVELS,
    coverage,
    weighted_interval_score,
)
from twinward.service.planning.forecasting import CalibrationRequest, calibrate

START = date(2030, 1, 1)


def write(path: Path, counts: list[object]) -> Path:
    rows = [f"{START + timedelta(days=k)},{count}" for k, count in enumerate(counts)]
    path.write_text("date,new\n" + "\n".join(rows) + "\n")
    return path


def calibrated(path: Path, until: date, days: int) -> dict[str, Any]:
    return calibrate(CalibrationRequest(path=path, until=until, days=days, trials=16))[1]


def wave(days: int, growth: float, seed: int, level: float = 20.0) -> list[int]:
    chance = np.random.default_rng(seed)
    mean = level * np.exp(growth * np.arange(days))
    return [int(n) for n in chance.poisson(chance.gamma(20.0, mean / 20.0))]


def test_the_forecast_does_not_change_with_the_days_to_be_predicted(tmp_path: Path) -> None:
    known = wave(40, 0.05, 1)
    until = START + timedelta(days=39)
    answers = [
        calibrated(write(tmp_path / f"{k}.csv", known + tail), until, 7)["quantiles"]
        for k, tail in enumerate(([], [0] * 7, [9_999] * 7))
    ]
    assert answers[0] == answers[1] == answers[2]


def test_without_the_days_predicted_there_is_no_score(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", wave(30, 0.0, 2))
    answer = calibrated(path, START + timedelta(days=29), 5)
    assert answer["wis"] is None
    assert answer["quantiles"][0]["date"] == "2030-01-31"
    assert len(answer["quantiles"][0]["values"]) == 23


@pytest.mark.parametrize("growth", [-0.06, 0.0, 0.08])
def test_intervals_cover_what_comes_about_as_often_as_they_say(growth: float) -> None:
    inside_50, inside_90 = [], []
    for seed in range(8):
        counts = np.array(wave(50, growth, seed, 400.0 if growth < 0 else 20.0), float)
        fit = fit_renewal(counts[:40], None, seed)
        table = np.quantile(predict(fit, 40, 10, None, seed), LEVELS, axis=0).T
        inside_50.append(coverage(table, counts[40:], 0.5))
        inside_90.append(coverage(table, counts[40:], 0.9))
    assert 0.25 <= np.mean(inside_50) <= 0.95
    assert np.mean(inside_90) >= 0.75


@pytest.mark.parametrize(
    "counts",
    [
        [0, 0, 1],
        [5] * 3,
        [0] * 60,
        [0] * 50 + wave(12, 0.2, 1),
        [1_000_000] * 30,
        wave(90, -0.1, 3, 5_000.0),
    ],
)
def test_short_empty_and_sudden_series_give_finite_ordered_quantiles(counts: list[int]) -> None:
    fit = fit_renewal(np.array(counts, float), None, 1)
    table = np.quantile(predict(fit, len(counts), 14, None, 1), LEVELS, axis=0)
    assert np.isfinite(table).all()
    assert (np.diff(table, axis=0) >= 0).all()


def test_an_outbreak_after_many_zeros_is_followed() -> None:
    counts = np.array([0] * 40 + [30, 45, 60, 80, 100, 130], float)
    fit = fit_renewal(counts, None, 1)
    assert 60 < np.median(predict(fit, len(counts), 1, None, 1)) < 400


def test_weekly_reporting_is_found_and_carried_on() -> None:
    factors = np.array([1.3, 1.3, 1.2, 1.1, 1.1, 0.5, 0.5])
    counts = np.array(
        [np.random.default_rng(k).poisson(300 * factors[k % 7]) for k in range(56)], float
    )
    assert weekday_factors(counts) == pytest.approx(factors, rel=0.1)
    median = np.median(predict(fit_renewal(counts, None, 1), 56, 7, None, 1), axis=0)
    assert median[5] < 0.6 * median[1]


def test_nobody_is_infected_beyond_the_population() -> None:
    counts = np.array(wave(25, 0.25, 4, 5.0), float)
    paths = predict(fit_renewal(counts, 5_000.0, 1), 25, 30, 5_000.0, 1)
    assert np.median(paths.sum(axis=1)) < 5_000


def test_the_interval_score_is_that_of_its_definition() -> None:
    """WIS of Bracher et al. 2021: half the error of the median and alpha/2 of each interval's
    score, over K + 1/2.
    """
    table = np.sort(np.random.default_rng(1).gamma(3, 30, (4, 23)), axis=1)
    came = np.array([10.0, 80.0, 95.0, 300.0])
    total = 0.5 * np.abs(came - table[:, 11])
    for k in range(11):
        low, high, alpha = table[:, k], table[:, 22 - k], 2 * LEVELS[k]
        score = high - low + 2 / alpha * (np.maximum(low - came, 0) + np.maximum(came - high, 0))
        total += alpha / 2 * score
    assert weighted_interval_score(table, came) == pytest.approx(float((total / 11.5).mean()))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("day,new\n2030-01-01,3\n", "bad_observed"),
        ("date,new\n2030-01-01,3\n2030-01-02,4\n", "too_few_days"),
        ("date,new\n01/02/2030,3\n", "bad_observed"),
        ("date,new\n2030-01-01,many\n", "bad_observed"),
        ("date,new\n2030-01-01,inf\n", "bad_observed"),
        ("date,new\n2030-01-01,3\n2030-01-01,4\n", "bad_observed"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path, text: str, code: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(InputError) as refused:
        read_until(path, date(2030, 2, 1))
    assert refused.value.code == code


def test_missing_days_are_gaps_in_whatever_order_the_days_come(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "date,new\n2030-01-05,6.5\n2030-01-01,3\n2030-01-04,5\n2030-01-02,NA\n2030-01-06,\n"
    )
    observed = read_until(path, date(2030, 1, 5))
    assert np.isnan(observed.counts[[1, 2]]).all()
    assert observed.counts[[0, 3, 4]].tolist() == [3, 5, 6.5]
    assert read_after(path, date(2030, 1, 5), 3) is None


def test_a_negative_count_is_refused_by_its_line_or_taken_as_missing(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", [3, 4, -4, 5, 6])
    with pytest.raises(InputError, match="line 4: 2030-01-03 has the negative count -4"):
        read_until(path, START + timedelta(days=4))
    assert np.isnan(read_until(path, START + timedelta(days=4), negative_missing=True).counts[2])
    assert read_until(write(path, [3, 4, 5, -4]), START + timedelta(days=2)).counts.tolist() == [
        3,
        4,
        5,
    ]


def test_the_simple_forecasts_bear_long_gaps() -> None:
    counts = np.array([3, 4, 6, *[np.nan] * 30], float)
    for forecast in (last_value, log_linear):
        assert np.isfinite(forecast(counts, 10, 1)).all()
