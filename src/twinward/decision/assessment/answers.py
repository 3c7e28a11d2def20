"""What answers a cause: the measure or the work of the library, whose it is, what it needs and
lacks.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from twinward.decision.assessment.causes import Cause
from twinward.decision.assessment.proportions import say_probability
from twinward.decision.assessment.situation import Situation
from twinward.library.knowledge.graph import Graph
from twinward.library.loading import Library
from twinward.library.plans.plan import Plan
from twinward.library.texts import say, say_name

if TYPE_CHECKING:
    from twinward.twins.emergency.tasks.rows import Task

# causes without a setting: the task or measure that answers them, by the library's own words
ANSWERS = {"area": "mass_testing", "testing": "symptomatic_testing", "import": "travel_restriction"}
HOURS = {"department": 4, "sensors": 4, "reports": 12, "contacts": 24, "beds": 12, "supplies": 24}
USUAL_HOURS = 24


class RecommendedAction(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do. `because` names the cause; `events` are the cause's own; `lacks` what there
    is too little of.

    `kind` is adopt, call, measure, overdue or a cause's own kind; `about` the plan, department,
    measure or thing.
    """

    kind: str
    about: str
    do: str
    because: str
    effect: str
    department: str | None
    area: str
    by: datetime
    needs: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    manual: str | None = None
    task: str | None = None
    events: tuple[int, ...] = ()
    clause: str = ""  # of which plan, and which of its clauses, it follows
    title: str = ""  # of the task that is overdue
    topic: str = ""  # decide, trace, test, beds, restrict, protect, supply, inform, …


def answer(picture: Situation, one: Cause, library: Library, graph: Graph) -> RecommendedAction:
    """What answers one cause."""
    plan = library.plans.get(picture.plan or "")
    events = one.figures[0].events if one.figures else ()
    effect = say("guide.effect", share=one.share, probability=say_probability(one.probability))
    common: dict[str, Any] = {
        "kind": one.kind,
        "about": one.about,
        "because": one.says,
        "effect": effect,
        "events": events,
        "area": picture.area,
        "topic": TOPICS.get(one.kind, ""),
        "by": picture.now + timedelta(hours=HOURS.get(one.kind, USUAL_HOURS)),
    }
    if one.kind == "department":
        task = first_late(picture, one.about)
        do = (
            say("guide.call", department=one.about, task=task.title, area=picture.name(task.area))
            if task
            else say("guide.ask", department=one.about)
        )
        return RecommendedAction(
            **common
            | {"kind": "call", "do": do, "department": one.about, "task": task.id if task else None}
        )
    if one.kind in PLAIN:
        return RecommendedAction(
            **common
            | {
                "do": say(PLAIN[one.kind], about=_named(picture, one)),
                "department": _who(one.kind, plan, library),
            }
        )
    measure = ANSWERS.get(one.about) or ANSWERS.get(one.kind) or measure_for(graph, one.about, plan)
    where = one.about if one.kind == "area" else picture.area
    return RecommendedAction(
        **common | _put_in_force(picture, graph, measure, where, one) | {"area": where}
    )


TOPICS = {"contacts": "trace", "testing": "test", "area": "test", "beds": "beds"}
PLAIN = {
    "contacts": "guide.contacts",
    "beds": "guide.beds",
    "supplies": "guide.supplies",
    "reports": "guide.reports",
    "sensors": "guide.sensors",
}
WHO = {
    "contacts": "disease_control",
    "beds": "health",
    "supplies": "commerce",
    "reports": "disease_control",
    "sensors": "water_affairs",
}


def _who(kind: str, plan: Plan | None, library: Library) -> str | None:
    """The department of the plan's own contact task, else the usual one where this city has it."""
    if kind == "contacts" and plan is not None and plan.contact_task is not None:
        return plan.contact_task.department
    if kind == "sensors" and plan is not None and WHO[kind] not in library.departments:
        return plan.tasks[0].department if plan.tasks else None
    return WHO[kind] if WHO[kind] in library.departments else None


def _named(picture: Situation, one: Cause) -> str:
    """What a cause is about, as people call it."""
    return picture.name(one.about) if one.kind == "reports" else say_name(one.about)


def measure_for(graph: Graph, setting: str, plan: Plan | None) -> str | None:
    """The measure that acts most narrowly on a setting and is not in the plan already."""
    used = {measure.__struct_config__.tag for measure in plan.measures} if plan else set()
    fitting = [
        edge.start.partition(":")[2]
        for edge in graph.find("lowers transmission in", end=f"setting:{setting}")
    ]
    width = {
        name: len(graph.find("lowers transmission in", start=f"measure:{name}")) for name in fitting
    }
    return min(fitting, key=lambda name: (name in used, width[name], name), default=None)


def _put_in_force(
    picture: Situation, graph: Graph, measure: str | None, area: str, one: Cause
) -> dict[str, Any]:
    """The words of an action that puts a measure in force: who is accountable, what it needs and
    lacks, its manual.
    """
    if measure is None:
        do = say("guide.look_into", about=say_name(one.about), area=picture.name(area))
        return {"do": do, "department": None}
    name = f"measure:{measure}"
    tasks = [edge.start for edge in graph.find("puts in force", end=name)]
    departments = [
        edge.start.partition(":")[2]
        for t in tasks
        for edge in graph.find("is accountable for", end=t)
    ]
    manuals = [edge.end.partition(":")[2] for t in tasks for edge in graph.find("follows", start=t)]
    needs = tuple(edge.end.partition(":")[2] for edge in graph.find("needs", start=name))
    free = dict.fromkeys(needs, 0.0)
    for row in picture.stocks:
        if row.kind in free:
            free[row.kind] += row.free(picture.today)
    return {
        "kind": "measure",
        "about": measure,
        "do": say("guide.measure", measure=graph.nodes[name].called, area=picture.name(area)),
        "needs": needs,
        "lacks": tuple(kind for kind in needs if free[kind] <= 0),
        "department": departments[0] if departments else None,
        "manual": manuals[0] if manuals else None,
    }


def first_late(picture: Situation, department: str | None) -> Task | None:
    """The late task that most other tasks wait for, directly; then the one that is late longest."""
    late = [
        task
        for task in picture.tasks
        if task.is_late(picture.now) and department in (None, task.department)
    ]
    behind = {task.id: sum(task.id in other.after for other in picture.tasks) for task in late}
    return min(late, key=lambda task: (-behind[task.id], task.ordered_at, task.id), default=None)
