"""`--lang` stands anywhere and decides the language of all that a verb writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from twinward.cli.framework.output import emit_fields, emit_table
from twinward.cli.framework.reader import take_language
from twinward.cli.main import main
from twinward.core.language import reading_in


@pytest.mark.parametrize(
    ("arguments", "language"),
    [
        (["--lang", "zh", "task", "list"], "zh"),
        (["task", "list", "--lang=zh"], "zh"),
        (["task", "--lang", "en", "list"], "en"),
        (["task", "list"], "en"),
    ],
)
def test_the_option_stands_anywhere(
    arguments: list[str], language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TWINWARD_LANG", raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    assert take_language(arguments) == (language, ["task", "list"])


@pytest.mark.parametrize(
    ("own", "lang", "language"),
    [
        ("", "zh_CN.UTF-8", "zh"),
        ("en", "zh_CN.UTF-8", "en"),
        ("zh", "C", "zh"),
        ("", "de_DE", "en"),
    ],
)
def test_without_it_the_surroundings_decide(
    own: str, lang: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWINWARD_LANG", own)
    monkeypatch.setenv("LANG", lang)
    assert take_language([])[0] == language


def test_an_error_comes_in_that_language(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["task", "list", "--workspace", str(tmp_path / "none"), "--json", "--lang", "zh"]
    assert main(asked) == 2
    said = capsys.readouterr()
    error = json.loads(said.out.splitlines()[-1])["error"]
    assert error["code"] == "no_workspace" and error["message"].endswith("不是工作区")
    assert "可用 `twinward init DIR` 建立" in said.err


def test_a_language_that_we_do_not_have_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lang", "fr", "task", "list"]) == 2
    assert "--lang must be en or zh, got 'fr'" in capsys.readouterr().err


def test_a_table_has_its_heads_and_states_in_chinese(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with reading_in("zh", {"health": "卫生健康"}):
        emit_table(["task", "department", "status"], [["T-3", "health", "acknowledged"]])
        emit_fields({"opened_at": None, "events": []})
    assert capsys.readouterr().out.split() == [
        *("任务", "部门", "状态", "T-3", "卫生健康", "进行中"),
        *("启动时间:", "-", "事件:", "无"),
    ]
