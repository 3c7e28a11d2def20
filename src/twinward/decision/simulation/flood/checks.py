"""Verification of the flood model: closed forms, conservation and symmetry."""

from __future__ import annotations

import msgspec
import numpy as np

from twinward.decision.simulation.flood.solver import Setup, Solver
from twinward.decision.simulation.ground import Floats
from twinward.decision.simulation.interface import CheckResult, Series, judge


def constant(value: float) -> Series:
    """One value at all times."""
    return Series(times=np.zeros(1), values=np.full(1, float(value)))


def make_setup(bed: Floats, cell_m: float, manning: float, **more: object) -> Setup:
    """A setup without rain and with walls, unless said."""
    given: dict[str, object] = {"rain_m_s": constant(0), "loss_m_s": constant(0)}
    return Setup(cell_m=cell_m, bed=bed, manning=np.full(bed.shape, manning), **(given | more))  # type: ignore[arg-type]


def run_checks() -> list[CheckResult]:
    """All of them, some seconds."""
    return [
        check_lake(),
        check_box(),
        *check_wave(),
        check_channel(0.0, 2.0, 0.015),
        check_channel(1e-3, 1.0, 0.015),
        check_basin(),
        check_valley(),
    ]


def check_lake() -> CheckResult:
    """A lake at rest on a random bed stays at rest for an hour."""
    bed = np.random.Generator(np.random.Philox(7)).random((40, 50)) * 5
    solver = Solver(make_setup(bed, 10.0, 0.03), np.maximum(4 - bed, 0))
    solver.advance(3600.0)
    most = max(float(np.abs(solver.across).max()), float(np.abs(solver.down).max()))
    return judge("lake at rest, largest discharge m2/s", 0.0, most, 1e-12, "definition")


def check_box() -> CheckResult:
    """Rain in a closed box with slopes up to 0.5 is all there."""
    y, x = np.mgrid[:40, :50]
    bed = 5.0 * np.abs(x - 25) + 0.3 * y
    solver = Solver(make_setup(bed, 10.0, 0.03, rain_m_s=constant(1e-3)), np.zeros(bed.shape))
    solver.advance(900.0)
    share = float(solver.depth.sum()) / (0.9 * bed.size)
    return judge("closed box, 0.9 m of rain: share kept", 1.0, share, 1e-12, "definition")


def wave_depth(x: Floats, t: float, n: float, u: float) -> Floats:
    """Hunter et al. 2005: a wave that advances on a flat bed at constant speed."""
    return np.asarray((7 / 3 * n * n * u * u * np.maximum(u * t - x, 0)) ** (3 / 7))


def check_wave() -> list[CheckResult]:
    """The advancing wave: depth to a few millimetres, front within two cells."""
    times = np.linspace(0, 500, 2001, dtype=np.float64)
    stage = wave_depth(np.asarray(-0.4 * times, np.float64), 0.0, 0.01, 0.4)
    level = Series(times=times, values=stage)
    bed = np.zeros((3, 240))
    solver = Solver(make_setup(bed, 25.0, 0.01, stages=(("west", level),)), bed.copy())
    solver.advance(500.0)
    x = np.asarray((np.arange(240) + 0.5) * 25, np.float64)
    found, expected = solver.depth[1], wave_depth(x, 500.0, 0.01, 0.4)
    wet = expected > 0
    error = float(np.sqrt(np.mean((found - expected)[wet] ** 2)))
    front = float((found > 1e-3).sum() - wet.sum())
    source = "Hunter et al. 2005"
    return [
        judge("advancing wave, RMSE m", 0.0, error, 5e-3, source),
        judge("advancing wave, front off by cells", 0.0, front, 2.0, source),
    ]


