"""`twinward bundle`: rules for the edges by version, at an edge, at a share, and back."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.supervised import supervised_city
from twinward.cli.main import main


def test_the_verbs_say_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with supervised_city(tmp_path / "w"):
        pass
    rules = tmp_path / "more.toml"
    rules.write_text('[[rules]]\nid = "warm"\ntype = "temperature"\nabove = 8.0\n', "utf-8")
    of = ["--workspace", str(tmp_path / "w")]
    why = ["--because", "order 12"]
    assert main(["bundle", "keep", "v1", "--file", str(rules), *why, *of]) == 0
    assert main(["bundle", "roll", "v1", "--edge", "nope", *why, *of]) == 0
    assert "nothing has been heard from nope yet" in capsys.readouterr().out
    assert main(["bundle", "roll", "v1", "--share", "0.5", *why, *of]) == 0
    for act in (["list"], ["show", "v1"], ["key"], ["export", "gate-1"]):
        assert main(["bundle", *act, *of]) == 0
    assert main(["device", "alarms", "--all", *of]) == 0
    assert main(["bundle", "back", "v1", *why, *of]) == 0
    assert main(["bundle", "back", "v1", *why, *of]) != 0
    told = capsys.readouterr()
    assert 'rules_key = "' in told.out and '"signature"' in told.out
    assert "not_rolled_out" in told.err or "roll back" in told.err
