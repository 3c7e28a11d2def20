"""Between cities: nobody is lost, nothing spreads without flow, arrivals come as theory says."""

from __future__ import annotations

import math

import numpy as np
import pytest

from twinward.core.chance import generator
from twinward.core.errors import InputError
from twinward.decision.surveillance.cities.flows import CityFlows, effective_distance
from twinward.decision.surveillance.cities.kernels import binomial
from twinward.decision.surveillance.cities.spread import (
    SpreadSettings,
    final_size,
    mean_arrival_d,
    simulate_spread,
)


def make_flows(people: list[list[float]], population: list[float]) -> CityFlows:
    names = [f"c{k}" for k in range(len(population))]
    return CityFlows(cities=names, population=np.array(population), people=np.array([people]))


def test_draws_by_one_uniform_have_the_mean_and_deviation_of_the_binomial() -> None:
    uniform = (np.arange(2000) + 0.5) / 2000
    for n, p in ((10, 0.3), (1000, 0.5), (50, 0.99), (1_000_000, 1e-4)):
        drawn = np.array([binomial(n, p, u) for u in uniform])
        assert drawn.mean() == pytest.approx(n * p, rel=0.01)
        assert drawn.std() == pytest.approx(math.sqrt(n * p * (1 - p)), rel=0.01)


def test_without_flow_each_city_is_alone_to_the_bit() -> None:
    settings = SpreadSettings(infected=50, days=80, runs=3)
    one = make_flows([[0.0]], [100_000.0])
    three = make_flows([[0.0] * 3] * 3, [100_000.0, 5_000.0, 8_000.0])
    alone, among = (simulate_spread(flows, 0, settings) for flows in (one, three))
    assert (alone.new[:, :, 0] == among.new[:, :, 0]).all()
    assert among.new[:, :, 1:].sum() == 0


def test_nobody_is_lost_on_the_way() -> None:
    flows = make_flows([[0, 900, 40], [700, 0, 300], [10, 0, 0]], [9e4, 5e4, 2e4])
    found = simulate_spread(flows, 0, SpreadSettings(infected=20, days=120, runs=4))
    assert found.people == pytest.approx(1.6e5, abs=1e-6)


def test_the_final_size_is_that_of_the_single_city() -> None:
    flows = make_flows([[0, 3000], [3000, 0]], [4e5, 4e5])
    found = simulate_spread(flows, 0, SpreadSettings(infected=200, days=300, runs=5))
    share = found.new.sum(axis=(1, 2)).mean() / 8e5
    assert share == pytest.approx(final_size(2.5), rel=0.01)


def test_two_equal_cities_with_equal_flows_have_one_curve() -> None:
    flows = make_flows([[0, 30_000], [30_000, 0]], [3e5, 3e5])
    found = simulate_spread(flows, 0, SpreadSettings(infected=300, days=150, runs=8))
    one, two = found.new.sum(axis=1).mean(axis=0)
    assert one == pytest.approx(two, rel=0.03)


def test_arrivals_from_a_growing_source_come_when_theory_says() -> None:
    kappa, rate = 0.001, 0.2
    uniform = generator(1, "test.arrival").random(10_000)
    days = np.log1p(-np.log(uniform) * rate / kappa) / rate
    assert days.mean() == pytest.approx(mean_arrival_d(kappa, rate), rel=0.02)
    nearly = (math.log(rate / kappa) - 0.5772) / rate
    assert mean_arrival_d(kappa, rate) == pytest.approx(nearly, rel=0.05)


def test_less_travel_comes_later() -> None:
    flows = make_flows([[0, 400], [400, 0]], [1e6, 1e6])
    free, cut = (
        simulate_spread(flows, 0, SpreadSettings(days=90, runs=20, travel_factor=factor))
        for factor in (1.0, 0.2)
    )
    assert np.median(cut.arrival()[:, 1]) > np.median(free.arrival()[:, 1]) + 2


def test_effective_distance_takes_the_shortest_way() -> None:
    people = np.array([[0, 90.0, 10.0], [50.0, 0, 50.0], [0.0, 0.0, 0.0]])
    found = effective_distance(people)
    assert found[0, 1] == pytest.approx(1 - math.log(0.9))
    assert found[0, 2] == pytest.approx(min(1 - math.log(0.1), 2 - math.log(0.9) - math.log(0.5)))
    assert np.isinf(found[2, 0])


def test_impossible_settings_are_refused() -> None:
    flows = make_flows([[0.0]], [100.0])
    with pytest.raises(InputError, match="days must be 1 to 1000, got 0"):
        simulate_spread(flows, 0, SpreadSettings(days=0))
