"""`twinward hazard run --case` and `twinward model`: the JSON that others rely on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from twinward.cli.main import main

QUAKE = """
hazard = "earthquake"
[earthquake]
magnitude = 6.5
mechanism = "strike-slip"
region = "china"
[[probes]]
name = "p1"
figure = "pga_g"
rjb_km = 12.0
vs30_m_s = 300.0
[[probes]]
name = "p2"
figure = "ln_sd"
rjb_km = 12.0
vs30_m_s = 300.0
period_s = 1.0
"""
GAS = """
hazard = "chemical"
until_s = 1200
every_s = 600
[chemical]
substance = "ammonia"
rate_kg_s = 1.0
duration_s = 3600
height_m = 0.0
wind_m_s = 3.0
wind_from_deg = 270
stability = "D"
ground = "urban"
sigma = "briggs"
[[probes]]
name = "near"
figure = "concentration_kg_m3"
x_m = 500.0
"""


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, object]]:
    code = main([*words, "--json"])
    return code, json.loads(capsys.readouterr().out.splitlines()[-1])


def test_a_quake_answers_its_probes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = tmp_path / "case.toml"
    case.write_text(QUAKE)
    code, answer = run(capsys, "hazard", "run", "earthquake", "--case", str(case))
    assert code == 0
    assert {
        "hazard",
        "model",
        "version",
        "probes",
        "mass_error",
        "cells",
        "steps",
        "cpu_s",
        "sha256",
    } <= set(answer)
    probes = answer["probes"]
    assert isinstance(probes, list) and len(probes) == 2
    assert set(probes[0]) == {"name", "time_s", "figure", "unit", "value"}
    assert answer["calibration"] == "not calibrated here"


def test_a_release_is_read_at_every_step_and_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = tmp_path / "case.toml"
    case.write_text(GAS)
    code, answer = run(
        capsys, "hazard", "run", "chemical", "--case", str(case), "--out", str(tmp_path / "out")
    )
    assert code == 0
    probes = answer["probes"]
    assert isinstance(probes, list)
    assert [one["time_s"] for one in probes] == [600.0, 1200.0]
    assert probes[-1]["value"] == pytest.approx(6.677311603540278e-05 / 3, rel=1e-6)
    assert (
        (tmp_path / "out" / "probes.csv").read_text().startswith("name,time_s,figure,unit,value\n")
    )


def test_the_same_case_gives_the_same_bytes_on_any_number_of_threads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = tmp_path / "case.toml"
    case.write_text(GAS)
    found = {
        run(capsys, "hazard", "run", "chemical", "--case", str(case), "--threads", t)[1]["sha256"]
        for t in "123"
    }
    assert len(found) == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("magnitude = 6.5", "magnitude = nan"),
        ("magnitude = 6.5", 'magnitude = "six"'),
        ("magnitude = 6.5", "magnitude = 65.0"),
        ('region = "china"', 'region = "atlantis"'),
        ("rjb_km = 12.0", "rjb_km = -1.0"),
        ("vs30_m_s = 300.0", "vs30_m_s = 0.0"),
        ('name = "p2"', 'name = "p1"'),
        ('figure = "pga_g"', 'figure = "depth_m"'),
        ("[earthquake]", "[quake]"),
        ("period_s = 1.0", "period_s = 99.0"),
        ('hazard = "earthquake"', 'hazard = "flood"'),
        ("magnitude = 6.5", "magnitude = 6.5\nmagnitud = 7"),
        ("rjb_km = 12.0\n", ""),
    ],
)
def test_a_bad_case_is_one_clear_error(
    old: str, new: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = tmp_path / "case.toml"
    assert old in QUAKE
    case.write_text(QUAKE.replace(old, new))
    code, answer = run(capsys, "hazard", "run", "earthquake", "--case", str(case))
    assert code == 2
    error = answer["error"]
    assert isinstance(error, dict) and error["message"] and error["advice"]


def test_a_case_or_hazard_that_is_not_there_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "hazard", "run", "earthquake", "--case", str(tmp_path / "none.toml"))[0] == 2
    case = tmp_path / "case.toml"
    case.write_text(QUAKE)
    assert run(capsys, "hazard", "run", "meteor", "--case", str(case))[0] == 2


def test_models_are_listed_shown_and_checked(capsys: pytest.CaptureFixture[str]) -> None:
    code, listed = run(capsys, "model", "list")
    assert code == 0
    models = listed["models"]
    assert isinstance(models, list) and {"earthquake", "chemical"} <= {
        one["hazard"] for one in models
    }
    _, card = run(capsys, "model", "card", "earthquake")
    assert card["card"]["not_for"]  # type: ignore[index]
    _, checked = run(capsys, "model", "check", "earthquake-bssa14")
    checks = checked["checks"]
    assert isinstance(checks, list) and all(one["ok"] for one in checks)
    assert {"case", "expected", "reached", "tolerance", "ok"} <= set(checks[0])
    assert run(capsys, "model", "check", "nothing")[0] == 2


def test_the_forms_are_published(capsys: pytest.CaptureFixture[str]) -> None:
    _, card = run(capsys, "model", "schema")
    assert "$defs" in card
    _, case = run(capsys, "hazard", "schema", "chemical")
    assert "chemical" in case["properties"]  # type: ignore[operator]


def test_the_published_forms_are_those_of_the_code(capsys: pytest.CaptureFixture[str]) -> None:
    home = Path(__file__).parents[3] / "docs" / "reference"
    assert json.loads((home / "model.schema.json").read_text()) == run(capsys, "model", "schema")[1]
    for hazard in ("flood", "fire", "chemical", "earthquake"):
        form = json.loads((home / f"hazard-case-{hazard}.schema.json").read_text())
        assert form == run(capsys, "hazard", "schema", hazard)[1]
