"""Questions to the library with the state of the day: stocks, incidents and areas that concern
who asks, no others.
"""

from __future__ import annotations

from helpers.cities import HUANGPU, Desk
from twinward.security.identity.people import Caller
from twinward.service.assessment import knowledge_questions


def test_without_a_workspace_the_library_answers_from_itself() -> None:
    found = knowledge_questions.search("which measures lower transmission in schools?")
    assert found.answers and all(answer.path for answer in found.answers)


def test_what_is_lacked_today_follows_from_the_stocks_of_those_who_may_see_them(desk: Desk) -> None:
    question = "what does epidemic-ii-suppress need that we lack today?"
    before = knowledge_questions.search(question, desk.platform, desk.me)
    assert any(
        "test kits" in answer.title.lower() or "test_kits" in answer.because
        for answer in before.answers
    )
    desk.post("SetStock", area=HUANGPU, kind="test_kits", quantity=10**7, unit="kits")
    after = knowledge_questions.search(question, desk.platform, desk.me)
    assert len(after.answers) == len(before.answers) - 1
    elsewhere = Caller(name="sun", role="duty_officer", areas=("310115",))
    assert knowledge_questions.search(question, desk.platform, elsewhere).answers == before.answers


def test_past_incidents_are_told_with_their_plan_and_measures(desk: Desk) -> None:
    desk.case()
    question = "which past incidents are like an epidemic, and what worked?"
    still = knowledge_questions.search(question, desk.platform, desk.me)
    assert (still.answered, still.note) == (False, "no answer: no past incident is recorded")
    desk.complete_all()
    desk.quiet_days(15)
    assert desk.incidents()[0]["status"] == "closed"
    found = knowledge_questions.search(question, desk.platform, desk.me)
    assert any("epidemic-iv-watch" in answer.because + answer.title for answer in found.answers)
    elsewhere = Caller(name="sun", role="duty_officer", areas=("310115",))
    there = knowledge_questions.search(
        "which past incidents are like an epidemic, and what worked?", desk.platform, elsewhere
    )
    assert not any("epidemic-iv-watch" in answer.because for answer in there.answers)
