"""Fire cases without a city: arrival, area and rate at probes, and bad input as one clear error."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from twinward.cli.main import main

CASE = """
hazard = "fire"
until_s = 3600
every_s = 1800
[grid]
cell_m = 10.0
rows = 101
cols = 101
elevation_m = 12.0
[fire]
fuel = 2
moisture = { h1 = 6, h10 = 7, h100 = 8, herb = 60, woody = 90 }
wind_m_s = 2.0
wind_from_deg = 270
ignition = [{ row = 51, col = 21, time_s = 0 }]
[[probes]]
name = "rate"
figure = "spread_m_min"
row = 51
col = 21
[[probes]]
name = "east"
figure = "arrival_s"
row = 51
col = 26
[[probes]]
name = "area"
figure = "burned_area_m2"
"""


def run(
    capsys: pytest.CaptureFixture[str], folder: Path, text: str, *more: str
) -> tuple[int, dict[str, object]]:
    (folder / "case.toml").write_text(text)
    code = main(["hazard", "run", "fire", "--case", str(folder / "case.toml"), *more, "--json"])
    return code, json.loads(capsys.readouterr().out.splitlines()[-1])


def last(answer: dict[str, object]) -> dict[str, float]:
    probes = answer["probes"]
    assert isinstance(probes, list)
    return {one["name"]: one["value"] for one in probes if one["time_s"] == 3600}


def test_the_head_arrives_when_its_rate_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, answer = run(capsys, tmp_path, CASE)
    assert code == 0
    found = last(answer)
    assert found["east"] == pytest.approx(50 / found["rate"] * 60, rel=1e-6)
    assert found["area"] > 0 and found["area"] % 100 == 0
    assert run(capsys, tmp_path, CASE, "--threads", "2")[1]["sha256"] == answer["sha256"]


def test_a_given_shape_burns_the_area_of_its_ellipse(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = CASE.replace(
        "fuel = 2", "fuel = 2\ngiven = { head_m_min = 10.0, length_to_width = 2.0 }"
    )
    found = last(run(capsys, tmp_path, text)[1])
    e = math.sqrt(3) / 2
    a = 10 * 60 * (1 + (1 - e) / (1 + e)) / 2
    assert found["area"] == pytest.approx(math.pi * a * a / 2, rel=0.01)


def test_fuels_come_from_a_grid_and_what_does_not_burn_stops_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fuel = np.full((101, 101), 2)
    fuel[:, 23] = 98
    rows = "\n".join(" ".join(map(str, row)) for row in fuel)
    (tmp_path / "fuel.asc").write_text(f"ncols 101\nnrows 101\ncellsize 10\n{rows}\n")
    found = last(run(capsys, tmp_path, CASE.replace("fuel = 2", 'fuel = "fuel.asc"'))[1])
    assert found["east"] is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("fuel = 2", "fuel = 300"),
        ("fuel = 2", "fuel = 2.5"),
        ("fuel = 2", "fuel = 98"),
        ("h1 = 6", "h1 = -6"),
        ("h1 = 6", "h1 = 40"),
        ("wind_m_s = 2.0", "wind_m_s = -2.0"),
        ("wind_m_s = 2.0", "wind_m_s = 200.0"),
        ("row = 51, col = 21, time_s = 0", "row = 102, col = 21, time_s = 0"),
        ("row = 51, col = 21, time_s = 0", "row = 51, col = 21, time_s = -1"),
        ("ignition = [{ row = 51, col = 21, time_s = 0 }]", "ignition = []"),
        ("moisture =", "canopy = { cover_percent = 110 }\nmoisture ="),
        ("until_s = 3600", "until_s = 1e12"),
        ("[grid]", "[grill]"),
    ],
)
def test_a_bad_case_is_one_clear_error(
    old: str, new: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert old in CASE
    code, answer = run(capsys, tmp_path, CASE.replace(old, new))
    assert code == 2, answer
    assert answer["error"]["message"] and answer["error"]["advice"]  # type: ignore[index]


BLOCKS = """
hazard = "fire"
until_s = 7200
every_s = 3600
[fire]
wind_m_s = 10.0
wind_from_deg = 270.0
reach_m = 30.0
ignition = [{ block = 1 }]
block = [
  { east_m = 0.0, north_m = 0.0 },
  { east_m = 17.0, north_m = 0.0 },
  { east_m = 34.0, north_m = 0.0, resistant = 1.0 },
  { east_m = 300.0, north_m = 0.0 },
]
[[probes]]
name = "next"
figure = "arrival_s"
block = 2
[[probes]]
name = "far"
figure = "arrival_s"
block = 4
[[probes]]
name = "all"
figure = "blocks_burned"
"""


def test_a_fire_goes_from_block_to_block_and_engines_hold_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, answer = run(capsys, tmp_path, BLOCKS)
    assert code == 0, answer
    found = {(one["name"], one["time_s"]): one["value"] for one in answer["probes"]}  # type: ignore[union-attr]
    # Hamada downwind at 10 m/s: (3 + .375 a + 8 d / (25 + 2.5 V)) / (1.6 (1 + .1 V + .007 V2)) min,
    # times 1 / sqrt(.4) for the share of the block that is built on
    minutes = (3 + 0.375 * 12 + 8 * 5 / 50) / (1.6 * (1 + 1 + 0.7))
    assert found["next", 3600] == pytest.approx(60 * minutes / 0.4**0.5, rel=1e-9)
    assert found["far", 7200] is None and found["all", 7200] == 3
    engines = "[fire.engines]\narrival_s = 60.0\nat_once = 3\n"
    held = run(capsys, tmp_path, BLOCKS + engines)[1]["probes"]
    assert [one["value"] for one in held if one["name"] == "all"] == [1.0, 1.0]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{ block = 1 }", "{ block = 9 }"),
        ("{ block = 1 }", "{ row = 1, col = 1 }"),
        ("block = 4", "block = 0"),
        ('figure = "blocks_burned"', 'figure = "spread_m_min"'),
        ("east_m = 300.0,", "separation_m = -1.0, east_m = 300.0,"),
        ("wind_m_s = 10.0", "wind_m_s = 60.0"),
    ],
)
def test_blocks_that_cannot_be_are_one_error(
    old: str, new: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert old in BLOCKS
    code, answer = run(capsys, tmp_path, BLOCKS.replace(old, new))
    assert code == 2 and answer["error"]["message"]  # type: ignore[index]
