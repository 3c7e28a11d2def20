"""Answers questions from the knowledge graph, each with the path that led to it, or says that it
cannot.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import msgspec

from twinward.library.knowledge.graph import Edge, Graph, Node
from twinward.library.knowledge.intents import VERY_LIKE, nearest
from twinward.library.knowledge.mentions import mentioned, speaks_of_any, unknown_thing


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that answers; `path` alternates node, edge, node."""

    id: str
    kind: str
    title: str
    because: str
    path: tuple[str, ...]


class FoundAnswers(msgspec.Struct, frozen=True, kw_only=True):
    """`answered` is false when the question or what it names is not understood; `note` then says
    what is.
    """

    question: str
    answered: bool
    asks: str | None
    about: tuple[str, ...]
    answers: tuple[Answer, ...]
    note: str


class Live(msgspec.Struct, frozen=True, kw_only=True):
    """What a workspace adds: usable stock by kind, areas by code, past incidents as words, plans
    that were drilled.
    """

    stocks: Mapping[str, float] = {}
    areas: Mapping[str, str] = {}
    incidents: tuple[tuple[str, str, str], ...] = ()  # id, hazard, what happened and what was done
    drilled: frozenset[str] = frozenset()


# intent: words that ask for it, any group of which must all occur; the first that fits is taken
INTENTS: tuple[tuple[str, str], ...] = (
    (
        "manual",
        r"\b(manuals?|handbooks?|guide|guidance|instructions?|how[ -]to|procedures?"
        r"|how (do|does|should) (i|we|one)|sop)\b|手册|指南|规程|指引|怎么做|如何操作",
    ),
    (
        "evidence",
        r"\b(evidence|stud(y|ies)|papers?|proof|proven|prove|research|trials?|literature|how "
        r"(sure|certain)"
        r"|do we know (that|whether|if))\b|证据|研究|论文|依据|科学",
    ),
    (
        "drilled",
        r"\b(drill(ed|s)?|exercised?|rehears(ed|al)|practi[sc]ed|untested|never tried)\b|演练|演习",
    ),
    (
        "contradict",
        r"\b(contradict\w*|conflict\w*|incompatible|clash\w*|work against each|at odds|at the "
        r"same time"
        r"|exclude each|(cannot|can't|must not) (be (combined|used together)|go "
        r"together|combine))\b"
        r"|矛盾|冲突|抵触|不能同时|不能并用",
    ),
    (
        "lost",
        r"\b(impossible|los[et]|losing|lack of|without|run(s|ning)? out|cannot (be )?do|no "
        r"more|unavailable"
        r"|(is|are) gone|gone,)\b|失去|耗尽|用完|无法|没有了|做不|如果没有",
    ),
    (
        "missing",
        r"\b(lack(s|ing)?|miss(ing)?|short(age|fall)?s?|do(n't| not) have|insufficient|still "
        r"need(s|ed)?"
        r"|have (everything|all|enough))\b|缺|不足|短缺|不够",
    ),
    (
        "who",
        r"\b(who|whose|accountable|responsible|in charge|which department|which office)\b"
        r"|谁|哪个部门|哪个单位|负责|责任|承担",
    ),
    (
        "past",
        r"\b(past|previous|earlier|before|similar|like this|history|historical|precedents?)\b"
        r"|以往|以前|过去|类似|相似|历史|曾经",
    ),
    (
        "lowers",
        r"\b(lower|reduc|cut|slow|stop|curb|limit|decreas|prevent|diminish|help|works? "
        r"against|effective"
        r"|protect)\w*\b|降低|减少|阻断|减缓|控制|遏制|防止|有效",
    ),
    (
        "needs",
        r"\b(need|requir|use|depend|take|consum|rely|relies|call for)\w*\b"
        r"|需要|依赖|使用|消耗|要用",
    ),
)
# what is asked often and is not in the graph: the words, unless those of the second group stand
# beside them, and where it is said
ELSEWHERE: tuple[tuple[str, str, str], ...] = (
    (
        r"\bmodels?\b|模型",
        "",
        "models are listed by `twinward model list`, each with its card and its checks",
    ),
    (
        r"\b(costs?|prices?|expensive|cheap(er|est)?|budget|how much (is|are|do|does))\b"
        r"|价格|多少钱|费用|成本",
        r"\b(need|requir|lack|short)\w*\b|需要",
        "the library holds no prices; `twinward plan compare` reckons with those of a file that "
        "can be edited",
    ),
    (
        r"\bhow (many|much)\b|多少",
        r"\b(need|requir|lack|short|miss|use|take)\w*\b|需要|缺",
        "the library counts nothing of today; see `twinward supply list` for stocks and `twinward "
        "city describe` for places",
    ),
)
KINDS = {
    "manual": ("task", "measure"),
    "evidence": ("measure",),
    "drilled": ("hazard",),
    "contradict": ("measure",),
    "lost": ("resource",),
    "missing": ("plan", "measure"),
    "who": ("task", "measure", "department"),
    "past": ("hazard",),
    "lowers": ("setting",),
    "needs": ("resource", "measure", "plan"),
}
MEASURES = r"\b(measures?|interventions?)\b|措施"  # who asks for measures wants no plans and tasks
FREE = ("drilled", "contradict", "past", "missing")  # may be asked about everything


