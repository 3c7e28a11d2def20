"""Holds a plan file against the library and, where given, a city: every fault with its line and what to do."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Container
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from twinward.core.errors import InputError
from twinward.library.checks import (
    KNOWN_MEASURES,
    Route,
    check_departments,
    check_needs,
    check_order,
    check_steps,
    check_times,
    check_triggers,
)
from twinward.library.lines import find_line, index_lines
from twinward.library.loading import Library
from twinward.library.measures import AnyMeasure
from twinward.library.plans import Duty, Message, Objective, Plan, PlanTask, Start

PARTS: dict[str, Any] = {
    "tasks": PlanTask, "objectives": Objective, "triggers": Start, "duties": Duty, "messages": Message,
    "measures": AnyMeasure,
}  # fmt: skip


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
