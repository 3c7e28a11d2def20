"""`twinward library` from outside: questions without a workspace, manuals, and what is wrong
with them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from helpers.cities import make_city
from twinward.app.workspace import init_workspace
from twinward.cli.main import main


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("TWINWARD_WORKSPACE", str(tmp_path / "ws"))

    def once(*words: str) -> tuple[int, Any]:
        capsys.readouterr()
        code = main([*words, "--json"])
        return code, json.loads(capsys.readouterr().out.strip().splitlines()[-1])

    return once


def test_a_question_is_answered_with_its_path_and_an_unknown_one_says_so(run: Any) -> None:
    code, found = run("library", "search", "Which measures lower transmission in schools?")
    assert code == 0 and all(len(answer["path"]) >= 2 for answer in found["answers"])
    code, found = run("library", "search", "how tall is the moon?")
    assert (code, found["answers"]) == (0, []) and found["note"]


def test_manuals_are_listed_and_read(run: Any) -> None:
    listed = run("library", "manual")[1]["manuals"]
    assert run("library", "manual", listed[0]["path"])[1]["text"].startswith("#")
    assert run("library", "manual", "manuals/../plans.py")[1]["error"]["code"] == "no_manual"
    assert run("library", "search", "  ")[1]["error"]["code"] == "empty_question"


def test_in_a_managed_workspace_a_question_to_the_live_state_needs_a_login(
    run: Any, tmp_path: Path
) -> None:
    init_workspace(tmp_path / "ws", managed=True)
    code, said = run("library", "search", "what do we lack today?")
    assert (code, said["error"]["code"]) == (2, "bad_token")
    assert run("library", "manual")[0] == 0
    assert run("plan", "list")[0] == 0
    assert run("plan", "generate", "--keep", "--count", "1")[1]["error"]["code"] == "bad_token"


def test_records_are_taken_out_and_brought_in_and_bad_files_are_named(
    run: Any, tmp_path: Path
) -> None:
    init_workspace(tmp_path / "ws")
    make_city(tmp_path / "ws", "310101")
    out = tmp_path / "records.json"
    assert run("library", "cases", "--export", str(out))[1]["records"] == []
    assert json.loads(out.read_bytes()) == []
    out.write_text("{}", "utf-8")
    for words, code in (
        (("cases", "--export", str(tmp_path / "no" / "x.json")), "not_writable"),
        (("cases", "--add", str(out)), "bad_records"),
        (("cases", "--add", str(tmp_path / "absent.json")), "not_found"),
        (("similar", "inc-none"), "not_found"),
    ):
        done, said = run("library", *words)
        assert (done, said["error"]["code"]) == (2, code)
