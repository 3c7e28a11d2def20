"""`twinward city` from the outside: one JSON object with the promised names, a page, faults with
exit code 2.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from twinward.cli.main import main

spec = importlib.util.spec_from_file_location(
    "small_city_for_cli", Path(__file__).resolve().parents[2] / "citybase" / "small_city.py"
)
assert spec is not None and spec.loader is not None
helper = importlib.util.module_from_spec(spec)
spec.loader.exec_module(helper)

NAMES = {
    "name",
    "residents",
    "households",
    "places",
    "areas",
    "road_nodes",
    "road_edges",
    "buildings",
    "sources",
    "seconds",
    "peak_rss_mb",
    "sha256",
}


def run_json(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, dict[str, Any]]:
    code = main(["city", *map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out.strip().splitlines()[-1])


def test_build_and_describe_answer_with_the_promised_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, workspace = helper.small_city(tmp_path / "in"), tmp_path / "ws"
    code, built = run_json(
        capsys, "build", "--config", config, "--workspace", workspace, "--seed", 3, "--threads", 1
    )
    assert code == 0 and set(built) >= NAMES
    assert set(built["sources"][0]) >= {"name", "read", "kept", "rejected"}
    code, described = run_json(capsys, "describe", "--workspace", workspace)
    assert (
        code == 0
        and described["sha256"] == built["sha256"]
        and described["timezone"] == "Europe/Berlin"
    )
    assert described["fidelity"]["ages"]["largest_difference"] == 0


def test_describe_writes_a_page_with_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, workspace, page = (
        helper.small_city(tmp_path / "in"),
        tmp_path / "ws",
        tmp_path / "page.html",
    )
    assert main(["city", "build", "--config", str(config), "--workspace", str(workspace)]) == 0
    assert main(["city", "describe", "--workspace", str(workspace), "--html", str(page)]) == 0
    html, words = page.read_text("utf-8"), capsys.readouterr().out
    assert html.count("<svg") == 5 and "synthetic" in html and "6,001" in html
    assert (
        "small: 6,001 residents" in words
        and "areas.district: 2 read = 2 kept + 0 rejected" in words
    )


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["build", "--config", "nowhere.toml"], "bad_city_config"),
        (["build", "--threads", "-1"], "bad_threads"),
        (["describe"], "no_city"),
    ],
)
def test_faults_of_the_input_have_a_code(
    words: list[str], code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, answer = run_json(capsys, *words, "--workspace", tmp_path / "ws")
    assert (status, answer["error"]["code"]) == (2, code) and answer["error"]["advice"]
