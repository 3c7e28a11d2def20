"""Property tables: columns of metadata in buffers, held against their class and their bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.standards.tiles3d.buffers import NUMPY, Views
from twinward.standards.tiles3d.issues import Report
from twinward.standards.tiles3d.metadata.entities import Schema, find_class
from twinward.standards.tiles3d.metadata.schema import check_bounds
from twinward.standards.tiles3d.metadata.values import (
    NUMERIC,
    SIZES,
    Kind,
    check_extremes,
    check_limits,
    drop_none,
    kind_of,
    transformed,
)
from twinward.standards.tiles3d.rules import PROPERTY_TABLE
from twinward.standards.tiles3d.shapes import check

MOST_NUMBERS = 4_000_000  # of a column that are held against its bounds


def check_table(
    table: Any, schema: Schema | None, views: Views | None, path: str, report: Report
) -> bool:
    """Whether a table keeps its shape, its class and, with `views`, its bytes."""
    if not check(table, PROPERTY_TABLE, path, report):
        return False
    one = find_class(table["class"], schema, f"{path}/class", report)
    if one is None or schema is None:
        return False
    before, columns = report.errors, table.get("properties", {})
    for name, prop in one.get("properties", {}).items():
        if prop.get("required") and name not in columns:
            report.add("METADATA_VALUE_REQUIRED_BUT_MISSING", path, f"{name} is required")
    for name, column in columns.items():
        inner = f"{path}/properties/{name}"
        prop = one.get("properties", {}).get(name)
        if prop is None:
            report.add("IDENTIFIER_NOT_FOUND", inner, f"the class has no property {name!r}")
            continue
        enums = schema.get("enums", {})
        if _check_column(column, prop, enums, views, inner, report) and views is not None:
            _check_bytes(column, prop, enums, table["count"], views, inner, report)
    return report.errors == before


def _check_column(
    column: dict[str, Any],
    prop: dict[str, Any],
    enums: dict[str, Any],
    views: Views | None,
    path: str,
    report: Report,
) -> bool:
    before = report.errors
    needs = {
        "stringOffsets": prop["type"] == "STRING",
        "arrayOffsets": kind_of(prop, enums).variable,
    }
    for word, needed in needs.items():
        if needed and word not in column:
            report.add("REQUIRED_VALUE_NOT_FOUND", path, f"its type needs {word}")
    if views is not None:
        for word in ("values", "arrayOffsets", "stringOffsets"):
            if column.get(word, -1) >= len(views):
                report.add("VALUE_NOT_IN_RANGE", f"{path}/{word}", f"there are {len(views)} views")
    check_bounds(prop, column, enums, path, report)
    return report.errors == before


def _check_bytes(
    column: dict[str, Any],
    prop: dict[str, Any],
    enums: dict[str, Any],
    count: int,
    views: Views,
    path: str,
    report: Report,
) -> None:
    kind = kind_of(prop, enums)
    total: int | None = count * (kind.count or 1)
    if kind.variable:
        told = column.get("arrayOffsetType", "UINT32")
        total = _last_offset(
            column["arrayOffsets"], told, count, views, f"{path}/arrayOffsets", report
        )
    if total is not None and kind.type == "STRING":
        told = column.get("stringOffsetType", "UINT32")
        total = _last_offset(
            column["stringOffsets"], told, total, views, f"{path}/stringOffsets", report
        )
    body = views.bodies[column["values"]]
    if total is None or body is None:
        return
    component = component_of(kind, prop, enums)
    size = np.dtype(NUMPY[component]).itemsize if component else 1
    wanted = total * SIZES.get(kind.type, 1) * size
    if kind.type == "BOOLEAN":
        wanted = (total + 7) // 8
    if views.offsets[column["values"]] % size:
        report.add("METADATA_INVALID_ALIGNMENT", path, f"must begin at a multiple of {size} bytes")
    elif len(body) != wanted and not (kind.type == "STRING" and wanted == 0):
        report.add("METADATA_INVALID_LENGTH", path, f"must have {wanted} bytes, has {len(body)}")
    elif component:
        numbers = np.frombuffer(body, NUMPY[component])
        _check_numbers(numbers, column, prop, kind, enums, path, report)


def component_of(kind: Kind, prop: dict[str, Any], enums: dict[str, Any]) -> str:
    """The component type that a column is kept in; empty for strings and booleans."""
    if kind.type == "ENUM":
        return str(enums[prop["enumType"]].get("valueType", "UINT16"))
    return kind.component if kind.type in NUMERIC else ""


def _last_offset(
    view: int, component: str, count: int, views: Views, path: str, report: Report
) -> int | None:
    """How many elements the offsets speak of; None, reported, where they are none."""
    size = np.dtype(NUMPY[component]).itemsize
    body = views.bodies[view]
    if body is None:
        return None
    if views.offsets[view] % size:
        report.add("METADATA_INVALID_ALIGNMENT", path, f"must begin at a multiple of {size} bytes")
        return None
    if len(body) != (count + 1) * size:
        text = f"must have {(count + 1) * size} bytes, has {len(body)}"
        report.add("METADATA_INVALID_LENGTH", path, text)
        return None
    offsets = np.frombuffer(body, NUMPY[component])
    if len(offsets) and (offsets[0] != 0 or (offsets[1:] < offsets[:-1]).any()):
        report.add("METADATA_INVALID_OFFSETS", path, "must begin with 0 and never fall")
        return None
    return int(offsets[-1])


def _check_numbers(
    raw: NDArray[Any],
    column: dict[str, Any],
    prop: dict[str, Any],
    kind: Kind,
    enums: dict[str, Any],
    path: str,
    report: Report,
) -> None:
    if kind.type == "ENUM":
        known = [one["value"] for one in enums[prop["enumType"]]["values"]]
        if not np.isin(raw, known).all():
            report.add("VALUE_NOT_IN_LIST", path, "has a value that the enum has not")
        return
    if not {"min", "max"} & (set(prop) | set(column)) or raw.size > MOST_NUMBERS:
        return
    numbers = transformed(drop_none(raw, prop.get("noData")).tolist(), prop, column)
    if check_limits(numbers, prop, path, report) and check_limits(numbers, column, path, report):
        check_extremes(numbers, column, path, report)
