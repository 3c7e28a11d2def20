"""The knowledge graph: typed nodes and edges of hazards, plans, measures, resources,
departments, evidence, manuals.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator

import msgspec

from twinward.core.language import READER
from twinward.library.loading import HOME, Library
from twinward.library.manuals import list_manuals
from twinward.library.plans.plan import SAME_AS, Plan
from twinward.library.supplies.resources import list_resources


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A thing; `names` are all words by which people call it, in English and Chinese. `fact`:
    what is said of it.
    """

    id: str
    kind: str
    title: str
    zh: str = ""
    names: tuple[str, ...] = ()
    fact: str = ""

    @property
    def called(self) -> str:
        """Its title in the reader's language."""
        return self.zh if self.zh and READER.get().language == "zh" else self.title


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """`kind` reads from the first to the second: `lowers transmission in`, `needs`, `is
    accountable for`, …
    """

    start: str
    kind: str
    end: str
    fact: str = ""


class Graph(msgspec.Struct, kw_only=True):
    """All nodes by id, and the edges."""

    nodes: dict[str, Node] = {}
    edges: list[Edge] = []

    def add(
        self,
        kind: str,
        key: str,
        title: str,
        zh: str = "",
        names: Iterable[str] = (),
        fact: str = "",
    ) -> str:
        name = f"{kind}:{key}"
        words = tuple(
            dict.fromkeys(w.lower() for w in (title, zh, key, key.replace("_", " "), *names) if w)
        )
        self.nodes.setdefault(
            name, Node(id=name, kind=kind, title=title, zh=zh, names=words, fact=fact)
        )
        return name

    def join(self, start: str, kind: str, end: str, fact: str = "") -> None:
        edge = Edge(start=start, kind=kind, end=end, fact=fact)
        if start in self.nodes and end in self.nodes and edge not in self.edges:
            self.edges.append(edge)

    def find(self, kind: str, *, start: str | None = None, end: str | None = None) -> list[Edge]:
        """Edges of a kind, from or to a node."""
        fitting = (e for e in self.edges if e.kind == kind)
        return [e for e in fitting if start in (None, e.start) and end in (None, e.end)]

    def of_kind(self, kind: str) -> Iterator[Node]:
        return (node for node in self.nodes.values() if node.kind == kind)


class _Measure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    title: str
    zh: str
    aliases: tuple[str, ...]
    settings: tuple[str, ...]
    needs: tuple[str, ...]
    evidence: tuple[str, ...]


class _Evidence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    title: str
    says: str


class _Contradiction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Two measures that work against each other at one place and time, and why."""

    one: str
    other: str
    because: str


class _Name(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    zh: str
    aliases: tuple[str, ...]
    title: str = ""


class _Words(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    measure: tuple[_Measure, ...]
    evidence: tuple[_Evidence, ...]
    setting: tuple[_Name, ...]
    resource_name: tuple[_Name, ...]
    department_name: tuple[_Name, ...]
    task_name: tuple[_Name, ...]
    contradiction: tuple[_Contradiction, ...]


def build_graph(library: Library) -> Graph:
    """The graph of the library's own data; live facts are added by who has them."""
    graph = Graph(nodes={}, edges=[])
    words = msgspec.convert(tomllib.loads((HOME / "knowledge.toml").read_text("utf-8")), _Words)
    resource_names = {one.id: one for one in words.resource_name}
    for key, resource in list_resources().items():
        name = resource_names.get(key)
        graph.add(
            "resource", key, resource.title, name.zh if name else "", name.aliases if name else ()
        )
    department_names = {one.id: one for one in words.department_name}
    for key, department in library.departments.items():
        name = department_names.get(key)
        own = (name.zh, name.aliases) if name else ("", ())
        graph.add("department", key, department.title, *own, fact=department.duty)
    for setting in words.setting:
        graph.add("setting", setting.id, setting.title, setting.zh, setting.aliases)
    for evidence in words.evidence:
        graph.add("evidence", evidence.id, evidence.title, fact=evidence.says)
    for hazard in library.hazards.values():
        graph.add("hazard", hazard.id, hazard.title, hazard.zh)
    chinese = {manual.path: manual.title for manual in list_manuals("zh")}
    for manual in list_manuals("en"):
        graph.add("manual", manual.path, manual.title, chinese[manual.path])
    add_measures(graph, words.measure)
    for pair in words.contradiction:
        for one, other in ((pair.one, pair.other), (pair.other, pair.one)):
            graph.join(f"measure:{one}", "contradicts", f"measure:{other}", pair.because)
    task_names = {one.id: one for one in words.task_name}
    for plan in library.plans.values():
        add_plan(graph, plan, task_names)
    return graph


def add_measures(graph: Graph, measures: tuple[_Measure, ...]) -> None:
    for one in measures:
        graph.add("measure", one.id, one.title, one.zh, one.aliases)
    for one in measures:
        name = f"measure:{one.id}"
        for setting in one.settings:
            graph.join(name, "lowers transmission in", f"setting:{setting}")
        for resource in one.needs:
            graph.join(name, "needs", f"resource:{resource}")
        for evidence in one.evidence:
            graph.join(name, "has evidence", f"evidence:{evidence}")


def add_plan(graph: Graph, plan: Plan, names: dict[str, _Name]) -> None:
    """A plan with its measures, resources and tasks; a task with its department, measure, needs
    and manual.
    """
    name = graph.add("plan", plan.id, plan.title)
    graph.join(name, "answers", f"hazard:{plan.hazard}")
    for measure in plan.measures:
        graph.join(name, "uses", f"measure:{measure.__struct_config__.tag}")
    for resource, amount in plan.resources.items():
        quantity = amount if isinstance(amount, int | float) else amount.quantity
        graph.join(name, "needs", f"resource:{resource}", f"{quantity:g}")
    for task in plan.every_task():
        called = names.get(task.key)
        words = (called.zh, (task.key, *called.aliases)) if called else ("", (task.key,))
        own = graph.add("task", f"{task.key}/{task.title}", task.title, *words)
        graph.join(name, "orders", own)
        graph.join(f"department:{task.department}", "is accountable for", own)
        for resource, quantity in task.needs.items():
            graph.join(own, "needs", f"resource:{resource}", f"{quantity:g}")
        if task.measure is not None:
            graph.join(own, "puts in force", f"measure:{SAME_AS.get(task.measure, task.measure)}")
        if task.manual is not None:
            graph.join(own, "follows", f"manual:{task.manual}")
