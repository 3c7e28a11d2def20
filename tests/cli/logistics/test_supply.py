"""`twinward supply` from outside: both sides act in turn, and what cannot be is refused with
what to do.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from helpers.cities import make_city
from twinward.app.workspace import init_workspace
from twinward.cli.main import main

MASKS = ("--kind", "masks", "--unit", "pieces")


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("TWINWARD_WORKSPACE", str(tmp_path / "ws"))
    init_workspace(tmp_path / "ws")
    make_city(tmp_path / "ws", "310101", "310115")

    def once(*words: object) -> tuple[int, Any]:
        capsys.readouterr()
        code = main(["supply", *map(str, words), "--json"])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return code, json.loads(said.out.strip().splitlines()[-1])

    return once


def test_masks_go_from_one_district_to_another_and_what_is_missing_stays_on_record(
    run: Any,
) -> None:
    assert (
        run("stock", "--area", "310101", *MASKS, "--set", 500, "--lot", "2099-01-01=100")[1]["free"]
        == 500
    )
    ask = (
        "request",
        *MASKS,
        "--quantity",
        200,
        "--area",
        "310115",
        "--from-area",
        "310101",
        "--id",
        "r1",
    )
    assert run(*ask)[1]["status"] == "requested"
    assert run("send", "r1")[1]["error"]["code"] == "out_of_order"
    assert run("commit", "r1", "--quantity", 150)[1]["committed"] == 150
    assert run("send", "r1", "--vehicle", "lorry-1")[1]["sent"] == 150
    received = run("receive", "r1", "--quantity", 140)[1]
    assert (received["status"], received["lost"]) == ("received", 10)
    held = {row["area"]: row["quantity"] for row in run("stock", "--kind", "masks")[1]["stocks"]}
    assert held == {"310101": 350, "310115": 140}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (
            ("stock", "--area", "310101", *MASKS, "--set", -5),
            "bad_field",
            "quantity: -5 is not 0 or more",
        ),
        (
            ("stock", "--area", "310101", "--kind", "masks", "--unit", "kg", "--set", 5),
            "wrong_unit",
            "pieces, not kg",
        ),
        (("stock", "--area", "moon", *MASKS, "--set", 5), "unknown_area", "'moon'"),
        (("stock", *MASKS, "--set", 5), "missing_field", "--area"),
        (
            ("stock", "--area", "310101", *MASKS, "--set", 5, "--lot", "2099-01-01=9"),
            "bad_lots",
            "more than",
        ),
        (
            ("request", *MASKS, "--quantity", 5, "--area", "310101", "--from-area", "310101"),
            "same_side",
            "the same",
        ),
        (
            ("request", *MASKS, "--quantity", 5, "--area", "310101", "--incident", "inc-0"),
            "not_found",
            "inc-0",
        ),
        (("commit", "r9", "--quantity", 5), "not_found", "r9"),
        (("list", "--status", "lost"), "unknown_status", "known: open"),
        (("transfer", "accept", "t9"), "not_found", "t9"),
    ],
)
def test_what_cannot_be_is_refused(run: Any, words: tuple[str, ...], code: str, said: str) -> None:
    done, answer = run(*words)
    error = answer["error"]
    assert (done, error["code"]) == (2, code)
    assert said in error["message"] + error["advice"]
