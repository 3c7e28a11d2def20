"""Entities that carry metadata in JSON (tilesets, tiles, groups), and statistics about them."""

from __future__ import annotations

from typing import Any

from twinward.standards.tiles3d.issues import Report
from twinward.standards.tiles3d.metadata.values import (
    NUMERIC,
    Kind,
    as_numbers,
    check_limits,
    check_value,
    kind_of,
    numbers_in,
    transformed,
)
from twinward.standards.tiles3d.rules import STATISTICS
from twinward.standards.tiles3d.shapes import check, is_integer

Schema = dict[str, Any]
OF_NUMBERS = ("min", "max", "mean", "median", "standardDeviation", "variance", "sum")


def find_class(
    name: str, schema: Schema | None, path: str, report: Report
) -> dict[str, Any] | None:
    """The class of an entity; None, reported, where there is none."""
    if schema is None:
        report.add("REQUIRED_VALUE_NOT_FOUND", path, "metadata needs a schema")
        return None
    found: dict[str, Any] | None = schema.get("classes", {}).get(name)
    if found is None:
        report.add("IDENTIFIER_NOT_FOUND", path, f"the schema has no class {name!r}")
    return found


def check_entity(entity: dict[str, Any], schema: Schema | None, path: str, report: Report) -> bool:
    """Whether an entity of sound shape has the values that its class asks for."""
    one = find_class(entity["class"], schema, path, report)
    if one is None or schema is None:
        return False
    sound, values = True, entity.get("properties", {})
    for name, prop in one.get("properties", {}).items():
        if values.get(name) is None:
            if prop.get("required"):
                where = f"{path}/properties/{name}"
                report.add("METADATA_VALUE_REQUIRED_BUT_MISSING", where, f"{name} is required")
                sound = False
        else:
            sound &= _check_one(values[name], prop, schema, f"{path}/properties/{name}", report)
    for name in values:
        if name not in one.get("properties", {}):
            where = f"{path}/properties/{name}"
            report.add("IDENTIFIER_NOT_FOUND", where, f"its class has no property {name!r}")
            sound = False
    return sound


def _check_one(value: Any, prop: dict[str, Any], schema: Schema, path: str, report: Report) -> bool:
    if value == prop.get("noData", object()):
        return True
    if not check_value(value, kind_of(prop, schema.get("enums", {})), path, report):
        return False
    if prop["type"] not in NUMERIC:
        return True
    return check_limits(transformed(numbers_in(value), prop, {}), prop, path, report)


def check_statistics(statistics: Any, schema: Schema | None, path: str, report: Report) -> bool:
    """Whether statistics speak of classes and properties of the schema, in their own kind."""
    if not check(statistics, STATISTICS, path, report):
        return False
    sound = True
    for name, told in statistics.get("classes", {}).items():
        inner = f"{path}/classes/{name}"
        one = find_class(name, schema, inner, report)
        if one is None or schema is None:
            sound = False
            continue
        for key, numbers in told.get("properties", {}).items():
            prop = one.get("properties", {}).get(key)
            where = f"{inner}/properties/{key}"
            if prop is None:
                report.add("IDENTIFIER_NOT_FOUND", where, f"the class has no property {key!r}")
                sound = False
            else:
                sound &= _check_numbers(numbers, prop, schema, where, report)
    return sound


def _check_numbers(
    told: dict[str, Any], prop: dict[str, Any], schema: Schema, path: str, report: Report
) -> bool:
    before, kind = report.errors, kind_of(prop, schema.get("enums", {}))
    for word in OF_NUMBERS:
        if word not in told:
            continue
        if kind.type not in NUMERIC:
            name = "METADATA_MIN_MAX_FOR_NON_NUMERIC_TYPE"
            report.add(name, f"{path}/{word}", f"only numbers have {word}")
        elif kind.variable:
            name = "METADATA_PROPERTY_INVALID_FOR_VARIABLE_LENGTH_ARRAY"
            report.add(name, f"{path}/{word}", f"an array of any length has no {word}")
        else:
            floating = word not in {"min", "max"} or bool(prop.get("normalized"))
            check_value(told[word], as_numbers(kind, floating=floating), f"{path}/{word}", report)
    occurrences = told.get("occurrences")
    if occurrences is not None:
        _check_occurrences(occurrences, kind, f"{path}/occurrences", report)
    return report.errors == before


def _check_occurrences(told: Any, kind: Kind, path: str, report: Report) -> None:
    if not isinstance(told, dict):
        report.add("TYPE_MISMATCH", path, "must be of type object")
        return
    if not told:
        report.add("NUMBER_OF_PROPERTIES_MISMATCH", path, "must not be empty")
    for name, often in told.items():
        if kind.names is not None and name not in kind.names:
            report.add("IDENTIFIER_NOT_FOUND", f"{path}/{name}", "the enum has no such value")
        if isinstance(often, list) and kind.array:  # how often at each place of the array
            if not all(is_integer(one) for one in often):
                report.add("ARRAY_ELEMENT_TYPE_MISMATCH", f"{path}/{name}", "must be integers")
        elif not is_integer(often):
            report.add("TYPE_MISMATCH", f"{path}/{name}", "must be of type integer")
        elif often < 1:
            report.add("VALUE_NOT_IN_RANGE", f"{path}/{name}", "must be at least 1")
