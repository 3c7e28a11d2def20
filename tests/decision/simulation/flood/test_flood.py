"""Water: closed forms, conservation, the slow twin, and what must hold for any flood."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from reference import shallow_water as slow
from twinward.decision.simulation.flood.checks import constant, make_setup, run_checks
from twinward.decision.simulation.flood.kernels.power import inverse_cube_root
from twinward.decision.simulation.flood.kernels.update import integral
from twinward.decision.simulation.flood.solver import Solver
from twinward.decision.simulation.ground import Floats
from twinward.decision.simulation.interface import Series

BESIDE = Path(__file__).resolve().parents[5] / "shared" / "data" / "hazards"


def rough(rows: int, cols: int, seed: int = 3) -> Floats:
    return np.random.Generator(np.random.Philox(seed)).random((rows, cols)) * 2


def test_every_verification_case_holds() -> None:
    assert [f"{one.case}: {one.reached:g}" for one in run_checks() if not one.ok] == []


def test_the_kernels_agree_with_loops_over_cells() -> None:
    bed = 0.3 * rough(7, 9)
    depth = 1.0 + 0.2 * rough(7, 9, 4)
    solver = Solver(make_setup(bed, 10.0, 0.04), depth)
    qx, qy = np.zeros((7, 10)), np.zeros((8, 9))
    for n in range(1, 21):
        solver.advance(0.2 * n)
        depth, qx, qy = slow.step(bed, depth, qx, qy, 0.04, 0.2, 10.0)
    assert solver.steps == 20
    assert np.abs(solver.depth - depth).max() < 1e-6  # discharges are single precision
    assert np.abs(solver.across - qx).max() < 1e-5


def test_the_inverse_cube_root_is_right_over_thirteen_decades() -> None:
    for exponent in np.linspace(-8, 4, 200):
        h = 10.0**exponent
        assert inverse_cube_root(h) == pytest.approx(h ** (-1 / 3), rel=1e-9)


def test_volume_is_kept_with_everything_at_once() -> None:
    bed = rough(30, 40)
    tide = Series(times=np.array([0.0, 900.0]), values=np.array([0.5, 2.5]))
    setup = make_setup(
        bed,
        10.0,
        0.03,
        rain_m_s=constant(2e-5),
        loss_m_s=constant(5e-6),
        open_sides=("north",),
        stages=(("west", tide),),
        inflow=((20, 20, constant(3.0)), (29, 39, constant(1.0))),
    )
    solver = Solver(setup, np.zeros(bed.shape))
    solver.advance(1800.0)
    assert solver.mass_error < 1e-12
    assert (solver.depth >= 0).all() and np.isfinite(solver.depth).all()


def test_steep_cliffs_and_pits_stay_finite() -> None:
    bed = rough(20, 20)
    bed[5, 5], bed[10:, 10:] = -1000.0, 1000.0
    solver = Solver(make_setup(bed, 5.0, 0.03, rain_m_s=constant(1e-4)), np.zeros(bed.shape))
    solver.advance(600.0)
    assert np.isfinite(solver.depth).all() and (solver.depth >= 0).all()
    assert solver.mass_error < 1e-12


def test_a_run_saved_and_taken_up_ends_in_the_same_bytes() -> None:
    bed = rough(15, 20)
    setup = make_setup(bed, 10.0, 0.03, rain_m_s=constant(5e-5), open_sides=("east",))
    whole = Solver(setup, np.zeros(bed.shape))
    whole.advance(300.0)
    first = Solver(setup, whole.depth)
    first.resume(whole.across, whole.down, whole.time)
    whole.advance(600.0)
    first.advance(600.0)
    assert whole.depth.tobytes() == first.depth.tobytes()


def test_more_rain_never_lowers_the_peak() -> None:
    bed = rough(15, 20)
    peaks = []
    for rain in (1e-5, 2e-5, 4e-5):
        solver = Solver(make_setup(bed, 10.0, 0.03, rain_m_s=constant(rain)), np.zeros(bed.shape))
        solver.advance(900.0)
        peaks.append(solver.peak.max())
    assert peaks == sorted(peaks)


def test_cells_without_elevation_are_walls() -> None:
    bed = np.zeros((5, 11))
    bed[:, 5] = np.nan
    depth = np.zeros((5, 11))
    depth[:, :5] = 1.0
    solver = Solver(make_setup(bed, 10.0, 0.03), depth)
    solver.advance(600.0)
    assert solver.depth[:, 5:].max() == 0.0
    assert solver.depth.sum() == pytest.approx(25.0, abs=1e-12)


def test_the_integral_of_a_series_is_exact() -> None:
    times, values = np.array([10.0, 20.0, 40.0]), np.array([1.0, 3.0, 0.0])
    assert integral(times, values, True, 0.0, 50.0) == pytest.approx(10 + 20 + 30 + 0)
    assert integral(times, values, False, 0.0, 50.0) == pytest.approx(10 + 10 + 60 + 0)
    assert integral(times, values, True, 12.0, 16.0) == pytest.approx(4 * 1.8)


def test_a_frictionless_bowl_keeps_its_volume() -> None:
    """Thacker's planar surface in a bowl (SWASHES): stability and volume, no claim of accuracy."""
    y, x = np.mgrid[:40, :40]
    r2 = ((x - 19.5) * 0.1) ** 2 + ((y - 19.5) * 0.1) ** 2
    bed = -0.1 * (1 - r2)
    level = 0.5 * 0.1 * (2 * (x - 19.5) * 0.1 - 0.5)
    solver = Solver(make_setup(bed, 0.1, 0.0), np.maximum(level - bed, 0.0) * (r2 < 4))
    solver.advance(9.0)
    assert solver.mass_error < 1e-9
    assert np.isfinite(solver.depth).all()


