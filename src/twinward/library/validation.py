"""Holds a plan file against the library and, where given, a city: every fault with its line and what to do."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Container, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from twinward.core.errors import InputError
from twinward.library.lines import find_line, index_lines
from twinward.library.measures import AnyMeasure, Measure, check_measures
from twinward.library.plans import (
    AFFECTED,
    HOME,
    Duty,
    Hazard,
    Library,
    Message,
    Objective,
    Plan,
    PlanTask,
    Quantity,
    Start,
    order_tasks,
)
from twinward.library.supplies import bundled

PARTS: dict[str, Any] = {
    "tasks": PlanTask, "objectives": Objective, "triggers": Start, "duties": Duty, "messages": Message,
    "measures": AnyMeasure,
}  # fmt: skip
KNOWN_MEASURES = {kind.__struct_config__.tag for kind in AnyMeasure.__args__}  # type: ignore[attr-defined]
ORDERED_MEASURES = KNOWN_MEASURES | {"area_lockdown", "road_closure"}  # an order may also use these words
CASE_FIGURES = re.compile(r"^(new|new_linked|reclassified|suspected|asymptomatic|confirmed|recovered|dead)_(total|7d)$")
LONGEST_H = 24.0 * 90
MOST_PER_100K = 100_000.0
Route = tuple[str | int, ...]


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing wrong in a plan file. `code` is stable; `text` is the whole line `file:line: message; advice`."""

    file: str
    line: int
    code: str
    message: str
    advice: str

    @property
    def text(self) -> str:
        return f"{self.file}:{self.line}: {self.message}" + (f"; {self.advice}" if self.advice else "")


class Resource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something a plan may need."""

    id: str
    title: str
    unit: str


class _Resources(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    resource: tuple[Resource, ...]


def list_resources() -> dict[str, Resource]:
    """Every resource with its unit: the kinds of supply, and what else plans need."""
    kinds = [Resource(id=kind.id, title=kind.title, unit=kind.unit) for kind in bundled().kind]
    data = tomllib.loads((HOME / "resources.toml").read_text("utf-8"))
    return {one.id: one for one in (*kinds, *msgspec.convert(data, _Resources).resource)}


def plan_schema() -> dict[str, Any]:
    """JSON Schema of a plan file."""
    return msgspec.json.schema(Plan)


def read_text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name} cannot be read: {error}", "name a TOML file", code="bad_plan") from error


def validate_plan(
    text: str, name: str, library: Library, now: datetime, areas: Container[str] | None = None
) -> tuple[Plan | None, list[Fault]]:
    """The plan, where it has its form, and all faults by line. `areas`: the codes of the city, unknown when None."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"line (\d+)", str(error))
        line = int(at[1]) if at else max(1, text.count("\n") + 1)
        return None, [Fault(file=name, line=line, code="not_toml", message=str(error), advice="mend the line")]
    lines = index_lines(text)
    faults: list[Fault] = []

    def blame(path: Route, code: str, message: str, advice: str = "") -> None:
        found = Fault(file=name, line=find_line(lines, path), code=code, message=message, advice=advice)
        if found not in faults:
            faults.append(found)

    plan, kept = read_parts(data, blame)
    if plan is not None:
        for path, code, message, advice in (
            *check_departments(plan, library),
            *check_order(plan),
            *check_times(plan, now),
            *check_triggers(plan, library.hazards.get(plan.hazard)),
            *check_needs(plan),
            *check_steps(plan, areas),
        ):
            if len(path) > 1 and path[0] in kept:  # back to its place among the malformed ones
                path = (path[0], kept[str(path[0])][int(path[1])], *path[2:])
            blame(path, code, message, advice)
    return plan, sorted(faults, key=lambda fault: (fault.line, fault.code))


def read_parts(data: dict[str, Any], blame: Callable[..., None]) -> tuple[Plan | None, dict[str, list[int]]]:
    """The plan without its malformed parts, each of which is blamed; None when the frame itself has not the form.

    Also which of the parts were kept, by their numbers in the file.
    """
    data = dict(data)
    numbers: dict[str, list[int]] = {}
    for key, kind in PARTS.items():
        items = data.get(key, [])
        if not isinstance(items, list):
            continue
        good = []
        for number, item in enumerate(items):
            try:
                msgspec.convert(item, kind)
                good.append(item)
            except msgspec.ValidationError as error:
                blame(*form_fault((key, number), str(error)))
                good.append(None)
        data[key] = [item for item in good if item is not None]
        numbers[key] = [number for number, item in enumerate(good) if item is not None]
        if key == "tasks":  # that others wait for a malformed task is no fault of theirs
            pairs = zip(items, good, strict=True)
            lost = {item.get("key") for item, kept in pairs if kept is None and isinstance(item, dict)}
            data[key] = [task | {"after": [k for k in task.get("after", ()) if k not in lost]} for task in data[key]]
    try:
        return msgspec.convert(data, Plan), numbers
    except msgspec.ValidationError as error:
        blame(*form_fault((), str(error)))
        return None, numbers


