"""Scores a drill from its own log and the script's truth; each figure names the events that it
was taken from.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import msgspec
import numpy as np

from twinward.decision.evaluation.drill_figures import (
    MOST_EVENTS,
    contacts,
    lateness,
    receipt_h,
    score_department,
    side_figures,
    times,
)
from twinward.decision.evaluation.drill_log import Log
from twinward.decision.evaluation.drill_score import (
    DepartmentScore,
    InjectScore,
    ScoredDecision,
    ScoreFigure,
)
from twinward.library.drills.drill import DrillStart, Targets

TRIGGERS = ("IncidentOpened", "IncidentReopened", "IncidentDeveloped")


def score_log(
    log: Log, targets: Targets
) -> tuple[list[ScoreFigure], list[InjectScore], list[DepartmentScore]]:
    """Everything that the log and the truth alone tell."""
    truth = log.truth
    injects = [score_inject(log, start) for start in truth.starts]
    departments = [
        score_department(log, name) for name in sorted({task.department for task in log.tasks})
    ]
    receipts = [receipt_h(log, event) for event in log.of("OrderIssued")]
    triggered = [one for one in injects if one.kind in ("outbreak", "flood")]
    lost = [one for one in injects if one.kind in ("hospital_lost", "supply_shortage")]
    first: dict[str, float | None] = dict.fromkeys((one.inject for one in triggered), None)
    for person in truth.persons:
        first[person.inject] = min(person.infected_h, first.get(person.inject) or person.infected_h)
    figures = [
        times(
            "detection_h",
            "from the first infection to the trigger",
            [
                one.hour - begun + or_end(log, one, one.trigger_h)
                for one in triggered
                if (begun := first[one.inject]) is not None
            ],
            None,
            [event for one in triggered for event in one.events[:1]],
        ),
        times(
            "trigger_h",
            "from the first sign to the trigger",
            [or_end(log, one, one.trigger_h) for one in triggered],
            targets.trigger_h,
            [event for one in triggered for event in one.events[:1]],
        ),
        times(
            "orders_h",
            "from the trigger to the first orders",
            [or_end(log, one, one.orders_h) for one in triggered],
            targets.orders_h,
            [event for one in triggered for event in one.events[1:2]],
        ),
        times(
            "receipt_h",
            "from an order to its receipt",
            receipts,
            targets.receipt_h,
            [event.id for event in log.of("OrderIssued")],
        ),
        lateness(log, departments, targets.late_share),
        *contacts(log, targets),
        times(
            "answer_h",
            "from a loss to a request for help",
            [or_end(log, one, one.answer_h) for one in lost],
            targets.answer_h,
            [event for one in lost for event in one.events],
        ),
        *side_figures(log),
    ]
    return [one for one in figures if one.n or one.target is not None], injects, departments


def or_end(log: Log, one: InjectScore, hours: float | None) -> float:
    """What never came counts as long as it could be waited for."""
    return hours if hours is not None else max(0.0, log.truth.hours - one.hour)


def score_inject(log: Log, start: DrillStart) -> InjectScore:
    since = log.truth.start + timedelta(hours=start.hour) - timedelta(seconds=2)
    found = InjectScore(
        inject=start.inject, kind=start.kind, area=start.area, hour=round(start.hour, 3)
    )
    if start.kind in ("hospital_lost", "supply_shortage"):
        asked = next(
            (
                e
                for e in log.of("SupplyRequested")
                if e.recorded_at >= since
                and e.area == start.area
                and getattr(e.fact, "kind", "") == start.about
            ),
            None,
        )
        if asked is None:
            return found
        hours = round(log.hour(asked.recorded_at) - start.hour, 3)
        return msgspec.structs.replace(found, answer_h=max(0.0, hours), events=(asked.id,))
    if start.kind not in ("outbreak", "flood"):
        return found
    trigger = next(
        (e for e in log.of(*TRIGGERS) if e.recorded_at >= since and is_near(e.area, start.area)),
        None,
    )
    if trigger is None:
        return found
    after = (
        e for e in log.of("OrderIssued") if e.incident == trigger.incident and e.seq > trigger.seq
    )
    order = next(after, None)
    return msgspec.structs.replace(
        found,
        incident=trigger.incident,
        trigger_h=round(max(0.0, log.hour(trigger.recorded_at) - start.hour), 3),
        orders_h=None
        if order is None
        else round(log.hour(order.recorded_at) - log.hour(trigger.recorded_at), 3),
        events=(trigger.id,) if order is None else (trigger.id, order.id),
    )


def is_near(area: str, other: str) -> bool:
    """Whether one area's code lies under the other's."""
    return area.startswith(other) or other.startswith(area)


def list_decisions(log: Log) -> list[ScoredDecision]:
    """Every plan that was put in force."""
    return [
        ScoredDecision(
            event=e.id,
            hour=round(log.hour(e.recorded_at), 3),
            incident=e.fact.incident,  # type: ignore[union-attr]
            plan=e.fact.plan,  # type: ignore[union-attr]
            adopted_by=e.fact.adopted_by,  # type: ignore[union-attr]
        )
        for e in log.of("PlanAdopted")
    ]


def weigh_regret(decisions: Sequence[ScoredDecision], target: float | None) -> ScoreFigure:
    """What the decisions cost more than the best plan in hindsight, as a share of it; judged on
    the worst.
    """
    weighed = [one for one in decisions if one.regret_share is not None]
    shares = [one.regret_share or 0.0 for one in weighed]
    title = "cost above the best plan in hindsight"
    if not shares:
        return ScoreFigure(
            name="regret_share",
            title=title,
            unit="share",
            n=0,
            value=None,
            says="nothing to compare",
        )
    met = None if target is None else max(shares) <= target
    return ScoreFigure(
        name="regret_share",
        title=title,
        unit="share",
        n=len(shares),
        value=round(float(np.median(shares)), 4),
        p90=round(max(shares), 4),
        target=target,
        met=met,
        events=tuple(one.event for one in weighed)[:MOST_EVENTS],
        says=f"the worst {max(shares):.0%} above, {sum(one == 0 for one in shares)} of "
        f"{len(shares)} were best",
    )
