"""GUIDE: what to do first: actions that follow from the diagnosis, whose they are, until when,
what they still lack.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec

from twinward.decision.assessment.causes import Cause
from twinward.decision.assessment.diagnose import Diagnosis
from twinward.decision.assessment.proportions import say_probability
from twinward.decision.assessment.situation import Situation
from twinward.decision.assessment.steps import Taken, list_steps, phase_of
from twinward.library.knowledge.case_records import Like
from twinward.library.knowledge.graph import Graph
from twinward.library.loading import Library
from twinward.library.plans.plan import Plan

FIRST = 6  # actions, of which at most so many answer a cause of their own
ANSWERED = 3
OF_COURSE = ("growth", "level", "capacity", "unmet", "late", "missed", "missing")
MODEL = (
    "what waits for a person; then the weightiest causes of the diagnosis, each with the measure "
    "or task of the library that answers it; then the steps of the response in the order of "
    "published guidance for how far the incident has come, each with the plan's clause; then what "
    "is overdue. An effect stated is the most that could be had if the cause were removed whole"
)
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


class Guidance(msgspec.Struct, frozen=True, kw_only=True):
    """`forecast` is the sheet of compared plans that the plan in force rests on, where there is
    one.
    """

    incident: str
    as_of: str
    model: str
    actions: list[RecommendedAction]
    forecast: str | None
    uncertain: list[str]
    like: list[Like]
    phase: str = ""
    assumptions: tuple[str, ...] = ()


def guide(
    picture: Situation,
    found: Diagnosis,
    library: Library,
    graph: Graph,
    waiting_plan: str | None,
    plan_in_force: Any,
    like: list[Like],
) -> Guidance:
    """The first actions: what waits for a person, an answer to each cause, the next steps of the
    response, then what is overdue. Of an open incident there is always something.

    `like`: past incidents that were like this one, with what worked there.
    """
    actions = _decide(picture, waiting_plan)
    causes = [one for one in found.causes if one.kind not in OF_COURSE][:ANSWERED]
    actions += [answer(picture, one, library, graph) for one in causes]
    plan = library.plans.get(picture.plan or "")
    taken = {action.topic for action in actions}
    actions += [_step(picture, one) for one in list_steps(picture, plan) if one.topic not in taken]
    if len(actions) < FIRST:
        actions += _overdue(picture, FIRST - len(actions), {action.task for action in actions})
    if not actions and picture.status == "open":
        actions.append(_watch(picture))
    return Guidance(
        incident=picture.incident,
        as_of=picture.now.isoformat(),
        model=MODEL,
        actions=actions[:FIRST],
        forecast=(plan_in_force.forecast or None) if plan_in_force is not None else None,
        like=like,
        phase=phase_of(picture) if picture.hazard.partition("/")[0] == "epidemic" else "",
        assumptions=found.assumptions,
        uncertain=[
            f"{one.says} (probability {say_probability(one.probability)})"
            for one in found.causes
            if one.probability < 0.9
        ],
    )


def _decide(picture: Situation, plan: str | None) -> list[RecommendedAction]:
    """What waits for a named person: a doubtful report, a level, a plan."""
    found = []
    if picture.held:
        do = (
            "ask the source and confirm or correct its report: nothing is restricted on its word "
            "alone"
        )
        found.append(_person(picture, "confirm", "reports", do, picture.held))
    if plan:
        called = f"decide on level {picture.called} and " if picture.called else "decide on "
        because = (
            f"the figures call for level {picture.called}, which a person decides"
            if picture.called
            else f"the response level is {picture.level} and no automatic authority covers it"
        )
        found.append(
            _person(
                picture, "adopt", plan, f"{called}the plan {plan}: it waits for a person", because
            )
        )
    return found


def _person(picture: Situation, kind: str, about: str, do: str, because: str) -> RecommendedAction:
    return RecommendedAction(
        kind=kind,
        about=about,
        do=do,
        because=because,
        effect="its tasks are ordered at once"
        if kind == "adopt"
        else "the plan follows, or does not",
        topic="decide",
        department=None,
        area=picture.area,
        by=picture.now + timedelta(hours=2),
        events=tuple(turn.seq for turn in picture.turns[-1:]),
    )


def _step(picture: Situation, one: Taken) -> RecommendedAction:
    return RecommendedAction(
        kind="step",
        about=one.topic,
        do=one.do,
        because=one.because,
        effect="the next step of the response",
        department=one.department,
        area=picture.area,
        by=one.by,
        manual=one.manual,
        task=one.task,
        events=one.events,
        clause=one.clause,
        topic=one.topic,
    )


def _watch(picture: Situation) -> RecommendedAction:
    """Nothing is ordered and nothing waits: the reason is said, and when to look again."""
    return RecommendedAction(
        kind="watch",
        about="reports",
        do="wait for the next report and look again then",
        because="no work is open, nothing waits for a person, and no cause stands out",
        effect="nothing is missed that is reported",
        department=None,
        area=picture.area,
        by=picture.now + timedelta(hours=USUAL_HOURS),
        topic="watch",
    )


def answer(picture: Situation, one: Cause, library: Library, graph: Graph) -> RecommendedAction:
    """What answers one cause."""
    plan = library.plans.get(picture.plan or "")
    events = one.figures[0].events if one.figures else ()
    effect = (
        f"at most {one.share:.0%} of the trouble (probability "
        f"{say_probability(one.probability)} that this is a cause)"
    )
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
            f"call {one.about}: {task.title} in {picture.name(task.area)} holds up the rest"
            if task
            else f"ask {one.about} why its orders run late"
        )
        return RecommendedAction(
            **common
            | {"kind": "call", "do": do, "department": one.about, "task": task.id if task else None}
        )
    if one.kind in PLAIN:
        return RecommendedAction(
            **common
            | {"do": PLAIN[one.kind].format(one.about), "department": _who(one.kind, plan, library)}
        )
    measure = ANSWERS.get(one.about) or ANSWERS.get(one.kind) or measure_for(graph, one.about, plan)
    where = one.about if one.kind == "area" else picture.area
    return RecommendedAction(
        **common | _put_in_force(picture, graph, measure, where, one) | {"area": where}
    )


TOPICS = {"contacts": "trace", "testing": "test", "area": "test", "beds": "beds"}
PLAIN = {
    "contacts": "trace the contacts of recent cases: have them named, found and isolated ({})",
    "beds": "free or open {}: move patients, open a field hospital (`twinward allocate sites`)",
    "supplies": "ask for {} from where there is more (`twinward supply request`, `twinward "
    "allocate share`)",
    "reports": "call {} for the reports that are missing",
    "sensors": "send somebody to see {} and read the place by eye until then",
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
        return {"do": f"look into {one.about} in {picture.name(area)}", "department": None}
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
        "do": f"{graph.nodes[name].title} in {picture.name(area)}",
        "needs": needs,
        "lacks": tuple(kind for kind in needs if free[kind] <= 0),
        "department": departments[0] if departments else None,
        "manual": manuals[0] if manuals else None,
    }


def first_late(picture: Situation, department: str | None) -> Any:
    """The late task that most other tasks wait for, directly; then the one that is late longest."""
    late = [
        task
        for task in picture.tasks
        if task.is_late(picture.now) and department in (None, task.department)
    ]
    behind = {task.id: sum(task.id in other.after for other in picture.tasks) for task in late}
    return min(late, key=lambda task: (-behind[task.id], task.ordered_at, task.id), default=None)


def _overdue(picture: Situation, most: int, taken: set[str | None]) -> list[RecommendedAction]:
    late = [task for task in picture.tasks if task.is_late(picture.now) and task.id not in taken]
    late.sort(key=lambda task: (-task.essential, task.ordered_at, task.id))
    return [
        RecommendedAction(
            kind="overdue",
            about=task.key,
            title=task.title,
            do=f"have {task.department} finish: {task.title} in {picture.name(task.area)}",
            because=f"its deadline was {task.deadline_h:g} h after "
            f"{picture.clock_of(task.ordered_at)}",
            effect="one obstacle to closing less" if task.essential else "one open task less",
            department=task.department,
            area=task.area,
            by=picture.now + timedelta(hours=4),
            task=task.id,
            manual=task.manual,
            events=(picture.task_events.get(task.id, 0),),
        )
        for task in late[:most]
    ]
