"""Plans and hazards as data: what triggers, who does what in which order until when, what counts as done."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import msgspec

from twinward.core.errors import InputError
from twinward.library.measures import AnyMeasure, Measure

HOME = Path(__file__).parent
T = TypeVar("T")
LEVELS = ("IV", "III", "II", "I")  # rising
Level = Literal["IV", "III", "II", "I"]
Positive = Annotated[float, msgspec.Meta(gt=0)]
Amount = Annotated[float, msgspec.Meta(ge=0)]
AFFECTED = "affected"  # as the area of a measure: wherever the incident is
AdminLevel = Literal["city", "district", "subdistrict", "community"]


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Holds when the figure is at least so much."""

    figure: str
    at_least: float


class LevelRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The response level that any one of the rules calls for."""

    level: Level
    any: tuple[Rule, ...]


class Hazard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One hazard: at which administrative level incidents stand, and which figures call for which response level."""

    id: str
    title: str
    source: str
    incident_level: int  # 0 the city as a whole, 1 its first subdivision, …
    opens: tuple[Rule, ...]  # any of these figures of a single report opens an incident
    levels: tuple[LevelRule, ...]
    lower_after_days: Annotated[int, msgspec.Meta(ge=1)] = 7
    reopens_within_days: Annotated[int, msgspec.Meta(ge=0)] = 28

    def level_for(self, figures: dict[str, float]) -> tuple[Level | None, str]:
        """The highest level that a rule calls for, and which rule."""
        for rule in sorted(self.levels, key=lambda r: LEVELS.index(r.level), reverse=True):
            for part in rule.any:
                value = figures.get(part.figure, 0.0)
                if value >= part.at_least:
                    return rule.level, f"{part.figure} {value:g} is at least {part.at_least:g}"
        return None, "no rule holds"


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
    """One duty: which department does what, where (once for the incident or in each affected area), after what."""

    key: str
    title: str
    department: str
    where: Literal["incident", "each_affected", "city"] = "incident"
    after: tuple[str, ...] = ()
    deadline_h: Positive
    deadline: datetime | None = None  # an instant that also bounds it; the earlier of the two counts
    measure: str | None = None
    manual: str | None = None
    needs: dict[str, Amount] = {}
    essential: bool = True

    def hours_from(self, at: datetime) -> float:
        """Hours that an order given at `at` has; one given after the deadline is due at once."""
        if self.deadline is None:
            return self.deadline_h
        left = (self.deadline - at).total_seconds() / 3600
        return min(self.deadline_h, max(left, 0.01))


