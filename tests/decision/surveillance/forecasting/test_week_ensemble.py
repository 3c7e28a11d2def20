"""Weekly forecasts: better than the two fixed baselines where the future follows the past."""

from __future__ import annotations

import numpy as np
import pytest

from twinward.core.chance import generator
from twinward.decision.surveillance.forecasting.coherent import add_up
from twinward.decision.surveillance.forecasting.day_ensemble import (
    forecast_days,
    forecast_weeks_of_days,
    latest_growth,
    sum_last_weeks,
)
from twinward.decision.surveillance.forecasting.score import (
    LEVELS,
    coverage,
    weighted_interval_score,
)
from twinward.decision.surveillance.forecasting.told_change import ToldChange, tell_change
from twinward.decision.surveillance.forecasting.week_ensemble import (
    fill_weeks,
    forecast_weeks,
    steadiness,
)
from twinward.decision.surveillance.forecasting.week_rules import (
    MIDDLE,
    damped_root,
    flat_root,
    hub_baseline,
    weekly_growth,
)


def waves(seed: int, weeks: int = 60) -> np.ndarray:
    """Waves whose log growth drifts, counted with overdispersion."""
    chance = generator(seed, "test.waves")
    growth = np.zeros(weeks)
    for week in range(1, weeks):
        growth[week] = 0.8 * growth[week - 1] + chance.normal(0, 0.12)
    level = 400 * np.exp(np.cumsum(growth) - 0.02 * np.arange(weeks))
    return chance.poisson(chance.gamma(60.0, np.clip(level, 5, 1e5) / 60.0)).astype(float)


def test_the_flat_baseline_has_a_forced_median_and_no_negative() -> None:
    counts = np.array([5.0, 9, 4, 12, 7])
    table = hub_baseline(counts, 4)
    assert table[:, MIDDLE].tolist() == [7, 7, 7, 7]
    assert table.min() >= 0
    width = table[:, 21] - table[:, MIDDLE]
    assert (np.diff(width) > 0).all()


def test_the_damped_rule_halves_growth_each_week() -> None:
    counts = np.array([100.0] * 20 + [200.0])
    middle = damped_root(counts, 3)[:, MIDDLE]
    level = np.log1p(200) + (np.log1p(200) - np.log1p(100)) * np.array([0.5, 0.75, 0.875])
    assert np.log1p(middle) == pytest.approx(level)


def test_the_ensemble_is_as_good_as_its_baselines_over_many_origins() -> None:
    scores: dict[str, list[float]] = {"ours": [], "flat": [], "damped": []}
    inside = []
    for seed in range(4):
        counts = waves(seed)
        for now in range(24, 55, 5):
            came = counts[now + 1 : now + 5]
            seen = counts[: now + 1]
            ours = forecast_weeks(seen, 4).quantiles
            scores["ours"].append(weighted_interval_score(ours, came))
            scores["flat"].append(weighted_interval_score(hub_baseline(seen, 4), came))
            scores["damped"].append(weighted_interval_score(damped_root(seen, 4), came))
            inside.append(coverage(ours, came, 0.9))
    assert np.mean(scores["ours"]) < 0.9 * np.mean(scores["flat"])
    assert np.mean(scores["ours"]) < 1.05 * np.mean(scores["damped"])
    assert 0.75 <= np.mean(inside) <= 1.0


@pytest.mark.parametrize(
    "counts",
    [
        np.zeros(20),
        np.array([3.0]),
        np.array([0.0, 0.0, 900.0]),
        np.array([5.0, np.nan, np.nan, 8.0, 9.0, np.nan, 4.0]),
        np.full(30, np.nan),
    ],
)
def test_short_empty_and_broken_series_have_ordered_finite_quantiles(counts: np.ndarray) -> None:
    table = forecast_weeks(counts, 6).quantiles
    assert table.shape == (6, len(LEVELS))
    assert np.isfinite(table).all()
    assert (np.diff(table, axis=1) >= 0).all()
    assert table.min() >= 0


def test_nobody_forecasts_more_than_there_are_people() -> None:
    assert forecast_weeks(np.array([10.0, 60, 400, 3000]), 4, 5000).quantiles.max() <= 5000


def test_unknown_weeks_lie_between_their_neighbours() -> None:
    assert fill_weeks(np.array([np.nan, 2, np.nan, 4, np.nan])).tolist() == [2, 3, 4]


