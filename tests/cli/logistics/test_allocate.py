"""`twinward allocate` from the outside: promised names in one JSON object, faults with exit code
2.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.decision.logistics.instances import random_graph, random_rounds

from twinward.cli.main import main


def run_json(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, object]]:
    code = main(["allocate", *words, "--json"])
    return code, json.loads(capsys.readouterr().out.strip().splitlines()[-1])


def test_locate_answers_with_sites_bound_and_gap(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "graph.txt"
    path.write_text(random_graph(30, 4, 1))
    code, answer = run_json(capsys, "locate", "--orlib", str(path), "--time-limit-s", "5")
    assert code == 0
    assert {"objective", "bound", "gap", "open", "seconds"} <= set(answer)
    sites = answer["open"]
    assert isinstance(sites, list)
    assert len(sites) == 4
    assert min(sites) >= 1


def test_route_answers_with_routes_and_cost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rounds.vrp"
    path.write_text(random_rounds(10, 2)[0])
    code, answer = run_json(
        capsys, "route", "--vrplib", str(path), "--round", "none", "--time-limit-s", "1"
    )
    assert code == 0
    assert {"cost", "vehicles", "routes", "seconds"} <= set(answer)
    routes = answer["routes"]
    assert isinstance(routes, list)
    assert answer["vehicles"] == len(routes)
    assert sorted(node for route in routes for node in route) == list(range(2, 11))


def test_rounds_to_a_file_of_stops_need_no_workspace(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWINWARD_WORKSPACE", str(tmp_path / "none"))
    (tmp_path / "stops.csv").write_text("id,lon,lat,demand\na,7.41,43.73,30\nb,7.42,43.74,20\n")
    words = (
        "rounds",
        "--depot",
        "7.42,43.735",
        "--stops",
        str(tmp_path / "stops.csv"),
        "--time-limit-s",
        "1",
    )
    code, plan = run_json(capsys, *words)
    assert code == 0 and plan["left_out"] == []
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    code, anew = run_json(
        capsys,
        "rounds",
        "--replan",
        str(tmp_path / "plan.json"),
        "--at",
        "07:00",
        "--broken",
        "lorry-1",
    )
    assert code == 0 and anew["broken"] == ["lorry-1"]
    code, said = run_json(capsys, *words, "--distances", "road")
    assert (code, said["error"]) == (2, said["error"] | {"code": "no_workspace"})  # type: ignore[operator]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["locate", "--orlib", "absent.txt"], "no_such_file"),
        (["route", "--vrplib", "absent.vrp"], "no_such_file"),
        (["locate", "--orlib", "BAD"], "bad_orlib"),
        (["route", "--vrplib", "BAD"], "bad_vrplib"),
        (["route", "--vrplib", "BAD", "--time-limit-s", "-1"], "bad_time_limit"),
        (["locate", "--orlib", "BAD", "--time-limit-s", "nan"], "bad_usage"),
    ],
)
def test_faults_are_named_with_exit_code_two(
    words: list[str], code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.txt"
    bad.write_text("this is no instance\n")
    status, answer = run_json(capsys, *[str(bad) if word == "BAD" else word for word in words])
    assert status == 2
    error = answer["error"]
    assert isinstance(error, dict)
    assert error["code"] == code


CITY = """
[city]
name = "small"
timezone = "UTC"
[areas]
levels = [{ level = "ward", file = "wards.csv", code = "code", name = "name", lon = "lon", lat = "lat" }]
[residents]
kind = "points"
file = "points.csv"
lon = "lon"
lat = "lat"
count = "n"
[[places]]
file = "places.csv"
kind = "hospital"
name = "name"
lon = "lon"
lat = "lat"
capacity = "beds"
"""


@pytest.fixture(scope="module")
def small_city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine wards of a grid, three hospitals."""
    tmp_path = tmp_path_factory.mktemp("small")
    (tmp_path / "city.toml").write_text(CITY)
    cells = [(10 + 0.01 * (n % 3), 50 + 0.01 * (n // 3)) for n in range(9)]
    (tmp_path / "wards.csv").write_text(
        "code,name,lon,lat\n"
        + "\n".join(f"{n + 1:02d},ward {n + 1},{x},{y}" for n, (x, y) in enumerate(cells))
    )
    (tmp_path / "points.csv").write_text(
        "lon,lat,n\n" + "\n".join(f"{x},{y},{100 + n}" for n, (x, y) in enumerate(cells))
    )
    (tmp_path / "places.csv").write_text(
        "name,lon,lat,beds\n"
        + "\n".join(f"clinic {n},{cells[n][0]},{cells[n][1]},50" for n in (0, 4, 8))
    )
    workspace = tmp_path / "ws"
    assert main(["init", str(workspace)]) == 0
    assert (
        main(
            [
                "city",
                "build",
                "--config",
                str(tmp_path / "city.toml"),
                "--workspace",
                str(workspace),
            ]
        )
        == 0
    )
    return workspace


def ask(capsys: pytest.CaptureFixture[str], workspace: Path, *words: str) -> tuple[int, Any]:
    capsys.readouterr()
    code = main(["allocate", *words, "--workspace", str(workspace), "--json"])
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    return code, json.loads(said.out.strip().splitlines()[-1])


def test_sites_and_rounds_of_a_city_and_a_breakdown(
    small_city: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = tmp_path / "sites.geojson"
    code, found = ask(
        capsys, small_city, "sites", "--open", "2", "--level", "ward", "--geojson", str(drawn)
    )
    assert (code, len(found["sites"]), found["gap"]) == (0, 2, 0)
    assert len(json.loads(drawn.read_text())["features"]) == 2
    common = ("--time-limit-s", "1", "--hours", "07:00-12:00")
    asked = (
        "rounds",
        "--depot",
        "10.0,50.0",
        "--area",
        "city",
        "--level",
        "ward",
        "--lorries",
        "3",
    )
    code, plan = ask(capsys, small_city, *asked, "--capacity", "60", *common)
    assert (code, plan["left_out"]) == (0, []) and plan["bound"] <= plan["objective"]
    kept = tmp_path / "plan.json"
    kept.write_text(json.dumps(plan))
    broken = max(plan["rounds"], key=lambda one: len(one["visits"]))["vehicle"]
    code, anew = ask(
        capsys,
        small_city,
        "rounds",
        "--replan",
        str(kept),
        "--at",
        "07:05",
        "--broken",
        broken,
        *common,
    )
    assert (code, anew["broken"]) == (0, [broken])
    served = [visit["stop"] for one in anew["rounds"] for visit in one["visits"]]
    assert len(served) + len(anew["left_out"]) == len(plan["stops"])


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("sites", "--open", "9", "--level", "ward"), "bad_p"),
        (("sites", "--open", "1"), "unknown_level"),
        (("sites", "--open", "1", "--level", "ward", "--places", "moon"), "unknown_kind"),
        (("rounds", "--depot", "x"), "missing_field"),
        (("rounds", "--depot", "x", "--area", "01"), "unknown_level"),
        (("rounds", "--depot", "x", "--area", "01", "--level", "ward"), "bad_coordinates"),
        (("rounds", "--depot", "1,1", "--area", "01", "--hours", "9-5"), "bad_time"),
        (("rounds", "--replan", "none.json", "--at", "07:00"), "no_such_file"),
        (("share", "--kinds", "beds"), "unknown_kind"),
        (("share", "--time-limit-s", "0"), "bad_time_limit"),
    ],
)
def test_what_a_city_cannot_be_asked_is_said(
    small_city: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: str
) -> None:
    status, answer = ask(capsys, small_city, *words)
    assert (status, answer["error"]["code"]) == (2, code)


def test_a_roster_needs_no_workspace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "staff.toml"
    path.write_text(
        '[shifts]\nstarts_h = [8.0, 32.0]\n[[person]]\nid = "a"\nskills = ["nurse"]\n'
        '[[post]]\nid = "ward"\nskill = "nurse"\nneed = 1\n'
    )
    assert main(["allocate", "staff", "--file", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["filled"] == 2
    path.write_text("[shifts]\n")
    assert main(["allocate", "staff", "--file", str(path)]) == 2
