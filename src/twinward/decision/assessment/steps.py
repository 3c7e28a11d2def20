"""The steps of a response in the order in which a good officer takes them, by how far the incident
has come; each with the plan's own clause, whose it is, and by when.

Order and contents follow published guidance: WHO, Critical preparedness, readiness and response
actions for COVID-19 (27 May 2021), which orders actions by the transmission scenario; and China's
Protocol for Prevention and Control of COVID-19, 8th edition (May 2021) and 9th (June 2022): find,
report, isolate and treat early; test in rounds; keep quarantine places and hospitals ready; see to
those who stay at home.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from twinward.decision.assessment.course import growth_of, new_in_week, say_growth
from twinward.decision.assessment.situation import Situation
from twinward.library.plans.plan import Plan
from twinward.library.texts import say, say_name, say_together

if TYPE_CHECKING:
    from twinward.twins.emergency.tasks.rows import Task

CLUSTER, COMMUNITY = 100, 1000  # new cases in 7 days: our limits, those of the hazard's levels
FALLING = -0.02


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step. `do`: the code of its text; `keys`: the tasks of plans that do it; `hours`: until
    when where no order says.
    """

    topic: str
    do: str
    keys: tuple[str, ...]
    department: str
    hours: float


STEPS = {
    step.topic: step
    for step in (
        Step(
            topic="trace",
            do="step.trace",
            keys=("investigate_daily", "investigate"),
            department="disease_control",
            hours=24,
        ),
        Step(
            topic="test",
            do="step.test",
            keys=("test_area", "mass_testing_every_d"),
            department="health",
            hours=24,
        ),
        Step(
            topic="beds",
            do="step.beds",
            keys=("field_hospital", "beds_daily", "quarantine", "beds"),
            department="health",
            hours=12,
        ),
        Step(
            topic="transfer",
            do="step.transfer",
            keys=("transfer_daily", "transfer"),
            department="transport",
            hours=24,
        ),
        Step(
            topic="restrict",
            do="step.restrict",
            keys=("lockdown", "close_schools", "gatherings", "schools_closed"),
            department="education",
            hours=24,
        ),
        Step(
            topic="protect",
            do="step.protect",
            keys=("vulnerable", "care_homes", "vaccinate", "watch"),
            department="civil_affairs",
            hours=24,
        ),
        Step(
            topic="supply",
            do="step.supply",
            keys=("deliver", "supplies"),
            department="commerce",
            hours=24,
        ),
        Step(
            topic="inform",
            do="step.inform",
            keys=("inform", "rumours"),
            department="information",
            hours=12,
        ),
        Step(
            topic="disinfect",
            do="step.disinfect",
            keys=("disinfect_daily", "disinfect"),
            department="market_supervision",
            hours=36,
        ),
        Step(
            topic="review",
            do="step.review",
            keys=("inspect_areas", "inspect"),
            department="disease_control",
            hours=48,
        ),
    )
}
ORDER = {
    "cluster": ("trace", "test", "beds", "inform", "disinfect", "protect", "restrict"),
    "community": ("test", "trace", "beds", "restrict", "inform", "protect", "supply", "transfer"),
    "widespread": ("beds", "test", "supply", "protect", "inform", "transfer", "restrict", "trace"),
    "falling": ("test", "protect", "supply", "trace", "review", "inform", "beds"),
}


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """A step as it stands: its words, reason, the plan's clause, whose, by when, and its task."""

    topic: str
    do: str
    because: str
    clause: str
    department: str
    by: datetime
    task: str | None
    manual: str | None
    events: tuple[int, ...]


def phase_of(picture: Situation) -> str:
    """How far it has come: a cluster, in the community, widespread, or falling after that."""
    week = new_in_week(picture)
    growth = growth_of(picture)
    if growth is not None and growth[2] < FALLING and week >= CLUSTER // 10:
        return "falling"
    if week >= COMMUNITY or picture.level == "I":
        return "widespread"
    return "community" if week >= CLUSTER or picture.level == "II" else "cluster"


def list_steps(picture: Situation, plan: Plan | None) -> Iterator[Taken]:
    """What comes next: of an epidemic the steps of its phase, of anything else the plan's own open
    work in its order.
    """
    if picture.status != "open":
        return
    if picture.hazard.partition("/")[0] != "epidemic":
        yield from list_open_work(picture)
        return
    phase = phase_of(picture)
    growth = growth_of(picture)
    new = new_in_week(picture)
    state = (
        say("step.state", new=new)
        if growth is None
        else say("step.state_growth", new=new, growth=say_growth(growth))
    )
    for topic in ORDER[phase]:
        yield take(STEPS[topic], picture, plan, state)


def take(step: Step, picture: Situation, plan: Plan | None, state: str) -> Taken:
    asked = {task.key: task for task in plan.work()} if plan is not None else {}
    key = next((one for one in step.keys if one in asked), None)
    mine = [task for task in picture.tasks if task.key in step.keys]
    still = sorted(
        (task for task in mine if task.status not in ("done", "dropped")),
        key=lambda task: (not task.is_late(picture.now), task.due_at or picture.now, task.id),
    )
    late = sum(task.is_late(picture.now) for task in still)
    missed = sum(bool(task.missed) for task in still)
    if key is None and not mine:
        said = say("step.not_asked") if plan else say("step.no_plan")
    elif still:
        said = (
            say("step.open_missed", n=len(still), late=late, missed=missed)
            if missed
            else say("step.open", n=len(still), late=late)
        )
    else:
        done = sum(task.status == "done" for task in mine)
        said = say("step.done", n=done)
    clause = (
        f"{plan.id} {plan.version}: tasks.{key}" if plan is not None and key is not None else ""
    )
    due = deadline_of(still[0]) if still else None
    usual = picture.now + timedelta(hours=step.hours)
    return Taken(
        topic=step.topic,
        do=say(step.do),
        because=say_together((state, said)),
        clause=clause or (still[0].clause if still else ""),
        department=still[0].department
        if still
        else asked[key].department
        if key
        else step.department,
        by=due if due is not None and picture.now < due < usual else usual,
        task=still[0].id if still else None,
        manual=asked[key].manual if key else None,
        events=tuple(picture.task_events.get(task.id, 0) for task in still[:8]),
    )


def deadline_of(task: Task) -> datetime | None:
    if task.ordered_at is None:
        return None
    ordered: datetime = task.ordered_at
    return ordered + timedelta(hours=task.deadline_h)


def list_open_work(picture: Situation) -> Iterator[Taken]:
    """The plan's next steps as they are ordered: what is out first, then what waits."""
    rank = {"failed": 0, "ordered": 1, "confirmed": 1, "acknowledged": 2, "waiting": 3}
    still = [task for task in picture.tasks if task.status in rank]
    for task in sorted(
        still, key=lambda one: (rank[one.status], one.due_at or picture.now, one.id)
    ):
        due = deadline_of(task) or picture.now + timedelta(hours=task.deadline_h)
        yield Taken(
            topic=task.key,
            do=say("guide.measure", measure=task.title, area=picture.name(task.area)),
            because=say("step.waits")
            if task.status == "waiting"
            else say("step.next", status=say_name(task.status)),
            clause=task.clause,
            department=task.department,
            by=due,
            task=task.id,
            manual=task.manual,
            events=(picture.task_events.get(task.id, 0),),
        )
