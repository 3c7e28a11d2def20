"""`twinward hazard run` on a city, and `twinward risk`: who is hit, with quantiles, and what next."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from twinward.app.workspace import init_workspace
from twinward.cli.main import main


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, object]]:
    code = main([*words, "--json"])
    return code, json.loads(capsys.readouterr().out.splitlines()[-1])


@pytest.mark.parametrize(
    ("hazard", "scenario"),
    [
        ("flood", "cloudburst"),
        ("earthquake", "quake-m6"),
        ("chemical", "ammonia-leak"),
        ("fire", "grass-fire"),
    ],
)
def test_each_hazard_says_who_is_hit_and_how_sure(
    hazard: str, scenario: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [
        "hazard",
        "run",
        hazard,
        "--scenario",
        scenario,
        "--residents",
        "20000",
        "--hours",
        "1",
        "--members",
        "4",
    ]
    code, answer = run(capsys, *words)
    assert code == 0
    assert answer["simulated"] is True and answer["calibration"] == "not calibrated here"
    exposed = answer["exposed"]
    assert isinstance(exposed, list)
    people = [one["people"] for one in exposed]
    assert all(one == sorted(one) and 0 <= one[0] <= one[-1] <= 20_000 for one in people)
    assert people[0][-1] > 0
    for lower, higher in itertools.pairwise(people):
        assert all(a >= b for a, b in zip(lower, higher, strict=True))
    again = run(capsys, *words, "--threads", "2")[1]
    assert again["fingerprint"] == answer["fingerprint"]


def test_a_rupture_and_rain_come_from_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rupture.toml").write_text("magnitude = 5.5\nlon = 0.01\nlat = 0.01\n")
    (tmp_path / "rain.csv").write_text("time_s,value\n0,40\n1800,0\n")
    few = ["--residents", "20000", "--hours", "1", "--members", "2"]
    assert (
        run(
            capsys, "hazard", "run", "earthquake", "--rupture", str(tmp_path / "rupture.toml"), *few
        )[0]
        == 0
    )
    code, answer = run(capsys, "hazard", "run", "flood", "--rain", str(tmp_path / "rain.csv"), *few)
    assert code == 0 and answer["mass_error"] < 1e-9  # type: ignore[operator]


@pytest.mark.parametrize(
    "words",
    [
        ["--scenario", "cloudburst", "--members", "0"],
        ["--scenario", "cloudburst", "--hours", "0"],
        ["--scenario", "cloudburst", "--hours", "1000"],
        ["--scenario", "cloudburst", "--cell-m", "1"],
        ["--scenario", "drizzle"],
        ["--scenario", "cloudburst", "--rain", "5"],
        ["--rain", "-5"],
        ["--rain", "none.csv"],
        [],
    ],
)
def test_what_cannot_be_run_is_one_clear_error(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code, answer = run(capsys, "hazard", "run", "flood", "--residents", "5000", *words)
    assert code == 2
    assert answer["error"]["message"] and answer["error"]["advice"]  # type: ignore[index]


def test_a_workspace_without_a_city_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    init_workspace(tmp_path)
    code, answer = run(
        capsys, "hazard", "run", "flood", "--scenario", "cloudburst", "--workspace", str(tmp_path)
    )
    assert code == 2 and answer["error"]["code"] == "no_city"  # type: ignore[index]


def test_chains_are_listed_added_and_simulated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    init_workspace(tmp_path / "ws")
    place = ["--workspace", str(tmp_path / "ws")]
    (tmp_path / "own.toml").write_text(
        '[[chain]]\nid = "storm-outage"\ncause = "storm"\neffect = "power-loss"\nfigure = "gust_m_s"\nat_least = 30\n'
        'probability = 1.0\ndelay_h = 2.0\ntitle = "Lines fall"\nsource = "made for a test"\nowner = "power company"\n'
    )
    before = run(capsys, "risk", "list", *place)[1]["chains"]
    assert run(capsys, "risk", "add", str(tmp_path / "own.toml"), *place)[0] == 0
    after = run(capsys, "risk", "list", *place)[1]["chains"]
    assert isinstance(before, list) and isinstance(after, list)
    assert len(after) == len(before) + 1 and len(before) >= 10
    code, answer = run(capsys, "risk", "simulate", "storm", "--figure", "gust_m_s=35", *place)
    assert code == 0 and [one["effect"] for one in answer["links"]] == ["power-loss"]  # type: ignore[union-attr]
    assert (
        run(capsys, "risk", "simulate", "storm", "--figure", "gust_m_s=10", *place)[1]["links"]
        == []
    )
    for bad in (["storm", "--figure", "gust"], ["meteor"], ["storm", "--members", "0"]):
        assert run(capsys, "risk", "simulate", *bad, *place)[0] == 2
    (tmp_path / "bad.toml").write_text('[[chain]]\nid = "x1"\nprobability = 1.5\n')
    assert run(capsys, "risk", "add", str(tmp_path / "bad.toml"), *place)[0] == 2
