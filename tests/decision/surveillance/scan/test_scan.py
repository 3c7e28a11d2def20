"""The scan equals its slow twin, finds a planted cluster, and is calm on maps of chance."""

from __future__ import annotations

import numba
import numpy as np
import pytest

from reference.slow_scan import best_circle, best_cylinder, gain
from twinward.core.chance import generator
from twinward.core.errors import InputError
from twinward.decision.surveillance.scan.scan import (
    p_value,
    relative_risk,
    scan_space,
    scan_space_time,
)
from twinward.decision.surveillance.scan.zones import (
    great_circle_km,
    longest_window,
    make_zones,
    time_windows,
)

CHANCE = generator(11, "test.scan")
POINTS = np.round(CHANCE.random((16, 2)) * 10)  # rounded: some at the same distance
POPULATION = np.round(CHANCE.gamma(2.0, 500.0, 16)) + 1


def test_unit_values_of_the_likelihood() -> None:
    # published unit test of the reference program, 1,175 cases
    assert gain(10, 1.0, 1175) == pytest.approx(14.060436, abs=1e-6)
    assert gain(2, 1.0, 1175) == pytest.approx(0.386720, abs=1e-6)


@pytest.mark.parametrize("number", range(4))
def test_the_best_circle_is_that_of_the_slow_twin(number: int) -> None:
    cases = generator(number, "test.circle").poisson(POPULATION / 300)
    zones = make_zones(POINTS, False, POPULATION, 0.5, np.inf)
    found = scan_space(cases, POPULATION, zones, 19, 1)[0]
    llr, members = best_circle(cases.tolist(), POPULATION.tolist(), POINTS.tolist(), 0.5)
    assert found.llr == pytest.approx(llr, abs=1e-9)
    assert set(found.members.tolist()) == members


def test_the_best_cylinder_is_that_of_the_slow_twin() -> None:
    cases = generator(3, "test.cylinder").poisson(POPULATION[:, None] / 2000, (16, 8))
    zones = make_zones(POINTS, False, POPULATION, 0.5, np.inf)
    weight = np.repeat(POPULATION[:, None], 8, axis=1)
    windows = time_windows(8, longest_window(8, None), False)
    found = scan_space_time(cases, weight / weight.sum(), zones, windows, 19, 1)[0]
    llr, members, span = best_cylinder(cases.tolist(), POPULATION.tolist(), POINTS.tolist(), 0.5)
    assert found.llr == pytest.approx(llr, abs=1e-9)
    assert (set(found.members.tolist()), (found.start, found.stop)) == (members, span)


def test_a_planted_cluster_is_found_with_its_risk() -> None:
    grid = np.array([(x, y) for x in range(15) for y in range(15)], float)
    people = np.full(225, 1000.0)
    rate = np.full(225, 2.0)
    hot = np.hypot(grid[:, 0] - 4, grid[:, 1] - 9) <= 1.5
    rate[hot] *= 3.5
    cases = generator(5, "test.planted").poisson(rate)
    zones = make_zones(grid, False, people, 0.5, np.inf)
    found = scan_space(cases, people, zones, 99, 1)[0]
    members = np.zeros(225, bool)
    members[found.members] = True
    assert (members & hot).sum() >= 0.7 * hot.sum()
    assert found.p == 0.01
    assert relative_risk(found.cases, found.expected, cases.sum()) > 2


def test_maps_of_chance_are_significant_as_often_as_p_says() -> None:
    zones = make_zones(POINTS, False, POPULATION, 0.5, np.inf)
    small = 0
    for number in range(200):
        cases = generator(number, "test.null").poisson(POPULATION / 100)
        found = scan_space(cases, POPULATION, zones, 99, number)
        small += int(bool(found) and found[0].p <= 0.05)
    assert 0.02 <= small / 200 <= 0.09


def test_permuted_days_know_no_purely_spatial_cluster() -> None:
    cases = generator(4, "test.permuted").poisson(0.4, (16, 20))
    cases[3] *= 6
    cases[:, 7] *= 3
    weight = np.outer(cases.sum(axis=1), cases.sum(axis=0)) / cases.sum() ** 2
    zones = make_zones(POINTS, False, cases.sum(axis=1).astype(float), 0.5, np.inf)
    windows = time_windows(20, 7, True)
    found = scan_space_time(cases, weight, zones, windows, 99, 1, "permutation")
    assert all(one.p > 0.05 for one in found)
    assert all(one.stop == 20 for one in found)


def test_the_same_seed_gives_the_same_p() -> None:
    cases = generator(9, "test.seed").poisson(POPULATION / 100)
    zones = make_zones(POINTS, False, POPULATION, 0.5, np.inf)
    one, two = (scan_space(cases, POPULATION, zones, 99, 7) for _ in range(2))
    assert [a.p for a in one] == [b.p for b in two]


def test_p_is_the_rank_over_the_number_and_one() -> None:
    assert p_value(3.0, np.array([1.0, 2.0, 3.0, 4.0])) == 3 / 5
    assert p_value(9.0, np.array([1.0, 2.0, 3.0, 4.0])) == 1 / 5


def test_a_degree_of_latitude_is_111_km() -> None:
    found = great_circle_km(np.array([[121.0, 31.0], [121.0, 32.0]]))
    assert found[0, 1] == pytest.approx(111.195, abs=0.001)


def test_a_share_above_one_is_refused() -> None:
    with pytest.raises(InputError, match="max-share must be above 0 and at most 1, got 2"):
        make_zones(POINTS, False, POPULATION, 2.0, np.inf)


@pytest.mark.slow
def test_five_streets_at_two_and_a_half_times_the_rate_are_found_nine_times_of_ten() -> None:
    """234 streets of uneven population; in the hot five 50 cases are expected without the excess."""
    chance = generator(9, "test.hot_streets")
    points = chance.random((234, 2)) * 30
    people = chance.lognormal(np.log(80_000), 0.5, 234)
    zones = make_zones(points, False, people, 0.5, np.inf)
    found = 0
    for number in range(100):
        centre = number * 2 % 234
        hot = np.argsort(np.hypot(*(points - points[centre]).T))[:5]
        rate = people * 50 / people[hot].sum()
        rate[hot] *= 2.5
        best = scan_space(chance.poisson(rate), people, zones, 1, 1)[0]
        found += int(np.isin(hot, best.members).sum() >= 3)
    assert found >= 90


def test_one_and_two_threads_give_the_same_bytes() -> None:
    zones = make_zones(POINTS, False, POPULATION, 0.5, np.inf)
    cases = generator(10, "test.threads").poisson(POPULATION / 900)
    answers = []
    before = numba.get_num_threads()
    for threads in (1, before):
        numba.set_num_threads(threads)
        answers.append(repr(scan_space(cases, POPULATION, zones, 199, 3)))
    numba.set_num_threads(before)
    assert answers[0] == answers[1]
