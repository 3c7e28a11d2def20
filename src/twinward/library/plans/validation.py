"""Holds a plan file against the library and, where given, a city: every fault with its line and
what to do.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Container, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from twinward.core.errors import InputError, Route
from twinward.library.hazards.measures import AnyMeasure
from twinward.library.loading import Library
from twinward.library.plans.decode_errors import Complaint, form_fault, list_infinite
from twinward.library.plans.duty_rules import check_departments, check_order
from twinward.library.plans.plan import (
    Amount,
    Duty,
    Message,
    Objective,
    Plan,
    PlanStart,
    PlanTask,
    Quantity,
)
from twinward.library.plans.step_rules import (
    check_needs,
    check_objectives,
    check_steps,
    check_times,
    check_triggers,
)
from twinward.library.toml_lines import find_line, index_lines

PARTS: dict[str, object] = {
    "tasks": PlanTask,
    "objectives": Objective,
    "triggers": PlanStart,
    "duties": Duty,
    "messages": Message,
    "measures": AnyMeasure,
}
# what stands in for a part of the frame that must be there and has not its form: the rest is
# checked all the same
STAND_IN: dict[str, object] = {
    "id": "",
    "version": "",
    "hazard": "",
    "level": "IV",
    "title": "",
    "source": "",
    "tasks": [],
    "objectives": [],
    "authority": {"automatic": False, "authorised_by": "", "bounds": ""},
}
MOST_FAULTS = 100  # of the frame; a part that cannot be mended must not be tried for ever
Blame = Callable[..., None]


class PlanFault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing wrong in a plan file. `code` is stable; `text` is the whole line `file:line:
    message; advice`.
    """

    file: str
    line: int
    code: str
    message: str
    advice: str

    @property
    def text(self) -> str:
        return f"{self.file}:{self.line}: {self.message}" + (
            f"; {self.advice}" if self.advice else ""
        )


def plan_schema() -> dict[str, object]:
    """JSON Schema of a plan file."""
    return msgspec.json.schema(Plan)


def read_text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        raise InputError(
            f"{path} cannot be read: {why}", "name a TOML file", code="bad_plan"
        ) from error


def validate_plan(
    text: str, name: str, library: Library, now: datetime, areas: Container[str] | None = None
) -> tuple[Plan | None, list[PlanFault]]:
    """The plan, where it has its form, and all faults by line. `areas`: the codes of the city,
    unknown when None.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"line (\d+)", str(error))
        line = int(at[1]) if at else max(1, text.count("\n") + 1)
        return None, [
            PlanFault(
                file=name, line=line, code="not_toml", message=str(error), advice="mend the line"
            )
        ]
    lines = index_lines(text)
    faults: list[PlanFault] = []

    def blame(path: Route, code: str, message: str, advice: str = "") -> None:
        found = PlanFault(
            file=name, line=find_line(lines, path), code=code, message=message, advice=advice
        )
        if found not in faults:
            faults.append(found)

    plan, formed, kept = read_parts(data, blame)
    for path, code, message, advice in (
        check_all(formed, library, now, areas) if formed is not None else ()
    ):
        if len(path) > 1 and path[0] in kept:  # back to its place among the malformed ones
            path = (path[0], kept[str(path[0])][int(path[1])], *path[2:])
        if path != ("hazard",) or isinstance(data.get("hazard"), str):  # else it is blamed already
            blame(path, code, message, advice)
    for path, *rest in list_infinite(data):
        if find_line(lines, path) not in {fault.line for fault in faults}:
            blame(path, *rest)
    return plan, sorted(faults, key=lambda fault: (fault.line, fault.code))


def check_all(
    plan: Plan, library: Library, now: datetime, areas: Container[str] | None
) -> Iterator[Complaint]:
    """Everything that may be wrong in a plan that has its form."""
    yield from check_departments(plan, library.departments, library.hazards)
    yield from check_order(plan)
    yield from check_times(plan, now)
    yield from check_triggers(plan, library.hazards.get(plan.hazard))
    yield from check_needs(plan)
    yield from check_steps(plan, areas)
    yield from check_objectives(plan)


def read_parts(
    data: dict[str, Any], blame: Blame
) -> tuple[Plan | None, Plan | None, dict[str, list[int]]]:
    """The plan, None where its frame has not the form; a plan of what is well formed, to be checked
    further; and which of the parts were kept, by their numbers in the file. All that is
    malformed is blamed.
    """
    data, numbers = dict(data), dict[str, list[int]]()
    for key, kind in PARTS.items():
        if isinstance(data.get(key, []), list):
            data[key], numbers[key] = read_items(key, kind, data.get(key, []), blame)
    if isinstance(data.get("resources"), dict):
        data["resources"] = {k: v for k, v in data["resources"].items() if is_amount(k, v, blame)}
    whole = True
    for _ in range(MOST_FAULTS):
        try:
            plan = msgspec.convert(data, Plan)
            return plan if whole else None, plan, numbers
        except msgspec.ValidationError as error:
            whole = False
            complaint = form_fault((), str(error), data)
            blame(*complaint)
            mend(data, complaint[0] or (str(error).split("`")[1],))
    return None, None, numbers


def read_items(key: str, kind: Any, items: list[Any], blame: Blame) -> tuple[list[Any], list[int]]:
    """Those items that have their form, and their numbers; the others are blamed."""
    good: list[Any] = []
    for number, item in enumerate(items):
        try:
            msgspec.convert(item, kind)
            good.append(item)
        except msgspec.ValidationError as error:
            blame(*form_fault((key, number), str(error), item))
            good.append(None)
    kept = [number for number, item in enumerate(good) if item is not None]
    if key == "tasks":  # that others wait for a malformed task is no fault of theirs
        lost = {
            item.get("key")
            for n, item in enumerate(items)
            if n not in kept and isinstance(item, dict)
        }
        return [
            items[n] | {"after": [k for k in items[n].get("after", ()) if k not in lost]}
            for n in kept
        ], kept
    return [items[n] for n in kept], kept


def is_amount(name: str, amount: object, blame: Blame) -> bool:
    """Whether a resource has its form; blamed where it has not."""
    try:
        msgspec.convert(amount, Quantity if isinstance(amount, dict) else Amount)
    except msgspec.ValidationError as error:
        blame(*form_fault(("resources", name), str(error), amount))
        return False
    return True


def mend(data: dict[str, object], route: Route) -> None:
    """Takes out what stands there, or puts a stand-in where something must, so that the rest can
    be checked as well.
    """
    head = str(route[0])
    if head in STAND_IN:
        data[head] = STAND_IN[head]
    else:
        data.pop(head, None)
