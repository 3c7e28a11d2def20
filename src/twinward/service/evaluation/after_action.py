"""The review of an incident: planned against actual, forecast against outcome, and what follows
from the figures.
"""

from __future__ import annotations

import statistics
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from twinward.core.errors import AbsentError
from twinward.core.ports import Reader
from twinward.decision.evaluation.timeliness import TaskDone, hours, weigh_tasks
from twinward.decision.surveillance.forecasting.observed import Observed
from twinward.decision.surveillance.forecasting.score import coverage, weighted_interval_score
from twinward.service.console.basemap import Basemap
from twinward.service.console.dashboard_tables import add_up, sum_days
from twinward.service.evaluation.counterfactual import Counterfactual, evaluate_adoption
from twinward.service.incidents.corrective_actions import CorrectiveAction, list_actions
from twinward.service.incidents.incident_course import list_evidence
from twinward.service.platform import Caller, Platform, snapshot_of
from twinward.service.visibility import concerns
from twinward.twins.emergency.incidents.rows import INCIDENTS
from twinward.twins.emergency.plans.rows import ENDED_PLANS, PLANS_IN_FORCE
from twinward.twins.emergency.tasks.rows import CORRECTIVE, TASKS

if TYPE_CHECKING:
    from twinward.twins.emergency.incidents.rows import Incident
    from twinward.twins.emergency.tasks.rows import Task

FIRST_FORECAST_D, HORIZON_D, MOST_FORECASTS = 14, 14, 4
SEED = 1
GOOD_SHARE, BAD_SHARE = 0.9, 0.7  # of a department's tasks on time; from where a finding is made


class DutyDone(msgspec.Struct, frozen=True, kw_only=True):
    """One department: what was ordered of it and how it went. Hours are medians over tasks that
    got that far.
    """

    department: str
    title: str
    tasks: int
    ordered: int
    done: int
    on_time: int
    late: int
    escalations: int
    receipt_h: float | None
    work_h: float | None
    worst_late_h: float


class ObjectiveMet(msgspec.Struct, frozen=True, kw_only=True):
    objective: str
    holds: bool
    because: str


class ForecastScore(msgspec.Struct, frozen=True, kw_only=True):
    """A forecast made from what was known at `made_at`, scored on what came; `naive_wis` repeats
    the last value.
    """

    made_at: datetime
    days: int
    wis: float
    naive_wis: float
    coverage_50: float
    coverage_90: float


class ReviewFinding(msgspec.Struct, frozen=True, kw_only=True):
    """What went well or badly, and the figure that says so."""

    good: bool
    about: str
    says: str


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """`interim` while the incident is open. `not_scored` says why there are no forecasts, when
    there are none.
    """

    incident: str
    hazard: str
    area: str
    title: str
    interim: bool
    opened_at: datetime
    closed_at: datetime | None
    reviewed_at: datetime
    rounds: int
    plan: str | None
    new_total: int
    peak_day: str | None
    duties: list[DutyDone]
    tasks: list[TaskDone]
    objectives: list[ObjectiveMet]
    forecasts: list[ForecastScore]
    not_scored: str | None
    what_if: Counterfactual | None
    no_what_if: str | None
    findings: list[ReviewFinding]
    actions: list[CorrectiveAction]


def review_incident(
    platform: Platform,
    ground: Basemap,
    caller: Caller,
    incident: str,
    *,
    compute: bool = False,
    at: datetime | None = None,
) -> Review:
    """AbsentError when there is no such incident in the caller's areas.

    `compute`: run the plans that were not taken, where that was not done yet (seconds to minutes,
    by residents). `at`: the review as it would have been written then.
    """
    now = at or platform.clock.now()
    with platform.store.read() as reader:
        snapshot = snapshot_of(platform, reader, at)
        row = snapshot.find(INCIDENTS, incident)
        if row is None or not concerns(platform, caller, row.area):
            raise AbsentError(
                f"there is no incident {incident}", "list them with `twinward incident list`"
            )
        plan = snapshot.find(PLANS_IN_FORCE, incident) or snapshot.find(ENDED_PLANS, incident)
        everything = snapshot.list_rows(TASKS, incident=incident)
        evidence = list_evidence(platform, snapshot, incident, now)
        forecasts, not_scored = score_forecasts(platform, ground, reader, row)
    until = row.closed_at or now
    tasks = [task for task in everything if task.key != CORRECTIVE]
    curve = sum_days([row], ground.day_of(until))
    weighed = [weigh_duty(platform, name, own, until) for name, own in by_department(tasks)]
    duties = sorted(weighed, key=lambda duty: -duty.late)
    objectives = [
        ObjectiveMet(objective=one.objective, holds=one.holds, because=one.because)
        for one in evidence
    ]
    what_if, no_what_if = evaluate_adoption(platform, row, until, compute=compute, at=at)
    return Review(
        incident=row.id,
        hazard=row.hazard,
        area=row.area,
        title=row.title,
        interim=row.status == "open",
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        reviewed_at=now,
        rounds=row.round,
        plan=plan.plan if plan else None,
        new_total=add_up(day.new for day in curve) or 0,
        peak_day=max(curve, key=lambda day: day.new or 0).day if curve else None,
        duties=duties,
        objectives=objectives,
        tasks=weigh_tasks(tasks, until),
        what_if=what_if,
        no_what_if=no_what_if,
        forecasts=forecasts,
        not_scored=not_scored,
        findings=find(duties, objectives, forecasts, row),
        actions=list_actions(everything, now),
    )


