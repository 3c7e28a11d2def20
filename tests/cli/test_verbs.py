"""Verbs from outside: exit codes 0, 1, 2, one JSON object as the last line, errors with a code,
no traceback.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import twinward
from helpers.cities import make_city
from twinward.cli.framework.server_discovery import find_server, noted
from twinward.cli.incidents import incident
from twinward.cli.main import main
from twinward.core.clock import SystemClock
from twinward.storage.observations.inbox import Inbox

EXAMPLES = Path(twinward.__file__).parent / "edge" / "feeds" / "examples"


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a verb with --json on a workspace of its own; returns the exit code and the last
    line's object.
    """
    monkeypatch.setenv("TWINWARD_WORKSPACE", str(tmp_path / "ws"))

    def once(*words: str) -> tuple[int, Any]:
        capsys.readouterr()
        code = main([*words, "--json"])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        lines = said.out.strip().splitlines()
        return code, json.loads(lines[-1]) if lines else None

    return once


@pytest.fixture
def city(run: Any, tmp_path: Path) -> Any:
    assert run("init", str(tmp_path / "ws"))[0] == 0
    make_city(tmp_path / "ws", "310101")
    return run


def test_from_a_case_file_to_a_finished_task(city: Any) -> None:
    code, report = city("case", "report", str(EXAMPLES / "cases.csv"))
    assert (code, report["stored"], report["rejected"]) == (0, 2, 0)
    (row, *_) = city("incident", "list")[1]["incidents"]
    code, shown = city("incident", "show", row["id"], "--timeline")
    assert (code, shown["id"]) == (0, row["id"])
    assert shown["timeline"]
    task = next(
        t
        for t in city("task", "list")[1]["tasks"]
        if t["status"] == "ordered" and t["contact"] is None
    )
    assert city("task", "acknowledge", task["id"])[1]["status"] == "acknowledged"
    assert city("task", "complete", task["id"], "--text", "all well")[1]["status"] == "done"
    assert city("as-of", "2022-03-01T00:00:00Z", "incident", "list") == (0, {"incidents": []})
    now = SystemClock().now().isoformat()  # the incident was opened today, whenever its cases were
    assert city("as-of", now, "incident", "list")[1]["incidents"]


BAD = [
    (("incident", "show", "none"), "not_found"),
    (("task", "complete", "none"), "not_found"),
    (("task", "list", "--department", "magic"), "unknown_department"),
    (("task", "list", "--area", "0"), "unknown_area"),
    (("case", "report", "none.csv"), "unreadable"),
    (("case", "report", str(EXAMPLES / "observations.csv")), "missing_column"),
    (("case", "report", str(EXAMPLES / "cases.csv"), "--map", "colour=name"), "unknown_field"),
    (("case", "report", str(EXAMPLES / "cases.csv"), "--map", "area"), "bad_map"),
    (("ingest", str(EXAMPLES / "cases.csv"), "--source", "s"), "missing_column"),
    (("ingest", str(EXAMPLES / "commands.json"), "--source", "s"), "unknown_format"),
    (
        ("ingest", str(EXAMPLES / "observations.csv"), "--source", "s", "--separator", "xx"),
        "bad_separator",
    ),
    (
        (
            "activation",
            "open",
            "--hazard",
            "h",
            "--areas",
            "0",
            "--purposes",
            "trace",
            "--days",
            "1",
            "--by",
            "x",
            "--basis",
            "law",
        ),
        "unknown_area",
    ),
    (("activation", "close", "none"), "not_found"),
]


@pytest.mark.parametrize(
    ("words", "code"), BAD, ids=[f"{n}-{code}" for n, (_, code) in enumerate(BAD)]
)
def test_input_at_fault_is_exit_code_2_with_a_stable_code_and_advice(
    city: Any, words: Any, code: str
) -> None:
    exit_code, answer = city(*words)
    assert (exit_code, answer["error"]["code"]) == (2, code), answer
    assert answer["error"]["message"]


