"""Each of the ten questions in several wordings, English and Chinese, and questions that have no
answer here.
"""

from __future__ import annotations

import pytest

from twinward.library.knowledge.answering import Live, ask
from twinward.library.knowledge.graph import build_graph
from twinward.library.loading import load_library

GRAPH = build_graph(load_library())
LIVE = Live(
    stocks={"test_kits": 1e9, "tracers": 150.0},
    areas={"310104": "徐汇区 Xuhui"},
    incidents=(("inc-1", "epidemic/x", "closed, plan epidemic-iii-contain, 9 tasks done"),),
    drilled=frozenset({"epidemic-iv-watch"}),
)
ASKED = {
    "lowers": [
        "Which measures lower transmission in schools?",
        "what reduces spread among pupils",
        "How can we stop infections in classrooms?",
        "What works against transmission in schools?",
        "measures for schools that cut transmission",
        "which interventions are effective in schools",
        "什么办法可以控制校园传播",
        "what helps in care homes",
        "what would bring down infections at workplaces",
        "which steps keep the virus out of nursing homes",
        "怎样让公共交通的传播降下来",
        "how do we keep pupils safe from catching it at school",
        "give me options to slow things down in factories",
        "怎样保护养老院的老人不被感染",
        "suggest actions that make buses and trains safer from infection",
        "怎样让医院里少一些感染",
    ],
    "needs": [
        "Which measures need tracers?",
        "which of the measures use contact tracers",
        "what depends on tracers",
        "for what do we need tracing staff",
        "Which interventions require tracers",
        "哪些措施需要流调人员？",
        "什么措施要用流调人员",
        "需要追踪人员的措施有哪些",
        "what are test kits used for",
        "which measures would use nurses",
        "疫苗用在哪些措施上",
        "tracers are required by which measures",
        "which actions consume test kits",
        "哪些工作离不开流调人员",
        "where do we use vaccine doses",
    ],
    "missing": [
        "What does epidemic-ii-suppress need that we lack today?",
        "what are we short of for epidemic-ii-suppress",
        "which resources are missing for the plan epidemic-ii-suppress",
        "do we have everything epidemic-ii-suppress needs?",
        "what is still needed for epidemic-ii-suppress",
        "epidemic-ii-suppress 今天还缺什么？",
        "What do we lack today?",
        "what does the plan Suppress: community transmission need that we lack",
        "is anything missing for epidemic-i-whole-city",
        "how short are we for epidemic-iii-contain",
        "物资够不够执行epidemic-i-whole-city",
        "what shortages would epidemic-i-whole-city run into today",
        "are there enough resources for epidemic-ii-suppress",
        "what else do we have to procure for epidemic-ii-suppress",
        "epidemic-ii-suppress 的物资够吗",
    ],
    "who": [
        "Who is accountable for mass testing in Xuhui?",
        "which department is responsible for school closure",
        "who does the interview of a case",
        "who answers for contact tracing in Xuhui",
        "whose job is disinfection",
        "谁负责徐汇区的全员检测",
        "停课归谁管",
        "哪个单位承担消毒工作",
        "who must close the schools in Xuhui",
        "whom do I call about food deliveries",
        "徐汇谁来管隔离点",
        "name the department accountable for quarantine places in Xuhui",
        "who leads contact tracing",
        "徐汇的停课由谁决定",
        "徐汇的消毒归哪个部门",
    ],
    "past": [
        "Which past incidents are like this one and what worked there?",
        "have we seen something similar before",
        "what happened in earlier epidemics and what helped",
        "similar incidents and their lessons",
        "过去有哪些类似的事件，什么有效？",
        "以前类似疫情怎么处理的",
        "有没有相似的历史案例",
        "is there a precedent for this",
        "what did we learn last time",
        "历史上有没有发生过这种情况",
        "show comparable incidents from the past and the measures that worked",
        "was there ever an outbreak like this",
        "之前有过像这次一样的疫情吗，哪些措施管用",
        "以往相似疫情的经验",
    ],
    "contradict": [
        "What contradicts what?",
        "which measures contradict each other",
        "what conflicts with mass testing",
        "which measures cannot be combined",
        "which measures work against each other",
        "哪些措施互相矛盾？",
        "什么与全员检测冲突",
        "哪些措施不能同时使用",
        "can mass testing and gathering limits go together",
        "which measures should not be used at the same time",
        "封控和出行限制有冲突吗",
        "are there measures that hinder one another",
        "does home quarantine clash with central quarantine",
        "居家隔离和集中隔离是否矛盾",
        "may lockdown and a travel ban run in parallel",
        "哪些措施彼此冲突",
    ],
    "evidence": [
        "What evidence does school closure have?",
        "how sure are we that masks work",
        "is lockdown backed by studies",
        "what do studies say about contact tracing",
        "how good is the evidence for mass testing",
        "停课有什么证据？",
        "口罩的效果有研究支持吗",
        "封控的科学依据是什么",
        "does school closure work according to research",
        "is there a source for the effect of masks",
        "有没有论文支持密接追踪",
        "what is the scientific basis of lockdown",
        "any studies on vaccination",
        "出行限制有没有用，有证据吗",
        "how strong is the proof for face masks",
        "接种疫苗的效果有依据吗",
    ],
    "drilled": [
        "Which plans have never been drilled?",
        "which plans have not been exercised",
        "what plans were never practised",
        "plans without a drill",
        "untested plans?",
        "哪些预案从未演练过？",
        "哪些方案没有演练",
        "没演习过的预案",
        "which plans did nobody rehearse yet",
        "list plans we have not trained",
        "哪个预案还没演练",
        "which of our plans lack a drill",
        "have all plans been exercised",
        "哪些预案一次都没演练过",
        "name the plans that were never part of an exercise",
        "有没有哪个预案没被演习过",
    ],
    "lost": [
        "What becomes impossible if we lose the test kits?",
        "what can't we do any more without tracers",
        "what fails if quarantine rooms run out",
        "if the barriers are gone, what stops?",
        "what if there are no more nurses?",
        "失去检测试剂后什么做不了？",
        "如果没有流调人员，哪些工作无法进行",
        "隔离房间用完了会影响什么",
        "suppose we have no vehicles left: what breaks",
        "what depends on tracers and would stop without them",
        "车辆没了会怎样",
        "what is no longer possible when the barriers are gone",
        "if we ran out of food baskets, what would fail",
        "护士没有了，哪些措施做不成",
        "what happens to our plans once the tracers are lost",
        "没有检测试剂会怎样",
    ],
    "manual": [
        "Which manual goes with the interview of a case?",
        "is there a handbook for disinfection",
        "where is the guide for mass testing",
        "instructions for school closure?",
        "how do I interview a case",
        "消毒用哪本手册？",
        "流调访谈有指南吗",
        "Which manual goes with this task: Open quarantine places",
        "what document describes how to test a whole area",
        "show the procedure for a transfer of cases",
        "转运有什么规程",
        "point me to the manual for disinfecting places",
        "which instructions belong to the transfer task",
        "闭环转运的操作手册是哪本",
        "where do I read how to open quarantine places",
        "密接管控按照哪个规程做",
    ],
}


@pytest.mark.parametrize("asks", ASKED)
def test_every_wording_is_understood_and_answered_with_a_path(asks: str) -> None:
    for question in ASKED[asks]:
        found = ask(GRAPH, question, LIVE)
        assert (found.answered, found.asks) == (True, asks), question
        assert all(len(answer.path) >= 3 for answer in found.answers), question


@pytest.mark.parametrize(
    "question",
    [
        "what is the weather tomorrow",
        "tell me a joke",
        "今天天气怎么样",
        "how tall is the moon?",
        "谁是市长",
        "buy milk",
    ],
)
def test_what_the_library_does_not_know_is_not_made_up(question: str) -> None:
    assert not ask(GRAPH, question, LIVE).answered


def test_a_contradiction_says_why() -> None:
    found = {one.id: one for one in ask(GRAPH, "what contradicts mass testing?").answers}
    assert (
        "a judgement: queues before test sites are gatherings"
        in found["measure:gathering_limit"].because
    )