def test_days_keep_the_weekday() -> None:
    chance = generator(1, "test.weekday")
    share = np.array([0.57, 1.22, 1.22, 1.1, 1.05, 0.95, 0.89])
    counts = chance.poisson(300 * share[np.arange(70) % 7]).astype(float)
    middle = forecast_days(counts, 14)[:, MIDDLE]
    assert middle[0] / middle[2] == pytest.approx(0.57 / 1.22, rel=0.1)
    assert middle[7] / middle[9] == pytest.approx(0.57 / 1.22, rel=0.1)


def test_a_week_with_unknown_days_is_scaled_up() -> None:
    counts = np.full(21, 10.0)
    counts[15:17] = np.nan
    assert sum_last_weeks(counts).tolist() == [70, 70, 70]


def test_districts_add_up_to_the_city() -> None:
    parts = [np.sort(np.abs(waves(k, 46)).reshape(2, 23), axis=1) for k in range(3)]
    whole = np.sort(waves(9, 46).reshape(2, 23), axis=1)
    moved, table = add_up(parts, whole)
    total = np.sum([part[:, MIDDLE] for part in moved], axis=0)
    assert table[:, MIDDLE] == pytest.approx(total)
    assert (np.diff(table, axis=1) >= 0).all()


def test_who_is_told_of_a_lockdown_forecasts_better() -> None:
    told_scores, plain_scores = [], []
    serial = np.array([0.0, 0.1, 0.2, 0.25, 0.2, 0.15, 0.1])
    for seed in range(6):
        chance = generator(seed, "test.lockdown")
        infected = np.full(90, 6.0)
        for day in range(7, 90):
            r = 1.9 if day < 40 else 0.6
            infected[day] = r * (infected[day - 6 : day][::-1] * serial[1:]).sum()
        reports = np.concatenate([np.full(4, infected[0]), infected])[:90]
        counts = chance.poisson(chance.gamma(30.0, reports / 30.0)).astype(float)
        table = forecast_days(counts[:41], 28)
        change = ToldChange(begins=0, factor=0.32, sd=0.2, generation_d=3.7, lag_d=4.0)
        told = tell_change(table, counts[:41], change)
        told_scores.append(weighted_interval_score(told, counts[41:69]))
        plain_scores.append(weighted_interval_score(table, counts[41:69]))
    assert np.mean(told_scores) <= 0.7 * np.mean(plain_scores)


def test_flat_root_is_flat() -> None:
    table = flat_root(np.array([50.0, 60, 55, 58, 61, 57]), 4)
    assert table[:, MIDDLE] == pytest.approx([57] * 4)


def test_a_steady_series_is_forecast_near_its_level_and_not_by_its_last_scatter() -> None:
    """Growth that the next week undoes is none: four weeks ahead is as near as the last count."""
    ahead, last = [], []
    for seed in range(1, 9):
        counts = generator(seed, "test.steady").poisson(400, 44).astype(float)
        for now in (24, 32, 40):
            middle = forecast_weeks(counts[:now], 4).quantiles[:, MIDDLE]
            ahead.append(np.abs(middle - 400).mean())
            last.append(abs(counts[now - 1] - 400))
    assert np.mean(ahead) < np.mean(last)  # it was 32 against 15 when all growth was believed


def test_only_changes_that_are_undone_count_as_scatter() -> None:
    growing = np.round(20 * 1.25 ** np.arange(20.0))
    assert steadiness(growing)[-1] == 0
    alternating = 400 + 40 * (-1.0) ** np.arange(30)
    assert steadiness(alternating)[-1] > 0.8


def test_a_turn_inside_the_last_week_bends_the_forecast_of_days() -> None:
    """Growth of 15 % a day until four days ago, then decline: weeks alone still show growth."""
    rate = 100 * np.exp(np.concatenate([0.15 * np.arange(38), 0.15 * 37 - 0.2 * np.arange(1, 6)]))
    counts = generator(3, "test.turn").poisson(rate).astype(float)
    weekly = sum_last_weeks(counts)
    assert latest_growth(counts, weekly)[-1] < weekly_growth(weekly)[-1] - 0.3
    bent = forecast_weeks_of_days(counts, 2)[:, MIDDLE]
    assert (bent < 0.9 * forecast_weeks(weekly, 2).quantiles[:, MIDDLE]).all()


def test_growth_of_few_cases_is_that_of_whole_weeks() -> None:
    counts = generator(4, "test.few").poisson(0.4, 60).astype(float)
    weekly = sum_last_weeks(counts)
    moved = np.abs(latest_growth(counts, weekly) - weekly_growth(weekly))
    assert moved.max() < 0.5
    unknown = np.where(np.arange(60) > 51, np.nan, counts)
    gone = latest_growth(unknown, sum_last_weeks(unknown))
    assert np.isfinite(gone).all()
