"""What a decoder complains of, said plainly: where in the file, what is wrong, and what to do."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import get_args, get_type_hints

from twinward.core.errors import Route, field_path, plain, value_at
from twinward.library.hazards.hazard import LEVELS
from twinward.library.hazards.measures import KNOWN_MEASURES
from twinward.library.plans.plan import AdminLevel, Objective, PlanStart, PlanTask

Complaint = tuple[Route, str, str, str]  # where, code, message, advice
OPTIONS = {  # the words that a field may have
    "level": get_args(AdminLevel),
    "kind": get_args(get_type_hints(Objective)["kind"]),
    "where": get_args(get_type_hints(PlanTask)["where"]),
    "source": get_args(get_type_hints(PlanStart)["source"]),
}
TIMES = {
    "deadline": "deadline_h, in hours",
    "within": "within_h, in hours",
    "delay": "delay_d, in days",
}


def form_fault(base: Route, complaint: str, item: object = None) -> Complaint:
    """What to say of a part at `base`, whose value is `item`, that has not its form."""
    inner = field_path(complaint)
    return (*base, *inner), *explain(complaint, (*base, *inner), value_at(item, inner))


def explain(complaint: str, route: Route, value: object = None) -> tuple[str, str, str]:
    """Code, message and advice for a complaint about the form."""
    last = next((step for step in reversed(route) if isinstance(step, str)), "")
    schema, message = "see `twinward plan validate --schema`", plain(complaint, value)
    said = f"{last}: {message}" if last else message
    if "unknown field" in complaint:
        stem = re.sub(r"_(d|h|min|s|days|hours|minutes)$", "", last)
        if stem != last and stem in TIMES:
            return "unit", f"there is no {last!r}", f"write {TIMES[stem]}"
        return "unknown_field", f"there is no field {last!r}", schema
    if "missing required field" in complaint:
        lacking = message.replace("Object missing required field", "it lacks").replace("`", "")
        return "missing", lacking, f"add it; {schema}"
    if re.search(r"`(float|int)` >=? 0", complaint):
        return (
            "negative",
            said,
            "give a number above 0" if "> 0" in complaint else "give a number that is not negative",
        )
    if "<= 1.0" in complaint:
        return "unit", said, "a share is from 0 to 1: 80 % is 0.8"
    if "Invalid enum value" in complaint and last in OPTIONS:
        options = LEVELS if route == ("level",) else OPTIONS[last]
        return (
            "bad_form",
            said.replace("Invalid enum value", "there is no"),
            "known: " + ", ".join(options),
        )
    if "Invalid value" in complaint and last == "type":
        return "unknown_measure", message, "known: " + ", ".join(sorted(KNOWN_MEASURES))
    if "got `str`" in complaint and ("float" in complaint or "int" in complaint):
        return (
            "unit",
            said,
            "write the bare number; its unit stands in the name or with the resource",
        )
    return "bad_form", said, schema


def list_infinite(data: object, route: Route = ()) -> Iterator[Complaint]:
    """Every number of a file that is none: TOML can say inf and nan."""
    if isinstance(data, float) and not math.isfinite(data):
        yield route, "bad_number", f"{route[-1]}: {data} is no amount of anything", "give a number"
    items = (
        data.items()
        if isinstance(data, dict)
        else enumerate(data)
        if isinstance(data, list)
        else ()
    )
    for key, value in items:
        yield from list_infinite(value, (*route, key))
