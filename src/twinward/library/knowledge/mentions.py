"""What a question names: things of the graph by their names, and kinds of them."""

from __future__ import annotations

import re

from twinward.library.knowledge.graph import Graph, Node
from twinward.library.knowledge.intents import stems


def unknown_thing(question: str) -> bool:
    """Whether a question that may be asked freely names something in quotes or capitals that
    nobody knows.
    """
    return bool(re.search(r"[\"“”'][^\"“”']+[\"“”']", question))


def speaks_of_any(question: str, kind: str) -> bool:
    """Whether it asks of any thing of a kind (`a measure`, `this task`): then all of them are
    meant.
    """
    words = {"task": "task|duty|job"}.get(kind, kind)
    return bool(re.search(rf"\b(an?|any|each|every|this|that) ({words})\b", question.lower()))


def mentioned(graph: Graph, question: str, kind: str) -> list[Node]:
    """Nodes of a kind that the question names: by the longest name, else by most of the words of
    the title.
    """
    text = " " + re.sub(r"[^\w\u4e00-\u9fff]+", " ", question.lower()) + " "
    hits = [
        (len(name), node)
        for node in graph.of_kind(kind)
        for name in node.names
        if names_it(name, text)
    ]
    if hits:
        best = max(length for length, _ in hits)
        return list({node.id: node for length, node in hits if length == best}.values())
    asked = stems(text)
    scored = [
        (share(stems(node.title), asked), node)
        for node in graph.of_kind(kind)
        if kind in ("task", "plan")
    ]
    best_share = max((score for score, _ in scored), default=0.0)
    return [node for score, node in scored if score == best_share and score >= 0.5]


def names_it(name: str, text: str) -> bool:
    plain = re.sub(r"[^\w\u4e00-\u9fff]+", " ", name).strip()
    if re.search(r"[\u4e00-\u9fff]", plain):
        return plain in text
    return bool(plain) and (f" {plain} " in text or f" {plain}s " in text)


def share(own: set[str], asked: set[str]) -> float:
    return len(own & asked) / len(own) if own else 0.0