def by_department(tasks: list[Task]) -> list[tuple[str, list[Task]]]:
    found: dict[str, list[Task]] = {}
    for task in tasks:
        found.setdefault(task.department, []).append(task)
    return sorted(found.items())


def weigh_duty(platform: Platform, name: str, tasks: list[Task], until: datetime) -> DutyDone:
    """One department's tasks against their deadlines; what is not done by `until` is late when
    its time is over.
    """
    known = platform.reference.library.departments
    ordered = [task for task in tasks if task.ordered_at and task.status != "dropped"]
    overtime_h = [hours(task.ordered, task.done_at or until) - task.deadline_h for task in ordered]
    done = [task for task in ordered if task.done_at]
    on_time = sum(over <= 0 for task, over in zip(ordered, overtime_h, strict=True) if task.done_at)
    return DutyDone(
        department=name,
        title=known[name].title if name in known else name,
        tasks=len(tasks),
        ordered=len(ordered),
        done=len(done),
        on_time=on_time,
        late=sum(over > 0 for over in overtime_h),
        escalations=sum(task.escalations for task in tasks),
        receipt_h=median(
            [hours(task.ordered, task.confirmed_at) for task in ordered if task.confirmed_at]
        ),
        work_h=median([hours(task.ordered, task.done_at) for task in done if task.done_at]),
        worst_late_h=round(max([0.0, *overtime_h]), 1),
    )


def median(values: list[float]) -> float | None:
    return round(statistics.median(values), 2) if values else None


def score_forecasts(
    platform: Platform, ground: Basemap, reader: Reader, row: Incident
) -> tuple[list[ForecastScore], str | None]:
    """Forecasts fixed at instants of the past from what the log held then, scored on the days
    that came after.
    """
    days = {
        date.fromisoformat(day.day): float(day.new)
        for day in sum_days([row], date.max)
        if day.new is not None
    }
    if not days:
        return [], "no counts by day: nothing to forecast"
    first, last = min(days), max(days)
    scores: list[ForecastScore] = []
    start = first + timedelta(days=FIRST_FORECAST_D)
    while start + timedelta(days=HORIZON_D // 2) <= last and len(scores) < MOST_FORECASTS:
        at = datetime.combine(start, time(), ground.zone)
        then = snapshot_of(platform, reader, at).find(INCIDENTS, row.id)
        known = sum_days([then], start - timedelta(days=1)) if then is not None else []
        if len(known) >= 7:
            told = {day.day: float(day.new) for day in known if day.new is not None}
            scores.append(_score(at, told, days, start, last))
        start += timedelta(days=HORIZON_D)
    why = (
        None
        if scores
        else f"{(last - first).days + 1} days are too few for a forecast and its {HORIZON_D} days"
    )
    return scores, why


def _score(
    at: datetime, known: dict[str, float], came: dict[date, float], start: date, last: date
) -> ForecastScore:
    from twinward.service.planning.forecasting import make_forecast

    first = date.fromisoformat(min(known))
    series = [
        known.get((first + timedelta(days=n)).isoformat(), 0.0) for n in range((start - first).days)
    ]
    days = min(HORIZON_D, (last - start).days + 1)
    forecast = make_forecast(Observed(first=first, counts=np.array(series)), days, None, SEED)
    truth = np.array([came.get(start + timedelta(days=n), 0.0) for n in range(days)])
    return ForecastScore(
        made_at=at,
        days=days,
        wis=round(weighted_interval_score(forecast.quantiles, truth), 2),
        naive_wis=round(weighted_interval_score(forecast.baselines["last_value"], truth), 2),
        coverage_50=coverage(forecast.quantiles, truth, 0.5),
        coverage_90=coverage(forecast.quantiles, truth, 0.9),
    )


def find(
    duties: list[DutyDone],
    objectives: list[ObjectiveMet],
    forecasts: list[ForecastScore],
    row: Incident,
) -> list[ReviewFinding]:
    """What the figures say went well or badly, the worst first."""
    found = []
    for duty in duties:
        if due := duty.on_time + duty.late:  # work whose time is not over yet is neither
            share = duty.on_time / due
            text = f"{duty.on_time} of {due} orders done in time"
            if share >= GOOD_SHARE or share < BAD_SHARE:
                more = f"; the worst was {duty.worst_late_h:,.0f} h over" if duty.late else ""
                found.append(
                    ReviewFinding(good=share >= GOOD_SHARE, about=duty.department, says=text + more)
                )
    found += [
        ReviewFinding(good=one.holds, about=one.objective, says=one.because) for one in objectives
    ]
    if row.round > 1:
        found.append(
            ReviewFinding(
                good=False,
                about="closing",
                says=f"reopened {row.round - 1} times after it was closed",
            )
        )
    for score in forecasts:
        better = score.wis <= score.naive_wis
        text = f"WIS {score.wis:,.1f} against {score.naive_wis:,.1f} of repeating the last value"
        found.append(
            ReviewFinding(good=better, about=f"forecast of {score.made_at:%Y-%m-%d}", says=text)
        )
    return sorted(found, key=lambda one: one.good)
