"""Where the work of a plan lies: which areas a duty is done in, which task stands for it there, and
what that waits for.
"""

from __future__ import annotations

import msgspec

from twinward.core.ids import derive_id
from twinward.core.ports import Rows
from twinward.library.plans.plan import Plan, PlanTask
from twinward.loop.context import ReferenceData, affected_areas, area_at_level
from twinward.loop.policies.clauses import list_open
from twinward.twins.city.rows import RESTRICTIONS
from twinward.twins.emergency.incidents.rows import Incident, PlanInForce
from twinward.twins.emergency.tasks.rows import TASKS, Task


class PlanTurn(msgspec.Struct, frozen=True, kw_only=True):
    """Where an incident's work stands: which adoption of a plan, what the plan before asked for,
    what is restricted.
    """

    incident: Incident
    adoption: int
    asked_before: frozenset[str]
    restricted: frozenset[tuple[str, str]]
    rounds: dict[str, int]

    @staticmethod
    def of(
        in_force: PlanInForce, incident: Incident, rows: Rows, reference: ReferenceData
    ) -> PlanTurn:
        before = reference.library.find(in_force.before) if in_force.before else None
        return PlanTurn(
            incident=incident,
            adoption=in_force.adoption,
            rounds=in_force.rounds,
            asked_before=frozenset(task.key for task in before.work())
            if before is not None
            else frozenset(),
            restricted=frozenset(
                (row.area, row.measure)
                for row in rows.list_rows(RESTRICTIONS, incident=incident.id)
            ),
        )

    def turn_of(self, task: PlanTask) -> int:
        """The round that the task is in; 0 for work that is done once."""
        return self.rounds.get(task.key, 1) if task.every_h is not None else 0

    def counts(self, task: PlanTask, made: Task) -> bool:
        """Whether a task that was made stands for this plan's duty.

        What this adoption ordered does, also what a person took back; what the plan before ordered
        does where that asked for the same without a break, and where what it restricted is
        restricted still. Work of an earlier adoption is done with: a plan adopted anew orders it
        again.
        """
        if made.status == "dropped":
            return made.withdrawn and made.adoption == self.adoption
        if made.adoption == self.adoption:
            return True
        lifted = bool(task.restriction) and made.ordered_at is not None
        lifted = lifted and (made.area, task.restriction) not in self.restricted
        return task.key in self.asked_before and not lifted


def task_id(here: PlanTurn, task: PlanTask, area: str, rows: Rows) -> tuple[str, bool]:
    """The id of the duty's task there, and whether there is one; what no longer counts is made
    anew, under the next.
    """
    incident = here.incident
    words = ["task", incident.id, str(incident.round), task.key, area]
    if (turn := here.turn_of(task)) > 1:
        name = derive_id(*words, f"adoption {here.adoption}", f"round {turn}")
        return name, rows.find(TASKS, name) is not None
    number = 0
    while True:
        name = derive_id(*words, *([str(number)] if number else []))
        found: Task | None = rows.find(TASKS, name)
        if found is None or here.counts(task, found):
            return name, found is not None
        number += 1


class WorkPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A recurring task where its round begins: read once for all its areas."""

    task: PlanTask
    turn: PlanTurn
    before: dict[str, PlanTask]  # by key, the tasks that may be ordered and that it waits for

    @staticmethod
    def of(
        plan: Plan,
        task: PlanTask,
        incident: Incident,
        in_force: PlanInForce,
        rows: Rows,
        reference: ReferenceData,
    ) -> WorkPlace:
        open_tasks = list_open(plan, in_force) if task.after else ()
        return WorkPlace(
            task=task,
            turn=PlanTurn.of(in_force, incident, rows, reference),
            before={one.key: one for one in open_tasks if one.key in task.after},
        )


def take_in_turn(
    place: WorkPlace, area: str, rows: Rows, reference: ReferenceData
) -> tuple[str, tuple[str, ...]]:
    """The id of a recurring task in its present round, and the tasks it waits for."""
    task, here = place.task, place.turn
    incident = here.incident
    after = tuple(
        task_id(here, place.before[key], where, rows)[0]
        for key in task.after
        if key in place.before
        for where in predecessor_areas(
            place.before[key], task, area, incident, affected_areas(incident), reference
        )
    )
    return task_id(here, task, area, rows)[0], after


def areas_of(
    task: PlanTask, incident: Incident, affected: tuple[str, ...], reference: ReferenceData
) -> tuple[str, ...]:
    if task.where == "each_affected":
        return tuple(
            dict.fromkeys(
                area_at_level(area, task.level, reference) for area in task.areas or affected
            )
        )
    return {"incident": (incident.area,), "city": (reference.areas.root,)}[task.where]


def predecessor_areas(
    before: PlanTask,
    task: PlanTask,
    area: str,
    incident: Incident,
    affected: tuple[str, ...],
    reference: ReferenceData,
) -> tuple[str, ...]:
    """Where the predecessor is done: for the same affected areas if both are done area by area."""
    if before.where == task.where == "each_affected" and before.areas == task.areas:
        affected = task.areas or affected
        affected = tuple(
            one for one in affected if area_at_level(one, task.level, reference) == area
        )
    return areas_of(before, incident, affected, reference)
