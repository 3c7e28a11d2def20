"""How the incident itself goes: growth, level, capacity, unmet need, late and missing work; causes
that need no setting and no line list.
"""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import TYPE_CHECKING

from twinward.decision.assessment.causes import Cause, cause
from twinward.decision.assessment.proportions import (
    growth_per_day,
    probability_greater,
    turning_point,
)
from twinward.decision.assessment.situation import (
    Figure,
    Situation,
    figure,
    known_series,
    new_by_day,
    series,
)
from twinward.library.texts import say, say_name

if TYPE_CHECKING:
    from twinward.twins.emergency.tasks.rows import Task

GROWTH_DAYS = 14
LEAST_NEW = 6
# Our limits, meant to be edited where a city has its own.
FAST = 0.03  # growth of three in a hundred a day doubles in 23 days
HOSPITAL_SHARE = 0.1  # of the new cases of a week, those who need a hospital bed
LATE_SHARE = 0.1  # of the open orders


def list_assumptions() -> tuple[str, ...]:
    return (
        say("course.assumed_fast", fast=FAST),
        say("course.assumed_beds", share=HOSPITAL_SHARE),
        say("course.assumed_late", share=LATE_SHARE),
    )


def growth_of(picture: Situation) -> tuple[float, float, float] | None:
    """(growth a day, low, high) of the last two weeks up to the last day reported: the one trend
    that every function and the screen show. A day that nobody has reported of is left out.
    """
    by_day = new_by_day(picture)
    if not by_day:
        return None
    length = min(GROWTH_DAYS, (picture.anchor - min(by_day)).days + 1)
    return growth_per_day(known_series(picture, picture.anchor, length)) if length > 0 else None


def growth_since_turn(picture: Situation) -> tuple[date, tuple[float, float, float]] | None:
    """The day within the two weeks on which the growth changed, and (growth a day, low, high) since
    then; None where it did not, or where too few days have passed to say.
    """
    by_day = new_by_day(picture)
    if not by_day:
        return None
    length = min(2 * GROWTH_DAYS, (picture.anchor - min(by_day)).days + 1)
    counts = known_series(picture, picture.anchor, max(length, 0))
    turn = turning_point(counts)
    if turn is None or turn[0] >= GROWTH_DAYS:
        return None
    after = growth_per_day(counts[-turn[0] :])
    return None if after is None else (picture.anchor - timedelta(days=turn[0] - 1), after)


def say_trend(picture: Situation, growth: tuple[float, float, float]) -> str:
    """The growth of the two weeks; and since it changed, where it has: the mean of both is what no
    day has.
    """
    turned = growth_since_turn(picture)
    if turned is None:
        return say_growth(growth)
    return say_growth(growth) + say(
        "course.since", day=turned[0], rate=math.expm1(turned[1][0]), days=GROWTH_DAYS
    )


def is_clear(growth: tuple[float, float, float]) -> bool:
    """Whether chance alone does not explain that it grows, or that it falls."""
    return growth[1] > 0 or growth[2] < 0


def say_growth(growth: tuple[float, float, float]) -> str:
    rate = math.expm1(growth[0])
    if not is_clear(growth):
        return say("course.flat", rate=rate)
    return say("course.grow", rate=rate) if rate > 0 else say("course.fall", rate=-rate)


def new_in_week(picture: Situation, back: int = 0) -> int:
    return sum(series(new_by_day(picture), picture.anchor - timedelta(days=7 * back), 7))


def find_growth(picture: Situation) -> list[Cause]:
    growth = growth_of(picture)
    now, before = new_in_week(picture), new_in_week(picture, 1)
    if now + before < LEAST_NEW:
        return []
    if growth is None:
        sure = probability_greater(now, before) if before else 0.99
        says = say("course.weeks", now=now, before=before)
        return [cause("growth", "new", says, sure, 1 - before / max(now, 1), _week(says, now))]
    turned = growth_since_turn(picture)
    slope, low, high = growth if turned is None else turned[1]  # a cause is what goes on
    error = max((high - low) / (2 * 1.645), 1e-6)
    sure = 0.5 * math.erfc(-(slope - FAST) / error / math.sqrt(2))
    says = say("course.growth", growth=say_trend(picture, growth), now=now, before=before)
    told = figure("growth", growth[0], "per day", says, low=growth[1], high=growth[2])
    share = min(max(slope, 0.0) / 0.2, 1.0)  # a growth of 20 % a day is all of the trouble
    return [cause("growth", "new", says, sure, share, told)]


