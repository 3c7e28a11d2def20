"""The console's two catalogues: the same keys with the same gaps, no sentence that names a command
line, and the words of a duty room.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

WORDS = Path(__file__).resolve().parents[2] / "console" / "src" / "words"
ENTRY = re.compile(r"'([\w.-]+)': (?:'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\")")
GAP = re.compile(r"\{\w+\}")
COMMAND_LINE = re.compile(r"\btwinward [a-z]|`|(^|\s)--[a-z]|\.toml\b|\bHTTP\b|命令行")
# what an officer of a duty room does not say, and what is said there instead
NOT_SAID = {
    "启用中的权力": "已启用的应急授权",
    "未结": "处置中",
    "平账": "账目相符",
    "批准预案": "启动预案",
    "二十次": "95% 上限",
    "占优": "无更优方案",
    "食品篮": "生活物资包",
    "食品包": "生活物资包",
    "第二因素验证码": "动态验证码",
    "告公众书": "公告",
    "I 级": "Ⅰ级（特别重大）",
}


def read(language: str) -> dict[str, str]:
    text = (WORDS / f"{language}.ts").read_text("utf-8")
    found = ENTRY.findall(text)
    keys = [key for key, _, _ in found]
    assert len(keys) == len(set(keys)), [key for key in keys if keys.count(key) > 1]
    return {key: one or other for key, one, other in found}


def test_both_catalogues_say_the_same_things_with_the_same_gaps() -> None:
    english, chinese = read("en"), read("zh")
    assert len(english) > 900
    assert english.keys() == chinese.keys()
    wrong = [
        key for key in english if set(GAP.findall(english[key])) != set(GAP.findall(chinese[key]))
    ]
    assert not wrong


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_sentence_names_a_command_line(language: str) -> None:
    assert [key for key, text in read(language).items() if COMMAND_LINE.search(text)] == []


def test_the_chinese_is_that_of_a_duty_room() -> None:
    said = [(key, bad) for key, text in read("zh").items() for bad in NOT_SAID if bad in text]
    assert not said, [f"{key}: say {NOT_SAID[bad]}, not {bad}" for key, bad in said]
