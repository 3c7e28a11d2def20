"""Use case: a named person puts a plan in force; the sheet that was read stays beside what then
happens.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

import msgspec

from twinward.core.errors import ConflictError, InputError
from twinward.core.ids import derive_id
from twinward.core.reasons import because_of
from twinward.decision.planning.comparison import PlanResult
from twinward.library.plans.plan import Plan
from twinward.library.texts import write_reason
from twinward.loop.policies.clauses import find_start, list_waiting
from twinward.service.access import approvals
from twinward.service.incidents.queries import get_incident
from twinward.service.incidents.shown import ShownCourse
from twinward.service.planning.comparison_store import find_comparison, get_comparison
from twinward.service.plans.adoptable_plans import import_adoptable
from twinward.service.platform import Caller, Platform, ask
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.incidents.rows import INCIDENTS
from twinward.twins.emergency.plans.rows import PLANS_IN_FORCE

LASTS_D = 14  # a proposal of a plan ends by itself after so long, unless somebody says otherwise


class AdoptRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Who adopts what for which incident. `replace`: the plan in force that is meant to give way.

    A plan starts when one of its triggers is reached; with `now`, and one whose sheet was read, at
    once.
    """

    plan: str
    incident: str
    by: str
    reason: str = ""
    sheet: str = ""
    replace: str = ""
    now: bool = False


class Adoption(msgspec.Struct, frozen=True, kw_only=True):
    """`state`: adopted, waits for its trigger (`waits_for`), or waits for a second person under
    `change`.
    """

    state: str
    incident: str
    plan: str
    version: str
    authority: str
    sheet: str
    change: str | None = None
    waits_for: tuple[str, ...] = ()


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """A forecast and what happened: new infections by day as the adopted plan's fan, and cases
    reported on those days.

    Reports find a part of the infections, so the lines are to be compared by their course, not by
    their height.
    """

    incident: str
    sheet: str
    fingerprint: str
    plan: str
    adopted_by: str
    authority: str
    first_day: date | None
    levels: tuple[float, ...]
    forecast: list[list[float]]
    reported: list[float | None]  # null where the count is small, or the day is still to come
    expected: PlanResult


def adopt(platform: Platform, caller: Caller, request: AdoptRequest) -> Adoption:
    """The plan comes into force, or waits for its second person. Refused clearly; nothing is
    half adopted.
    """
    shown = get_incident(platform, request.incident, caller=caller)
    platform.policy.require(caller, "command_incident", area=shown["area"])
    plan = import_adoptable(platform, request.plan)
    hazard = platform.reference.library.find_hazard(shown["hazard"])
    if hazard is None or hazard.id != plan.hazard:
        raise InputError(
            f"plan {plan.id} is for {plan.hazard}, the incident is {shown['hazard']}",
            "choose a plan for its hazard",
            code="wrong_hazard",
        )
    check_words(platform, request)
    require_room(shown, request)
    reason = (
        because_of("authority.adopted_because", by=request.by, reason=request.reason)
        if request.reason
        else because_of("authority.adopted", by=request.by)
    )
    authority = write_reason(reason)
    answer = Adoption(
        state="adopted",
        incident=request.incident,
        plan=plan.id,
        version=plan.version,
        authority=authority,
        sheet=request.sheet,
    )
    starts: Literal["now", "triggered"] = "now" if request.now or request.sheet else "triggered"
    if platform.managed:
        change = propose(platform, caller, shown["area"], request, authority, plan, starts)
        return msgspec.structs.replace(answer, state="waits for a second person", change=change)
    ask(
        platform,
        caller,
        m.AdoptPlan(
            id=command_id(platform, request),
            incident=request.incident,
            plan=plan.id,
            version=plan.version,
            objectives=plan.objectives,
            authority=authority,
            authority_reasons=(reason,),
            forecast=request.sheet,
            starts=starts,
            instead_of=shown["plan"].plan if shown["plan"] else "",
        ),
    )
    waits = waits_for(platform, request.incident, plan) if starts == "triggered" else ()
    return (
        msgspec.structs.replace(answer, state="waits for its trigger", waits_for=waits)
        if waits
        else answer
    )


