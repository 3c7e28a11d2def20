"""Figures of a drill's score: times, shares, lateness, contacts and what stands beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

import numpy as np

from twinward.core.ids import derive_id
from twinward.core.messages import Event
from twinward.decision.evaluation.drill_log import Log
from twinward.decision.evaluation.drill_score import (
    DepartmentScore,
    ScoreFigure,
)
from twinward.library.drills.drill import Targets
from twinward.twins.emergency.tasks.rows import Task

MOST_EVENTS = 50  # named with one figure; `n` says how many there are


# an order of a drill's last hours (a round that begins anew) says nothing of who answers: ours
TIME_TO_ANSWER = timedelta(hours=4)


def receipt_h(log: Log, order: Event) -> float:
    """Hours from an order to its receipt; to the end where none came."""
    answer = log.answers.get(getattr(order.fact, "task", ""))
    until = log.end if answer is None else answer.recorded_at
    return max(0.0, (until - order.recorded_at) / timedelta(hours=1))


def times(
    name: str, title: str, hours: Sequence[float], target: float | None, events: Iterable[str]
) -> ScoreFigure:
    """Median and 90 % of some hours; the target is held against the 90 %."""
    named = tuple(events)[:MOST_EVENTS]
    if not hours:
        return ScoreFigure(
            name=name,
            title=title,
            unit="h",
            n=0,
            value=None,
            target=target,
            says="nothing to measure",
        )
    median, most = (round(float(np.quantile(hours, q)), 3) for q in (0.5, 0.9))
    met = None if target is None else most <= target
    return ScoreFigure(
        name=name,
        title=title,
        unit="h",
        n=len(hours),
        value=median,
        p90=most,
        target=target,
        met=met,
        events=named,
        says=f"half within {span(median)}, nine of ten within {span(most)}, the longest "
        f"{span(max(hours))}",
    )


def span(hours: float) -> str:
    """A length of time in the unit that shows it: seconds, minutes or hours."""
    if hours < 1 / 60:
        return f"{hours * 3600:,.0f} s"
    return f"{hours * 60:,.0f} min" if hours < 1 else f"{hours:,.2f} h"


def share(
    name: str,
    title: str,
    part: int,
    of: int,
    target: float | None,
    events: Iterable[str],
    *,
    least: bool,
) -> ScoreFigure:
    """A share; the target is the least that is good (`least`) or the most."""
    named = tuple(events)[:MOST_EVENTS]
    if not of:
        return ScoreFigure(
            name=name,
            title=title,
            unit="share",
            n=0,
            value=None,
            target=target,
            says="nothing to measure",
        )
    value = round(part / of, 4)
    met = None if target is None else (value >= target if least else value <= target)
    says = f"{part:,} of {of:,}"
    return ScoreFigure(
        name=name,
        title=title,
        unit="share",
        n=of,
        value=value,
        target=target,
        met=met,
        says=says,
        events=named,
    )


def score_department(log: Log, name: str) -> DepartmentScore:
    tasks = {task.id: task for task in log.tasks if task.department == name}
    orders = [
        e
        for e in log.of("OrderIssued")
        if getattr(e.fact, "task", "") in tasks and log.end - e.recorded_at >= TIME_TO_ANSWER
    ]
    hours = [receipt_h(log, order) for order in orders]
    over = [late for task in tasks.values() if (late := late_h(log, task)) is not None]
    escalated = [e for e in log.of("TaskEscalated") if getattr(e.fact, "department", "") == name]
    return DepartmentScore(
        department=name,
        orders=len(orders),
        receipt_p50_h=round(float(np.quantile(hours, 0.5)), 3) if hours else None,
        receipt_p90_h=round(float(np.quantile(hours, 0.9)), 3) if hours else None,
        unanswered=sum(getattr(e.fact, "task", "") not in log.answers for e in orders),
        due=len(over),
        late=sum(hours > 0 for hours in over),
        worst_late_h=round(max([0.0, *over]), 2),
        escalations=len(escalated),
        events=tuple(e.id for e in escalated)[:MOST_EVENTS],
    )


def late_h(log: Log, task: Task) -> float | None:
    """Hours over the deadline (negative: before it); None for what was never ordered, dropped,
    or not yet due.
    """
    if task.ordered_at is None or task.status == "dropped":
        return None
    due = task.ordered_at + timedelta(hours=task.deadline_h)
    if task.done_at is None and due > log.end:
        return None
    return float(((task.done_at or log.end) - due) / timedelta(hours=1))


def lateness(log: Log, departments: Sequence[DepartmentScore], target: float | None) -> ScoreFigure:
    due, late = sum(one.due for one in departments), sum(one.late for one in departments)
    events = [e.id for e in log.of("TaskEscalated")]
    return share("late_share", "tasks that were late", late, due, target, events, least=False)


def contacts(log: Log, targets: Targets) -> list[ScoreFigure]:
    """Contacts named against those truly met, for the persons whose case was reported."""
    reported = {getattr(e.fact, "case", "") for e in log.of("CaseReported")}
    true = {
        (one.case, contact)
        for one in log.truth.persons
        if one.case in reported
        for contact in one.contacts
    }
    cases = {one.case for one in log.truth.persons}
    told = [e for e in log.of("ContactNamed") if getattr(e.fact, "case", "") in cases]
    named = {(e.fact.case, e.fact.subject): e.id for e in told}  # type: ignore[union-attr]
    ill = {one.subject for one in log.truth.persons}
    found = [pair for pair in named if pair in true]
    dangerous = {pair for pair in true if pair[1] in ill}
    events = [named[pair] for pair in found]
    recall, precision = targets.contacts_recall, targets.contacts_precision
    return [
        share(
            "contacts_recall",
            "true contacts that were found",
            len(found),
            len(true),
            recall,
            events,
            least=True,
        ),
        share(
            "contacts_precision",
            "contacts named that are true",
            len(found),
            len(named),
            precision,
            [event for pair, event in named.items() if pair not in true],
            least=True,
        ),
        share(
            "infected_contacts_recall",
            "true contacts found, of those who fell ill",
            len(dangerous & named.keys()),
            len(dangerous),
            None,
            [named[pair] for pair in found if pair in dangerous],
            least=True,
        ),
    ]


def side_figures(log: Log) -> list[ScoreFigure]:
    """Infections that did not happen because persons were apart; orders spent on rumours; cases
    counted twice.
    """
    reports: dict[str, list[str]] = {}
    for event in log.of("CaseReported"):
        reports.setdefault(getattr(event.fact, "case", ""), []).append(event.id)
    due = [
        p for p in log.truth.persons if p.reported_h is not None and p.reported_h < log.truth.hours
    ]
    averted = sum(one.case not in reports for one in due)
    spent = {derive_id("task", "case", case) for case in log.truth.rumours}
    orders = [e.id for e in log.of("OrderIssued") if getattr(e.fact, "task", "") in spent]
    twice = [ids[1] for case, ids in reports.items() if len(ids) > 1]
    return [
        count(
            "cases_averted",
            "reports that never came, for nobody infected them",
            averted,
            len(due),
            [],
        ),
        count(
            "rumour_orders",
            "orders given because of false reports",
            len(orders),
            len(log.truth.rumours),
            orders,
        ),
        count("counted_twice", "persons counted twice", len(twice), len(reports), twice),
    ]


def count(name: str, title: str, number: int, of: int, events: Sequence[str]) -> ScoreFigure:
    named = tuple(events)[:MOST_EVENTS]
    return ScoreFigure(
        name=name,
        title=title,
        unit="count",
        n=of,
        value=float(number),
        says=f"{number:,}",
        events=named,
    )