@pytest.mark.parametrize(
    "words",
    [(), ("nonsense",), ("task",), ("ingest", "f.csv"), ("as-of", "today", "incident", "list")],
)
def test_words_that_are_no_verb_are_exit_code_2(city: Any, words: tuple[str, ...]) -> None:
    code, answer = city(*words)
    assert (code, answer["error"]["code"]) == (2, "bad_usage")


def test_no_workspace_is_said_so(run: Any) -> None:
    code, answer = run("incident", "list")
    assert (code, answer["error"]["code"]) == (2, "no_workspace")
    assert "twinward init" in answer["error"]["advice"]


def test_a_fault_of_ours_is_exit_code_1_and_still_one_json_object(
    city: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(incident, "show_list", lambda rows: 1 / 0)
    assert main(["incident", "list"]) == 1
    assert "our fault" in capsys.readouterr().err


def test_an_inbox_that_another_process_owns_without_a_server_says_what_to_do(
    city: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = Inbox(tmp_path / "ws" / "observations" / "inbox", SystemClock())
    code, answer = city("ingest", str(EXAMPLES / "observations.csv"), "--source", "s")
    owner.close()
    assert (code, answer["error"]["code"]) == (1, "inbox_busy")
    assert "--url" in answer["error"]["advice"]
    assert city("ingest", str(EXAMPLES / "observations.csv"), "--source", "s")[1]["stored"] == 4


def test_a_server_that_does_not_answer_is_exit_code_1(city: Any) -> None:
    words = (
        "ingest",
        str(EXAMPLES / "observations.csv"),
        "--source",
        "s",
        "--url",
        "http://127.0.0.1:9",
    )
    code, answer = city(*words)
    assert (code, answer["error"]["code"]) == (1, "no_server")


def test_a_servers_note_stands_only_while_it_runs(tmp_path: Path) -> None:
    with noted(tmp_path, "http", "127.0.0.1", 8420):
        assert find_server(tmp_path) == "http://127.0.0.1:8420"
    assert find_server(tmp_path) is None
    (tmp_path / "server.json").write_text('{"pid": 999999999, "url": "http://127.0.0.1:1"}')
    assert find_server(tmp_path) is None


def test_supplies_go_from_one_district_to_another(city: Any) -> None:
    where = ("--area", "310101", "--kind", "masks", "--unit", "pieces")
    code, held = city(
        "supply", "stock", *where, "--set", "500", "--holder", "depot", "--lot", "2999-01-01=30"
    )
    assert (code, held["free"], held["lots"][0]["quantity"]) == (0, 500, 30)
    asked = (
        "--quantity",
        "80",
        "--from-area",
        "310101",
        "--from-holder",
        "depot",
        "--id",
        "r",
        "--holder",
        "clinic",
    )
    assert city("supply", "request", *where, *asked)[1]["status"] == "requested"
    assert city("supply", "commit", "r", "--quantity", "600")[1]["error"]["code"] == "over_commit"
    assert city("supply", "commit", "r", "--quantity", "70")[1]["committed"] == 70
    assert city("supply", "send", "r", "--vehicle", "v")[1]["status"] == "sent"
    assert city("supply", "receive", "r", "--quantity", "69")[1]["lost"] == 1
    assert [row["quantity"] for row in city("supply", "stock")[1]["stocks"]] == [69, 430]
    assert city("supply", "list")[1]["requests"] == []
    assert city("supply", "stock", "--set", "5")[0] == 2


def test_a_workspace_whose_log_is_gone_says_so_and_makes_no_other(
    city: Any, tmp_path: Path
) -> None:
    assert city("case", "report", str(EXAMPLES / "cases.csv"))[0] == 0
    (tmp_path / "ws" / "twinward.db").unlink()
    code, answer = city("incident", "list")
    assert (code, answer["error"]["code"]) == (1, "database_gone")
    assert not (tmp_path / "ws" / "twinward.db").exists()
