"""Holds a drill's script against the library and, where given, a city: every fault with its line
and what to do.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any

import msgspec

from twinward.core.errors import InputError, field_path, plain, value_at
from twinward.library.drills.drill import (
    AnyInject,
    DrillScript,
    Duplicates,
    Flood,
    Outbreak,
    SensorFault,
)
from twinward.library.hazards.diseases import load_disease
from twinward.library.loading import Library
from twinward.library.plans.decode_errors import Complaint
from twinward.library.plans.validation import PlanFault
from twinward.library.supplies.resources import list_resources
from twinward.library.toml_lines import find_line, index_lines

NTH = re.compile(r"^#[1-9]\d{0,3}$")


def check_script(
    text: str, file: str, library: Library, areas: Container[str] | None = None
) -> tuple[DrillScript | None, list[PlanFault]]:
    """The script, and every fault in it; None when it cannot be read at all. Areas are checked
    where they are given.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = int(found[1]) if (found := re.search(r"at line (\d+)", str(error))) else 1
        return None, [
            PlanFault(
                file=file, line=line, code="bad_toml", message=str(error), advice="mend the file"
            )
        ]
    lines = index_lines(text)
    script, complaints = convert(data)
    if script is not None:
        complaints += list(list_complaints(script, library, areas))
    faults = [
        PlanFault(
            file=file, line=find_line(lines, where), code=code, message=message, advice=advice
        )
        for where, code, message, advice in complaints
    ]
    return script, sorted(faults, key=lambda one: one.line)


def load_script(
    path: Path, library: Library, areas: Container[str] | None = None
) -> tuple[DrillScript, str]:
    """A script without faults, and its text; InputError names the first fault and how many there
    are.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: {error}", "name a TOML file", code="no_script") from error
    script, faults = check_script(text, path.name, library, areas)
    if script is None or faults:
        more = (
            f" (and {len(faults) - 1} more: `twinward drill validate`)" if len(faults) > 1 else ""
        )
        raise InputError(
            f"{faults[0].file}:{faults[0].line}: {faults[0].message}{more}",
            faults[0].advice,
            code=faults[0].code,
        )
    return script, text


def convert(data: dict[str, object]) -> tuple[DrillScript | None, list[Complaint]]:
    """The script as it is typed; each inject by itself, so that one fault does not hide another."""
    complaints: list[Complaint] = []
    injects = data.get("inject", [])
    whole = {name: value for name, value in data.items() if name != "inject"}
    good: list[Any] = []
    for n, one in enumerate(injects if isinstance(injects, list) else [injects]):
        try:
            good.append(msgspec.convert(one, AnyInject))
        except msgspec.ValidationError as error:
            complaints.append(complain("bad_inject", error, one, advice_of(error), "inject", n))
    try:
        script = msgspec.convert(whole, DrillScript)
    except msgspec.ValidationError as error:
        return None, [
            *complaints,
            complain("bad_script", error, whole, "see `twinward drill validate --schema`"),
        ]
    if complaints:
        return None, complaints
    return msgspec.structs.replace(script, inject=tuple(good)), []


def complain(code: str, error: Exception, item: object, advice: str, *base: str | int) -> Complaint:
    """What to say of a part at `base`, whose value is `item`, that has not its form."""
    inner = field_path(str(error))
    return (*base, *inner), code, plain(str(error), value_at(item, inner)), advice


def advice_of(error: Exception) -> str:
    kinds = ", ".join(one.__struct_config__.tag for one in AnyInject.__args__)
    return (
        f"kinds: {kinds}" if "kind" in str(error) else "times are hours from the start, 0 or more"
    )


def list_complaints(
    script: DrillScript, library: Library, areas: Container[str] | None
) -> Iterator[Complaint]:
    if script.start.tzinfo is None:
        yield (
            ("start",),
            "time_without_zone",
            "the start has no zone",
            "write 2026-03-02T08:00:00+08:00",
        )
    if library.find_hazard(script.hazard) is None:
        yield (
            ("hazard",),
            "unknown_hazard",
            f"there is no hazard {script.hazard!r}",
            ", ".join(library.hazards),
        )
    for plan in script.plans:
        if plan not in library.plans:
            yield (
                ("plans",),
                "unknown_plan",
                f"there is no plan {plan!r}",
                "known: " + ", ".join(library.plans),
            )
    try:
        load_disease(script.disease)
    except InputError as error:
        yield ("disease",), "unknown_disease", error.message, error.advice
    if not script.inject:
        yield (), "nothing_happens", "the script has no inject", "write at least one [[inject]]"
    yield from complaints_of_order(script)
    resources = list_resources()
    for n, one in enumerate(script.inject):
        for field, code, message, advice in faults_of(one, script, library, areas, resources):
            yield ("inject", n, field), code, message, advice


def complaints_of_order(script: DrillScript) -> Iterator[Complaint]:
    """Names once, predecessors that exist, no circle, nothing after the end."""
    names = [one.name for one in script.inject]
    by_name = dict(zip(names, script.inject, strict=True))
    for n, one in enumerate(script.inject):
        if names.index(one.name) != n:
            yield (
                ("inject", n, "name"),
                "doubled_name",
                f"the name {one.name!r} stands twice",
                "name each inject once",
            )
        seen, at = [one.name], one
        while at.after is not None and at.after in by_name and at.after not in seen:
            at = by_name[at.after]
            seen.append(at.name)
        if at.after is not None and at.after not in by_name:
            yield (
                ("inject", n, "after"),
                "unknown_inject",
                f"there is no inject {at.after!r}",
                "known: " + ", ".join(names),
            )
        elif at.after is not None:
            circle = " -> ".join([*seen, at.after])
            yield (
                ("inject", n, "after"),
                "circle",
                f"these wait for each other: {circle}",
                "break the circle",
            )
        elif script.hour_of(one) >= script.hours:
            late = (
                f"{one.name!r} happens at hour {script.hour_of(one):g}, the drill ends at "
                f"{script.hours:g}"
            )
            yield ("inject", n, "at_h"), "after_end", late, "set it earlier, or raise hours"


def faults_of(
    one: Any,
    script: DrillScript,
    library: Library,
    areas: Container[str] | None,
    resources: Container[str],
) -> Iterator[tuple[str, str, str, str]]:
    """What is wrong with one inject's own words."""
    area = getattr(one, "area", None)
    if (
        area is not None
        and not NTH.match(area)
        and (area.startswith("#") or (areas is not None and area not in areas))
    ):
        yield (
            "area",
            "unknown_area",
            f"there is no area {area!r}",
            "a code of the city, or #1, #2, …",
        )
    department = getattr(one, "department", None)
    if department is not None and department not in library.departments:
        known = ", ".join(library.departments)
        yield (
            "department",
            "unknown_department",
            f"there is no department {department!r}",
            f"known: {known}",
        )
    if hasattr(one, "feed") and (one.feed is None) == (one.department is None):
        yield (
            "for_h",
            "bad_cut",
            "a network cut names a feed or a department",
            "give one of the two",
        )
    if hasattr(one, "resource") and one.resource not in resources:
        yield (
            "resource",
            "unknown_resource",
            f"there is no resource {one.resource!r}",
            "see `twinward supply`",
        )
    wanted = (
        Outbreak if isinstance(one, Duplicates) else Flood if isinstance(one, SensorFault) else None
    )
    if wanted is not None and one.of not in {other.name for other in script.of_kind(wanted)}:
        kind = wanted.__struct_config__.tag
        yield (
            "of",
            "unknown_inject",
            f"there is no {kind} named {one.of!r}",
            f"name an inject of kind {kind}",
        )
