"""Checks a JSON value against the rule that a specification gives for it, fault by fault."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, TypeGuard

import msgspec

from twinward.standards.tiles3d.issues import Report

KINDS = {"object": dict, "map": dict, "array": list, "string": str, "boolean": bool}
IDENTIFIER = r"[a-zA-Z_][a-zA-Z0-9_]*"


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """What a value must be. `kind`: object, map (any keys), array, string, integer, number,
    boolean or any; `sizes`: least and most of what it holds; `among`: the only values.
    """

    kind: str = "any"
    required: bool = False
    least: float | None = None
    above: float | None = None
    sizes: tuple[int, int] = (0, 1 << 62)
    among: tuple[str | int, ...] = ()
    pattern: str = ""
    items: Rule | None = None
    unique: bool = False
    members: Mapping[str, Rule] = {}


def is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def is_integer(value: Any) -> TypeGuard[float]:
    return is_number(value) and float(value).is_integer()


def fits(value: Any, kind: str) -> bool:
    """Whether a value is of a kind at all."""
    if kind == "any":
        return True
    if kind in {"number", "integer"}:
        return is_number(value) if kind == "number" else is_integer(value)
    return isinstance(value, KINDS[kind])


def check(value: Any, rule: Rule, path: str, report: Report) -> bool:
    """Whether a value keeps its rule and those of all that it holds; each fault is reported."""
    if rule.among:
        if not fits(value, rule.kind):
            report.add("TYPE_MISMATCH", path, f"must be of type {rule.kind}, is {value!r:.60}")
            return False
        if not any(value == one and type(value) is type(one) for one in rule.among):
            report.add("VALUE_NOT_IN_LIST", path, f"{value!r} is none of {list(rule.among)}")
            return False
        return True
    if not fits(value, rule.kind):
        report.add("TYPE_MISMATCH", path, f"must be of type {rule.kind}, is {value!r:.60}")
        return False
    if rule.kind == "array":
        return check_array(value, rule, path, report)
    if rule.kind == "map":
        return check_map(value, rule, path, report)
    if rule.kind == "object":
        return check_object(value, rule, path, report)
    if rule.kind == "string":
        return check_string(value, rule, path, report)
    return check_range(value, rule, path, report)


def check_range(value: Any, rule: Rule, path: str, report: Report) -> bool:
    low = rule.least is not None and value < rule.least
    if low or (rule.above is not None and value <= rule.above):
        least = rule.least if rule.above is None else f"more than {rule.above}"
        report.add("VALUE_NOT_IN_RANGE", path, f"must be at least {least}, is {value}")
        return False
    return True


def check_string(value: str, rule: Rule, path: str, report: Report) -> bool:
    if not rule.sizes[0] <= len(value) <= rule.sizes[1]:
        report.add("STRING_LENGTH_MISMATCH", path, f"must not be of length {len(value)}")
        return False
    if rule.pattern and not re.fullmatch(rule.pattern, value):
        report.add("STRING_PATTERN_MISMATCH", path, f"{value!r:.60} does not match {rule.pattern}")
        return False
    return True


def check_array(value: list[Any], rule: Rule, path: str, report: Report) -> bool:
    if not rule.sizes[0] <= len(value) <= rule.sizes[1]:
        report.add("ARRAY_LENGTH_MISMATCH", path, f"must not have {len(value)} elements")
        return False
    if rule.items is None:
        return True
    sound = True
    base = "number" if rule.items.kind == "integer" else rule.items.kind
    for n, one in enumerate(value):
        if not rule.items.among and not fits(one, base):
            report.add(
                "ARRAY_ELEMENT_TYPE_MISMATCH", f"{path}/{n}", f"must be {base}, is {one!r:.60}"
            )
            sound = False
        elif not check(one, rule.items, f"{path}/{n}", report):
            sound = False
    if sound and rule.unique and len({repr(one) for one in value}) != len(value):
        report.add("ARRAY_ELEMENT_NOT_UNIQUE", path, "must not say an element twice")
        return False
    return sound


def check_map(value: dict[str, Any], rule: Rule, path: str, report: Report) -> bool:
    if not rule.sizes[0] <= len(value) <= rule.sizes[1]:
        report.add("NUMBER_OF_PROPERTIES_MISMATCH", path, f"must not have {len(value)} properties")
        return False
    sound = True
    for key, one in value.items():
        if rule.pattern and not re.fullmatch(rule.pattern, key):
            report.add("STRING_PATTERN_MISMATCH", f"{path}/{key}", f"must match {rule.pattern}")
            sound = False
        elif rule.items is not None and not check(one, rule.items, f"{path}/{key}", report):
            sound = False
    return sound


def check_object(value: dict[str, Any], rule: Rule, path: str, report: Report) -> bool:
    sound = True
    for key, inner in rule.members.items():
        if key in value:
            sound &= check(value[key], inner, f"{path}/{key}", report)
        elif inner.required:
            report.add("PROPERTY_MISSING", f"{path}/{key}", f"{key} is required")
            sound = False
    extensions = value.get("extensions", {})
    if not isinstance(extensions, dict):
        report.add("TYPE_MISMATCH", f"{path}/extensions", "must be of type object")
        return False
    for name, one in extensions.items():
        if not isinstance(one, dict):
            report.add("TYPE_MISMATCH", f"{path}/extensions/{name}", "must be of type object")
            sound = False
    if not isinstance(value.get("extras", {}), dict):
        report.add("TYPE_UNEXPECTED", f"{path}/extras", "should be of type object")
    return sound


def exclusive(value: dict[str, Any], first: str, second: str, path: str, report: Report) -> bool:
    """Whether not both of two members are there."""
    if first in value and second in value:
        report.add("ONE_OF_ERROR", path, f"may have {first} or {second}, not both")
        return False
    return True
