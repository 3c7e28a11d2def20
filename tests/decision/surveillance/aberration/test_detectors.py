"""Detectors: published thresholds and parts, true false-alarm rates, outbreaks found."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from tests.reference.slow_farrington import expect

from twinward.core.chance import generator
from twinward.decision.surveillance.aberration.cusum import (
    average_run_length,
    decision_limit,
    detect_cusum,
)
from twinward.decision.surveillance.aberration.ears import detect_ears
from twinward.decision.surveillance.aberration.farrington import (
    FarringtonSettings,
    detect_farrington,
    judge_many,
    reference_weeks,
    season_blocks,
    thresholds_nb,
)
from twinward.decision.surveillance.aberration.kernels import weigh_outbreaks

MONDAY = date(2012, 1, 2)


def weekly(chance: np.random.Generator, weeks: int, mean: float = 12.0, k: float = 8.0) -> object:
    season = 1 + 0.4 * np.sin(2 * np.pi * np.arange(weeks) / 52.18)
    return chance.poisson(chance.gamma(k, mean * season / k)).astype(float)


def test_ears_c1_is_the_mean_and_deviation_of_the_seven_before() -> None:
    counts = np.array([3, 1, 4, 1, 5, 9, 2, 6, 5, 3], float)
    found = detect_ears(counts, "ears-c1", 0.05)
    before = counts[:7]
    assert found.places.tolist() == [7, 8, 9]
    assert found.threshold[0] == pytest.approx(before.mean() + 1.644854 * before.std(ddof=1))


def test_ears_c3_lowers_the_threshold_after_two_high_days() -> None:
    calm = np.array([4, 6, 5, 4, 6, 5, 5, 4, 6, 5, 5, 5, 5], float)
    risen = calm.copy()
    risen[10:12] = 8
    low = detect_ears(risen, "ears-c3").threshold[-1]
    assert low < detect_ears(risen, "ears-c2").threshold[-1]
    assert low < detect_ears(calm, "ears-c3").threshold[-1]


def test_ears_false_alarms_on_normal_data_are_those_of_students_t() -> None:
    counts = generator(3, "test.ears").normal(100, 10, 200_000)
    found = detect_ears(counts, "ears-c1", 0.0013499)
    assert found.alarm.mean() == pytest.approx(0.0155, abs=0.001)


def test_the_same_date_of_earlier_years() -> None:
    # published example: 6 June 2013 is compared with 3 June 2010, 9 June 2011, 7 June 2012
    first = date(2009, 1, 1)
    now = (date(2013, 6, 6) - first).days // 7
    days = [first + timedelta(days=7 * week) for week in reference_weeks(first, now, 3)]
    assert days == [date(2013, 6, 6), date(2012, 6, 7), date(2011, 6, 9), date(2010, 6, 3)]


def test_a_year_of_53_weeks_and_29_february() -> None:
    first = date(2012, 2, 29)  # a Wednesday
    now = (date(2016, 2, 24) - first).days // 7 + 1  # 2 March 2016
    weeks = reference_weeks(first, now, 4)
    assert sorted(np.diff(weeks[::-1]).tolist()) == [52, 52, 52, 53]


def test_past_outbreaks_weigh_less() -> None:
    # published: half the residuals at 0, half at 2, threshold 0
    found = np.array([0.0] * 5 + [2.0] * 5)
    weigh_outbreaks(found, 0.0)
    assert found.tolist() == pytest.approx([1.6] * 5 + [0.4] * 5)


def test_the_window_around_each_reference_week() -> None:
    # published: w + 1 + b (2 w + 1) = 25 weeks for b = 3, w = 3
    settings = FarringtonSettings(years_back=3, no_periods=1, past_weeks_not_included=-1)
    blocks = season_blocks(200, [200, 148, 96, 44], settings)
    assert (blocks == 1).sum() == 25


def test_thresholds_of_the_negative_binomial() -> None:
    # published: fit 5, alpha .05; dispersion 1.5 and 1
    found = thresholds_nb(np.array([5.0, 5.0, 0.0, np.nan]), np.array([1.5, 1.0, 1.0, 1.0]), 0.05)
    assert found.tolist()[:3] == [10, 9, 0]
    assert np.isnan(found[3])


def test_the_lines_inside_parts_are_the_matrix_solved() -> None:
    chance = generator(8, "test.slow")
    counts = np.stack([weekly(chance, 280, mean) for mean in (0.6, 12.0, 300.0)])
    counts[0, 30:80] = 0.0  # parts of the year without a case
    counts[1, 100:103] = np.nan
    counts[2, 200:204] += 900
    for now in (140, 200, 279):
        weeks, expected, _ = judge_many(MONDAY, counts, np.array([now]))
        references = [week for week in reference_weeks(MONDAY, now, 4) if week >= 3]
        blocks = season_blocks(now, references, FarringtonSettings())
        assert weeks.tolist() == [now]
        assert expected[:, 0] == pytest.approx([expect(one, blocks, 10) for one in counts], 1e-6)


def test_farrington_false_alarms_are_near_the_nominal_share() -> None:
    chance = generator(4, "test.farrington")
    alarms = weeks = 0
    for _ in range(25):
        counts = chance.poisson(chance.gamma(8.0, 10 / 8.0, 216 + 20)).astype(float)
        found = detect_farrington(MONDAY, counts)
        alarms += int(found.alarm[-20:].sum())
        weeks += 20
    assert 0.0 <= alarms / weeks <= 0.03


def test_farrington_finds_an_outbreak_of_three_deviations() -> None:
    chance = generator(5, "test.outbreak")
    found = 0
    for _ in range(20):
        counts = weekly(chance, 240)
        counts[236:] += np.round(3 * counts[:236].std())
        found += int(detect_farrington(MONDAY, counts).alarm[-4:].any())
    assert found >= 13


def test_a_past_outbreak_hardly_moves_the_threshold() -> None:
    counts = weekly(generator(6, "test.past"), 260)
    clean = detect_farrington(MONDAY, counts).threshold[-4:]
    counts[208 - 52 : 212 - 52] += 60
    assert detect_farrington(MONDAY, counts).threshold[-4:] == pytest.approx(clean, rel=0.2)


def test_zeros_give_a_threshold_and_no_alarm() -> None:
    found = detect_farrington(MONDAY, np.zeros(230))
    assert np.isfinite(found.threshold).all()
    assert found.alarm.sum() == 0


def test_run_lengths_of_the_cusum_are_the_known_ones() -> None:
    assert average_run_length(0.5, 4) == pytest.approx(335.4, abs=0.1)
    assert average_run_length(0.5, 4, 1) == pytest.approx(8.38, abs=0.01)
    assert average_run_length(0.5, 5) == pytest.approx(930.9, abs=0.1)
    assert average_run_length(0.5, 5, 1) == pytest.approx(10.38, abs=0.01)
    assert decision_limit(1 / 335.4) == pytest.approx(4.0, abs=0.01)


def test_the_cusum_adds_up_a_small_excess_that_lasts() -> None:
    chance = generator(7, "test.cusum")
    counts = chance.poisson(20, 160).astype(float)
    counts[120:] += 8
    first = detect_cusum(counts, 1)
    late = first.places[first.alarm == 1]
    assert ((late >= 120) & (late < 132)).any()
    assert (late < 120).sum() <= 2
