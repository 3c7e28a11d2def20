"""`twinward allocate` from the outside: promised names in one JSON object, faults with exit code 2."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.decision.logistics.instances import random_graph, random_rounds

from twinward.cli.main import main


def run_json(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, object]]:
    code = main(["allocate", *words, "--json"])
    return code, json.loads(capsys.readouterr().out.strip().splitlines()[-1])


def test_locate_answers_with_sites_bound_and_gap(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "graph.txt"
    path.write_text(random_graph(30, 4, 1))
    code, answer = run_json(capsys, "locate", "--orlib", str(path), "--time-limit-s", "5")
    assert code == 0
    assert {"objective", "bound", "gap", "open", "seconds"} <= set(answer)
    sites = answer["open"]
    assert isinstance(sites, list)
    assert len(sites) == 4
    assert min(sites) >= 1


def test_route_answers_with_routes_and_cost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rounds.vrp"
    path.write_text(random_rounds(10, 2)[0])
    code, answer = run_json(capsys, "route", "--vrplib", str(path), "--round", "none", "--time-limit-s", "1")
    assert code == 0
    assert {"cost", "vehicles", "routes", "seconds"} <= set(answer)
    routes = answer["routes"]
    assert isinstance(routes, list)
    assert answer["vehicles"] == len(routes)
    assert sorted(node for route in routes for node in route) == list(range(2, 11))


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["locate", "--orlib", "absent.txt"], "no_such_file"),
        (["route", "--vrplib", "absent.vrp"], "no_such_file"),
        (["locate", "--orlib", "BAD"], "bad_orlib"),
        (["route", "--vrplib", "BAD"], "bad_vrplib"),
        (["route", "--vrplib", "BAD", "--time-limit-s", "-1"], "bad_time_limit"),
        (["locate", "--orlib", "BAD", "--time-limit-s", "nan"], "bad_time_limit"),
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
