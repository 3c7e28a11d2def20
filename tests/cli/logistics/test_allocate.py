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


STOPS = "id,lon,lat,demand,early_s,late_s,service_s\n"


def plan_night(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: str, *words: str
) -> tuple[int, dict[str, object]]:
    path = tmp_path / "night.csv"
    path.write_text(rows)
    more = ("--lorries", "1", "--capacity", "100", "--time-limit-s", "1")
    none = ("--workspace", str(tmp_path / "none"))
    return run_json(capsys, "rounds", "--stops", str(path), *more, *none, *words)


@pytest.mark.parametrize(
    "rows",
    [
        "north,10.0,50.02,10,79200,93600,60\nsouth,10.0,49.98,10,82800,90000,60\n",
        "north,10.0,50.02,10,22:00,02:00,60\nlate,10.0,49.98,10,01:00,01:30,60\n",
        "north,10.0,50.02,10,,,\n,,,,,,\nmorning,10.0,49.98,10,3600,5400,60\n",
    ],
)
def test_a_round_goes_on_after_midnight(
    rows: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--depot", "10.0,50.0", "--hours", "22:00-02:00")
    code, plan = plan_night(tmp_path, capsys, STOPS + rows, *words)
    assert code == 0 and not plan["left_out"]
    visits = [visit for one in plan["rounds"] for visit in one["visits"]]  # type: ignore[attr-defined]
    stops = {stop["id"]: stop for stop in plan["stops"]}  # type: ignore[attr-defined]
    assert len(visits) == 2
    for visit in visits:
        stop = stops[visit["stop"]]
        assert stop["early_s"] <= visit["arrive_s"] <= stop["late_s"] <= 93_600
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    replan = ("rounds", "--replan", str(tmp_path / "plan.json"), "--at", "00:30")
    code, anew = run_json(capsys, *replan, "--workspace", str(tmp_path / "none"))
    left = [visit for one in anew["rounds"] for visit in one["visits"][one["done"] :]]  # type: ignore[attr-defined]
    assert code == 0 and all(visit["arrive_s"] >= 88_200 for visit in left)


def test_a_window_that_ends_before_it_begins_says_how_midnight_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = STOPS + "n,10.0,50.02,10,79200,7200,60\n"
    code, answer = plan_night(tmp_path, capsys, rows, "--depot", "10.0,50.0")
    assert code == 2 and "86,400" in answer["error"]["advice"]  # type: ignore[index]


@pytest.mark.parametrize("depot", ["-46.64,-23.55", "−46.64,−23.55"])
def test_a_depot_west_of_greenwich_is_no_option(
    depot: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "id;lon;lat;demand\na;-46,63;-23,54;3\nb;-46,65;-23,56;4\n"
    code, plan = plan_night(tmp_path, capsys, rows, "--depot", depot)
    assert code == 0 and not plan["left_out"]
    code, answer = plan_night(tmp_path, capsys, rows, "--depot", "--drones", "0")
    assert code == 2 and "expected one argument" in answer["error"]["message"]  # type: ignore[index]


@pytest.mark.parametrize("demand", ["9999999999999999999", "1e400"])
def test_a_demand_too_big_is_named_with_its_node(
    demand: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "big.vrp"
    path.write_text(
        "TYPE : CVRP\nDIMENSION : 3\nCAPACITY : 10000000000000000000\nNODE_COORD_SECTION\n"
        f"1 0 0\n2 3 4\n3 6 8\nDEMAND_SECTION\n1 0\n2 5\n3 {demand}\nDEPOT_SECTION\n1\n-1\nEOF\n"
    )
    code, answer = run_json(capsys, "route", "--vrplib", str(path), "--time-limit-s", "1")
    assert code == 2
    said = answer["error"]["message"]  # type: ignore[index]
    assert "node 3" in said or "line 11" in said
    code, answer = plan_night(
        tmp_path, capsys, STOPS + f"n,10.0,50.02,{demand},,,\n", "--depot", "10.0,50.0"
    )
    assert code == 2