def form_fault(base: Route, complaint: str) -> tuple[Route, str, str, str]:
    """Path, code, message and advice of what the decoder complains about."""
    found = re.search(r" - at `\$([^`]*)`", complaint)
    inner: list[str | int] = []
    for name, number in re.findall(r"\.?(\w+)|\[(\d+)\]", found[1]) if found else []:
        inner.append(int(number) if number else name)
    unknown = re.search(r"unknown field `(\w+)`", complaint)
    if unknown:
        inner.append(unknown[1])
    message = complaint.partition(" - at ")[0]
    last = str(inner[-1]) if inner else ""
    return (*base, *inner), *explain(message, last, unknown[1] if unknown else None)


def explain(message: str, last: str, unknown: str | None) -> tuple[str, str, str]:
    """Code, message and advice for a complaint about the form."""
    where = f"{last}: " if last else ""
    if unknown is not None:
        stem = re.sub(r"_(d|h|min|s|days|hours|minutes)$", "", unknown)
        times = {"deadline": "deadline_h, in hours", "within": "within_h, in hours", "delay": "delay_d, in days"}
        if stem != unknown and stem in times:
            return "unit", f"there is no {unknown!r}", f"write {times[stem]}"
        return "unknown_field", f"there is no field {unknown!r}", "see `twinward plan validate --schema`"
    if "missing required field" in message:
        return "missing", message, "add it; see `twinward plan validate --schema`"
    if ">= 0" in message or "> 0" in message:
        return "negative", where + message, "give a number that is not negative"
    if "<= 1.0" in message:
        return "unit", where + message, "a share is from 0 to 1: 80 % is 0.8"
    if "Invalid value" in message and last == "type":
        return "unknown_measure", message, "known: " + ", ".join(sorted(KNOWN_MEASURES))
    if "got `str`" in message and ("float" in message or "int" in message):
        return "unit", where + message, "write the bare number; its unit stands in the name or with the resource"
    return "bad_form", where + message, "see `twinward plan validate --schema`"


def check_departments(plan: Plan, library: Library) -> Iterator[tuple[Route, str, str, str]]:
    known = "known: " + ", ".join(library.departments)
    if plan.hazard not in library.hazards:
        yield (
            ("hazard",),
            "unknown_hazard",
            f"there is no hazard {plan.hazard!r}",
            "known: " + ", ".join(library.hazards),
        )
    for route, task in list_tasks(plan):
        if task.department not in library.departments:
            yield (*route, "department"), "unknown_department", f"there is no department {task.department!r}", known
    for number, duty in enumerate(plan.duties):
        if duty.department not in library.departments:
            yield (
                ("duties", number, "department"), "unknown_department", f"there is no department {duty.department!r}",
                known,
            )  # fmt: skip


def list_tasks(plan: Plan) -> Iterator[tuple[Route, PlanTask]]:
    yield from ((("tasks", number), task) for number, task in enumerate(plan.tasks))
    if plan.case_task is not None:
        yield ("case_task",), plan.case_task
    if plan.contact_task is not None:
        yield ("contact_task",), plan.contact_task


def check_order(plan: Plan) -> Iterator[tuple[Route, str, str, str]]:
    keys = [task.key for task in plan.tasks]
    for number, task in enumerate(plan.tasks):
        if task.key in keys[:number]:
            yield ("tasks", number, "key"), "key_twice", f"task key {task.key!r} stands twice", "name each task once"
        for before in task.after:
            if before not in keys:
                advice = "known: " + ", ".join(dict.fromkeys(keys))
                yield (
                    ("tasks", number, "after"), "unknown_task", f"task {task.key} waits for unknown {before!r}", advice
                )  # fmt: skip
    try:
        order_tasks(plan_with_known_order(plan, keys))
    except InputError as error:
        circle = error.message.rpartition(": ")[2].split(", ")
        message = "these wait for each other, or for those who do: " + ", ".join(circle)
        yield ("tasks", keys.index(circle[0]), "after"), "circle", message, "let one of them start without the other"


def plan_with_known_order(plan: Plan, keys: list[str]) -> Plan:
    """Without what is not there: an unknown predecessor is another fault than a circle."""
    kept = [msgspec.structs.replace(t, after=tuple(key for key in t.after if key in keys)) for t in plan.tasks]
    return msgspec.structs.replace(plan, tasks=tuple(kept))


