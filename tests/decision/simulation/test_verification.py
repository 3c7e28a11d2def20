"""The rows of the tables "verification with numbers" that no model's own check repeats: closed
forms, published values, and what the models are not for, with the error that is published.
"""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import numpy as np
import pytest

from twinward.decision.simulation.chemical.sigmas import get_set, wind_at
from twinward.decision.simulation.earthquake.damage import death_rate, get_class
from twinward.decision.simulation.fire.checks import CHAIN_H, behave
from twinward.decision.simulation.fire.fuels import Moisture, find_fuel, make_bed
from twinward.decision.simulation.fire.spread import MPH_FT_MIN, length_to_width, spread_with
from twinward.decision.simulation.flood.checks import constant, dam_break, make_setup
from twinward.decision.simulation.flood.solver import Solver
from twinward.decision.simulation.ground import Floats
from twinward.library.models.card import get_model

G = 9.81
BESIDE = Path(__file__).resolve().parents[4] / "shared" / "data" / "hazards"
HOME = Path(os.environ.get("TWINWARD_HAZARD_DATA") or BESIDE)


# flood


def macdonald_short(cells: int) -> tuple[Floats, Floats, Floats]:
    """MacDonald's short channel: x, bed and depth; a jump at 66.67 m (SWASHES 3.2.2)."""
    length, jump, q, n = 100.0, 200 / 3, 2.0, 0.0328
    a = (0.674202, 21.7112, 14.492, 1.4305)
    x = np.linspace(0, length, 20_001)
    scale = (4 / G) ** (1 / 3)
    smooth = scale * (4 / 3 - x / 100) - 9 * x / 1000 * (x / 100 - 2 / 3)
    s = x / 100 - 2 / 3
    after = scale * (a[0] * s**4 + a[0] * s**3 - a[1] * s**2 + a[2] * s + a[3])
    depth = np.where(x <= jump, smooth, after)
    slope = np.gradient(depth, x)
    fall = (1 - q**2 / (G * depth**3)) * slope + n**2 * q**2 / depth ** (10 / 3)
    near = np.abs(x - jump) < 0.02
    fall[near] = np.interp(x[near], x[~near], fall[~near])
    bed = np.concatenate(
        [np.cumsum((0.5 * (fall[1:] + fall[:-1]) * np.diff(x))[::-1])[::-1], [0.0]]
    )
    at = (np.arange(cells) + 0.5) * length / cells
    return at, np.interp(at, x, bed), np.interp(at, x, depth)


def test_the_subcritical_end_of_macdonalds_short_channel_is_off_by_what_is_published() -> None:
    """5 % was wanted behind the jump; local inertia with upwind momentum stays 6 to 7 % too deep
    there, and the page on verification says so.
    """
    at, bed, depth = macdonald_short(40)
    grid = np.tile(bed, (3, 1))
    setup = make_setup(
        grid,
        2.5,
        0.0328,
        stages=(("east", constant(2.8771)),),
        inflow=tuple((row, 0, constant(5.0)) for row in range(3)),
    )
    solver = Solver(setup, np.zeros(grid.shape))
    solver.advance(600.0)
    calm = (at > 80) & (at < 98)  # beyond the jump's influence
    error = np.abs(solver.depth[1] - depth)[calm] / depth[calm]
    assert 0.03 < error.max() < 0.08, error.max()


@pytest.mark.parametrize("wet", [0.0, 1.0])
def test_a_dam_break_is_missed_by_what_the_card_publishes(wet: float) -> None:
    """Ritter (dry) and Stoker (1 m): local inertia does not claim them; volume must hold."""
    found = dam_break(wet)
    assert found.mass_error < 1e-9
    published = {one.case: one for one in get_model("flood").card.misses}
    name = "Ritter, dry bed" if wet == 0 else "Stoker, 1 m of water"
    card = published[name]
    assert found.stage_m == pytest.approx(card.stage_m, abs=0.05)
    assert found.front_m_s == pytest.approx(card.front_m_s, abs=0.3)
    assert card.expected_front_m_s == pytest.approx(19.809 if wet == 0 else 9.81929, abs=1e-3)


