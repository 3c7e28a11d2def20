"""The hazard models beside their peers, in turns: `python -m benchmarks.hazard_peers CASE --python PEER_PYTHON [--rounds 5]`.

CASE is flood (landlab), motion (pygmm), fire (pyretechnics) or plume (chama). PEER_PYTHON is an
interpreter of its own environment that has the peer; nothing of it is imported here. Each round
runs ours and then the peer in fresh processes of one thread, and the medians of CPU seconds are
printed. The peer's side is this file run by its interpreter.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable


def spent(work: Callable[[], object]) -> tuple[float, object]:
    began = time.process_time()
    answer = work()
    return time.process_time() - began, answer


def ours_flood() -> dict[str, float]:
    import numpy as np

    from benchmarks.bench_hazards import bed_of
    from twinward.decision.simulation.flood.checks import constant, make_setup
    from twinward.decision.simulation.flood.solver import Solver

    bed = bed_of(512)
    rain = constant(50e-3 / 3600)
    solver = Solver(make_setup(bed, 20.0, 0.03, rain_m_s=rain), np.zeros(bed.shape))
    solver.advance(300.0)
    before = solver.steps
    cpu_s, _ = spent(lambda: solver.advance(1500.0))
    rate = (solver.steps - before) * bed.size / cpu_s
    return {"rate": rate, "cpu_s": cpu_s, "mean_depth_m": float(solver.depth[5:-5, 5:-5].mean())}


def peer_flood() -> dict[str, float]:
    from landlab import RasterModelGrid
    from landlab.components import OverlandFlow

    from bench_hazards import bed_of

    grid = RasterModelGrid((512, 512), xy_spacing=20.0)
    grid.add_field("topographic__elevation", bed_of(512).ravel().copy(), at="node")
    grid.add_full("surface_water__depth", 1e-8, at="node")
    for edge in ("right", "left", "top", "bottom"):
        grid.status_at_node[getattr(grid, f"nodes_at_{edge}_edge")] = 4
    flow = OverlandFlow(
        grid, mannings_n=0.03, alpha=0.6, rainfall_intensity=50e-3 / 3600, steep_slopes=True
    )

    def until(seconds: float) -> int:
        at, steps = 0.0, 0
        while at < seconds:
            dt = min(flow.calc_time_step(), 60.0, seconds - at)
            flow.overland_flow(dt=dt)
            at, steps = at + dt, steps + 1
        return steps

    until(300.0)
    cpu_s, steps = spent(lambda: until(1200.0))
    depth = grid.at_node["surface_water__depth"].reshape(512, 512)[5:-5, 5:-5]
    assert isinstance(steps, int)
    return {"rate": steps * 512 * 512 / cpu_s, "cpu_s": cpu_s, "mean_depth_m": float(depth.mean())}


SITES = 1_000_000
PEER_SITES = 2_000


def sites(count: int) -> tuple[object, object]:
    import numpy as np

    chance = np.random.default_rng(1)
    return chance.uniform(1, 200, SITES)[:count], chance.uniform(180, 900, SITES)[:count]


def ours_motion() -> dict[str, float]:
    import numpy as np

    from twinward.decision.simulation.earthquake.ground_motion import Rupture, estimate_motion

    rjb, vs30 = sites(SITES)
    rupture = Rupture(magnitude=7.0, mechanism="reverse", region="china")
    z1 = np.full(SITES, -1.0)
    estimate_motion(rupture, (0.0, 0.3, 1.0), rjb[:9], vs30[:9], z1[:9])  # type: ignore[index]
    cpu_s, motion = spent(lambda: estimate_motion(rupture, (0.0, 0.3, 1.0), rjb, vs30, z1))  # type: ignore[arg-type]
    first = float(np.exp(motion.median[0, :PEER_SITES]).mean())  # type: ignore[attr-defined]
    return {"rate": SITES / cpu_s, "cpu_s": cpu_s, "mean_pga_g": first}


def peer_motion() -> dict[str, float]:
    import pygmm

    rjb, vs30 = sites(PEER_SITES)

    def every() -> float:
        total = 0.0
        for far, soft in zip(rjb, vs30, strict=True):
            one = pygmm.BooreStewartSeyhanAtkinson2014(
                pygmm.Scenario(
                    mag=7.0, dist_jb=far, v_s30=soft, mechanism="RS", region="china", depth_1_0=None
                )
            )
            total += float(one.pga)
            one.interp_spec_accels([0.3, 1.0])
        return total / PEER_SITES

    cpu_s, mean = spent(every)
    return {"rate": PEER_SITES / cpu_s, "cpu_s": cpu_s, "mean_pga_g": mean}  # type: ignore[dict-item]


SIDE, CELL_M, HOURS, WIND_KM_H = 401, 30.0, 6.0, 16.0


def ours_fire() -> dict[str, float]:
    import numpy as np

    from twinward.decision.simulation.fire.fuels import Moisture
    from twinward.decision.simulation.fire.growth import (
        FireSettings,
        Ignition,
        burn,
        cut_reachable,
        find_steepest,
        make_fields,
    )
    from twinward.decision.simulation.ground import CaseGround

    flat, fuel = np.zeros((SIDE, SIDE)), np.full((SIDE, SIDE), 102.0)
    ground = CaseGround(cell_m=CELL_M, elevation=flat, outside=flat > 0)
    steepest, middle = find_steepest(ground, fuel), SIDE // 2
    asked = FireSettings(
        fuel=102.0,
        moisture=Moisture(h1=6.0, h10=7.0, h100=8.0, herb=60.0, woody=90.0),
        wind_m_s=WIND_KM_H / 3.6 / 1.15,
        wind_from_deg=270.0,
        ignition=(Ignition(row=middle + 1, col=middle + 1),),
    )

    def whole(until_s: float) -> np.ndarray:
        part = cut_reachable(ground, fuel, asked, (middle, middle), until_s, steepest)
        fields = make_fields(part.ground, part.fuel, asked)
        start = (middle - part.row, middle - part.col, 0.0)
        return part.spread_out(burn(part.ground, fields, [start], until_s)[0], flat.shape, np.inf)

    whole(600.0)
    cpu_s, arrival = spent(lambda: whole(HOURS * 3600))
    burned = float((arrival <= HOURS * 3600).sum())  # type: ignore[operator]
    return {"rate": burned / cpu_s, "cpu_s": cpu_s, "burned_cells": burned}


def peer_fire() -> dict[str, float]:
    import pyretechnics.eulerian_level_set as els
    from pyretechnics.space_time_cube import SpaceTimeCube

    shape = (int(HOURS) + 1, SIDE, SIDE)
    given = {
        "slope": 0.0,
        "aspect": 0.0,
        "fuel_model": 102,
        "canopy_cover": 0.0,
        "canopy_height": 0.0,
        "canopy_base_height": 0.0,
        "canopy_bulk_density": 0.0,
        "wind_speed_10m": WIND_KM_H,
        "upwind_direction": 270.0,
        "fuel_moisture_dead_1hr": 0.06,
        "fuel_moisture_dead_10hr": 0.07,
        "fuel_moisture_dead_100hr": 0.08,
        "fuel_moisture_live_herbaceous": 0.60,
        "fuel_moisture_live_woody": 0.90,
        "foliar_moisture": 0.90,
    }
    cubes = {name: SpaceTimeCube(shape, value) for name, value in given.items()}
    state = els.SpreadState(shape).ignite_cell((SIDE // 2, SIDE // 2))
    cpu_s, done = spent(
        lambda: els.spread_fire_with_phi_field(
            cubes, state, (60, CELL_M, CELL_M), 0, HOURS * 60, surface_lw_ratio_model="behave"
        )
    )
    matrices = done["spread_state"].get_full_matrices(["fire_type"])  # type: ignore[index]
    burned = float((matrices["fire_type"] > 0).sum())
    return {"rate": burned / cpu_s, "cpu_s": cpu_s, "burned_cells": burned}


def ours_plume() -> dict[str, float]:
    import numpy as np

    from twinward.decision.simulation.chemical import kernels
    from twinward.decision.simulation.chemical.sigmas import get_set

    ky, kz, _ = get_set("briggs", "urban", "D")
    side = np.linspace(-5000, 5000, 200)
    x, y = (one.ravel() for one in np.meshgrid(side, side))
    chance = np.random.default_rng(1)
    rate, wind = chance.uniform(1, 3, 100), chance.uniform(2, 5, 100)
    given = (rate, 1800.0, wind, chance.normal(0, 0.4, 100))
    out = np.empty((100, x.size))
    sets = (np.tile(ky, (100, 1)), np.tile(kz, (100, 1)))
    kernels.plume_field(x[:9], y[:9], 0.0, 900.0, *given, 0.0, *sets, out[:, :9].copy())
    cpu_s, _ = spent(lambda: kernels.plume_field(x, y, 0.0, 900.0, *given, 0.0, *sets, out))
    return {"rate": out.size / cpu_s, "cpu_s": cpu_s}


def peer_plume() -> dict[str, float]:
    import numpy as np
    import pandas as pd
    from chama.simulation import GaussianPlume, Grid, Source

    side = np.linspace(-5000, 5000, 200)
    chance = np.random.default_rng(1)
    rate, wind = chance.uniform(1, 3, 100), chance.uniform(2, 5, 100)
    turn = np.degrees(chance.normal(0, 0.4, 100))
    grid = Grid(side, side, np.array([0.0]))

    def every() -> None:
        for m in range(100):
            atm = pd.DataFrame(
                {"Wind Direction": [turn[m]], "Wind Speed": [wind[m]], "Stability Class": ["D"]}
            )
            GaussianPlume(grid, Source(0, 0, 0, rate[m]), atm, density_eff=1.225)

    cpu_s, _ = spent(every)
    return {"rate": 100 * 200 * 200 / cpu_s, "cpu_s": cpu_s}


SIDES = {
    "flood": (ours_flood, peer_flood, "landlab OverlandFlow", "cell-steps/s"),
    "motion": (ours_motion, peer_motion, "pygmm BSSA14", "sites/s"),
    "fire": (ours_fire, peer_fire, "pyretechnics", "burned cells/s"),
    "plume": (ours_plume, peer_plume, "chama GaussianPlume", "receptors/s"),
}


def run_side(case: str, side: str, python: str) -> dict[str, float]:
    """One side in a process of its own, on one thread."""
    one_thread = dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
    )
    words = [python, "-m", "benchmarks.hazard_peers", case, "--side", side]
    if side == "peer":
        words = [python, __file__, case, "--side", side]
    done = subprocess.run(
        words, capture_output=True, text=True, check=True, env=os.environ | one_thread
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", choices=SIDES)
    parser.add_argument("--side", choices=("ours", "peer"))
    parser.add_argument("--python", help="interpreter that has the peer")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    mine, theirs, name, unit = SIDES[options.case]
    if options.side:
        print(json.dumps((mine if options.side == "ours" else theirs)()))
        return
    rounds = [
        (
            run_side(options.case, "ours", sys.executable),
            run_side(options.case, "peer", options.python),
        )
        for _ in range(options.rounds)
    ]
    ours = statistics.median(one["rate"] for one, _ in rounds)
    peer = statistics.median(one["rate"] for _, one in rounds)
    print(f"{options.case}: {ours:,.0f} {unit}, {name} {peer:,.0f}: {ours / peer:,.1f} times")
    for label, answer in zip(("ours", name), rounds[-1], strict=True):
        print(f"  {label}: {answer}")


if __name__ == "__main__":
    main()
