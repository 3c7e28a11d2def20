"""The library answers the questions of an incident with its reasoning, in new words too, and
says when it cannot.
"""

from __future__ import annotations

import pytest

from twinward.library.hazards.protective import load_hazard_measures
from twinward.library.knowledge.answering import Live, ask
from twinward.library.knowledge.graph import build_graph
from twinward.library.loading import load_library

GRAPH = build_graph(load_library())
LIVE = Live(
    stocks={"test_kits": 1e9, "tracers": 150.0},
    areas={"310104": "Xuhui"},
    incidents=(("inc-1", "epidemic/x", "closed, plan epidemic-iii-contain, 9 tasks done"),),
    drilled=frozenset({"epidemic-iv-watch"}),
)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Which measures lower transmission in schools?", "measure:school_closure"),
        ("What could slow the spread in nursing homes?", "measure:masks"),
        ("哪些措施能减少地铁里的传播？", "measure:masks"),
        ("Which measures need tracers?", "measure:contact_tracing"),
        ("What requires vaccine doses?", "measure:vaccination"),
        ("What does mass testing need?", "resource:test_kits"),
        ("What does epidemic-ii-suppress need that we lack today?", "resource:tracers"),
        ("Who is accountable for mass testing in Xuhui?", "department:health"),
        ("谁负责全员检测", "department:health"),
        ("Which past incidents are like this one and what worked there?", "incident:inc-1"),
        ("What contradicts mass testing?", "measure:gathering_limit"),
        ("What evidence is there for lockdown?", "evidence:flaxman-2020"),
        ("口罩有什么证据", "evidence:abaluck-2022"),
        ("Which plans have never been drilled?", "plan:epidemic-iii-contain"),
        ("What becomes impossible if we lose the quarantine rooms?", "plan:epidemic-i-whole-city"),
        ("Which manual goes with the interview of a case?", "manual:manuals/interview.md"),
        ("who is accountable for a duty in an area", "department:education"),
        ("what evidence a measure has", "evidence:flaxman-2020"),
        ("what becomes impossible if a resource is lost", "measure:contact_tracing"),
        ("which manual goes with this task", "manual:manuals/disinfection.md"),
        ("谁负责Xuhui的核酸检测", "department:health"),
    ],
)
def test_a_question_is_answered_with_its_path(question: str, expected: str) -> None:
    found = ask(GRAPH, question, LIVE)
    assert found.answered
    answer = next(one for one in found.answers if one.id == expected)
    assert len(answer.path) >= 3
    assert answer.path[0] in GRAPH.nodes or answer.kind == "incident"


def test_what_is_in_stock_is_not_lacked_and_what_was_drilled_is_not_undrilled() -> None:
    lacked = {
        a.id for a in ask(GRAPH, "What does epidemic-ii-suppress need that we lack?", LIVE).answers
    }
    assert "resource:test_kits" not in lacked
    undrilled = {a.id for a in ask(GRAPH, "which plans were never drilled", LIVE).answers}
    assert "plan:epidemic-iv-watch" not in undrilled


@pytest.mark.parametrize(
    "question",
    [
        "",
        "hello",
        "Which measures lower transmission on the moon?",
        "What evidence is there for unicorns?",
        "Who is accountable for dragons?",
        "Which measures need phlogiston?",
        "what do masks cost",
        "which models are there for epidemics",
        "how many beds does Klinikum have",
        "口罩多少钱",
        "有哪些疫情模型",
    ],
)
def test_it_says_that_there_is_no_answer(question: str) -> None:
    found = ask(GRAPH, question, LIVE)
    assert not found.answered
    assert found.note.startswith("no answer")


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("measures in schools", "school_closure"),
        ("Which measures lower transmission in schools?", "school_closure"),
        ("who is accountable for closing schools", "school_closure"),
        ("谁负责关闭学校", "school_closure"),
        ("How many tracers does contact tracing need?", "contact_tracing"),
    ],
)
def test_the_answer_that_was_meant_stands_first(question: str, first: str) -> None:
    found = ask(GRAPH, question, LIVE)
    assert f"measure:{first}" in found.answers[0].path


def test_past_incidents_need_a_workspace() -> None:
    assert "workspace" in ask(GRAPH, "which past incidents are like this", None).note


def test_every_measure_has_evidence_or_acts_on_no_disease() -> None:
    for node in GRAPH.of_kind("measure"):
        name = node.id.removeprefix("measure:")
        assert GRAPH.find("has evidence", start=node.id) or name in load_hazard_measures()
