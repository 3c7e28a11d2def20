"""EXT_structural_metadata: property tables, textures and attributes of a glTF file."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.standards.tiles3d.buffers import NUMPY
from twinward.standards.tiles3d.gltf.model import COMPONENTS, WIDTHS, Model
from twinward.standards.tiles3d.gltf.textures import channel_bytes, check_coordinates, check_texture
from twinward.standards.tiles3d.issues import Report
from twinward.standards.tiles3d.metadata.entities import Schema, find_class
from twinward.standards.tiles3d.metadata.property_tables import check_table, component_of
from twinward.standards.tiles3d.metadata.schema import check_bounds, check_schema
from twinward.standards.tiles3d.metadata.values import (
    SIZES,
    check_limits,
    drop_none,
    kind_of,
    transformed,
)
from twinward.standards.tiles3d.rules import PRIMITIVE_METADATA, STRUCTURAL
from twinward.standards.tiles3d.shapes import check, exclusive
from twinward.standards.tiles3d.sources import fetch, parse

NAME = "EXT_structural_metadata"
# what an attribute of a corner can hold (glTF 2.0, table of accessor data types)
IN_ATTRIBUTES = {"INT8", "UINT8", "INT16", "UINT16", "FLOAT32"}
GLTF_OF = {"INT8": 5120, "UINT8": 5121, "INT16": 5122, "UINT16": 5123, "FLOAT32": 5126}


def check_metadata(model: Model, report: Report) -> None:
    """The metadata of a file and of each of its primitives."""
    told = model.extension(NAME)
    path = f"/extensions/{NAME}"
    if told is None:
        _check_alone(model, report)
        return
    sound = check(told, STRUCTURAL, path, report)
    if not sound or not exclusive(told, "schema", "schemaUri", path, report):
        return
    schema = find_schema(model, told, path, report)
    if schema is None:
        return
    views = model.views()
    for n, table in enumerate(told.get("propertyTables", [])):
        check_table(table, schema, views, f"{path}/propertyTables/{n}", report)
    before = report.errors
    for n, one in enumerate(told.get("propertyTextures", [])):
        _check_textures(model, one, schema, f"{path}/propertyTextures/{n}", report)
    for n, one in enumerate(told.get("propertyAttributes", [])):
        _check_attributes(one, schema, f"{path}/propertyAttributes/{n}", report)
    for n, mesh in enumerate(model.list("meshes")):
        for k, one in enumerate(mesh.get("primitives", [])):
            _check_primitive(
                model, one, told, schema, f"/meshes/{n}/primitives/{k}", report, before
            )


def _check_alone(model: Model, report: Report) -> None:
    """A primitive cannot name what the file has not."""
    for n, mesh in enumerate(model.list("meshes")):
        for k, one in enumerate(mesh.get("primitives", [])):
            if NAME in one.get("extensions", {}):
                path = f"/meshes/{n}/primitives/{k}/extensions/{NAME}"
                report.add("INVALID_GLTF_STRUCTURE", path, f"the file itself has no {NAME}")
                return


def find_schema(model: Model, told: dict[str, Any], path: str, report: Report) -> Schema | None:
    """The schema, read and sound; None, reported, where it is not."""
    schema = told.get("schema")
    if "schemaUri" in told:
        data = fetch(model.source, model.base, told["schemaUri"])
        if data is None:
            report.add("IO_ERROR", f"{path}/schemaUri", "cannot be read")
            return None
        schema = parse(data, f"{path}/schemaUri", report)
    elif schema is None:
        report.add("ANY_OF_ERROR", path, "must have schema or schemaUri")
        return None
    if schema is None or not check_schema(schema, f"{path}/schema", report):
        return None
    return dict(schema)


def _columns(
    one: dict[str, Any], schema: Schema, path: str, report: Report
) -> list[tuple[str, dict[str, Any], dict[str, Any], str]]:
    """(name, column, property, path) of what a texture or attribute says of its class."""
    found = find_class(one["class"], schema, f"{path}/class", report)
    columns, told = [], one.get("properties", {})
    for name, prop in (found or {}).get("properties", {}).items():
        if prop.get("required") and name not in told:
            report.add("METADATA_VALUE_REQUIRED_BUT_MISSING", path, f"{name} is required")
    for name, column in told.items():
        inner = f"{path}/properties/{name}"
        prop = (found or {}).get("properties", {}).get(name)
        if prop is not None:
            columns.append((name, column, prop, inner))
        elif found is not None:
            report.add("IDENTIFIER_NOT_FOUND", inner, f"the class has no property {name!r}")
    return columns


def _check_textures(
    model: Model, one: dict[str, Any], schema: Schema, path: str, report: Report
) -> None:
    enums = schema.get("enums", {})
    for name, column, prop, inner in _columns(one, schema, path, report):
        kind = kind_of(prop, enums)
        component = component_of(kind, prop, enums)
        if kind.type == "STRING" or kind.variable:
            text = f"{name} cannot be kept in a texture"
            report.add("INVALID_METADATA_PROPERTY_TYPE", inner, text)
            continue
        if not check_texture(model, column, inner, report, blurred=True):
            continue
        size = np.dtype(NUMPY[component]).itemsize if component else 1
        wanted = size * SIZES.get(kind.type, 1) * (kind.count or 1)
        if kind.type == "BOOLEAN":  # a bit each
            wanted = (wanted + 7) // 8
        channels = column.get("channels", [0])
        if len(channels) != wanted and (kind.type != "BOOLEAN" or kind.array):
            text = f"{name} has {wanted} bytes, the texture gives {len(channels)}"
            report.add("TEXTURE_CHANNELS_SIZE_MISMATCH", inner, text)
        check_bounds(prop, column, enums, inner, report)


def _check_attributes(one: dict[str, Any], schema: Schema, path: str, report: Report) -> None:
    enums = schema.get("enums", {})
    for name, column, prop, inner in _columns(one, schema, path, report):
        kind = kind_of(prop, enums)
        if kind.array or component_of(kind, prop, enums) not in IN_ATTRIBUTES:
            text = f"{name} cannot be kept in an attribute"
            report.add("INVALID_METADATA_PROPERTY_TYPE", inner, text)
        else:
            check_bounds(prop, column, enums, inner, report)


def _check_primitive(
    model: Model,
    one: dict[str, Any],
    told: dict[str, Any],
    schema: Schema,
    path: str,
    report: Report,
    before: int,
) -> None:
    own = one.get("extensions", {}).get(NAME)
    if own is None or not check(own, PRIMITIVE_METADATA, f"{path}/extensions/{NAME}", report):
        return
    for word in ("propertyTextures", "propertyAttributes"):
        for number in own.get(word, []):
            where = f"{path}/extensions/{NAME}/{word}"
            if number >= len(told.get(word, [])):
                report.add("VALUE_NOT_IN_RANGE", where, f"there is no {number}")
                continue
            source = told[word][int(number)]
            attributes = one.get("attributes", {})
            read = _texture_values if word == "propertyTextures" else _attribute_values
            for _, column, prop, inner in _columns(source, schema, where, Report()):
                values = read(model, column, prop, schema, attributes, inner, report, before)
                if values is not None:
                    _check_numbers(values, column, prop, schema, inner, report)


def _texture_values(
    model: Model,
    column: dict[str, Any],
    prop: dict[str, Any],
    schema: Schema,
    attributes: dict[str, Any],
    path: str,
    report: Report,
    before: int,
) -> NDArray[Any] | None:
    if not check_coordinates(column, attributes, path, report) or report.errors > before:
        return None
    bytes_of = channel_bytes(model, column)
    component = component_of(kind_of(prop, schema.get("enums", {})), prop, schema.get("enums", {}))
    if bytes_of is None or not component:
        return None
    return np.unique(bytes_of, axis=0).view(NUMPY[component])


def _attribute_values(
    model: Model,
    column: dict[str, Any],
    prop: dict[str, Any],
    schema: Schema,
    attributes: dict[str, Any],
    path: str,
    report: Report,
    before: int,
) -> NDArray[Any] | None:
    name = column["attribute"]
    if name not in attributes:
        report.add("IDENTIFIER_NOT_FOUND", f"{path}/attribute", f"there is no {name}")
        return None
    if report.errors > before:
        return None
    accessor, kind = (
        model.list("accessors")[attributes[name]],
        kind_of(prop, schema.get("enums", {})),
    )
    wanted = GLTF_OF[component_of(kind, prop, schema.get("enums", {}))]
    width = SIZES.get(kind.type, 1)
    if WIDTHS[accessor["type"]] != width or (
        kind.type != "ENUM" and accessor["componentType"] != wanted
    ):
        text = f"{name} is {accessor['type']} of {COMPONENTS[accessor['componentType']]}"
        report.add("INVALID_GLTF_STRUCTURE", f"{path}/attribute", text)
        return None
    if bool(accessor.get("normalized")) != bool(prop.get("normalized")):
        report.add("INVALID_GLTF_STRUCTURE", f"{path}/attribute", f"{name} differs in normalized")
        return None
    return model.accessor(attributes[name])


def _check_numbers(
    raw: NDArray[Any],
    column: dict[str, Any],
    prop: dict[str, Any],
    schema: Schema,
    path: str,
    report: Report,
) -> None:
    if prop["type"] == "ENUM":
        known = [one["value"] for one in schema["enums"][prop["enumType"]]["values"]]
        strange = np.setdiff1d(raw, known)
        if len(strange):
            report.add("VALUE_NOT_IN_LIST", path, f"the enum has no value {strange[0]}")
        return
    kept = drop_none(raw.ravel(), prop.get("noData"))
    numbers = transformed(kept.astype(float).tolist(), prop, column)
    if check_limits(numbers, prop, path, report):
        check_limits(numbers, column, path, report)