def ask(graph: Graph, question: str, live: Live | None = None) -> FoundAnswers:
    """What the graph says to a question in English or Chinese.

    The words that say what is asked come first; where they name nothing that is known, or there are
    none, the example questions that it is most like decide, and then it must name something.
    """
    for words, unless, where in ELSEWHERE:
        text = question.lower()
        if re.search(words, text) and not (unless and re.search(unless, text)):
            return no_answer(question, None, (), where)
    told = next((name for name, words in INTENTS if re.search(words, question.lower())), None)
    found = answer(graph, question, told, live) if told is not None else None
    if found is not None and (found.answered or found.about):
        return found
    for asks, likeness in nearest(question):
        other = answer(graph, question, asks, live)
        if other.answered and (other.about or (told is None and likeness >= VERY_LIKE)):
            return other
    return found or no_answer(question, None, (), "what is asked is not understood")


def answer(graph: Graph, question: str, asks: str, live: Live | None) -> FoundAnswers:
    """What the graph says when this is what is asked."""
    about = [node for kind in KINDS[asks] for node in mentioned(graph, question, kind)]
    about = about or [
        node
        for kind in KINDS[asks]
        if speaks_of_any(question, kind)
        for node in graph.of_kind(kind)
    ]
    if not about and (asks not in FREE or unknown_thing(question)):
        return no_answer(question, asks, (), "what it asks about is not in the library")
    answers, note = ANSWER[asks](graph, about, live, question)
    names = tuple(node.id for node in about)
    if not answers:
        return no_answer(question, asks, names, note or "the library says nothing about it")
    return FoundAnswers(
        question=question, answered=True, asks=asks, about=names, answers=tuple(answers), note=note
    )


def no_answer(question: str, asks: str | None, about: tuple[str, ...], why: str) -> FoundAnswers:
    return FoundAnswers(
        question=question,
        answered=False,
        asks=asks,
        about=about,
        answers=(),
        note=f"no answer: {why}",
    )


Answered = tuple[list[Answer], str]
Answerer = Callable[[Graph, list[Node], Live | None, str], Answered]


def step(graph: Graph, node: str, because: str, *path: str) -> Answer:
    found = graph.nodes[node]
    return Answer(id=node, kind=found.kind, title=found.title, because=because, path=path)


def answer_neighbours(graph: Graph, edges: list[Edge], *, to_end: bool) -> list[Answer]:
    """The far end of each edge."""
    answers = []
    for edge in edges:
        far = edge.end if to_end else edge.start
        said = f"{graph.nodes[edge.start].title} {edge.kind} {graph.nodes[edge.end].title}"
        fact = edge.fact or graph.nodes[far].fact
        answers.append(
            step(graph, far, said + (f": {fact}" if fact else ""), edge.start, edge.kind, edge.end)
        )
    return answers


def answer_lowering(graph: Graph, about: list[Node], live: Live | None, question: str) -> Answered:
    """Measures that act in a setting: those that act there alone first, those that act everywhere
    last.
    """
    edges = [e for node in about for e in graph.find("lowers transmission in", end=node.id)]
    edges.sort(key=lambda edge: len(graph.find("lowers transmission in", start=edge.start)))
    return answer_neighbours(graph, edges, to_end=False), ""


def answer_needs(graph: Graph, about: list[Node], live: Live | None, question: str) -> Answered:
    """Who needs a resource; what a measure or plan needs where no resource is named."""
    resources = [node for node in about if node.kind == "resource"]
    other = len(resources) < len(about) and re.search(r"\bwhat do(es)?\b", question.lower())
    if resources and not other:
        found = answer_neighbours(
            graph, [e for node in resources for e in graph.find("needs", end=node.id)], to_end=False
        )
        measures = [
            one for one in found if one.kind == "measure" and re.search(MEASURES, question.lower())
        ]
        return measures or found, ""
    others = [node for node in about if node.kind != "resource"] or resources
    return answer_neighbours(
        graph, [e for node in others for e in graph.find("needs", start=node.id)], to_end=True
    ), ""


def answer_missing(graph: Graph, about: list[Node], live: Live | None, question: str) -> Answered:
    """What is needed against what there is today."""
    named = about or list(graph.of_kind("plan"))
    edges = [edge for node in named for edge in graph.find("needs", start=node.id)]
    if live is None:
        return answer_neighbours(
            graph, edges, to_end=True
        ), "without a workspace: all that is needed; what there is is not known"
    answers = []
    for edge in edges:
        have = live.stocks.get(edge.end.partition(":")[2], 0.0)
        wanted = float(edge.fact or 1.0)
        if have < wanted:
            because = f"needs {wanted:g}, there are {have:g} today: {wanted - have:g} short"
            answers.append(
                step(
                    graph,
                    edge.end,
                    because,
                    edge.start,
                    edge.kind,
                    edge.end,
                    "has today",
                    f"{have:g}",
                )
            )
    return answers, "" if answers else "nothing is short: what is in stock today covers it"