@pytest.mark.slow
def test_merewether_streets_flood_as_observed() -> None:
    """The whole case of Australian Rainfall and Runoff project 15; its files are not shipped: they
    lie beside the project, or in the folder that TWINWARD_HAZARD_DATA names.
    """
    home = Path(os.environ.get("TWINWARD_HAZARD_DATA") or BESIDE)
    if not (home / "merewether").is_dir():
        pytest.skip("there is no merewether in TWINWARD_HAZARD_DATA")
    from shapely import Polygon, contains_xy

    folder = home / "merewether"
    lines = zipfile.ZipFile(folder / "topography1.zip").read("topography1.asc").decode().split("\n")
    head = {line.split()[0].lower(): float(line.split()[1]) for line in lines[:6]}
    rows, cols, cell = int(head["nrows"]), int(head["ncols"]), head["cellsize"]
    bed = np.array(" ".join(lines[6:]).split(), np.float64).reshape(rows, cols)
    bed[bed == -9999] = np.nan
    x, y = np.meshgrid(
        head["xllcorner"] + (np.arange(cols) + 0.5) * cell,
        head["yllcorner"] + (rows - np.arange(rows) - 0.5) * cell,
    )
    for file in sorted((folder / "houses").glob("*.csv")):
        if file.stem not in ("house030", "house032", "house033"):
            bed[contains_xy(Polygon(np.loadtxt(file, delimiter=",")), x, y)] += 3
    manning = np.full(bed.shape, 0.04)
    manning[contains_xy(Polygon(np.loadtxt(folder / "RoadPolygon.csv", delimiter=",")), x, y)] = (
        0.02
    )
    disc = np.argwhere(np.hypot(x - 382265.0, y - 6354280.0) <= 10)
    setup = make_setup(
        bed,
        cell,
        0.04,
        open_sides=("east", "north"),
        inflow=tuple((int(i), int(j), constant(19.7 / len(disc))) for i, j in disc),
    )
    solver = Solver(setup, np.zeros(bed.shape))
    solver.friction[:] = slow.G * manning**2
    solver.advance(1000.0)
    wet = solver.depth > 0.01
    published, observed = [], []
    for point in json.loads((folder / "expected.json").read_text())["points"]:
        nearest = np.argmin(np.hypot(x[wet] - point["x"], y[wet] - point["y"]))
        level = solver.stage[wet][nearest]
        published.append(level - point["tuflow_m"])
        observed.append(abs(level - point["observed_m"]))
    assert np.sqrt(np.mean(np.square(published))) <= 0.15
    assert sum(one <= 0.30 for one in observed) >= 4
    assert solver.mass_error < 1e-9
