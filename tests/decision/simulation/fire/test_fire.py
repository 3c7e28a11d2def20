"""Fire: Behave's values, exact ellipses, walls, and what must hold for any fire."""

from __future__ import annotations

import math

import numpy as np
import pytest

from reference.fire_spread import slow_arrival
from twinward.core.errors import InputError
from twinward.decision.simulation.fire.checks import arrival, behave, run_checks
from twinward.decision.simulation.fire.fuels import Moisture, find_fuel, load_fuels, make_bed
from twinward.decision.simulation.fire.kernels import travel
from twinward.decision.simulation.fire.spread import Canopy, spread_with, wind_factor


def test_every_verification_case_holds() -> None:
    assert [f"{one.case}: {one.reached:g}" for one in run_checks() if not one.ok] == []


def test_rates_in_a_direction_are_those_of_behave() -> None:
    """firelab/behave, direction of interest: relative to upslope, wind at 45 degrees, 90 degrees."""
    one = behave(124, 50, 45, 0, 0.3)
    upslope = 180.0
    assert float(one.rate(upslope + 90)) / (1.1 * 0.3048) == pytest.approx(4.929573, rel=0.005)


def test_all_fifty_three_standard_models_burn_when_dry_and_the_rest_do_not() -> None:
    fuels = load_fuels()
    assert len(fuels) == 53
    for fuel in fuels.values():
        assert make_bed(fuel, Moisture(h1=3, h10=4, h100=5, herb=30, woody=60)).spread > 0
    for number in (91, 98, 99):
        assert make_bed(find_fuel(number), Moisture()).spread == 0
    with pytest.raises(InputError, match="fuel model 300"):
        find_fuel(300)


def test_fuel_wetter_than_its_extinction_does_not_burn() -> None:
    assert make_bed(find_fuel(1), Moisture(h1=12)).spread == 0
    assert make_bed(find_fuel(1), Moisture(h1=5)).spread > 0


def test_more_wind_is_faster_and_narrower() -> None:
    bed = make_bed(find_fuel(2), Moisture())
    flat = np.zeros(1)
    runs = [
        spread_with(bed, wind * wind_factor(bed.depth_ft, Canopy()), 90.0, flat, flat)
        for wind in (0, 300, 900, 1500)
    ]
    rates = [float(one.head_m_min[0]) for one in runs]
    shapes = [float(one.length_to_width[0]) for one in runs]
    assert rates == sorted(rates) and shapes == sorted(shapes)
    assert shapes[0] == 1.0


def test_a_slope_drives_the_fire_uphill_without_wind() -> None:
    bed = make_bed(find_fuel(2), Moisture())
    one = spread_with(bed, 0.0, 90.0, np.array([0.4]), np.array([135.0]))
    assert float(one.towards_deg[0]) == pytest.approx(135.0)


def test_the_wall_is_never_crossed_but_its_gap_is() -> None:
    burns = np.ones((81, 81), bool)
    burns[:, 60] = False
    assert not np.isfinite(arrival(60.0, 1.0, 81, 1.0, 1e9, burns)[:, 61:]).any()
    burns[10, 60] = True
    behind = arrival(60.0, 1.0, 81, 1.0, 1e9, burns)
    around = math.hypot(30, 20) + math.hypot(70 - 10, 70 - 60)
    assert behind[70, 70] >= around - 1e-9
    assert behind[70, 70] == pytest.approx(around, rel=0.02)


def test_a_diagonal_wall_holds_too() -> None:
    burns = np.ones((41, 41), bool)
    for n in range(41):
        burns[n, 40 - n] = False
    size = 41
    base = np.where(burns, 1.0, np.inf)
    flat = np.zeros((size, size))
    time, origin = np.full(size * size, np.inf), np.full(size * size, -1, np.int64)
    travel(base, flat, flat, flat, flat, 1.0, np.array([0]), np.zeros(1), 1e9, time, origin)
    y, x = np.mgrid[:size, :size]
    assert not np.isfinite(time.reshape(size, size)[x + y > 40]).any()


def test_of_two_ignitions_the_earlier_arrival_counts() -> None:
    size = 61
    flat = np.zeros((size, size))
    base = np.ones((size, size))
    time, origin = np.full(size * size, np.inf), np.full(size * size, -1, np.int64)
    starts = np.array([30 * size + 10, 30 * size + 50])
    travel(base, flat, flat, flat, flat, 1.0, starts, np.array([0.0, 5.0]), 1e9, time, origin)
    y, x = np.mgrid[:size, :size]
    exact = np.minimum(np.hypot(x - 10, y - 30), 5 + np.hypot(x - 50, y - 30))
    found = time.reshape(size, size)
    assert np.abs(found - exact).max() < 0.02 * exact.max()


def test_an_ellipse_grows_as_the_formula_says() -> None:
    ratio, head = 3.0, 30.0
    found = arrival(head, ratio, 161, 5.0, 1e9)
    e = math.sqrt(ratio**2 - 1) / ratio
    y, x = np.mgrid[:161, :161] - 80.0
    east, north = x * 5, -y * 5
    exact = (np.hypot(east, north) - e * east) / (head / 60 * (1 - e))
    assert np.abs(found - exact).max() < 0.01 * exact.max()


def test_travel_times_agree_with_a_slow_search_over_every_pair() -> None:
    chance = np.random.Generator(np.random.Philox(9))
    base = 1 + chance.random((9, 9))
    base[4, 2:7] = np.inf
    flat = np.zeros((9, 9))
    time, origin = np.full(81, np.inf), np.full(81, -1, np.int64)
    travel(base, flat, flat, flat, flat, 1.0, np.array([10]), np.zeros(1), 1e9, time, origin)
    expected = slow_arrival(base, (1, 1))
    burns = np.isfinite(base)
    assert (np.isfinite(time.reshape(9, 9)) == np.isfinite(expected)).all()
    assert time.reshape(9, 9)[burns] == pytest.approx(expected[burns], rel=0.05)


def test_nothing_beyond_the_horizon_is_reported() -> None:
    found = arrival(60.0, 1.0, 101, 1.0, 20.0)
    assert found[np.isfinite(found)].max() <= 20.0


def test_moisture_that_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="moisture"):
        Moisture(h1=-1).check()