def waits_for(platform: Platform, incident: str, plan: Plan) -> tuple[str, ...]:
    """What the plan waits for before it starts; nothing when one of its triggers is reached."""
    with platform.store.read() as rows:
        row = rows.get(INCIDENTS, incident)
        if find_start(plan, row, rows, platform.reference) is not None:
            return ()
        return tuple(
            list_waiting(plan, rows.get(PLANS_IN_FORCE, incident), row, rows, platform.reference)
        )


def check_words(platform: Platform, request: AdoptRequest) -> None:
    """A name, a reason that fits, a sheet that exists and holds the plan."""
    if not 2 <= len(request.by.strip()) <= 100:
        raise InputError(
            "adopting needs a name", "say who adopts it with --by NAME", code="no_name"
        )
    if len(request.reason) > 1500:
        raise InputError("the reason is too long", "at most 1500 characters", code="bad_reason")
    if request.sheet and request.plan not in {
        one.id for one in get_comparison(platform.workspace, request.sheet).plans
    }:
        raise InputError(
            f"sheet {request.sheet} does not hold plan {request.plan}",
            "compare it first",
            code="not_on_sheet",
        )


def require_room(shown: ShownCourse, request: AdoptRequest) -> None:
    """ConflictError unless the incident is open and no other plan is in force, or the one named
    gives way.
    """
    if shown["status"] != "open":
        raise ConflictError(
            f"incident {request.incident} is closed",
            "report a case: it reopens by itself",
            code="closed",
        )
    known = shown["plan"]
    if known is None and request.replace:
        raise ConflictError(
            f"no plan is in force there, not {request.replace}",
            "leave --replace out",
            code="plan_in_force",
        )
    if known is None or known.plan == request.replace != request.plan:
        return
    if known.plan == request.plan:
        raise ConflictError(
            f"plan {known.plan} is already in force", "nothing was changed", code="already_adopted"
        )
    raise ConflictError(
        f"plan {known.plan} is in force there, {known.authority}",
        f"one area follows one plan: say --replace {known.plan}, or leave it",
        code="plan_in_force",
    )


def propose(
    platform: Platform,
    caller: Caller,
    area: str,
    request: AdoptRequest,
    authority: str,
    plan: Plan,
    starts: str,
) -> str:
    """The plan as a change that waits for its second person."""
    found = approvals.propose(
        platform,
        caller,
        "mass_action",
        area,
        reason=authority,
        basis=f"plan {plan.id} {plan.version}: {plan.source}",
        until=platform.clock.now() + timedelta(days=LASTS_D),
        thing=request.incident,
        value=plan.id,
        linked=request.sheet or None,
        how=starts,
    )
    return str(found["id"])


def command_id(platform: Platform, request: AdoptRequest) -> str:
    with platform.store.read() as rows:
        return derive_id(
            "cmd", "adopt", request.incident, request.plan, request.by, rows.last_seq()
        )


def look_beside(platform: Platform, caller: Caller, incident: str) -> Beside | None:
    """The forecast of the plan in force beside what was reported since; None when it was adopted
    without a sheet.
    """
    shown = get_incident(platform, incident, caller=caller)
    known = shown["plan"]
    sheet = (
        find_comparison(platform.workspace, known.forecast)
        if known is not None and known.forecast
        else None
    )
    expected = (
        next((one for one in sheet.plans if one.id == known.plan), None)
        if sheet and known
        else None
    )
    if (
        known is None or sheet is None or expected is None
    ):  # none, or refused: the fit missed its own past
        return None
    first = sheet.as_of.date() if sheet.as_of else None
    return Beside(
        incident=incident,
        sheet=known.forecast,
        fingerprint=sheet.fingerprint,
        plan=known.plan,
        adopted_by=known.adopted_by,
        authority=known.authority,
        first_day=first,
        levels=sheet.levels,
        forecast=expected.fan["new_infections"],
        expected=expected,
        reported=reported_since(shown["days"], first, sheet.days, platform.settings.k_anonymity),
    )


def reported_since(
    days: dict[str, dict[str, float]], first: date | None, count: int, k: int
) -> list[float | None]:
    """New cases by day from `first` on; small counts and days without a report are null."""
    if first is None:
        return [None] * count
    found = [days.get((first + timedelta(days=n)).isoformat(), {}).get("new") for n in range(count)]
    return [x if x is None or x == 0 or x >= k else None for x in found]
