"""Evidence for closing: each objective of the plan in force, whether it holds, and what shows
it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from twinward.core.ports import Rows
from twinward.core.reasons import Reason, because_of
from twinward.library.plans.plan import Objective
from twinward.library.texts import write_reasons
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
NAMED = 6  # so many departments with late tasks are named
# they show that nothing is there which could prove anything: only a person's reason can
VACUOUS = {f"closing.{name}_named" for name in ("no_contact", "one_contact", "few_contacts")} | {
    "closing.nothing_done"
}
COUNTED_ROWS = {"contacts_resolved": 1, "tasks_done": 2}  # objectives whose rows are counted


def find_evidence(incident: Incident, rows: Rows, at: datetime) -> list[CriterionResult]:
    """The findings for every objective of the plan in force, or of the one that has ended; one that
    fails without.

    `at` is in the city's zone: quiet days are days of its calendar.
    """
    plan = find_plan(incident, rows)
    if plan is None:
        return [make_result("plan", False, because_of("closing.no_plan"))]
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


def make_result(objective: str, holds: bool, *reasons: Reason) -> CriterionResult:
    """The result with its text, which stays in the log."""
    return CriterionResult(
        objective=objective,
        holds=holds,
        because=write_reasons(reasons),
        vacuous=not holds and reasons[0].code in VACUOUS,
        reasons=reasons,
    )


def meet(finding: CriterionResult, reason: str) -> CriterionResult:
    stated = because_of("closing.stated", reason=reason)
    return make_result(finding.objective, True, *finding.reasons, stated)


def judge(objective: Objective, incident: Incident, rows: Rows, at: datetime) -> CriterionResult:
    judges = {
        "tasks_done": judge_tasks,
        "contacts_resolved": judge_contacts,
        "quiet_days": check_quiet_period,
        "figure_below": judge_figure,
    }
    holds, reason = judges[objective.kind](objective, incident, rows, at)
    return make_result(objective.key, holds, reason)


def judge_tasks(
    objective: Objective, incident: Incident, rows: Rows, at: datetime
) -> tuple[bool, Reason]:
    open_count = rows.count(TASKS, incident=incident.id, status=OPEN_TASK, essential=True)
    if not open_count:
        done = rows.count(TASKS, incident=incident.id, status="done", essential=True)
        if not done:
            return False, because_of("closing.nothing_done")
        return True, because_of("closing.tasks_done", done=done)
    some: list[Task] = rows.list_rows(
        TASKS, incident=incident.id, status=OPEN_TASK, essential=True, order="due_at", limit=200
    )
    who = sorted({(task.department, task.area) for task in some if task.is_late(at)})
    if not who:
        return False, because_of("closing.tasks_open", open=open_count)
    code = "closing.tasks_late_and_others" if len(who) > NAMED else "closing.tasks_late"
    late = tuple(
        because_of("closing.duty", department=department, area=area)
        for department, area in who[:NAMED]
    )
    return False, because_of(code, open=open_count, late=late)


def judge_contacts(
    objective: Objective, incident: Incident, rows: Rows, at: datetime
) -> tuple[bool, Reason]:
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
        if total > 1:
            return False, because_of("closing.few_contacts_named", named=total, infected=infected)
        code = ("closing.no_contact_named", "closing.one_contact_named")[total]
        return False, because_of(code, infected=infected)
    if total == settled:
        elsewhere = rows.count(CONTACTS, incident=incident.id, step="lives_outside")
        if not (missing or elsewhere):
            return True, because_of("closing.contacts_tested", all=total)
        return True, because_of(
            "closing.contacts_settled", all=total, outside=elsewhere, missing=len(missing)
        )
    left = {"open": total - settled, "all": total}
    if not missing:
        return False, because_of("closing.contacts_open", **left)
    last = max(ends).astimezone(at.tzinfo).date().isoformat()
    return False, because_of("closing.contacts_followed", **left, missing=len(missing), until=last)


def check_quiet_period(
    objective: Objective, incident: Incident, rows: Rows, at: datetime
) -> tuple[bool, Reason]:
    """No linked case for the window, and the reports still come: silence of the feed is not
    evidence.
    """
    today = at.date()
    if (
        incident.last_day is None
        or (today - date.fromisoformat(incident.last_day)).days > objective.stale_after_days
    ):
        return False, because_of("closing.no_report", since=str(incident.last_day))
    since = incident.last_linked_day
    if since is None:
        opened = incident.opened_at.astimezone(at.tzinfo).date()
        quiet = (today - opened).days
    else:
        quiet = (today - date.fromisoformat(since)).days
    if quiet < objective.days:
        return False, because_of("closing.not_quiet", days=quiet, window=objective.days)
    return True, because_of(
        "closing.quiet", days=quiet, window=objective.days, last=incident.last_day
    )


def judge_figure(
    objective: Objective, incident: Incident, rows: Rows, at: datetime
) -> tuple[bool, Reason]:
    value = incident.figures.get(objective.figure)
    if value is None:
        return False, because_of("closing.not_reported", figure=objective.figure)
    said: dict[str, str | float] = {"figure": objective.figure, "value": value}
    if value >= objective.below:
        return False, because_of("closing.not_below", **said, below=objective.below)
    held = at - incident.below_since.get(objective.key, incident.changed_at)
    if held < timedelta(hours=objective.hours):
        return False, because_of("closing.below_for", **said, held=str(held), hours=objective.hours)
    return True, because_of("closing.below", **said, below=objective.below, hours=objective.hours)