class Authority(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether the loop may adopt the plan by itself, and who said so beforehand."""

    automatic: bool
    authorised_by: str
    bounds: str


class Start(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A figure of the incident for which the plan was written: at least so much, and at most so much."""

    figure: str
    at_least: float
    at_most: float | None = None


class Duty(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is accountable for what at which administrative level."""

    department: str
    level: AdminLevel
    duty: str


class Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is told to whom, by which way, within how many hours of adoption."""

    audience: str
    text: str
    channel: str = "public page"
    within_h: Positive = 24.0


class Quantity(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An amount with its unit, which must be the one the resource is counted in."""

    quantity: Amount
    unit: str


class Ending(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What ends the plan: quiet days, figures below, or its longest time; and how often it is looked at again."""

    quiet_days: Annotated[int, msgspec.Meta(ge=1)] | None = None
    below: dict[str, Positive] = {}
    most_days: Annotated[int, msgspec.Meta(ge=1)] = 28
    review_every_days: Annotated[int, msgspec.Meta(ge=1)] = 7


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A plan for one hazard at one response level. `standard`: the loop takes it when the level is reached.

    `measures` are the simulator's own, what the plan does to the course of the outbreak; tasks put them in force.
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
    communications: tuple[str, ...] = ()
    resources: dict[str, Amount | Quantity] = {}
    schema_version: Literal[1] = 1
    standard: bool = True
    triggers: tuple[Start, ...] = ()
    duties: tuple[Duty, ...] = ()
    messages: tuple[Message, ...] = ()
    measures: tuple[AnyMeasure, ...] = ()
    ends: Ending | None = None
    valid_until: date | None = None

    def measures_in(self, affected: Sequence[str]) -> tuple[Measure, ...]:
        """Its measures with the word `affected` replaced by the areas of an incident."""
        return tuple(
            msgspec.structs.replace(one, areas=sorted({*one.areas, *affected} - {AFFECTED}))
            if AFFECTED in one.areas
            else one
            for one in self.measures
        )

    def every_task(self) -> tuple[PlanTask, ...]:
        """Its tasks, with those made for each case and each contact."""
        return (*self.tasks, *(task for task in (self.case_task, self.contact_task) if task is not None))


class Department(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One department of the joint mechanism."""

    id: str
    title: str
    duty: str


class Library(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the loop works by, validated together."""

    hazards: dict[str, Hazard]
    plans: dict[str, Plan]
    departments: dict[str, Department]

    def find_hazard(self, hazard: str) -> Hazard | None:
        """The hazard, by its id or by the family before a slash (`epidemic/sars-cov-2` is an `epidemic`)."""
        return self.hazards.get(hazard) or self.hazards.get(hazard.partition("/")[0])

    def find_plan(self, hazard: str, level: str) -> Plan | None:
        """The plan for exactly this level, else the one of the nearest lower level."""
        family = self.find_hazard(hazard)
        if family is None:
            return None
        rank = LEVELS.index(level)
        mine = [p for p in self.plans.values() if p.hazard == family.id and p.standard]
        fitting = [p for p in mine if LEVELS.index(p.level) <= rank]
        return max(fitting, key=lambda plan: LEVELS.index(plan.level), default=None)


def read_toml(path: Path, kind: type[T]) -> T:
    """One validated file; InputError names the file, the line where it can be told, and what is wrong."""
    try:
        text = path.read_text("utf-8")
        return msgspec.convert(tomllib.loads(text), kind)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name}: {error}", "mend the file", code="bad_plan") from error
    except msgspec.ValidationError as error:
        line = line_of(text, str(error))
        raise InputError(f"{path.name}{line}: {error}", "see docs/howto/write-a-plan.md", code="bad_plan") from error


def line_of(text: str, complaint: str) -> str:
    """`:line` of the table or key that a validation complaint names, where the text has it."""
    lines = [line.strip() for line in text.splitlines()]
    path = re.search(r"`\$([^`]*)`", complaint)
    words = re.findall(r"(\w+)(?:\[(\d+)\])?", path[1]) if path else []
    words += [(name, "") for name in re.findall(r"unknown field `(\w+)`", complaint)]
    at = None
    for name, index in words:
        tables = [n for n, line in enumerate(lines) if line in (f"[[{name}]]", f"[{name}]")]
        keys = [n for n in range(at or 0, len(lines)) if lines[n].partition("=")[0].strip() == name]
        if tables or keys:
            at = tables[min(int(index or 0), len(tables) - 1)] if tables else keys[0]
    return "" if at is None else f":{at + 1}"


def check_plan(plan: Plan, departments: dict[str, Department], hazards: dict[str, Hazard], text: str = "") -> None:
    """InputError for a department, hazard or predecessor that does not exist, and for circular order."""
    where = f"plan {plan.id}"
    if plan.hazard not in hazards:
        raise InputError(
            f"{where}: there is no hazard {plan.hazard!r}", "known: " + ", ".join(hazards), code="bad_plan"
        )
    keys = [task.key for task in plan.tasks]
    doubled = sorted({key for key in keys if keys.count(key) > 1})
    if doubled:
        raise InputError(f"{where}: task key {doubled[0]!r} stands twice", "name each task once", code="bad_plan")
    for task in plan.every_task():
        if task.department not in departments:
            raise InputError(
                f"{where}, task {task.key}: there is no department {task.department!r}",
                "known: " + ", ".join(departments),
                code="bad_plan",
            )
        missing = [key for key in task.after if key not in keys]
        if missing:
            raise InputError(f"{where}, task {task.key}: waits for unknown {missing[0]!r}", "", code="bad_plan")
    order_tasks(plan)


def order_tasks(plan: Plan) -> list[PlanTask]:
    """The tasks so that each stands after those it waits for; InputError for a circle."""
    ordered: list[PlanTask] = []
    left = list(plan.tasks)
    while left:
        done = {task.key for task in ordered}
        ready = [task for task in left if done.issuperset(task.after)]
        if not ready:
            circle = ", ".join(task.key for task in left)
            raise InputError(
                f"plan {plan.id}: these wait for each other: {circle}", "break the circle", code="bad_plan"
            )
        ordered += ready
        left = [task for task in left if task not in ready]
    return ordered


class DepartmentsFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    department: tuple[Department, ...]


def load_library(home: Path = HOME, extra_plans: Path | None = None) -> Library:
    """The bundled library, and a workspace's own plans on top of it (same id replaces)."""
    departments = {d.id: d for d in read_toml(home / "departments.toml", DepartmentsFile).department}
    hazards = {h.id: h for h in (read_toml(path, Hazard) for path in sorted((home / "hazards").glob("*.toml")))}
    files = sorted((home / "plans").glob("*.toml"))
    if extra_plans is not None and extra_plans.is_dir():
        files += sorted(extra_plans.glob("*.toml"))
    plans = {}
    for path in files:
        plan = read_toml(path, Plan)
        check_plan(plan, departments, hazards)
        plans[plan.id] = plan
    return Library(hazards=hazards, plans=plans, departments=departments)
