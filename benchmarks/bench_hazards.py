"""Hazard models against the numbers they must reach: `python benchmarks/bench_hazards.py [flood city quake fire plume]`.

CPU seconds of one core. Run landlab's side of the flood case with an interpreter that has it: `python benchmarks/bench_hazards.py landlab`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np


def cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def bed_of(n: int) -> np.ndarray:
    y, x = np.mgrid[:n, :n]
    return (n - y) * 0.1 + 2 * np.sin(x / 30) + np.random.default_rng(1).random((n, n)) * 0.1


def flood() -> None:
    from twinward.decision.simulation.flood.checks import constant, make_setup
    from twinward.decision.simulation.flood.solver import Solver

    bed = bed_of(512)
    solver = Solver(
        make_setup(bed, 20.0, 0.03, rain_m_s=constant(50e-3 / 3600)), np.zeros(bed.shape)
    )
    solver.advance(300.0)
    before = solver.steps
    spent = cpu(lambda: solver.advance(1500.0))
    rate = (solver.steps - before) * bed.size / spent
    print(f"flood 512 x 512: {rate / 1e6:.1f} M cell-steps/s, mass error {solver.mass_error:.1e}")


def landlab() -> None:
    from landlab import RasterModelGrid
    from landlab.components import OverlandFlow

    grid = RasterModelGrid((512, 512), xy_spacing=20.0)
    grid.add_field("topographic__elevation", bed_of(512).ravel().copy(), at="node")
    grid.add_full("surface_water__depth", 1e-8, at="node")
    model = OverlandFlow(
        grid, mannings_n=0.03, alpha=0.6, rainfall_intensity=50e-3 / 3600, steep_slopes=True
    )

    def until(seconds: float) -> int:
        at, steps = 0.0, 0
        while at < seconds:
            dt = min(model.calc_time_step(), 60.0, seconds - at)
            model.overland_flow(dt=dt)
            at, steps = at + dt, steps + 1
        return steps

    until(300.0)
    steps = [0]
    spent = cpu(lambda: steps.append(until(1200.0)))
    print(f"landlab 512 x 512: {steps[-1] * 512 * 512 / spent / 1e6:.1f} M cell-steps/s")


def city() -> None:
    from twinward.decision.simulation.city import make_terrain
    from twinward.decision.simulation.flood.checks import constant, make_setup
    from twinward.decision.simulation.flood.solver import Solver

    bed = make_terrain(880, 890, 90.0, 1).elevation
    setup = make_setup(
        bed, 90.0, 0.04, rain_m_s=constant(40e-3 / 3600), loss_m_s=constant(15e-3 / 3600)
    )
    solver = Solver(setup, np.zeros(bed.shape))
    solver.advance(60.0)
    spent = cpu(lambda: solver.advance(6 * 3600.0))
    print(
        f"783,200 cells of 90 m, 6 h: {spent:.1f} s, {solver.steps} steps, mass error {solver.mass_error:.1e}"
    )


def quake() -> None:
    from twinward.decision.simulation.earthquake import damage, residuals
    from twinward.decision.simulation.earthquake.ground_motion import Rupture, estimate_motion

    chance = np.random.default_rng(1)
    rjb, vs30, z1 = (
        chance.uniform(1, 200, 10**6),
        chance.uniform(180, 900, 10**6),
        np.full(10**6, -1.0),
    )
    rupture = Rupture(magnitude=7.0, mechanism="reverse", region="china")
    estimate_motion(rupture, (0.0, 0.3, 1.0), rjb[:9], vs30[:9], z1[:9])
    print(
        f"BSSA14, 1e6 sites, PGA and 2 periods: {cpu(lambda: estimate_motion(rupture, (0.0, 0.3, 1.0), rjb, vs30, z1)):.2f} s"
    )
    share = np.full((20_000, 20), 0.05)
    names = tuple(list(damage.load_classes())[:20])

    def whole() -> None:
        motion = estimate_motion(rupture, (0.0,), rjb[:20_000], vs30[:20_000], z1[:20_000])
        fields = residuals.sample_fields(141, 142, 1.0, 200, 1).reshape(200, -1)[:, :20_000]
        events = residuals.sample_events(200, 1)[:, None] * motion.tau[0]
        damage.sum_casualties(motion.median[0] + fields * motion.phi[0] + events, share, names)

    whole()
    print(f"quake, 20,000 cells x 200 members x 20 classes: {cpu(whole):.2f} s")


def fire() -> None:
    from twinward.decision.simulation.fire.checks import arrival

    arrival(10.0, 2.0, 51, 10.0, 1e9)
    found = []
    spent = cpu(lambda: found.append(arrival(14.07, 2.236, 451, 25.0, 6 * 3600.0)))
    burned = int(np.isfinite(found[0]).sum())
    print(f"fire, ellipse of {burned:,} cells: {burned / spent:,.0f} cells/s")
    spent = cpu(lambda: [arrival(28.0, 1.5 + 0.01 * k, 221, 20.0, 6200.0) for k in range(100)])
    print(f"fire, 100 members: {spent:.2f} s")


def plume() -> None:
    from twinward.decision.simulation.chemical import kernels
    from twinward.decision.simulation.chemical.sigmas import get_set

    ky, kz, _ = get_set("briggs", "urban", "D")
    side = np.linspace(-5000, 5000, 200)
    x, y = (one.ravel() for one in np.meshgrid(side, side))
    chance = np.random.default_rng(1)
    given = (
        chance.uniform(1, 3, 100),
        1800.0,
        chance.uniform(2, 5, 100),
        chance.normal(0, 0.4, 100),
    )
    out = np.empty((100, x.size))
    sets = (np.tile(ky, (100, 1)), np.tile(kz, (100, 1)))
    kernels.plume_field(x[:9], y[:9], 0.0, 900.0, *given, 0.0, *sets, out[:, :9].copy())
    spent = cpu(lambda: kernels.plume_field(x, y, 0.0, 900.0, *given, 0.0, *sets, out))
    peer = cpu(lambda: numpy_plume(x, y, given))
    print(f"plume, 200 x 200 receptors x 100 members: {spent:.4f} s, plain numpy {peer:.4f} s")


def numpy_plume(x: np.ndarray, y: np.ndarray, given: tuple[np.ndarray, ...]) -> None:
    """The same release after 900 s, array by array."""
    from scipy.special import erfc

    rate, _, u, towards = given
    for m in range(len(rate)):
        c, s = np.cos(towards[m]), np.sin(towards[m])
        along, across = x * c + y * s, y * c - x * s
        down = along > 0
        along, across = along[down], across[down]
        sy = 0.16 * along / np.sqrt(1 + 0.0004 * along)
        sz = 0.14 * along / np.sqrt(1 + 0.0003 * along)
        middle = rate[m] / (np.pi * u[m] * sy * sz) * np.exp(-across * across / (2 * sy * sy))
        behind = 0.5 * erfc(along / sy / np.sqrt(2))
        came = 0.5 * erfc((along - u[m] * 900) / sy / np.sqrt(2)) - behind
        field = np.zeros(x.size)
        field[down] = middle * np.clip(came, 0, None) / (1 - behind)


if __name__ == "__main__":
    cases = {
        "flood": flood,
        "city": city,
        "quake": quake,
        "fire": fire,
        "plume": plume,
        "landlab": landlab,
    }
    for name in sys.argv[1:] or ["flood", "city", "quake", "fire", "plume"]:
        cases[name]()
