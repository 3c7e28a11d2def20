"""`twinward plan` from outside: without a workspace, with one, and with what is wrong; the line
and what to do.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import twinward
from helpers.cities import make_city
from twinward.app.workspace import init_workspace
from twinward.cli.main import main
from twinward.library.loading import HOME

EXAMPLES = Path(twinward.__file__).parent / "edge" / "feeds" / "examples"
SUPPRESS = "epidemic-ii-suppress"


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("TWINWARD_WORKSPACE", str(tmp_path / "ws"))

    def once(*words: object) -> tuple[int, Any]:
        capsys.readouterr()
        code = main([*map(str, words), "--json"])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return code, json.loads(said.out.strip().splitlines()[-1])

    return once


def test_plans_are_listed_shown_and_laid_beside_each_other_without_a_workspace(run: Any) -> None:
    code, listed = run("plan", "list", "--hazard", "flood")
    assert (code, [plan["id"] for plan in listed["plans"]]) == (
        0,
        ["flood-ii-evacuate", "flood-response"],
    )
    assert run("plan", "show", SUPPRESS)[1]["level"] == "II"
    changed = run("plan", "diff", SUPPRESS, "epidemic-ii-work-first")[1]
    assert not changed["same"] and {one["type"] for one in changed["measures"]["added"]}
    assert run("plan", "show", "gen-010002000")[1]["made"]["from"] == "blocks"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("list", "--hazard", "moon"), "unknown_hazard"),
        (("show", "no-such"), "no_plan"),
        (("show", "gen-99"), "unknown_plan"),
        (("diff", SUPPRESS, "no-such"), "no_plan"),
        (("validate", "no-such.toml"), "bad_plan"),
        (("generate", "--out", "x", "--count", "0"), "bad_count"),
        (("generate", "--out", "x", "--vary", "masks=on"), "no_base"),
        (("generate", "--out", "x", "--base", SUPPRESS, "--vary", "moon=1"), "bad_variable"),
        (
            ("generate", "--out", "x", "--base", SUPPRESS, "--vary", "start_day=soon"),
            "bad_variable",
        ),
        (("generate", "--out", "x", "--base", SUPPRESS, "--vary", "masks=maybe"), "bad_variable"),
        (("compare", "none", "--residents", "900", "--found-share", "7"), "bad_found_share"),
        (("compare", "none", "--residents", "900", "--workers", "-1"), "bad_workers"),
        (("compare", "none", "--residents", "900", "--out", __file__), "no_folder"),
        (("search", "--residents", "900", "--resume", "/dev/null/x"), "bad_path"),
        (("generate", "--keep"), "no_workspace"),
    ],
)
def test_what_cannot_be_answered_is_the_inputs_fault(
    run: Any, words: tuple[str, ...], code: str
) -> None:
    done, said = run("plan", *words)
    assert (done, said["error"]["code"]) == (2, code)
    assert said["error"]["advice"] is not None


def test_every_fault_of_a_file_is_told_with_its_line(run: Any, tmp_path: Path) -> None:
    good = (HOME / "plans" / f"{SUPPRESS}.toml").read_text("utf-8")
    bad = tmp_path / "bad.toml"
    wrong = good.replace('"disease_control"', '"circus"', 1).replace(
        "at_least = 100\nat_most = 999", "at_least = 0"
    )
    bad.write_text(wrong, "utf-8")
    code, said = run("plan", "validate", bad)
    assert code == 2
    (checked,) = said["files"]
    line = next(
        n for n, text in enumerate(bad.read_text("utf-8").splitlines(), 1) if "circus" in text
    )
    assert ("unknown_department", line) in {
        (fault["code"], fault["line"]) for fault in checked["errors"]
    }
    assert "always_fires" in {fault["code"] for fault in checked["errors"]}
    assert run("plan", "validate", SUPPRESS)[0] == 0


def test_the_same_words_write_keep_and_list_the_same_plans(run: Any, tmp_path: Path) -> None:
    words = (
        "--base",
        SUPPRESS,
        "--vary",
        "masks=on,off",
        "--vary",
        "start_day=0,7",
        "--count",
        "3",
        "--seed",
        "2",
    )
    written = run("plan", "generate", *words, "--out", tmp_path / "out")[1]["plans"]
    assert [run("plan", "validate", row["file"])[0] for row in written] == [0, 0, 0]
    init_workspace(tmp_path / "ws")
    make_city(tmp_path / "ws", "310101")
    code, said = run(
        "plan", "generate", "--count", 1, "--areas", "moon", "--out", tmp_path / "nowhere"
    )
    assert (code, said["error"]["code"]) == (2, "unknown_area") and not (
        tmp_path / "nowhere"
    ).exists()
    kept = run("plan", "generate", *words, "--keep")[1]["plans"]
    assert [row["id"] for row in kept] == [row["id"] for row in written]
    made = run("plan", "list", "--made")[1]["plans"]
    assert {row["id"] for row in made} == {row["id"] for row in kept}
    assert all(
        row["made"]["from"] == f"{SUPPRESS} 2" and row["made"]["seed"] == "2" for row in made
    )


def test_generated_plans_are_compared_by_the_same_words(run: Any) -> None:
    words = ("--residents", 2000, "--days", 5, "--replicates", 2, "--no-doubts", "--workers", 1)
    varied = ("--base", SUPPRESS, "--vary", "masks=on,off", "--generate", 2)
    code, sheet = run("plan", "compare", "none", *varied, *words)
    assert code == 0
    assert sum(plan["id"].startswith(f"{SUPPRESS}-") for plan in sheet["plans"]) == 2
    assert {plan["origin"] for plan in sheet["plans"]} == {"built in", "generated"}
    code, said = run("plan", "compare", "none", "--generate", 1, "--base", "no-such", *words)
    assert (code, said["error"]["code"]) == (2, "no_plan")


def test_adopting_says_what_a_plan_waits_for(run: Any, tmp_path: Path) -> None:
    init_workspace(tmp_path / "ws")
    make_city(tmp_path / "ws", "310101")
    assert run("case", "report", EXAMPLES / "cases.csv")[0] == 0
    row = run("incident", "list")[1]["incidents"][0]
    words = ("--incident", row["id"], "--by", "Li Hua")
    code, said = run("plan", "adopt", "epidemic-i-whole-city", *words)
    assert (code, said["error"]["code"]) == (2, "plan_in_force")
    known = run("incident", "show", row["id"])[1]["plan"]["plan"]
    code, done = run("plan", "adopt", "epidemic-i-whole-city", *words, "--replace", known)
    assert (code, done["state"]) == (0, "waits for its trigger")
    assert done["waits_for"][0].startswith("triggers[0] waits for new_7d of 1000; new_7d is ")
    shown = run("incident", "show", row["id"])[1]
    assert shown["waits_for"] == done["waits_for"]
    assert run("plan", "adopt", "moon", *words)[1]["error"]["code"] == "unknown_plan"
