"""Use case: is each plan ready, before anything happens? Its faults, its drills, its needs
against what is there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime, timedelta

import msgspec

from twinward.library.plans.generation import write_toml
from twinward.library.plans.plan import Plan, Quantity
from twinward.library.plans.validation import validate_plan
from twinward.library.supplies.resources import list_resources
from twinward.library.wording import amount
from twinward.service.plans.plan_library import list_plans
from twinward.service.platform import Caller, Platform, snapshot_of
from twinward.service.visibility import concerns
from twinward.twins.emergency.drills.rows import DRILLS
from twinward.twins.emergency.resources.rows import STOCKS

DRILLED_WITHIN = timedelta(
    days=365
)  # ours: a plan that nobody has practised for a year is not practised
OLD_COUNT = timedelta(days=30)  # ours: what nobody has counted for so long is not known to be there
SOON = timedelta(days=30)


class Lack(msgspec.Struct, frozen=True, kw_only=True):
    """A resource of which a plan needs more than is free today."""

    resource: str
    title: str
    unit: str
    needed: float
    free: float
    short: float


class PlanReady(msgspec.Struct, frozen=True, kw_only=True):
    """How one plan stands; `because` says everything that keeps it from being ready."""

    plan: str
    title: str
    hazard: str
    level: str
    ready: bool
    faults: tuple[str, ...]
    drilled_at: datetime | None
    lacks: tuple[Lack, ...]
    because: tuple[str, ...]


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """All plans at an instant, those that are not ready first; `old_counts`: stocks that nobody
    has counted lately.
    """

    as_of: datetime
    ready: int
    plans: tuple[PlanReady, ...]
    old_counts: tuple[str, ...]


class HeldCapacity(msgspec.Struct, frozen=True, kw_only=True):
    """What a workspace says of today: free by kind, when each plan was last drilled, counts
    grown old.
    """

    free: Mapping[str, float]
    drilled: Mapping[str, datetime]
    old: tuple[str, ...]
    residents: int = 0  # of the city; 0 where nobody has counted them


def assess(platform: Platform, caller: Caller, hazard: str | None = None) -> Readiness:
    """Every plan of a hazard (none: of all) but generated ones, against the stocks that concern
    the caller.
    """
    now, library = platform.clock.now(), platform.reference.library
    held = read_held(platform, caller, now)
    found = []
    for line in list_plans(library, hazard):
        if not line.made:
            plan = library.plans[line.id]
            _, faults = validate_plan(
                write_toml(plan), plan.id, library, now, platform.reference.areas
            )
            found.append(
                weigh(plan, tuple(f"{one.message}; {one.advice}" for one in faults), held, now)
            )
    ranked = sorted(found, key=lambda one: (one.ready, one.hazard, one.plan))
    return Readiness(
        as_of=now, ready=sum(one.ready for one in ranked), plans=tuple(ranked), old_counts=held.old
    )


def read_held(platform: Platform, caller: Caller, now: datetime) -> HeldCapacity:
    free: dict[str, float] = {}
    drilled: dict[str, datetime] = {}
    old = []
    with platform.store.read() as reader:
        snapshot = snapshot_of(platform, reader)
        for row in snapshot.list_rows(STOCKS):
            if concerns(platform, caller, row.area):
                free[row.kind] = free.get(row.kind, 0.0) + max(row.free(now.date()), 0.0)
                if now - row.stated_at > OLD_COUNT:
                    old.append(
                        f"{row.kind} of {row.holder or row.area}, counted {row.stated_at:%Y-%m-%d}"
                    )
        for drill in snapshot.list_rows(DRILLS):
            drilled |= {
                plan: max(drill.played_at, drilled.get(plan, drill.played_at))
                for plan in drill.plans
            }
    everybody = platform.reference.residents(platform.reference.areas.root)
    return HeldCapacity(free=free, drilled=drilled, old=tuple(old), residents=everybody)


def weigh(plan: Plan, faults: tuple[str, ...], held: HeldCapacity, now: datetime) -> PlanReady:
    """One plan against what is there."""
    known = list_resources()
    lacks = tuple(
        Lack(
            resource=name,
            title=known[name].title,
            unit=known[name].unit,
            needed=needed,
            free=held.free.get(name, 0.0),
            short=needed - held.free.get(name, 0.0),
        )
        for name, needed in needs_of(plan, held.residents).items()
        if name in known and held.free.get(name, 0.0) < needed
    )
    at = held.drilled.get(plan.id)
    because = [*faults, *(f"{amount(one.short, one.unit, one.title)} short" for one in lacks)]
    because += say_drilled(at, now) + say_valid(plan.valid_until, now.date())
    return PlanReady(
        plan=plan.id,
        title=plan.title,
        hazard=plan.hazard,
        level=plan.level,
        ready=not because,
        faults=faults,
        drilled_at=at,
        lacks=lacks,
        because=tuple(because),
    )


def say_drilled(at: datetime | None, now: datetime) -> list[str]:
    if at is None:
        return ["it has never been drilled"]
    return [f"it was last drilled on {at:%Y-%m-%d}"] if now - at > DRILLED_WITHIN else []


def say_valid(until: date | None, today: date) -> list[str]:
    return (
        [f"it is valid until {until} only"]
        if until is not None and today <= until < today + SOON
        else []
    )


def needs_of(plan: Plan, residents: int = 0) -> dict[str, float]:
    """What the plan says it needs in all, for a city of so many residents; of what it says nothing
    of, the needs of its tasks, each ordered once.
    """
    size = plan.resources_for_residents
    share = residents / size if residents and size else 1.0
    summed: dict[str, float] = {}
    for task in plan.tasks:
        for name, needed in task.needs.items():
            summed[name] = summed.get(name, 0.0) + needed
    for name, wanted in plan.resources.items():
        quantity = wanted.quantity if isinstance(wanted, Quantity) else wanted
        summed[name] = float(math.ceil(round(quantity * share, 6)))
    return summed