def answer_department(
    graph: Graph, about: list[Node], live: Live | None, question: str
) -> Answered:
    """The department of a task, or of the tasks that put a measure in force; a department's own
    duties.
    """
    text = question.lower()
    area = next(
        (
            c
            for c, n in (live.areas if live else {}).items()
            if c.lower() in text or n.lower() in text
        ),
        None,
    )
    where = f" in {area} ({live.areas[area]})" if live and area else ""
    answers = []
    measures = [n for n in about if n.kind == "measure"]  # named for what it does, not for a word
    for node in measures or [n for n in about if n.kind != "department"] or about:
        tasks = (
            [node.id]
            if node.kind == "task"
            else [e.start for e in graph.find("puts in force", end=node.id)]
        )
        for edge in [e for task in tasks for e in graph.find("is accountable for", end=task)]:
            path: tuple[str, ...] = (edge.start, edge.kind, edge.end)
            path += ("puts in force", node.id) if node.kind == "measure" else ()
            path += ("in", f"area:{area}") if area else ()
            because = (
                f"{graph.nodes[edge.start].title} is accountable for: "
                f"{graph.nodes[edge.end].title}{where}"
            )
            answers.append(step(graph, edge.start, because, *path))
        if node.kind == "department":
            answers += answer_neighbours(
                graph, graph.find("is accountable for", start=node.id), to_end=True
            )
    return answers, ""


def answer_past_incidents(
    graph: Graph, about: list[Node], live: Live | None, question: str
) -> Answered:
    if live is None:
        return [], "past incidents are in a workspace: name it with --workspace"
    wanted = {node.id.partition(":")[2] for node in about}
    fitting = [row for row in live.incidents if not wanted or row[1].partition("/")[0] in wanted]
    answers = [
        Answer(
            id=f"incident:{i}",
            kind="incident",
            title=i,
            because=said,
            path=(f"incident:{i}", "is of", f"hazard:{h}"),
        )
        for i, h, said in fitting
    ]
    return answers, "" if answers else "no past incident is recorded"


def answer_contradictions(
    graph: Graph, about: list[Node], live: Live | None, question: str
) -> Answered:
    edges = graph.find("contradicts")
    fitting = [e for node in about for e in edges if e.start == node.id] if about else edges
    return answer_neighbours(graph, fitting, to_end=True), ""


def answer_evidence(graph: Graph, about: list[Node], live: Live | None, question: str) -> Answered:
    return answer_neighbours(
        graph, [e for node in about for e in graph.find("has evidence", start=node.id)], to_end=True
    ), ""


def drilled(graph: Graph, about: list[Node], live: Live | None, question: str) -> Answered:
    answers = []
    for plan in graph.of_kind("plan"):
        answering = graph.find("answers", start=plan.id)
        if about and not any(edge.end == node.id for edge in answering for node in about):
            continue
        if plan.id.partition(":")[2] not in (live.drilled if live else frozenset()):
            answers.append(
                step(graph, plan.id, "no drill of it is recorded", plan.id, "drilled in", "nothing")
            )
    return answers, "" if live else "without a workspace no drill is known"


def answer_dependents(
    graph: Graph, about: list[Node], live: Live | None, question: str
) -> Answered:
    """What needs the resource, and the plans that use or order what needs it."""
    answers = []
    for node in about:
        for edge in graph.find("needs", end=node.id):
            answers += answer_neighbours(graph, [edge], to_end=False)
            users = graph.find("uses", end=edge.start) + graph.find("orders", end=edge.start)
            for user in users:
                because = f"{graph.nodes[user.start].title} {user.kind} what needs {node.title}"
                way = (user.start, user.kind, edge.start, edge.kind, node.id)
                answers.append(step(graph, user.start, because, *way))
    return answers, ""


def answer_manuals(graph: Graph, about: list[Node], live: Live | None, question: str) -> Answered:
    answers = []
    for node in about:
        tasks = (
            [node.id]
            if node.kind == "task"
            else [e.start for e in graph.find("puts in force", end=node.id)]
        )
        answers += answer_neighbours(
            graph, [e for task in tasks for e in graph.find("follows", start=task)], to_end=True
        )
    return answers, ""


ANSWER: dict[str, Answerer] = {
    "lowers": answer_lowering,
    "needs": answer_needs,
    "missing": answer_missing,
    "who": answer_department,
    "past": answer_past_incidents,
    "contradict": answer_contradictions,
    "evidence": answer_evidence,
    "drilled": drilled,
    "lost": answer_dependents,
    "manual": answer_manuals,
}