def test_a_radial_bowl_without_friction_stays_stable_and_keeps_its_volume() -> None:
    """Thacker 1981: D0 1000 m, L 2500 m, R0 2000 m."""
    side, d0, across, r0 = 81, 1000.0, 2500.0, 2000.0
    y, x = (np.mgrid[:side, :side] - side // 2) * 100.0
    r2 = x**2 + y**2
    a = (across**4 - r0**4) / (across**4 + r0**4)
    assert a == pytest.approx(0.418842, abs=1e-6)
    omega = math.sqrt(8 * 9.8 * d0) / across
    assert 2 * math.pi / omega == pytest.approx(56.100, abs=1e-2)
    bed = -d0 * (1 - r2 / across**2)
    level = d0 * (
        math.sqrt(1 - a**2) / (1 - a) - 1 - r2 / across**2 * ((1 - a**2) / (1 - a) ** 2 - 1)
    )
    assert level[side // 2, side // 2] == pytest.approx(562.5, abs=0.5)
    solver = Solver(make_setup(bed, 100.0, 0.0), np.maximum(level - bed, 0.0) * (r2 < r0**2))
    solver.advance(112.2)
    assert solver.mass_error < 1e-9 and np.isfinite(solver.depth).all()


@pytest.mark.slow
def test_a_flat_plain_fills_alike_on_both_sides_and_to_the_same_bytes() -> None:
    """EA test 4: 1000 m x 2000 m, 20 m3/s at its peak through the middle of one side, 6 h."""
    times = np.array([0.0, 3600, 10_800, 21_600])
    from twinward.decision.simulation.interface import Series

    flow = Series(times=times, values=np.array([0.0, 20.0, 20.0, 0.0]))
    bed = np.zeros((201, 100))
    runs = []
    for _ in range(2):
        solver = Solver(make_setup(bed, 10.0, 0.05, inflow=((100, 0, flow),)), bed.copy())
        solver.advance(6 * 3600.0)
        runs.append(solver)
    assert np.abs(runs[0].depth - runs[0].depth[::-1]).max() < 1e-9
    assert runs[0].depth.tobytes() == runs[1].depth.tobytes()
    assert runs[0].mass_error < 1e-9


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "rain", "inflow", "until"),
    [("mcdo_norain", 0.0, 2.0, 1200.0), ("mcdo_rain", 0.001, 1.0, 2400.0)],
)
def test_macdonalds_long_channel_by_the_values_of_swashes(
    name: str, rain: float, inflow: float, until: float
) -> None:
    if not (HOME / "macdonald").is_dir():
        pytest.skip("there is no macdonald in TWINWARD_HAZARD_DATA")
    rows = np.genfromtxt(HOME / "macdonald" / f"{name}.csv", delimiter=",", names=True)
    bed = np.tile(np.asarray(rows["topo"]), (3, 1))
    setup = make_setup(
        bed,
        5.0,
        0.033,
        rain_m_s=constant(rain),
        open_sides=("east",),
        inflow=tuple((row, 0, constant(5 * inflow)) for row in range(3)),
    )
    solver = Solver(setup, np.zeros(bed.shape))
    solver.advance(until)
    error = np.abs(solver.stage[1] - np.asarray(rows["wse"])).mean()
    assert error < 0.015, error


# fire


def flat_gs4(mph: float) -> tuple[float, float]:
    """Head and backing, ch/h, of GS4 without slope at that midflame wind."""
    bed = make_bed(find_fuel(124), Moisture())
    one = spread_with(bed, mph * MPH_FT_MIN, 0.0, np.array(0.0), np.array(0.0))
    return float(one.head_m_min) / CHAIN_H, float(one.backing_m_min) / CHAIN_H


def test_the_ellipse_of_behave() -> None:
    head, back = flat_gs4(5.0)
    assert head / back == pytest.approx(7.988029, rel=1e-4)
    ratio = float(length_to_width(np.array(5.0)))
    # b is half the length, a half the width, c from the focus to the middle
    b = (head + back) / 2
    a, c = b / ratio, b - back
    assert (a / b, c / b) == (
        pytest.approx(0.628905, abs=1e-5),
        pytest.approx(0.777482, abs=1e-5),
    )
    area_km2 = math.pi * a * b * 20.1168**2 / 1e6  # after an hour, chains
    assert area_km2 == pytest.approx(0.223725, rel=5e-3)
    h = ((a - b) / (a + b)) ** 2
    perimeter = math.pi * (a + b) * (1 + 3 * h / (10 + math.sqrt(4 - 3 * h)))
    assert perimeter == pytest.approx(86.71476, rel=5e-3)


@pytest.mark.parametrize(("mph", "ratio"), [(0.0, 1.0), (5.0, 1.590064), (3.62, 1.3796003)])
def test_length_over_width_by_wind(mph: float, ratio: float) -> None:
    assert float(length_to_width(np.array(mph))) == pytest.approx(ratio, abs=1e-4)


