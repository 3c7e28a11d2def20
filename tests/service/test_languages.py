"""An answer in the reader's language, made from data and not from sentences."""

from __future__ import annotations

import msgspec
import pytest

from twinward.library.loading import load_library
from twinward.service.languages import choose_language, write_answer

LATE = [{"code": "closing.tasks_open", "params": {"open": 2}}]


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,zh;q=0.5", "en"),
        ("fr, zh;q=0.3, en;q=0.1", "zh"),
        ("fr", "en"),
        ("zh;q=0", "en"),
        ("zh;q=much, en", "en"),
    ],
)
def test_the_language_is_the_first_that_the_reader_accepts(accepted: str, language: str) -> None:
    assert choose_language(accepted) == language


def told(body: object) -> object:
    content = msgspec.json.encode(body)
    assert write_answer(content, "en", load_library()) == content
    return msgspec.json.decode(write_answer(content, "zh", load_library()))


def test_reasons_are_written_where_their_text_stands() -> None:
    body = {
        "because": "2 essential tasks are open",
        "reasons": LATE,
        "notes": ["2 essential tasks are open"],
        "notes_reasons": LATE,
        "evidence": {"tasks": "2 essential tasks are open", "stated": "seen"},
        "evidence_reasons": {"tasks": LATE},
    }
    shown = told(body)
    assert isinstance(shown, dict)
    assert (
        shown["because"] == shown["notes"][0] == shown["evidence"]["tasks"] == "2 项必要任务未完成"
    )
    assert shown["evidence"]["stated"] == "seen"


def test_what_a_plan_says_is_in_chinese_and_what_a_person_wrote_stays() -> None:
    title = "Hold beds in the designated hospital"
    shown = told([{"title": title, "comment": title}, {"title": "Repair the gate"}])
    assert shown == [{"title": "预留定点医院床位", "comment": title}, {"title": "Repair the gate"}]


@pytest.mark.parametrize("reasons", [[], "none", [{"no": "code"}], [1]])
def test_without_reasons_a_text_stays(reasons: object) -> None:
    body = {"because": "as it was", "reasons": reasons}
    assert told(body) == body
