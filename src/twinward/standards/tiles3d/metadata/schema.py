"""A schema of 3D metadata: classes, their properties, enumerations, and what they mean."""

from __future__ import annotations

from typing import Any

from twinward.standards.tiles3d.issues import Report
from twinward.standards.tiles3d.metadata.values import (
    NUMERIC,
    as_numbers,
    check_value,
    kind_of,
    limits,
)
from twinward.standards.tiles3d.rules import INTEGERS, SCHEMA
from twinward.standards.tiles3d.shapes import check

Prop = dict[str, Any]
FLOATS = ("FLOAT32", "FLOAT64")
UNSIGNED = ("UINT8", "UINT16", "UINT32", "UINT64")
# semantic: types, component types, length of the array (0: any; None: no array)
Meaning = tuple[tuple[str, ...], tuple[str, ...], int | None]


def _about(subject: str) -> dict[str, Meaning]:
    return {
        f"{subject}_BOUNDING_BOX": (("SCALAR",), FLOATS, 12),
        f"{subject}_BOUNDING_REGION": (("SCALAR",), FLOATS, 6),
        f"{subject}_BOUNDING_SPHERE": (("SCALAR",), FLOATS, 4),
        f"{subject}_BOUNDING_S2_CELL": (("SCALAR",), ("UINT64",), None),
        f"{subject}_MINIMUM_HEIGHT": (("SCALAR",), FLOATS, None),
        f"{subject}_MAXIMUM_HEIGHT": (("SCALAR",), FLOATS, None),
        f"{subject}_HORIZON_OCCLUSION_POINT": (("VEC3",), FLOATS, None),
    }


# 3D Metadata Semantic Reference (Cesium, 2022), general, tileset, tile and content semantics
SEMANTICS: dict[str, Meaning] = {
    "ID": ((), (), None),
    "NAME": (("STRING",), (), None),
    "DESCRIPTION": (("STRING",), (), None),
    "ATTRIBUTION_IDS": (("SCALAR",), UNSIGNED, 0),
    "ATTRIBUTION_STRINGS": (("STRING",), (), 0),
    "TILESET_FEATURE_ID_LABELS": (("STRING",), (), 0),
    "TILESET_CRS_GEOCENTRIC": (("STRING",), (), None),
    "TILESET_CRS_COORDINATE_EPOCH": (("STRING",), (), None),
    "TILESET_TILE_COUNT": (("SCALAR",), UNSIGNED, None),
    **_about("TILE"),
    "TILE_GEOMETRIC_ERROR": (("SCALAR",), FLOATS, None),
    "TILE_REFINE": (("SCALAR",), ("UINT8",), None),
    "TILE_TRANSFORM": (("MAT4",), FLOATS, None),
    **_about("CONTENT"),
    "CONTENT_URI": (("STRING",), (), None),
    "CONTENT_GROUP_ID": (("SCALAR",), UNSIGNED, None),
}


def check_schema(schema: Any, path: str, report: Report) -> bool:
    """Whether a schema is sound; only then may entities be held against it."""
    if not check(schema, SCHEMA, path, report):
        return False
    sound = True
    enums = schema.get("enums", {})
    for name, one in enums.items():
        sound &= check_enum(one, f"{path}/enums/{name}", report)
    for name, one in schema.get("classes", {}).items():
        met: dict[str, str] = {}
        for key, prop in one.get("properties", {}).items():
            inner = f"{path}/classes/{name}/properties/{key}"
            sound &= check_property(prop, enums, inner, report)
            if semantic := prop.get("semantic"):
                sound &= check_semantic(prop, met.get(semantic), inner, report)
                met[semantic] = key
    return sound


def check_enum(one: dict[str, Any], path: str, report: Report) -> bool:
    low, high = limits(one.get("valueType", "UINT16"))
    sound = True
    for n, value in enumerate(one["values"]):
        if not low <= value["value"] <= high:
            report.add("VALUE_NOT_IN_RANGE", f"{path}/values/{n}", f"cannot be {value['value']}")
            sound = False
    for word, name in (
        ("name", "ENUM_VALUE_DUPLICATE_NAME"),
        ("value", "ENUM_VALUE_DUPLICATE_VALUE"),
    ):
        told = [value[word] for value in one["values"]]
        for twice in sorted({one for one in told if told.count(one) > 1}, key=str):
            report.add(name, f"{path}/values", f"{twice!r} is said twice")
            sound = False
    return sound


