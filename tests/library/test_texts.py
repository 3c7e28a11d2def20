"""Reasons have a text in every language, and what bundled plans say, they say in both."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from twinward.core.language import reading_in
from twinward.core.reasons import Reason, because_of
from twinward.library.loading import load_library
from twinward.library.manuals import get_manual, list_manuals
from twinward.library.texts import LANGUAGES, load_texts, write_reason, write_reasons

SOURCE = Path(__file__).resolve().parents[2] / "src" / "twinward"
NAMES = ("word.", "unit.", "head.", "event.")  # looked up by the id of a thing
HOLE, LETTERS = re.compile(r"\{[^}]*\}"), re.compile("[A-Za-z]{2}")
CALL = re.compile(r'\b(?:say|because_of)\(\s*"([a-z_0-9]+\.[a-z_0-9]+)"')
CHINESE = re.compile("[\u4e00-\u9fff]")


def holes(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_language_has_every_text_with_the_same_parameters() -> None:
    first, *others = (load_texts(language) for language in LANGUAGES)
    assert len(first) > 20
    for other in others:
        assert other.keys() == first.keys()
        assert {code: holes(text) for code, text in other.items()} == {
            code: holes(text) for code, text in first.items()
        }
    chinese = load_texts("zh")
    assert [
        c for c, t in chinese.items() if LETTERS.search(HOLE.sub("", t)) and not CHINESE.search(t)
    ] == []


def test_every_code_that_the_program_states_has_a_text_and_every_text_is_stated() -> None:
    texts = {code for code in load_texts("en") if not code.startswith(NAMES)}
    parts = {code.partition(".")[0] for code in texts}
    form = re.compile(rf'"((?:{"|".join(parts)})\.[a-z_0-9]+)"')
    stated = {
        code for path in SOURCE.rglob("*.py") for code in form.findall(path.read_text("utf-8"))
    }
    assert texts - stated == set()
    called = {
        code for path in SOURCE.rglob("*.py") for code in CALL.findall(path.read_text("utf-8"))
    }
    assert called - texts == set()


def test_a_reason_is_written_in_both_languages() -> None:
    late = because_of("closing.tasks_open", open=3)
    assert write_reason(late) == "3 essential tasks are open"
    assert write_reason(late, "zh") == "3 项必要任务未完成"
    both = (late, because_of("closing.stated", reason="seen on site"))
    assert write_reasons(both) == "3 essential tasks are open; met by a stated reason: seen on site"
    assert write_reasons(both, "zh") == "3 项必要任务未完成；按所述理由视为达到：seen on site"


def test_one_is_written_as_one() -> None:
    assert write_reason(because_of("closing.tasks_open", open=1)) == "1 essential task is open"
    tested = because_of("closing.contacts_tested", all=1)
    assert write_reason(tested) == "the one contact is located, isolated and tested"
    assert write_reason(tested, "zh").startswith("1 ")
    some = because_of("closing.contacts_tested", all=12)
    assert write_reason(some) == "all 12 contacts are located, isolated and tested"


def test_a_plans_own_words_in_a_reason_are_in_its_language_too() -> None:
    said = because_of("authority.beforehand", by="the committee", bounds="nothing")
    assert write_reason(said, "zh", {"the committee": "委员会"}) == "由委员会事先授权：nothing"


@pytest.mark.parametrize(
    "reason", [Reason(code="of.tomorrow"), Reason(code="closing.tasks_open", params={})]
)
def test_a_reason_of_a_later_release_is_its_code(reason: Reason) -> None:
    assert write_reason(reason, "zh") == reason.code


def test_everything_a_bundled_plan_says_it_says_in_chinese() -> None:
    library = load_library()
    assert len(library.plans) > 5
    for plan in library.plans.values():
        assert set(plan.texts()) == plan.zh.keys(), plan.id
        assert all(CHINESE.search(text) for text in plan.zh.values()), plan.id
    assert all(CHINESE.search(one.zh) for one in library.departments.values())


def test_a_reason_that_rests_on_others_is_written_whole() -> None:
    reached = because_of("level.reached", figure="new_7d", value=12.0, at_least=10.0)
    lower = because_of("level.lower", why=(reached,))
    assert write_reason(lower) == "lower figures: new_7d 12 is at least 10"
    assert write_reason(lower, "zh") == "数据下降：7 天新增为 12，达到 10"


def test_every_manual_has_as_many_steps_in_chinese() -> None:
    for english, chinese in zip(list_manuals("en"), list_manuals("zh"), strict=True):
        assert CHINESE.search(chinese.title), chinese.path
        steps = [len(re.findall(r"(?m)^\d+\. ", one.text)) for one in (english, chinese)]
        assert steps[0] == steps[1] > 2, english.path
    with reading_in("zh"):
        assert get_manual("manuals/beds.md").title == "预留床位"


def test_every_hazard_has_its_name_in_chinese() -> None:
    assert all(CHINESE.search(one.zh) for one in load_library().hazards.values())