def channel(rain: float, inflow: float, n: float = 0.033) -> tuple[Floats, Floats, Floats]:
    """MacDonald's long channel: x, bed and depth, 1000 m in 200 cells of 5 m; the bed follows
    from the depth by integrating the steady equations (Delestre et al. 2013, section 3.2).
    """
    g = 9.80665
    x = np.linspace(0, 1000, 20_001)
    depth = (4 / g) ** (1 / 3) * (1 + 0.5 * np.exp(-16 * (x / 1000 - 0.5) ** 2))
    slope = np.gradient(depth, x)
    q = inflow + rain * x
    fall = (1 - q**2 / (g * depth**3)) * slope + 2 * q * rain / (g * depth**2)
    fall += n**2 * q**2 / depth ** (10 / 3)
    bed = np.concatenate(
        [np.cumsum((0.5 * (fall[1:] + fall[:-1]) * np.diff(x))[::-1])[::-1], [0.0]]
    )
    at = (np.arange(200) + 0.5) * 5
    return np.asarray(at, np.float64), np.interp(at, x, bed), np.interp(at, x, depth)


def check_channel(rain: float, inflow: float, tolerance: float) -> CheckResult:
    """The level along MacDonald's channel, with or without rain."""
    _, bed, depth = channel(rain, inflow)
    grid = np.tile(bed, (3, 1))
    setup = make_setup(
        grid,
        5.0,
        0.033,
        rain_m_s=constant(rain),
        open_sides=("east",),
        inflow=tuple((row, 0, constant(5 * inflow)) for row in range(3)),
    )
    solver = Solver(setup, np.zeros(grid.shape))
    solver.advance(2400.0 if rain else 1200.0)
    error = float(np.abs(solver.depth[1] - depth).mean())
    title = f"MacDonald channel {'with' if rain else 'without'} rain, mean error of level m"
    return judge(title, 0.0, error, tolerance, "MacDonald 1996, Delestre et al. 2013")


class DamBreak(msgspec.Struct, frozen=True, kw_only=True):
    """What local inertia makes of a dam that is gone at once: the level at the dam after 10 s and
    the speed of the front.
    """

    stage_m: float
    front_m_s: float
    mass_error: float


def dam_break(wet_m: float, high_m: float = 10.0, after_s: float = 10.0) -> DamBreak:
    """10 m of water beside dry or wet ground, no friction, cells of 2 m."""
    cell, half = 2.0, 200
    bed = np.zeros((3, 2 * half))
    depth = np.full(bed.shape, wet_m)
    depth[:, :half] = high_m
    solver = Solver(make_setup(bed, cell, 0.0), depth)
    solver.advance(after_s)
    found = solver.depth[1]
    front = np.flatnonzero(found > wet_m + 0.05)[-1] + 1 - half
    at_dam = float(found[half - 1 : half + 1].mean())
    return DamBreak(
        stage_m=at_dam, front_m_s=float(front * cell / after_s), mass_error=solver.mass_error
    )


def check_basin() -> CheckResult:
    """Water poured into a flat basin through the middle of one side spreads symmetrically."""
    bed = np.zeros((21, 30))
    setup = make_setup(bed, 20.0, 0.05, inflow=((10, 0, constant(20.0)),))
    solver = Solver(setup, bed.copy())
    solver.advance(1800.0)
    error = float(np.abs(solver.depth - solver.depth[::-1]).max())
    return judge("flat basin, asymmetry of depth m", 0.0, error, 1e-9, "EA test 4, small")


def check_valley() -> CheckResult:
    """Rain on a tilted V valley: what leaves is what falls, once it is steady."""
    y, x = np.mgrid[:21, :60]
    bed = 0.05 * 10 * np.abs(y - 10) + 0.02 * 10 * (59 - x)
    rain = 20 / 3.6e6
    setup = make_setup(bed, 10.0, 0.03, rain_m_s=constant(rain), open_sides=("east",))
    solver = Solver(setup, np.zeros(bed.shape))
    solver.advance(7200.0)
    before = solver.volumes[2]
    solver.advance(7500.0)
    leaving = (solver.volumes[2] - before) / (300 * rain * bed.size)
    return judge("tilted V valley, outflow over rain", 1.0, float(leaving), 0.01, "definition")