def check_property(prop: Prop, enums: dict[str, Any], path: str, report: Report) -> bool:
    """Whether the parts of a property agree with its type."""
    before = report.errors
    numeric, component = prop["type"] in NUMERIC, prop.get("componentType")
    if numeric and component is None:
        report.add("CLASS_PROPERTY_COMPONENT_TYPE_MISSING", path, "a number needs componentType")
    if not numeric and component is not None:
        name = "CLASS_PROPERTY_COMPONENT_TYPE_FOR_NON_NUMERIC_TYPE"
        report.add(name, path, f"{prop['type']} has no componentType")
    _check_enum_type(prop, enums, path, report)
    if "count" in prop and not prop.get("array"):
        report.add("CLASS_PROPERTY_COUNT_FOR_NON_ARRAY", path, "count is for an array")
    if prop.get("normalized") and component not in INTEGERS:
        why = "NON_INTEGER_COMPONENT_TYPE" if numeric else "NON_NORMALIZABLE_TYPE"
        name = f"CLASS_PROPERTY_NORMALIZED_FOR_{why}"
        report.add(name, path, "only integers can be normalized")
    if report.errors > before:
        return False
    check_bounds(prop, prop, enums, path, report)
    _check_fallbacks(prop, enums, path, report)
    return report.errors == before


def _check_enum_type(prop: Prop, enums: dict[str, Any], path: str, report: Report) -> None:
    told = prop.get("enumType")
    if prop["type"] == "ENUM":
        if told is None:
            report.add("CLASS_PROPERTY_ENUM_TYPE_WITHOUT_ENUMTYPE", path, "ENUM needs enumType")
        elif told not in enums:
            report.add("CLASS_PROPERTY_ENUMTYPE_NOT_FOUND", path, f"no enum is called {told!r}")
    elif told is not None:
        name = "CLASS_PROPERTY_ENUMTYPE_WITH_NON_ENUM_TYPE"
        report.add(name, path, f"{prop['type']} has no enumType")


def check_bounds(
    prop: Prop, own: dict[str, Any], enums: dict[str, Any], path: str, report: Report
) -> bool:
    """Whether offset, scale, min and max in `own` (the property itself, or where a table,
    texture or attribute uses it) suit the property.
    """
    before, kind = report.errors, kind_of(prop, enums)
    floating = prop.get("componentType") in FLOATS or bool(prop.get("normalized"))
    for word in ("offset", "scale", "min", "max"):
        if word not in own:
            continue
        inner = f"{path}/{word}"
        if kind.variable:
            name = "METADATA_PROPERTY_INVALID_FOR_VARIABLE_LENGTH_ARRAY"
            report.add(name, inner, f"an array of any length has no {word}")
        elif word in {"offset", "scale"} and not (kind.type in NUMERIC and floating):
            name = "METADATA_OFFSET_SCALE_FOR_NON_FLOATING_POINT_TYPE"
            report.add(name, inner, f"only fractions have {word}")
        elif kind.type not in NUMERIC:
            name = "METADATA_MIN_MAX_FOR_NON_NUMERIC_TYPE"
            report.add(name, inner, f"only numbers have {word}")
        else:
            check_value(own[word], as_numbers(kind, floating=floating), inner, report)
    return report.errors == before


def _check_fallbacks(prop: Prop, enums: dict[str, Any], path: str, report: Report) -> None:
    """The value that stands for none, and the one that takes its place."""
    kind = kind_of(prop, enums)
    for word in ("noData", "default"):
        if word not in prop:
            continue
        if prop.get("required"):
            report.add("CLASS_PROPERTY_INCONSISTENT", path, f"a required property has no {word}")
        elif word == "noData" and kind.type == "BOOLEAN":
            report.add("CLASS_PROPERTY_INCONSISTENT", path, "a BOOLEAN has no noData")
        else:
            check_value(prop[word], kind, f"{path}/{word}", report)


def check_semantic(prop: Prop, twice: str | None, path: str, report: Report) -> bool:
    """Whether a property is what its meaning asks for, and the only one of its class."""
    semantic, before = prop["semantic"], report.errors
    if twice is not None:
        report.add("CLASS_PROPERTIES_DUPLICATE_SEMANTIC", path, f"{twice} is {semantic} already")
    if semantic not in SEMANTICS:
        report.add("METADATA_SEMANTIC_UNKNOWN", path, f"{semantic} is not known")
        return report.errors == before
    types, components, length = SEMANTICS[semantic]
    array, count = bool(prop.get("array")), prop.get("count")
    wrong = [
        bool(types) and prop["type"] not in types,
        bool(components) and prop.get("componentType") not in components,
        array != (length is not None) and bool(types),
        bool(length) and count != length,
        bool(prop.get("normalized")) and bool(types),
    ]
    if any(wrong):
        report.add("METADATA_SEMANTIC_INVALID", path, f"the property cannot be {semantic}")
    return report.errors == before
