"""Plans as data: what triggers, who does what in which order until when, what is told, what
counts as done.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Literal

import msgspec

from twinward.core.errors import InputError
from twinward.library.hazards.hazard import Level
from twinward.library.hazards.measures import AnyMeasure, Measure, Trigger

Positive = Annotated[float, msgspec.Meta(gt=0)]
Amount = Annotated[float, msgspec.Meta(ge=0)]
AFFECTED = "affected"  # as the area of a measure: wherever the incident is
TAKEN_UP_H = 24.0  # until when a duty without a deadline of its own is taken up
# the words of orders for measures that are the simulator's under another name
SAME_AS = {"area_lockdown": "lockdown"}
ORDERED_AS = {there: here for here, there in SAME_AS.items()}
# the measures of orders that take something from the people of an area
RESTRICTING = frozenset(
    {
        "school_closure",
        "workplace_closure",
        "gathering_limit",
        "area_lockdown",
        "road_closure",
        "evacuation",
        "shelter_in_place",
    }
)
AdminLevel = Literal["city", "district", "subdistrict", "community"]


class PlanStart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A figure at which something starts: at least so much, and at most so much.

    `source`: the figure is of reports, of a sensor (whatever its threshold watches), or of beds (a
    share in use).
    """

    figure: str
    at_least: float
    at_most: float | None = None
    source: Literal["reports", "sensors", "beds"] = "reports"

    def reached(self, value: float | None) -> bool:
        """Whether it fires. Above `at_most` it has fired as well, unless `at_most` is all that
        it asks.
        """
        if value is None or value < self.at_least:
            return False
        return self.at_least > 0 or self.at_most is None or value <= self.at_most

    def outgrown(self, value: float | None) -> bool:
        """Whether the figure is past what was written for."""
        return (
            value is not None
            and self.at_least > 0
            and self.at_most is not None
            and value > self.at_most
        )


