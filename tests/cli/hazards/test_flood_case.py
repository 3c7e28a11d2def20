"""Flood cases without a city: grids and series from files, and every bad input one clear error."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from twinward.cli.main import main

CASE = """
hazard = "flood"
until_s = 1800
every_s = 600
[grid]
cell_m = 25.0
rows = 3
cols = 40
elevation_m = "dem.asc"
[flood]
manning = 0.033
rain_mm_h = "rain.csv"
infiltration_mm_h = 1.0
depth_m = 0.0
open_sides = ["east"]
inflow = [{ row = 2, col = 1, m3_s = "inflow.csv" }]
stage = [{ side = "north", m = -50.0 }]
[[probes]]
name = "p1"
figure = "depth_m"
row = 2
col = 20
[[probes]]
name = "p2"
figure = "arrival_s"
row = 1
col = 40
"""


def write_dem(path: Path, values: np.ndarray, cell: float = 25.0) -> None:
    rows, cols = values.shape
    head = f"ncols {cols}\nnrows {rows}\nxllcorner 0\nyllcorner 0\ncellsize {cell}\nNODATA_value -9999\n"
    path.write_text(head + "\n".join(" ".join(f"{v:g}" for v in row) for row in values) + "\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_dem(tmp_path / "dem.asc", np.tile(np.linspace(2, 0, 40), (3, 1)))
    (tmp_path / "rain.csv").write_text("time_s,value\n0,20\n900,0\n")
    (tmp_path / "inflow.csv").write_text("time_s,value\n0,0\n600,5\n1800,5\n")
    (tmp_path / "case.toml").write_text(CASE)
    return tmp_path


def run(
    capsys: pytest.CaptureFixture[str], folder: Path, *more: str
) -> tuple[int, dict[str, object]]:
    code = main(["hazard", "run", "flood", "--case", str(folder / "case.toml"), *more, "--json"])
    return code, json.loads(capsys.readouterr().out.splitlines()[-1])


def test_a_flood_answers_its_probes_with_its_mass_error(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, answer = run(capsys, folder, "--out", str(folder / "out"))
    assert code == 0
    assert answer["mass_error"] < 1e-12  # type: ignore[operator]
    assert answer["cells"] == 120
    probes = answer["probes"]
    assert isinstance(probes, list)
    assert [one["time_s"] for one in probes] == [600, 600, 1200, 1200, 1800, 1800]
    assert 0 < probes[-2]["value"] < 1
    assert "below its bed" in " ".join(answer["assumptions"])  # type: ignore[arg-type]
    assert (folder / "out" / "peak_depth_m.asc").read_text().startswith("ncols 40\nnrows 3\n")
    assert run(capsys, folder, "--threads", "2")[1]["sha256"] == run(capsys, folder)[1]["sha256"]


def test_a_geotiff_is_read_like_an_ascii_grid(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from PIL import Image

    plain = run(capsys, folder)[1]["probes"]
    values = np.loadtxt(folder / "dem.asc", skiprows=6)
    Image.fromarray(values.astype(np.float32)).save(folder / "dem.tif")
    (folder / "case.toml").write_text(CASE.replace("dem.asc", "dem.tif"))
    found = run(capsys, folder)[1]["probes"]
    assert isinstance(plain, list) and isinstance(found, list)
    assert found[-2]["value"] == pytest.approx(plain[-2]["value"], rel=1e-3)


def test_cells_without_elevation_are_counted(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = np.tile(np.linspace(2, 0, 40), (3, 1))
    values[0, 3:5] = -9999
    write_dem(folder / "dem.asc", values)
    code, answer = run(capsys, folder)
    assert code == 0 and answer["cells"] == 118
    assert "2 cells without elevation" in " ".join(answer["assumptions"])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("manning = 0.033", "manning = -0.1"),
        ("manning = 0.033", "manning = 33.0"),
        ("depth_m = 0.0", "depth_m = -1.0"),
        ("infiltration_mm_h = 1.0", "infiltration_mm_h = -1.0"),
        ("cell_m = 25.0", "cell_m = 0.0"),
        ("cell_m = 25.0", "cell_m = 30.0"),
        ("rows = 3", "rows = 4"),
        ("col = 20", "col = 41"),
        ("col = 20", "col = 0"),
        ("row = 2, col = 1", "row = 9, col = 1"),
        ('open_sides = ["east"]', 'open_sides = ["up"]'),
        ('open_sides = ["east"]', 'open_sides = ["north"]'),
        ('"dem.asc"', '"none.asc"'),
        ('"rain.csv"', '"none.csv"'),
        ("until_s = 1800", "until_s = 0"),
        ("until_s = 1800", "until_s = -5"),
        ("until_s = 1800\n", ""),
        ("every_s = 600", 'every_s = "often"'),
        ('figure = "depth_m"', 'figure = "pga_g"'),
        ("[grid]", "[grid]\ncolour = 3"),
    ],
)
def test_a_bad_case_is_one_clear_error(
    old: str, new: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert old in CASE
    (folder / "case.toml").write_text(CASE.replace(old, new))
    code, answer = run(capsys, folder)
    assert code == 2, answer
    assert answer["error"]["message"] and answer["error"]["advice"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("rain.csv", "time_s,value\n0,-5\n"),
        ("rain.csv", "time_s,value\n60,5\n0,5\n"),
        ("rain.csv", "time_s,value\n0,nan\n"),
        ("rain.csv", "time_s,value\n0,five\n"),
        ("rain.csv", "0,5\n"),
        ("rain.csv", "time_s,value\n"),
        ("inflow.csv", "time_s,value\n0,-1\n"),
        ("dem.asc", "not a grid"),
        ("dem.asc", "ncols 40\nnrows 3\ncellsize 25\n1 2 3\n"),
        ("dem.asc", "ncols 2\nnrows 1\ncellsize 25\n1 inf\n"),
        ("dem.asc", "ncols 2\nnrows 1\ncellsize 25\nNODATA_value -9999\n-9999 -9999\n"),
        ("dem.asc", "II*\0broken"),
    ],
)
def test_a_bad_file_is_one_clear_error(
    file: str, text: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / file).write_text(text)
    code, answer = run(capsys, folder)
    assert code == 2, answer
    assert answer["error"]["message"] and answer["error"]["advice"]  # type: ignore[index]