def _week(says: str, now: int) -> Figure:
    return figure("new in 7 days", float(now), "persons", says)


def find_level(picture: Situation) -> list[Cause]:
    """The figures call for a level that nobody has decided yet."""
    if picture.called is None or picture.called == picture.level:
        return []
    says = say("course.level", called=picture.called, level=picture.level or "-")
    return [cause("level", picture.called, says, 0.99, 0.6, _week(says, new_in_week(picture)))]


def find_capacity(picture: Situation) -> list[Cause]:
    """Places that the new cases of a week need, against those that are stated as free."""
    now = new_in_week(picture)
    if now < LEAST_NEW:
        return []
    found = []
    for kind, share in (("isolation_beds", HOSPITAL_SHARE), ("field_beds", 1 - HOSPITAL_SHARE)):
        rows = [row for row in picture.stocks if row.kind in (kind, "beds")]
        need = math.ceil(now * share)
        free = sum(row.free(picture.today) for row in rows)
        says = (
            say("course.capacity", need=need, kind=say_name(kind), free=free)
            if rows
            else say("course.capacity_not_stated", need=need, kind=say_name(kind))
        )
        if free < need and (now >= 100 or rows):
            told = figure("needed", float(need), "beds", says)
            missing = 1 - max(free, 0.0) / need
            found.append(cause("capacity", kind, says, 0.95, 0.5 * missing * share, told))
    return found


def find_unmet(picture: Situation) -> list[Cause]:
    """What open work needs and nobody has stated to have."""
    stated = {row.kind for row in picture.stocks}
    wanted: dict[str, float] = {}
    for task in picture.tasks:
        if task.status not in ("done", "dropped"):
            for kind, amount in task.needs.items():
                wanted[kind] = wanted.get(kind, 0.0) + amount
    found = []
    for kind, amount in sorted(wanted.items()):
        if kind not in stated and amount > 0:
            says = say("course.unmet", amount=amount, kind=say_name(kind))
            found.append(
                cause("unmet", kind, says, 0.9, 0.25, figure("needed", amount, kind, says))
            )
    return found[:3]


def find_late_work(picture: Situation) -> list[Cause]:
    """Orders that are late now, and rounds of recurring work that were not done."""
    open_tasks = [task for task in picture.tasks if task.status not in ("done", "dropped")]
    late = [task for task in open_tasks if task.is_late(picture.now)]
    missed = [task for task in open_tasks if task.missed]
    found = []
    if open_tasks and len(late) > LATE_SHARE * len(open_tasks):
        share = len(late) / len(open_tasks)
        says = say("course.late", late=len(late), of=len(open_tasks))
        told = figure("late", share, "share", says, _events(picture, late))
        found.append(cause("late", "orders", says, 0.99, 0.4 * share, told))
    if missed:
        titles = sorted({task.title for task in missed})
        says = (
            say("course.missed", missed=len(missed), title=titles[0])
            if len(titles) == 1
            else say(
                "course.missed_kinds", missed=len(missed), title=titles[0], others=len(titles) - 1
            )
        )
        told = figure("missed", float(len(missed)), "rounds", says, _events(picture, missed))
        share = 0.4 * len(missed) / max(len(open_tasks), 1)
        found.append(cause("missed", "rounds", says, 0.99, share, told))
    if picture.status == "open" and picture.plan is None:
        says = say("course.no_plan")
        found.append(cause("missing", "plan", says, 0.99, 0.6, figure("plans", 0.0, "plans", says)))
    return found


def _events(picture: Situation, tasks: list[Task]) -> list[int]:
    return [picture.task_events.get(task.id, 0) for task in tasks]
