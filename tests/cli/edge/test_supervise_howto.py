"""The page on supervision runs as it stands."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
import shutil
from pathlib import Path

import pytest

from twinward.cli.main import main
from twinward.library.loading import HOME

PAGE = Path(__file__).resolve().parents[3] / "docs" / "howto" / "supervise.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


def test_every_line_of_the_page_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TWINWARD_WORKSPACE", str(tmp_path / "w"))
    (tmp_path / "objects.csv").write_text(blocks("csv")[0], "utf-8")
    shutil.copy(HOME / "modules" / "venues.toml", tmp_path / "mine.toml")
    assert main(["init", str(tmp_path / "w")]) == 0
    lines = [line for block in blocks("sh") for line in block.strip().splitlines()]
    assert len(lines) == 10
    for line in lines:
        assert main(shlex.split(line)[1:]) == 0, line
    capsys.readouterr()
    assert main(["module", "defects", "--status", "all", "--json"]) == 0
    (defect,) = json.loads(capsys.readouterr().out.splitlines()[-1])["defects"]
    assert (defect["kind"], defect["status"]) == ("waste-unsealed", "mended")
    assert main(["module", "coverage", "cold-chain", "--state", "never", "--json"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [one["object"] for one in found["items"]] == ["store-3"]
    assert main(["module", "coverage", "cold-chain", "--csv"]) == 0
    table = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert "store-3" in {one["object"] for one in table} and table[0]["checks_late"].isdigit()


def test_what_is_wrong_with_a_file_or_an_answer_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--workspace", str(tmp_path / "w")]
    assert main(["init", str(tmp_path / "w")]) == 0
    (tmp_path / "bad.csv").write_text("object,module\na,b\n", "utf-8")
    bad = tmp_path / "bad.toml"
    bad.write_text((HOME / "modules" / "venues.toml").read_text("utf-8").replace("commerce", "x"))
    capsys.readouterr()
    for words, said in (
        (["module", "register", str(tmp_path / "bad.csv")], "has no column kind"),
        (["module", "validate", str(bad)], "names no department: x"),
        (["module", "add", str(bad)], "names no department: x"),
        (["module", "record", "nobody", "look"], "no supervised object nobody"),
        (["module", "show", "none"], "there is no module 'none'"),
    ):
        assert main([*words, *where]) == 2
        told = capsys.readouterr()
        assert said in told.out + told.err
