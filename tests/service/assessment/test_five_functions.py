"""The five functions on one incident: every figure has its events, nobody has a name, bad
questions are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from helpers.cities import Desk
from helpers.rehearsing import rehearse
from twinward.core.errors import AbsentError, InputError
from twinward.core.language import reading_in
from twinward.decision.assessment.situation import INFECTED
from twinward.service.assessment.five_functions import FUNCTIONS, answer_function
from twinward.service.console.basemap import Basemap
from twinward.service.incidents import event_queries
from twinward.service.languages import write_for_reader
from twinward.service.platform import Caller

CHINESE = re.compile("[\u4e00-\u9fff]")
ENGLISH = re.compile(r"\b[a-z]{2,}(?: [a-z]{2,}){2,}")  # three plain words in a row
IDS = {"about", "name", "kind", "unit"}  # they name a thing and are no text
COMMAND = re.compile(r"`[^`]*`")
NUMBER = re.compile(r"\d[\d,.]*\d|\d")


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, str]]:
    """Three weeks in which schools hold most of the infections."""
    desk, incident = rehearse(tmp_path_factory.mktemp("school") / "ws", "setting school", 0)
    yield desk, incident
    desk.close()


def ask(school: tuple[Desk, str], name: str, **more: Any) -> Any:
    desk, incident = school
    return answer_function(desk.platform, Basemap(desk.platform), desk.me, name, incident, **more)


def test_every_event_that_a_figure_names_is_of_this_incident(school: tuple[Desk, str]) -> None:
    desk, incident = school
    with desk.platform.store.read() as reader:
        known = {event.seq for event in event_queries.list_all_events(reader, incident, None)}
    named = 0
    for name in FUNCTIONS:
        for seqs in events_in(msgspec.to_builtins(ask(school, name))):
            assert set(seqs) <= known, name
            named += len(seqs)
    assert named > 50


def events_in(part: Any) -> Iterator[list[int]]:
    if isinstance(part, dict):
        yield from ([part["events"]] if "events" in part else [])
        for value in part.values():
            yield from events_in(value)
    elif isinstance(part, list):
        for value in part:
            yield from events_in(value)


def test_what_is_described_is_what_the_tables_hold(school: tuple[Desk, str]) -> None:
    desk, _ = school
    found = ask(school, "describe")
    figures = {one.name: one.value for one in found.figures}
    cases = [row for row in desk.rows("cases") if row.status in INFECTED]
    assert figures["infections"] == len(cases)
    assert figures["isolation_beds"] == 40
    done = sum(task.status == "done" for task in desk.rows("tasks"))
    assert sum(one.done for one in found.departments) == done
    assert any("open" in text for text in found.stands_in_the_way)


def test_growth_has_its_interval_and_a_week_is_held_against_the_week_before(
    school: tuple[Desk, str],
) -> None:
    found = ask(school, "analyse")
    by_about = {one.about: one for one in found.changes}
    growth, weeks = by_about["growth"].figure, by_about["new infections"].figure
    assert growth.low < growth.value < growth.high
    assert weeks.low < weeks.value < weeks.high
    assert by_about["new infections"].sure == (weeks.low > 1 or weeks.high < 1)


def test_the_cause_leads_to_the_measure_its_department_and_what_it_lacks(
    school: tuple[Desk, str],
) -> None:
    cause = ask(school, "diagnose").causes[0]
    assert (cause.kind, cause.about) == ("setting", "school")
    actions = ask(school, "guide").actions
    (action,) = [one for one in actions if one.because == cause.says]
    assert action.do.startswith("school closure") and action.department == "education"
    assert action.lacks == ("staff",)


def test_the_same_question_has_the_same_forecast_and_fingerprint(school: tuple[Desk, str]) -> None:
    one, two = ask(school, "predict", days=5), ask(school, "predict", days=5)
    assert msgspec.json.encode(one) == msgspec.json.encode(two)
    assert len(one.days) == 5 and one.simulated and one.fingerprint
    assert one.fingerprint != ask(school, "predict", days=6).fingerprint
    assert all(
        day.low_90 <= day.low_50 <= day.median <= day.high_50 <= day.high_90 for day in one.days
    )


def test_an_instant_of_the_past_shows_what_was_known_then(school: tuple[Desk, str]) -> None:
    desk, _ = school
    opened = min(row["opened_at"] for row in desk.incidents())
    early = ask(school, "describe", at=opened)
    late = ask(school, "describe")
    assert {f.name: f.value for f in early.figures}["infections"] < {
        f.name: f.value for f in late.figures
    }["infections"]


def test_no_answer_holds_a_person(school: tuple[Desk, str]) -> None:
    desk, _ = school
    subjects = {row.subject for row in desk.rows("cases")} | {
        row.subject for row in desk.rows("contacts")
    }
    words = {
        word.strip('".,:()')
        for name in FUNCTIONS
        for word in msgspec.json.encode(ask(school, name)).decode().split()
    }
    assert not subjects & words


def test_elsewhere_absent_and_nonsense_are_refused(school: tuple[Desk, str]) -> None:
    desk, incident = school
    ground = Basemap(desk.platform)
    elsewhere = Caller(name="wu", role="duty_officer", areas=("310115",))
    for caller, name in ((elsewhere, incident), (desk.me, "nothing")):
        with pytest.raises(AbsentError):
            answer_function(desk.platform, ground, caller, "diagnose", name)
    for days in (0, 1000):
        with pytest.raises(InputError):
            ask(school, "predict", days=days)
    with pytest.raises(InputError):
        ask(school, "divine")


def texts_in(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        for name, value in part.items():
            yield from texts_in(value if name not in IDS else "")
    elif isinstance(part, list):
        for value in part:
            yield from texts_in(value)


def test_in_chinese_no_sentence_is_english(school: tuple[Desk, str]) -> None:
    words = school[0].platform.reference.library.words
    with reading_in("zh", words):
        told = {
            name: write_for_reader(msgspec.json.encode(ask(school, name))) for name in FUNCTIONS
        }
    for name, content in told.items():
        texts = [COMMAND.sub("", one) for one in texts_in(msgspec.json.decode(content))]
        assert sum(bool(CHINESE.search(one)) for one in texts) > 3, name
        assert [one for one in texts if ENGLISH.search(one)] == [], name


def test_both_languages_say_the_same_numbers(school: tuple[Desk, str]) -> None:
    english = ask(school, "diagnose")
    with reading_in("zh", school[0].platform.reference.library.words):
        chinese = ask(school, "diagnose")
    for one, other in zip(english.causes, chinese.causes, strict=True):
        assert (one.kind, one.about, one.score) == (other.kind, other.about, other.score)
        assert set(NUMBER.findall(one.says)) == set(NUMBER.findall(other.says)), one.says
