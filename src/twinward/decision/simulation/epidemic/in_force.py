"""The measures in force at an instant: what the plans of open incidents do, and what their
orders have put in force.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

import msgspec

from twinward.core.errors import InputError
from twinward.core.reasons import Reason, because_of
from twinward.library.hazards.measures import SINGULAR, Measure, read_measures
from twinward.library.plans.plan import SAME_AS, Plan
from twinward.twins.emergency.incidents.rows import INCIDENTS
from twinward.twins.emergency.plans.rows import PLANS_IN_FORCE
from twinward.twins.emergency.tasks.rows import TASKS
from twinward.twins.snapshot import Snapshot

if TYPE_CHECKING:
    from twinward.twins.emergency.incidents.rows import Incident

ROOMS_DEFAULT = 1000
LEVELS = ("I", "II", "III", "IV")  # the strictest first
FAR = 9_999


class InForce(msgspec.Struct, frozen=True, kw_only=True):
    """A measure and since how many days it holds; its `start_day` is above 0 where it is yet to
    come.
    """

    measure: Measure
    since_d: int = 0
    rank: int = FAR  # place of its plan's level among LEVELS

    @property
    def kind(self) -> str:
        return str(self.measure.__struct_config__.tag)


def list_in_force(
    snapshot: Snapshot, hazard: str, plans: dict[str, Plan], at: datetime
) -> tuple[list[InForce], tuple[Reason, ...]]:
    """Everything that the plans in force of the hazard's open incidents do, and notes on what is
    left out.

    A measure that a task of the plan carries holds where and since that is ordered; one that no
    task carries holds since the plan was adopted, where the plan says. An order without a plan
    holds as its measure is by default.
    """
    rows = {row.id: row for row in snapshot.list_rows(INCIDENTS, status="open", hazard=hazard)}
    orders, rooms = list_orders(snapshot, set(rows), at)
    found: list[InForce] = []
    for row in snapshot.list_rows(PLANS_IN_FORCE):
        plan = plans.get(row.plan)
        if row.id in rows and plan is not None:
            found += of_plan(
                plan, rows[row.id], row.adopted_at, orders, rooms, at, snapshot.areas.root
            )
    left, notes = of_orders(orders, rooms, snapshot.areas.root)
    return settle(found + left), notes


def list_orders(
    snapshot: Snapshot, incidents: set[str], at: datetime
) -> tuple[dict[tuple[str, str], tuple[set[str], int]], dict[tuple[str, str], float]]:
    """(incident, kind) -> areas in which it is ordered and since how many days; and quarantine
    rooms asked for.
    """
    orders: dict[tuple[str, str], tuple[set[str], int]] = {}
    rooms: dict[tuple[str, str], float] = {}
    for task in snapshot.list_rows(TASKS):
        if (
            task.measure
            and task.incident in incidents
            and task.ordered_at is not None
            and task.status != "dropped"
        ):
            key = task.incident, SAME_AS.get(task.measure, task.measure)
            areas, since = orders.get(key, (set(), 0))
            orders[key] = areas | {task.area}, max(since, days_since(task.ordered_at, at))
            rooms[key] = rooms.get(key, 0.0) + task.needs.get("quarantine_rooms", 0.0)
    return orders, rooms


def of_plan(
    plan: Plan,
    incident: Incident,
    adopted_at: datetime,
    orders: dict[tuple[str, str], tuple[set[str], int]],
    rooms: dict[tuple[str, str], float],
    at: datetime,
    root: str,
) -> list[InForce]:
    """What one plan does for one incident; the orders that it accounts for are taken out of
    `orders`.
    """
    carried = {
        SAME_AS.get(task.measure, task.measure) for task in plan.every_task() if task.measure
    }
    rank = LEVELS.index(plan.level) if plan.level in LEVELS else FAR
    affected = [] if root in incident.affected else list(incident.affected)
    found = []
    for one in plan.measures_in(affected):
        kind = str(one.__struct_config__.tag)
        key = incident.id, kind
        if kind in carried:
            if key in orders:
                areas, since = orders.pop(key)
                more: dict[str, object] = {
                    "areas": [] if root in areas else sorted(areas),
                    "trigger": None,
                    "start_day": 0,
                }
                if kind == "quarantine_facility":
                    more["places"] = max(int(rooms.get(key, 0.0)), int(getattr(one, "places", 0)))
                found.append(
                    InForce(measure=msgspec.structs.replace(one, **more), since_d=since, rank=rank)
                )
            continue
        since = days_since(adopted_at, at) - one.start_day
        held = msgspec.structs.replace(one, start_day=max(0, -since))
        found.append(InForce(measure=held, since_d=max(0, since), rank=rank))
    return found


def of_orders(
    orders: dict[tuple[str, str], tuple[set[str], int]],
    rooms: dict[tuple[str, str], float],
    root: str,
) -> tuple[list[InForce], tuple[Reason, ...]]:
    """Orders that no plan in force accounts for: each kind as it is by default, in every area it
    was ordered for.
    """
    areas: dict[str, set[str]] = {}
    since: dict[str, int] = {}
    places: dict[str, float] = {}
    for (incident, kind), (where, days) in sorted(orders.items()):
        areas.setdefault(kind, set()).update(where)
        since[kind] = max(since.get(kind, 0), days)
        places[kind] = places.get(kind, 0.0) + rooms.get((incident, kind), 0.0)
    found: list[InForce] = []
    unknown: list[str] = []
    for kind, where in sorted(areas.items()):
        entry: dict[str, object] = {
            "type": kind,
            "name": f"{kind} in force",
            "areas": [] if root in where else sorted(where),
        }
        if kind == "quarantine_facility":
            entry["places"] = int(places[kind]) or ROOMS_DEFAULT
        try:
            found += [
                InForce(measure=one, since_d=since[kind])
                for one in read_measures({"measures": [entry]})
            ]
        except InputError:
            unknown.append(kind)
    return found, (because_of("state.not_known", measures=", ".join(unknown)),) if unknown else ()


def settle(found: list[InForce]) -> list[InForce]:
    """The same measure of several incidents as one; of a kind that holds once, the strictest
    plan's in each area.
    """
    ordered = sorted(found, key=lambda one: (one.rank, -one.since_d, one.kind, one.measure.areas))
    merged: list[InForce] = []
    for one in ordered:
        bare = msgspec.structs.replace(one.measure, areas=[])
        same = next(
            (
                k
                for k, other in enumerate(merged)
                if msgspec.structs.replace(other.measure, areas=[]) == bare
            ),
            None,
        )
        if same is None:
            merged.append(one)
            continue
        here, more = merged[same].measure.areas, one.measure.areas
        areas = sorted({*here, *more}) if here and more else []
        merged[same] = msgspec.structs.replace(
            merged[same],
            measure=msgspec.structs.replace(merged[same].measure, areas=areas),
            since_d=max(merged[same].since_d, one.since_d),
        )
    return [one for k, one in enumerate(merged) for one in without_clash(one, merged[:k])]


def without_clash(one: InForce, before: list[InForce]) -> list[InForce]:
    """The measure outside the areas in which one of its kind holds already; nothing where that
    holds everywhere.
    """
    if not isinstance(one.measure, SINGULAR):
        return [one]
    taken = [other.measure.areas for other in before if type(other.measure) is type(one.measure)]
    if not taken:
        return [one]
    if not all(taken) or not one.measure.areas:
        return []
    held = [code for areas in taken for code in areas]
    left = [
        code
        for code in one.measure.areas
        if not any(code.startswith(h) or h.startswith(code) for h in held)
    ]
    return (
        [msgspec.structs.replace(one, measure=msgspec.structs.replace(one.measure, areas=left))]
        if left
        else []
    )


def days_since(then: datetime, now: datetime) -> int:
    """Whole days of the city between the two."""
    day: date = then.astimezone(now.tzinfo).date()
    return (now.date() - day).days
