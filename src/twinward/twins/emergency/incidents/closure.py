"""Evidence for closing: each objective of the plan in force, whether it holds, and what shows
it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from twinward.core.ports import Rows
from twinward.library.plans.plan import Objective
from twinward.twins.emergency.contacts.handlers import SETTLED
from twinward.twins.emergency.contacts.rows import CONTACTS
from twinward.twins.emergency.incidents.rows import (
    CriterionResult,
    EndedPlan,
    Incident,
    PlanInForce,
)
from twinward.twins.emergency.plans.rows import ENDED_PLANS, PLANS_IN_FORCE
from twinward.twins.emergency.tasks.rows import OPEN_TASK, TASKS, Task

# Our limit: with fewer contacts named than one for ten infections, contacts that are all tested
# prove nothing. Surveys count several close contacts for a case (Mossong et al. 2008, PLoS Medicine
# 5:e74: 13 encounters a day).
LEAST_NAMED = 0.1
PROVES_NOTHING = "it proves nothing"
COUNTED_ROWS = {"contacts_resolved": 1, "tasks_done": 2}  # objectives whose rows are counted


def find_evidence(incident: Incident, rows: Rows, at: datetime) -> list[CriterionResult]:
    """The findings for every objective of the plan in force, or of the one that has ended; one that
    fails without.

    `at` is in the city's zone: quiet days are days of its calendar.
    """
    plan = find_plan(incident, rows)
    if plan is None:
        return [
            CriterionResult(
                objective="plan", holds=False, because="no plan is in force for this incident"
            )
        ]
    return [judge_or_waive(objective, incident, rows, at) for objective in plan.objectives]


def is_met(incident: Incident, rows: Rows, at: datetime) -> bool:
    """Whether all of the evidence is there: the same as every finding holding, with what the
    incident itself says first, so that its tasks and contacts are counted only where the rest
    holds.
    """
    plan = find_plan(incident, rows)
    if plan is None:
        return False
    by_cost = sorted(plan.objectives, key=lambda one: COUNTED_ROWS.get(one.kind, 0))
    return all(judge_or_waive(one, incident, rows, at).holds for one in by_cost)


def find_plan(incident: Incident, rows: Rows) -> PlanInForce | EndedPlan | None:
    """The plan whose objectives are asked for: the one in force, or the one that has ended."""
    plan: PlanInForce | EndedPlan | None = rows.find(PLANS_IN_FORCE, incident.id)
    return plan or rows.find(ENDED_PLANS, incident.id)


def judge_or_waive(
    objective: Objective, incident: Incident, rows: Rows, at: datetime
) -> CriterionResult:
    found = judge(objective, incident, rows, at)
    if found.vacuous and objective.key in incident.waived:
        return meet(found, incident.waived[objective.key])
    return found


def meet(finding: CriterionResult, reason: str) -> CriterionResult:
    return CriterionResult(
        objective=finding.objective,
        holds=True,
        because=f"{finding.because}; met by a stated reason: {reason}",
    )


def judge(objective: Objective, incident: Incident, rows: Rows, at: datetime) -> CriterionResult:
    judges = {
        "tasks_done": judge_tasks,
        "contacts_resolved": judge_contacts,
        "quiet_days": check_quiet_period,
        "figure_below": judge_figure,
    }
    holds, because = judges[objective.kind](objective, incident, rows, at)
    vacuous = objective.kind in ("contacts_resolved", "tasks_done") and because.endswith(
        PROVES_NOTHING
    )
    return CriterionResult(objective=objective.key, holds=holds, because=because, vacuous=vacuous)


def judge_tasks(
    objective: Objective, incident: Incident, rows: Rows, at: datetime
) -> tuple[bool, str]:
    open_count = rows.count(TASKS, incident=incident.id, status=OPEN_TASK, essential=True)
    if not open_count:
        done = rows.count(TASKS, incident=incident.id, status="done", essential=True)
        if not done:
            return False, f"no essential task was ever done: {PROVES_NOTHING}"
        return True, f"every essential task is done ({done})"
    some: list[Task] = rows.list_rows(
        TASKS, incident=incident.id, status=OPEN_TASK, essential=True, order="due_at", limit=200
    )
    who = sorted({f"{task.department} in {task.area}" for task in some if task.is_late(at)})
    late = f"; late: {', '.join(who[:6])}{' and others' if len(who) > 6 else ''}" if who else ""
    return False, f"{open_count} essential tasks are open{late}"


def judge_contacts(
    objective: Objective, incident: Incident, rows: Rows, at: datetime
) -> tuple[bool, str]:
    """Each contact is tested, has become a case or lives outside; or was not found, and its
    follow-up is over.
    """
    total = rows.count(CONTACTS, incident=incident.id)
    settled = rows.count(CONTACTS, incident=incident.id, step=SETTLED)
    missing = (
        rows.list_rows(CONTACTS, incident=incident.id, step="not_found") if settled < total else []
    )
    ends = [contact.followed_until() for contact in missing]
    settled += sum(end <= at for end in ends)
    infected = incident.figures.get("new_total", 0.0)
    if total == settled and total < LEAST_NAMED * infected:
        said = {0: "no contact has", 1: "1 contact has"}.get(total, f"{total} contacts have")
        return False, f"{said} been named for {infected:,.0f} infections: {PROVES_NOTHING}"
    if total == settled:
        elsewhere = rows.count(CONTACTS, incident=incident.id, step="lives_outside")
        if not (missing or elsewhere):
            return True, f"all {total} contacts are located, isolated and tested"
        return True, (
            f"all {total} contacts are settled: living outside {elsewhere}, "
            f"not found {len(missing)}"
        )
    because = f"{total - settled} of {total} contacts are not yet located, isolated and tested"
    if missing:
        last = max(ends).astimezone(at.tzinfo).date()
        because += f"; not found {len(missing)}, followed up until {last}"
    return False, because


def check_quiet_period(
    objective: Objective, incident: Incident, rows: Rows, at: datetime
) -> tuple[bool, str]:
    """No linked case for the window, and the reports still come: silence of the feed is not
    evidence.
    """
    today = at.date()
    if (
        incident.last_day is None
        or (today - date.fromisoformat(incident.last_day)).days > objective.stale_after_days
    ):
        return False, f"no report since {incident.last_day}: silence is not evidence"
    since = incident.last_linked_day
    if since is None:
        opened = incident.opened_at.astimezone(at.tzinfo).date()
        quiet = (today - opened).days
    else:
        quiet = (today - date.fromisoformat(since)).days
    if quiet >= objective.days:
        return (
            True,
            f"no linked case for {quiet} days (the window is {objective.days}), last report "
            f"{incident.last_day}",
        )
    return False, f"the last linked case was {quiet} days ago; the window is {objective.days} days"


def judge_figure(
    objective: Objective, incident: Incident, rows: Rows, at: datetime
) -> tuple[bool, str]:
    value = incident.figures.get(objective.figure)
    if value is None:
        return False, f"nobody has reported {objective.figure}"
    if value >= objective.below:
        return False, f"{objective.figure} is {value:g}, not below {objective.below:g}"
    held = at - incident.below_since.get(objective.key, incident.changed_at)
    if held < timedelta(hours=objective.hours):
        return (
            False,
            f"{objective.figure} is {value:g} for {held}; it must stay below for "
            f"{objective.hours:g} h",
        )
    return (
        True,
        f"{objective.figure} is {value:g}, below {objective.below:g} for {objective.hours:g} h or "
        f"more",
    )
