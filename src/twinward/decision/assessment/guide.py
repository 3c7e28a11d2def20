"""GUIDE: what to do first: actions that follow from the diagnosis, whose they are, until when,
what they still lack.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from twinward.decision.assessment.answers import USUAL_HOURS, RecommendedAction, answer
from twinward.decision.assessment.causes import Cause
from twinward.decision.assessment.diagnose import Diagnosis
from twinward.decision.assessment.proportions import say_probability
from twinward.decision.assessment.situation import Situation
from twinward.decision.assessment.steps import Taken, list_steps, phase_of
from twinward.library.knowledge.case_records import Like
from twinward.library.knowledge.graph import Graph
from twinward.library.loading import Library
from twinward.library.texts import say

if TYPE_CHECKING:
    from twinward.twins.emergency.incidents.rows import PlanInForce

FIRST = 6  # actions, of which at most so many answer a cause of their own
ANSWERED = 3
LEAST_ALIKE = 0.4  # a past incident less like this one is no example
OF_COURSE = ("growth", "level", "capacity", "unmet", "late", "missed", "missing")


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
    plan_in_force: PlanInForce | None,
    like: list[Like],
) -> Guidance:
    """The first actions: what waits for a person, an answer to each cause, the next steps of the
    response, then what is overdue. Of an open incident there is always something.

    `like`: past incidents, with what worked there; those that are like enough are named.
    """
    actions = _decide(picture, waiting_plan)
    causes = [one for one in found.causes if one.kind not in OF_COURSE]
    first = [one for one in causes if not _can_wait(picture, one)][:ANSWERED]
    actions += [answer(picture, one, library, graph) for one in first]
    plan = library.plans.get(picture.plan or "")
    taken = {action.topic for action in actions}
    actions += [_step(picture, one) for one in list_steps(picture, plan) if one.topic not in taken]
    if len(actions) < FIRST:
        calls = [one for one in causes if one not in first and one.kind == "department"]
        actions += [answer(picture, one, library, graph) for one in calls]
        actions += _overdue(picture, FIRST - len(actions), {action.task for action in actions})
    if not actions and picture.status == "open":
        actions.append(_watch(picture))
    return Guidance(
        incident=picture.incident,
        as_of=picture.now.isoformat(),
        model=say("model.guide"),
        actions=actions[:FIRST],
        forecast=(plan_in_force.forecast or None) if plan_in_force is not None else None,
        like=[one for one in like if one.alike >= LEAST_ALIKE],
        phase=phase_of(picture) if picture.hazard.partition("/")[0] == "epidemic" else "",
        assumptions=found.assumptions,
        uncertain=[
            say("guide.uncertain", says=one.says, probability=say_probability(one.probability))
            for one in found.causes
            if one.probability < 0.9
        ],
    )


def _can_wait(picture: Situation, one: Cause) -> bool:
    """A department that was late, but whose late orders hold up nothing."""
    if one.kind != "department":
        return False
    late = {
        task.id
        for task in picture.tasks
        if task.department == one.about and task.is_late(picture.now)
    }
    return not any(
        task.status == "waiting" and late.intersection(task.after) for task in picture.tasks
    )


def _decide(picture: Situation, plan: str | None) -> list[RecommendedAction]:
    """What waits for a named person: a doubtful report, a level, a plan."""
    found = []
    if picture.held:
        do = say("guide.confirm")
        found.append(_person(picture, "confirm", "reports", do, picture.held))
    if plan:
        if picture.called:
            do = say("guide.decide_level", level=picture.called, plan=plan)
            because = say("guide.level_called", level=picture.called)
        else:
            do = say("guide.decide", plan=plan)
            because = say("guide.not_covered", level=picture.level or "-")
        found.append(_person(picture, "adopt", plan, do, because))
    return found


def _person(picture: Situation, kind: str, about: str, do: str, because: str) -> RecommendedAction:
    return RecommendedAction(
        kind=kind,
        about=about,
        do=do,
        because=because,
        effect=say("guide.ordered_at_once" if kind == "adopt" else "guide.plan_follows"),
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
        effect=say("guide.next_step"),
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
        do=say("guide.wait"),
        because=say("guide.nothing_open"),
        effect=say("guide.nothing_missed"),
        department=None,
        area=picture.area,
        by=picture.now + timedelta(hours=USUAL_HOURS),
        topic="watch",
    )


def _overdue(picture: Situation, most: int, taken: set[str | None]) -> list[RecommendedAction]:
    late = [task for task in picture.tasks if task.is_late(picture.now) and task.id not in taken]
    late.sort(key=lambda task: (-task.essential, task.ordered_at, task.id))
    return [
        RecommendedAction(
            kind="overdue",
            about=task.key,
            title=task.title,
            do=say(
                "guide.overdue",
                department=task.department,
                task=task.title,
                area=picture.name(task.area),
            ),
            because=say(
                "guide.deadline", hours=task.deadline_h, since=picture.clock_of(task.ordered)
            ),
            effect=say("guide.obstacle_less" if task.essential else "guide.task_less"),
            department=task.department,
            area=task.area,
            by=picture.now + timedelta(hours=4),
            task=task.id,
            manual=task.manual,
            events=(picture.task_events.get(task.id, 0),),
        )
        for task in late[:most]
    ]