def test_distances_of_behave_after_two_hours() -> None:
    one = behave(124, 50, 0, 0, 0.3)
    reached = [
        2 * float(v) / CHAIN_H for v in (one.head_m_min, one.backing_m_min, one.flanking_m_min)
    ]
    assert reached == pytest.approx([17.7524327, 5.8322932, 10.17533253], rel=5e-3)


# chemical


def test_sigmas_of_ccps_at_1_2_m_and_irwins_wind() -> None:
    def sigma(set_of: Floats, x: float) -> float:
        kind, a, b, p = set_of
        return float(
            a * x * (1 + b * x) ** p if kind == 0 else a * x**b * math.exp(p * math.log(x) ** 2)
        )

    for name, ground, stability, y, z in (
        ("ccps", "urban", "A", 0.38390787316433456, 0.2881727481910807),
        ("ccps", "urban", "D", 0.19195393658216728, 0.16796976816235135),
        ("ccps", "rural", "A", 0.2639841614254575, 0.24),
        ("ccps", "rural", "F", 0.04799712025917409, 0.019193090487424527),
        ("puff", "urban", "A", 0.21287234847910436, 0.6879188103871441),
        ("puff", "rural", "F", 0.023523465599668385, 0.05588182287353654),
    ):
        ky, kz, _ = get_set(name, ground, stability)
        assert (sigma(ky, 1.2), sigma(kz, 1.2)) == pytest.approx((y, z), rel=1e-9)
    for ground, stability, wind in (
        ("urban", "A", 4.237612633868263),
        ("urban", "C", 4.754679577383341),
        ("urban", "D", 5.334838230116768),
        ("urban", "E", 7.53565929452874),
        ("urban", "F", 11.943215116604916),
        ("rural", "F", 10.644401677007265),
    ):
        assert wind_at(10, 3, 1, ground, stability) == pytest.approx(wind, rel=1e-9)


# earthquake


def test_every_state_of_the_damage_table_of_low_code_concrete_frames() -> None:
    concrete = get_class("C1.M.LC")
    for pga, states in (
        (0.1, (0.675734, 0.23194, 0.090506, 0.001807, 1.2e-05)),
        (0.2, (0.10079, 0.241472, 0.537742, 0.113484, 0.006512)),
        (0.3, (0.01099, 0.06682, 0.48628, 0.365057, 0.070853)),
        (0.5, (0.00018, 0.003318, 0.128773, 0.444015, 0.423713)),
    ):
        assert concrete.states(np.array(pga)).tolist() == pytest.approx(states, abs=1e-5)


@pytest.mark.parametrize(
    ("mmi", "rate"), [(6, 2.84e-8), (7, 5.05e-5), (8, 5.33e-3), (9, 8.44e-2), (10, 0.373)]
)
def test_pagers_death_rates_of_china(mmi: float, rate: float) -> None:
    assert float(death_rate(np.array(mmi))) == pytest.approx(rate, rel=2e-3)


@pytest.mark.slow
def test_every_case_of_peer_is_met_at_every_period() -> None:
    """PGA, PGV and the whole spectrum of the eight cases of the NGA-West2 file."""
    import gzip

    from twinward.decision.simulation.earthquake.ground_motion import (
        PGA,
        PGV,
        Rupture,
        estimate_motion,
    )

    path = HOME / "nga_west2" / "ngaw2_tests.json.gz"
    if not path.is_file():
        pytest.skip("there is no nga_west2 in TWINWARD_HAZARD_DATA")
    mechanisms = {"SS": "strike-slip", "NS": "normal", "RS": "reverse", "U": "unspecified"}
    cases = json.loads(gzip.decompress(path.read_bytes()))
    assert len(cases) == 8
    for one in cases:
        given, expected = one["params"], one["results"]["BSSA14"]
        rupture = Rupture(
            magnitude=given["mag"],
            mechanism=mechanisms[given["mechanism"]],
            region=given["region"].replace("_", "-"),
        )
        motion = estimate_motion(
            rupture,
            (PGA, PGV, *expected["periods"]),
            np.array([given["dist_jb"]]),
            np.array([given["v_s30"]]),
            np.array([given["depth_1_0"]]),
        )
        got = np.exp(motion.median[:, 0]).tolist()
        wanted = [expected["pga"], expected["pgv"], *expected["spec_accels"]]
        assert got == pytest.approx(wanted, rel=1e-3)
