"""Every error says in Chinese what it is, with its values."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from twinward.core import errors
from twinward.core.language import reading_in
from twinward.library.error_texts import (
    HOLE,
    SLOT,
    form_of,
    load_codes,
    load_sentences,
    say_error,
    say_known,
)

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
from reference_pages.errors import list_raised

CHINESE = re.compile("[\u4e00-\u9fff]")


def test_every_code_that_can_be_raised_is_said_in_chinese() -> None:
    codes = load_codes("zh")
    assert {one.code for one in list_raised()} - codes.keys() == set()
    assert all(CHINESE.search(text) for text in codes.values())


def test_a_sentence_in_chinese_has_only_the_values_that_the_english_has() -> None:
    for text, said, begin in load_sentences("zh"):
        assert set(SLOT.findall(said)) <= set(SLOT.findall(text)), said
        assert set(form_of(text).groupindex) == set(SLOT.findall(text))
        assert text.startswith(begin)
        assert CHINESE.search(said), text
    assert HOLE.groups == 1


@pytest.mark.parametrize(
    ("code", "message", "advice", "said"),
    [
        (
            "already_acknowledged",
            "task T-3 is acknowledged",
            "nothing was changed",
            ("任务 T-3 已开始办理", "未作任何更改"),
        ),
        (
            "bad_forcing",
            "step_s must be above 0",
            "",
            ("驱动条件有误（step_s must be above 0）", ""),
        ),
        (
            "bad_batch",
            "not a batch: Expected `array`, got `int` - at `$.items`",
            'send {"items": [...]}',
            (
                "不是一批数据：Expected `array`, got `int` - at `$.items`",
                '请发送 {"items": [...]}',
            ),
        ),
        ("of_tomorrow", "it did not work", "", ("it did not work", "")),
    ],
)
def test_an_error_is_said_with_its_values(
    code: str, message: str, advice: str, said: tuple[str, str]
) -> None:
    assert say_error(code, message, advice) == (message, advice)
    with reading_in("zh"):
        assert say_error(code, message, advice) == said


def test_every_title_of_an_error_is_said_in_chinese() -> None:
    titles = {one.title for one in vars(errors).values() if isinstance(one, type)
              and issubclass(one, errors.TwinwardError)}  # fmt: skip
    with reading_in("zh"):
        assert all(CHINESE.search(say_known(title)) for title in titles)
    assert {say_known(title) for title in titles} == titles