def check_times(plan: Plan, now: datetime) -> Iterator[tuple[Route, str, str, str]]:
    if plan.valid_until is not None and plan.valid_until < now.date():
        yield ("valid_until",), "past", f"the plan was valid until {plan.valid_until}", "review it and give a later day"
    for route, task in list_tasks(plan):
        if task.deadline_h > LONGEST_H:
            message = f"task {task.key}: a deadline of {task.deadline_h:g} hours is over 90 days"
            yield (*route, "deadline_h"), "unit", message, "deadline_h is in hours"
        if task.deadline is not None and task.deadline.tzinfo is None:
            yield (*route, "deadline"), "no_zone", f"task {task.key}: the deadline has no zone", "add one: +08:00 or Z"
        elif task.deadline is not None and task.deadline <= now:
            message = f"task {task.key}: the deadline {task.deadline.isoformat()} is past"
            yield (*route, "deadline"), "past", message, "give a later one, or deadline_h alone"


def check_triggers(plan: Plan, hazard: Hazard | None) -> Iterator[tuple[Route, str, str, str]]:
    for number, start in enumerate(plan.triggers):
        route: Route = ("triggers", number)
        if hazard is not None and not is_figure(start.figure, hazard):
            message = f"the trigger never fires: {plan.hazard} has no figure {start.figure!r}"
            advice = "known: " + ", ".join(sorted(figures_of(hazard)))
            yield (*route, "figure"), "never_fires", message, advice
        if start.at_most is not None and start.at_most < start.at_least:
            message = f"the trigger never fires: nothing is at least {start.at_least:g} and at most {start.at_most:g}"
            yield (*route, "at_most"), "never_fires", message, "let at_most be at least at_least"
        if start.at_least <= 0 and start.at_most is None:
            message = f"the trigger always fires: {start.figure} is never below {min(start.at_least, 0):g}"
            yield (*route, "at_least"), "always_fires", message, "give a threshold above 0"
    for number, measure in enumerate(plan.measures):
        if measure.trigger is not None:
            yield from check_measure_trigger(("measures", number, "trigger"), measure)


def check_measure_trigger(route: Route, measure: Measure) -> Iterator[tuple[Route, str, str, str]]:
    trigger = measure.trigger
    assert trigger is not None
    most = 1.0 if trigger.figure.endswith("_share") else MOST_PER_100K
    if trigger.start_above >= most:
        message = f"the trigger never fires: {trigger.figure} does not pass {trigger.start_above:g}"
        advice = (
            "a share is from 0 to 1: 80 % is 0.8" if most == 1.0 else "it counts persons for each 100,000 residents"
        )
        yield (*route, "start_above"), "never_fires", message, advice
    if trigger.start_above <= 0:
        message = f"the trigger always fires: any {trigger.figure} is above 0"
        yield (*route, "start_above"), "always_fires", message, "leave the trigger out, or give a threshold above 0"
    if trigger.stop_below > trigger.start_above:
        message = f"the trigger starts above {trigger.start_above:g} and stops below {trigger.stop_below:g}"
        yield (*route, "stop_below"), "bad_trigger", message, "let stop_below be at most start_above"


def figures_of(hazard: Hazard) -> set[str]:
    """The figures that the hazard's own rules use."""
    return {rule.figure for rules in (hazard.opens, *(level.any for level in hazard.levels)) for rule in rules}


def is_figure(figure: str, hazard: Hazard) -> bool:
    counted = any(CASE_FIGURES.match(one) for one in figures_of(hazard))
    return figure in figures_of(hazard) or figure == "areas_affected" or (counted and bool(CASE_FIGURES.match(figure)))


def check_needs(plan: Plan) -> Iterator[tuple[Route, str, str, str]]:
    known = list_resources()
    advice = "known: " + ", ".join(known)
    for route, task in list_tasks(plan):
        for name in task.needs:
            if name not in known:
                yield (*route, "needs"), "unknown_resource", f"there is no resource {name!r}", advice
    for name, amount in plan.resources.items():
        if name not in known:
            yield ("resources", name), "unknown_resource", f"there is no resource {name!r}", advice
        elif isinstance(amount, Quantity) and amount.unit != known[name].unit:
            message = f"{name} is counted in {known[name].unit}, not in {amount.unit}"
            yield ("resources", name), "unit", message, f"give the quantity in {known[name].unit}"


def check_steps(plan: Plan, areas: Container[str] | None) -> Iterator[tuple[Route, str, str, str]]:
    """Measures: known words, areas that exist, no contradiction."""
    for route, task in list_tasks(plan):
        if task.measure is not None and task.measure not in ORDERED_MEASURES:
            message = f"there is no measure {task.measure!r}"
            yield (*route, "measure"), "unknown_measure", message, "known: " + ", ".join(sorted(ORDERED_MEASURES))
    for number, measure in enumerate(plan.measures):
        for area in measure.areas:
            if areas is not None and area != AFFECTED and area not in areas:
                advice = f"write a code of the city's areas, or {AFFECTED!r}"
                yield ("measures", number, "areas"), "unknown_area", f"there is no area {area!r}", advice
        try:
            check_measures(plan.measures[: number + 1])
        except InputError as error:
            yield ("measures", number), "bad_measures", error.message, error.advice
            return
