"""A ratio of two weeks is as sure as days scatter, and no surer."""

from __future__ import annotations

import numpy as np

from twinward.decision.assessment.proportions import rate_ratio, scatter_of


def test_days_that_scatter_more_than_by_chance_widen_the_ratio_of_two_weeks() -> None:
    line = 300 * np.exp(0.11 * np.arange(14))
    uneven = list(line * np.tile([0.6, 1.4], 7))
    now, before = round(sum(uneven[7:])), round(sum(uneven[:7]))
    _, low, high = rate_ratio(now, before)
    _, lower, higher = rate_ratio(now, before, scatter_of(uneven))
    assert high / low < 1.1, "as Poisson counts it would be all but certain"
    assert higher / lower > 1.5
    assert lower < now / before < higher


def test_counts_that_scatter_by_chance_alone_are_poisson_counts() -> None:
    chance = np.random.default_rng(7)
    spreads = [
        scatter_of([float(n) for n in chance.poisson(60 * np.exp(0.05 * np.arange(14)))])
        for _ in range(40)
    ]
    assert 1.0 <= float(np.mean(spreads)) < 1.5
    assert scatter_of([3.0, float("nan"), 5.0]) == 1.0, "too few to say"


def test_the_interval_holds_the_ratio_as_often_as_it_says() -> None:
    chance = np.random.default_rng(8)
    held = 0
    for _ in range(200):
        mean = 400 * np.exp(0.08 * np.arange(14))
        days = chance.negative_binomial(8, 8 / (8 + mean)).astype(float)
        _, low, high = rate_ratio(int(days[7:].sum()), int(days[:7].sum()), scatter_of(list(days)))
        held += low <= np.exp(0.56) <= high
    assert 0.8 <= held / 200 <= 0.99