class Objective(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What must be shown before an incident closes."""

    key: str
    kind: Literal["tasks_done", "contacts_resolved", "quiet_days", "figure_below"]
    days: int = 0
    stale_after_days: int = 3
    figure: str = ""
    below: float = 0.0
    hours: float = 0.0
    evidence: str = ""  # what shows it, and who holds it


class PlanTask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One duty: which department does what, where (once for the incident or in each affected area),
    after what.

    `level`: an `each_affected` task is done by the areas of this level in which the affected ones
    lie. `when`: it is ordered once the figure is reached; so is a task whose measure the plan
    starts by a trigger. `every_h`: it begins anew after so many hours, while the plan is in force;
    of one contact, for `for_days`. What it needs grows with the residents of its area and with the
    new cases of a week; `needs` stands where neither is known.
    """

    key: str
    title: str
    department: str
    where: Literal["incident", "each_affected", "city"] = "incident"
    level: AdminLevel | None = None
    areas: tuple[str, ...] = ()  # `each_affected`: these, in place of those that are affected
    when: PlanStart | None = None
    after: tuple[str, ...] = ()
    deadline_h: Positive
    deadline: datetime | None = (
        None  # an instant that also bounds it; the earlier of the two counts
    )
    measure: str | None = None
    manual: str | None = None
    needs: dict[str, Amount] = {}
    needs_per_resident: dict[str, Amount] = {}
    needs_per_case: dict[str, Amount] = {}
    every_h: Annotated[float, msgspec.Meta(ge=1, le=720)] | None = None
    for_days: Annotated[int, msgspec.Meta(ge=1)] | None = None
    essential: bool = True

    @property
    def restriction(self) -> str:
        """The measure by which it takes something from the people of its area, by the word of
        orders; or nothing.
        """
        word = ORDERED_AS.get(self.measure or "", self.measure or "")
        return word if word in RESTRICTING else ""

    def amounts(self, residents: float, cases: float) -> dict[str, float]:
        """What it needs in an area of so many residents with so many new cases in the last seven
        days.
        """
        kinds = dict.fromkeys((*self.needs, *self.needs_per_resident, *self.needs_per_case))
        scaled = {
            kind: residents * self.needs_per_resident.get(kind, 0.0)
            + cases * self.needs_per_case.get(kind, 0.0)
            for kind in kinds
        }
        return {kind: float(math.ceil(scaled[kind] or self.needs.get(kind, 0.0))) for kind in kinds}

    def hours_from(self, at: datetime) -> float:
        """Hours that an order given at `at` has; one given after the deadline is due at once."""
        if self.deadline is None:
            return self.deadline_h
        left = (self.deadline - at).total_seconds() / 3600
        return min(self.deadline_h, max(left, 0.01))


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The bounds of what was authorised beforehand, as data that the loop checks at every tick.

    measures: those that may restrict people; areas: where they may; most_days: for how long without
    a person's renewal; most_persons: how many residents may be restricted at once.
    """

    measures: tuple[str, ...] = ()
    areas: Literal["affected", "incident"] = "affected"
    most_days: Annotated[int, msgspec.Meta(ge=1)] | None = None
    most_persons: Annotated[int, msgspec.Meta(ge=0)] | None = None


class Authority(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether the loop may adopt the plan by itself, who said so beforehand, in words and as
    limits.
    """

    automatic: bool
    authorised_by: str
    bounds: str
    limits: Limits | None = None


class Duty(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is accountable for what at which administrative level.

    With a deadline it is ordered as a task of its own, and so is the duty of a department that has
    no other task.
    """

    department: str
    level: AdminLevel
    duty: str
    deadline_h: Positive | None = None
    after: tuple[str, ...] = ()


class Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is told to whom, by which way, within how many hours of adoption; with `when`, once a
    figure is reached.
    """

    audience: str
    text: str
    channel: str = "public page"
    within_h: Positive = 24.0
    when: PlanStart | None = None


class Quantity(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An amount with its unit, which must be the one the resource is counted in."""

    quantity: Amount
    unit: str


class PlanEnding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What ends the plan: quiet days, figures below, or its longest time; and how often it is
    looked at again.
    """

    quiet_days: Annotated[int, msgspec.Meta(ge=1)] | None = None
    below: dict[str, Positive] = {}
    most_days: Annotated[int, msgspec.Meta(ge=1)] = 28
    review_every_days: Annotated[int, msgspec.Meta(ge=1)] = 7


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A plan for one hazard at one response level. `standard`: the loop takes it when the level is
    reached.

    `triggers`: any of them starts it, where it was not adopted to start at once. `valid_until` is
    its last day. `measures` are the simulator's own, what the plan does to the course of the
    outbreak; tasks put them in force. `resources` are for a city of `resources_for_residents`,
    where that is stated, and less or more for another.
    """

    id: str
    version: str
    hazard: str
    level: Level
    title: str
    source: str
    authority: Authority
    tasks: tuple[PlanTask, ...]
    objectives: tuple[Objective, ...]
    case_task: PlanTask | None = None
    contact_task: PlanTask | None = None
    follow_up_task: PlanTask | None = None
    communications: tuple[str, ...] = ()
    resources: dict[str, Amount | Quantity] = {}
    resources_for_residents: Annotated[int, msgspec.Meta(ge=1)] | None = None
    schema_version: Literal[1] = 1
    standard: bool = True
    triggers: tuple[PlanStart, ...] = ()
    duties: tuple[Duty, ...] = ()
    messages: tuple[Message, ...] = ()
    measures: tuple[AnyMeasure, ...] = ()
    ends: PlanEnding | None = None
    valid_until: date | None = None
    made: dict[str, str] = {}  # what a generated plan was made from, and by which choices
    zh: dict[str, str] = {}  # its texts in Chinese, by the text

    def texts(self) -> tuple[str, ...]:
        """All that it says in its own words: what a second language must have."""
        said = [self.title, self.authority.authorised_by, self.authority.bounds]
        said += [task.title for task in self.every_task()]
        said += [duty.duty for duty in self.duties]
        said += [text for one in self.messages for text in (one.audience, one.text)]
        return tuple(dict.fromkeys(text for text in said if text))

    def measures_in(self, affected: Sequence[str]) -> tuple[Measure, ...]:
        """Its measures with the word `affected` replaced by the areas of an incident."""
        return tuple(
            msgspec.structs.replace(one, areas=sorted({*one.areas, *affected} - {AFFECTED}))
            if AFFECTED in one.areas
            else one
            for one in self.measures
        )

    def work(self) -> tuple[PlanTask, ...]:
        """What is ordered once it has started: its tasks, and those of its duties that are tasks
        of their own.
        """
        busy = {task.department for task in self.tasks}
        return self.tasks + tuple(
            PlanTask(
                key=duty_key(duty),
                title=duty.duty,
                department=duty.department,
                where="each_affected",
                level=duty.level,
                after=duty.after,
                deadline_h=duty.deadline_h or TAKEN_UP_H,
                essential=False,
            )
            for duty in self.duties
            if duty.deadline_h is not None or duty.department not in busy
        )

    def gate_of(self, task: PlanTask) -> PlanStart | None:
        """What has to be reached before the task is ordered: its own figure, or that of the
        measure it orders.
        """
        if task.when is not None:
            return task.when
        trigger = self.trigger_of(task)
        return (
            PlanStart(figure=trigger.figure, at_least=trigger.start_above)
            if trigger is not None
            else None
        )

    def trigger_of(self, task: PlanTask) -> Trigger | None:
        """The trigger of the measure that the task puts in force."""
        kind = SAME_AS.get(task.measure or "", task.measure)
        return next((m.trigger for m in self.measures if m.__struct_config__.tag == kind), None)

    def every_task(self) -> tuple[PlanTask, ...]:
        """All that it may order, with what is made for each case and each contact."""
        of_persons = (self.case_task, self.contact_task, self.follow_up_task)
        return (*self.work(), *(task for task in of_persons if task is not None))

    def restricts(self) -> tuple[str, ...]:
        """The measures that it may order and that take something from people."""
        return tuple(sorted({task.restriction for task in self.work() if task.restriction}))


def duty_key(duty: Duty) -> str:
    return f"duty-{duty.department}-{duty.level}"


def order_tasks(plan: Plan) -> list[PlanTask]:
    """The tasks so that each stands after those it waits for; InputError for a circle."""
    ordered: list[PlanTask] = []
    left = list(plan.work())
    while left:
        done = {task.key for task in ordered}
        ready = [task for task in left if done.issuperset(task.after)]
        if not ready:
            circle = ", ".join(task.key for task in left)
            raise InputError(
                f"plan {plan.id}: these wait for each other: {circle}",
                "break the circle",
                code="bad_plan",
            )
        ordered += ready
        left = [task for task in left if task not in ready]
    return ordered
