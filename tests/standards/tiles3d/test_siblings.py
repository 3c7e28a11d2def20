"""Faults as the public validators' files are named after them, each made by changing one value of a
sound document: every type x gone, of a wrong type, too small, too short, out of range, twice, not known.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from standards.tiles3d.changes import GONE, put
from twinward.standards.tiles3d.buffers import check_buffers, load_views
from twinward.standards.tiles3d.check import check_path
from twinward.standards.tiles3d.issues import Report
from twinward.standards.tiles3d.metadata.property_tables import check_table
from twinward.standards.tiles3d.metadata.schema import check_schema
from twinward.standards.tiles3d.sources import Archive
from twinward.standards.tiles3d.subtrees import Tiling, check_subtree

Case = tuple[str, Any, str]  # path, new value, fault; empty: sound


def said(report: Report) -> list[str]:
    return [one.name for one in report.issues]


NUMBER = {"type": "SCALAR", "componentType": "FLOAT32"}
BYTE = {"type": "SCALAR", "componentType": "UINT8"}
SCHEMA: dict[str, Any] = {
    "id": "town",
    "classes": {
        "house": {
            "name": "a house",
            "properties": {
                "high": NUMBER | {"min": 0, "max": 90, "offset": 1, "scale": 2, "default": 3},
                "wide": {"type": "VEC2", "componentType": "INT16", "array": True, "count": 2},
                "use": {"type": "ENUM", "enumType": "uses", "noData": "none"},
                "uses": {"type": "ENUM", "enumType": "uses", "array": True},
                "tags": {"type": "STRING", "array": True},
                "said": {"type": "STRING", "semantic": "NAME"},
                "known": {"type": "BOOLEAN"},
            },
        }
    },
    "enums": {
        "uses": {"valueType": "UINT8", "values": [{"name": "none", "value": 0}, {"name": "home", "value": 1}]}
    },
}  # fmt: skip
PROP = "classes/house/properties"
VALUES = "enums/uses/values"
TYPE, LIST, RANGE = "TYPE_MISMATCH", "VALUE_NOT_IN_LIST", "VALUE_NOT_IN_RANGE"
LENGTH, ELEMENT, MISSING = (
    "ARRAY_LENGTH_MISMATCH",
    "ARRAY_ELEMENT_TYPE_MISMATCH",
    "PROPERTY_MISSING",
)
PATTERN, UNKNOWN, NEEDED = (
    "STRING_PATTERN_MISMATCH",
    "IDENTIFIER_NOT_FOUND",
    "REQUIRED_VALUE_NOT_FOUND",
)
FEW, SEMANTIC = "NUMBER_OF_PROPERTIES_MISMATCH", "METADATA_SEMANTIC_INVALID"
SCHEMAS: list[Case] = [
    ("id", GONE, MISSING), ("id", 1, TYPE), ("id", "no id", PATTERN), ("id", "0id", PATTERN), ("version", 1, TYPE),
    ("name", [], TYPE), ("description", 1, TYPE), ("classes", 1, TYPE), ("classes", [], TYPE), ("enums", 1, TYPE),
    ("classes/a b", {}, PATTERN), ("classes/house", 1, TYPE), ("classes/house/name", 1, TYPE),
    ("classes/house/description", 1, TYPE), (PROP, 1, TYPE), (PROP, {}, FEW), (f"{PROP}/a b", NUMBER, PATTERN),
    (f"{PROP}/more", 1, TYPE), (f"{PROP}/high/name", 1, TYPE), (f"{PROP}/high/description", 1, TYPE),
    (f"{PROP}/high/type", GONE, MISSING), (f"{PROP}/high/type", 1, TYPE), (f"{PROP}/high/type", "VEC5", LIST),
    (f"{PROP}/high/componentType", GONE, "CLASS_PROPERTY_COMPONENT_TYPE_MISSING"),
    (f"{PROP}/high/componentType", 1, TYPE), (f"{PROP}/high/componentType", "FLOAT16", LIST),
    (f"{PROP}/use/enumType", 1, TYPE), (f"{PROP}/high/enumType", "uses", "CLASS_PROPERTY_ENUMTYPE_WITH_NON_ENUM_TYPE"),
    ("enums", GONE, "CLASS_PROPERTY_ENUMTYPE_NOT_FOUND"), (f"{PROP}/wide/array", 1, TYPE),
    (f"{PROP}/wide/count", 1.5, TYPE), (f"{PROP}/wide/count", 1, RANGE), (f"{PROP}/wide/count", "2", TYPE),
    (f"{PROP}/high/normalized", 1, TYPE), (f"{PROP}/high/required", 1, TYPE), (f"{PROP}/high/semantic", 1, TYPE),
    (f"{PROP}/high/semantic", "", "STRING_LENGTH_MISMATCH"), (f"{PROP}/high/required", True, "CLASS_PROPERTY_INCONSISTENT"),
    (f"{PROP}/high/min", "0", TYPE), (f"{PROP}/high/max", [1], TYPE), (f"{PROP}/high/offset", True, TYPE),
    (f"{PROP}/high/scale", {}, TYPE), (f"{PROP}/high/max", 1e39, RANGE), (f"{PROP}/high/default", "3", TYPE),
    (f"{PROP}/high/noData", [1], TYPE), (f"{PROP}/wide/noData", [1, 2], ELEMENT), (f"{PROP}/wide/noData", [[1, 2]], LENGTH),
    (f"{PROP}/wide/noData", [[1, 2], [1, 2, 3]], LENGTH), (f"{PROP}/wide/noData", [[1, 2], [1, "2"]], ELEMENT),
    (f"{PROP}/wide/noData", [[1, 2], [1, 40000]], RANGE), (f"{PROP}/wide/noData", [[1, 2], [3, 4]], ""),
    (f"{PROP}/wide/scale", [[1, 2], [3, 4]], "METADATA_OFFSET_SCALE_FOR_NON_FLOATING_POINT_TYPE"),
    (f"{PROP}/use/noData", 1, TYPE), (f"{PROP}/use/noData", "barn", "CLASS_PROPERTY_ENUM_VALUE_NAME_NOT_FOUND"),
    (f"{PROP}/uses/noData", ["barn"], "CLASS_PROPERTY_ENUM_VALUE_NAME_NOT_FOUND"), (f"{PROP}/uses/noData", "home", TYPE),
    (f"{PROP}/tags/default", [1], ELEMENT), (f"{PROP}/tags/default", "a", TYPE), (f"{PROP}/said/default", 1, TYPE),
    (f"{PROP}/known/default", 0, TYPE), (f"{PROP}/known/max", True, "METADATA_MIN_MAX_FOR_NON_NUMERIC_TYPE"),
    (f"{PROP}/said/semantic", "TILESET_FEATURE_ID_LABELS", SEMANTIC), (f"{PROP}/high/semantic", "TILE_BOUNDING_BOX", SEMANTIC),
    (f"{PROP}/high/semantic", "TILE_REFINE", SEMANTIC), (f"{PROP}/high/semantic", "CONTENT_HORIZON_OCCLUSION_POINT", SEMANTIC),
    (f"{PROP}/high/semantic", "TILE_GEOMETRIC_ERROR", ""), (f"{PROP}/high/semantic", "NAME", "CLASS_PROPERTIES_DUPLICATE_SEMANTIC"),
    (f"{PROP}/box", NUMBER | {"array": True, "count": 6, "semantic": "TILE_BOUNDING_BOX"}, SEMANTIC),
    (f"{PROP}/box", NUMBER | {"array": True, "count": 12, "semantic": "TILE_BOUNDING_BOX"}, ""),
    (f"{PROP}/level", BYTE | {"normalized": True, "semantic": "TILE_REFINE"}, SEMANTIC),
    (f"{PROP}/high/extras", {"any": [1]}, ""), (f"{PROP}/high/extensions", [], TYPE), ("enums/a b", SCHEMA["enums"]["uses"], PATTERN),
    ("enums/uses", [], TYPE), ("enums/uses/name", 1, TYPE), ("enums/uses/description", 1, TYPE), ("enums/uses/valueType", 1, TYPE),
    ("enums/uses/valueType", "FLOAT32", LIST), (VALUES, GONE, MISSING), (VALUES, 1, TYPE), (f"{VALUES}/0", 1, ELEMENT),
    (f"{VALUES}/0/name", GONE, MISSING), (f"{VALUES}/0/name", 1, TYPE), (f"{VALUES}/0/description", 1, TYPE),
    (f"{VALUES}/0/value", GONE, MISSING), (f"{VALUES}/0/value", "0", TYPE), (f"{VALUES}/0/value", 0.5, TYPE),
    (f"{VALUES}/1/value", 256, RANGE), (f"{VALUES}/1/value", -1, RANGE), (f"{VALUES}/1/value", 0, "ENUM_VALUE_DUPLICATE_VALUE"),
]  # fmt: skip


def named(cases: list[Case]) -> Any:
    ids = [f"{path} {name or 'sound'}" for path, _, name in cases]
    return pytest.mark.parametrize(("path", "value", "name"), cases, ids=ids)


@named(SCHEMAS)
def test_a_schema(path: str, value: Any, name: str) -> None:
    report = Report()
    check_schema(put(SCHEMA, path, value), "", report)
    assert (name in said(report)) if name else said(report) == []


def table_files() -> tuple[dict[str, Any], dict[str, Any], bytes]:
    """A schema, a subtree with a table of two rows, and its bytes: each column on eight bytes."""
    columns: dict[str, list[np.ndarray[Any, Any]]] = {
        "high": [np.array([3, 9], "<f4")],
        "level": [np.array([1, 2], "u1")],
        "use": [np.array([0, 1], "u1")],
        "known": [np.array([3], "u1")],
        "said": [np.frombuffer(b"abc", "u1"), np.array([0, 1, 3], "<u4")],
        "many": [np.array([5, 6, 7], "<u2"), np.array([0, 1, 3], "<u4")],
    }
    body, views, table = b"", list[dict[str, int]](), dict[str, Any]()
    for name, parts in columns.items():
        table[name] = {}
        keys = ("values", "stringOffsets" if name == "said" else "arrayOffsets")
        for key, numbers in zip(keys, parts, strict=False):
            table[name][key] = len(views)
            data = numbers.tobytes()
            views.append({"buffer": 0, "byteOffset": len(body), "byteLength": len(data)})
            body += data + bytes(-len(data) % 8)
    kinds = {
        "high": NUMBER | {"max": 9, "required": True}, "level": BYTE | {"normalized": True, "scale": 255.0, "max": 2},
        "use": {"type": "ENUM", "enumType": "uses"}, "known": {"type": "BOOLEAN"}, "said": {"type": "STRING"},
        "many": {"type": "SCALAR", "componentType": "UINT16", "array": True},
    }  # fmt: skip
    schema = SCHEMA | {"classes": {"house": {"properties": kinds}}}
    bits = len(views)
    views.append({"buffer": 0, "byteOffset": len(body), "byteLength": 1})
    body += bytes([0b00011, 0, 0, 0, 0, 0, 0, 0])
    subtree = {
        "buffers": [{"uri": "a.bin", "byteLength": len(body)}],
        "bufferViews": views,
        "propertyTables": [{"class": "house", "count": 2, "properties": table}],
        "tileMetadata": 0,
        "contentMetadata": [0],
        "subtreeMetadata": {"class": "house", "properties": {"high": 3}},
        "tileAvailability": {"bitstream": bits, "availableCount": 2},
        "contentAvailability": [{"bitstream": bits}],
        "childSubtreeAvailability": {"constant": 0},
    }
    return schema, subtree, body


TABLE = "propertyTables/0"
COLUMN = f"{TABLE}/properties"
AWRY, LIES = "METADATA_INVALID_LENGTH", "SUBTREE_AVAILABILITY_INCONSISTENT"
ONE_OF, ANY_OF = "ONE_OF_ERROR", "ANY_OF_ERROR"
SUBTREES: list[Case] = [
    ("extras", {}, ""), (TABLE, 1, ELEMENT), ("propertyTables", 1, TYPE), ("propertyTables", [], LENGTH),
    (f"{TABLE}/class", GONE, MISSING), (f"{TABLE}/class", 1, TYPE), (f"{TABLE}/class", "barn", UNKNOWN),
    (f"{TABLE}/count", GONE, MISSING), (f"{TABLE}/count", "2", TYPE), (f"{TABLE}/count", 0, RANGE), (f"{TABLE}/count", 3, AWRY),
    (f"{TABLE}/name", 1, TYPE), (COLUMN, 1, TYPE), (COLUMN, {}, FEW), (f"{COLUMN}/colour", {"values": 0}, UNKNOWN),
    (f"{COLUMN}/high", GONE, "METADATA_VALUE_REQUIRED_BUT_MISSING"), (f"{COLUMN}/high", 1, TYPE),
    (f"{COLUMN}/high/values", GONE, MISSING), (f"{COLUMN}/high/values", "0", TYPE), (f"{COLUMN}/high/values", -1, RANGE),
    (f"{COLUMN}/high/values", 99, RANGE), (f"{COLUMN}/said/stringOffsets", GONE, NEEDED),
    (f"{COLUMN}/said/stringOffsets", "0", TYPE), (f"{COLUMN}/said/stringOffsets", 99, RANGE), (f"{COLUMN}/said/stringOffsets", 0, AWRY),
    (f"{COLUMN}/said/stringOffsetType", "INT8", LIST), (f"{COLUMN}/said/stringOffsetType", 1, LIST),
    (f"{COLUMN}/said/stringOffsetType", "UINT16", AWRY), (f"{COLUMN}/many/arrayOffsets", GONE, NEEDED),
    (f"{COLUMN}/many/arrayOffsets", 99, RANGE), (f"{COLUMN}/many/arrayOffsets", 1.5, TYPE), (f"{COLUMN}/many/arrayOffsetType", "FLOAT32", LIST),
    (f"{COLUMN}/many/arrayOffsetType", "UINT64", AWRY), (f"{COLUMN}/many/min", [1], "METADATA_PROPERTY_INVALID_FOR_VARIABLE_LENGTH_ARRAY"),
    (f"{COLUMN}/high/max", 9, ""), (f"{COLUMN}/high/max", 8, "METADATA_VALUE_NOT_IN_RANGE"), (f"{COLUMN}/high/min", 2, "METADATA_VALUE_MISMATCH"),
    (f"{COLUMN}/high/max", "9", TYPE), (f"{COLUMN}/said/max", 1, "METADATA_MIN_MAX_FOR_NON_NUMERIC_TYPE"),
    (f"{COLUMN}/level/scale", 510.0, "METADATA_VALUE_NOT_IN_RANGE"), (f"{COLUMN}/level/offset", [1], TYPE),
    ("bufferViews/2/byteLength", 1, AWRY), ("bufferViews/0/byteOffset", 1, "METADATA_INVALID_ALIGNMENT"),
    ("bufferViews/0/byteOffset", 8, ""), ("bufferViews/0/byteOffset", 900, "BUFFERS_INCONSISTENT"), ("bufferViews", 1, TYPE), ("bufferViews", [], LENGTH),
    ("bufferViews/0", 1, ELEMENT), ("bufferViews/0/buffer", GONE, MISSING), ("bufferViews/0/buffer", "0", TYPE), ("bufferViews/0/buffer", -1, RANGE),
    ("bufferViews/0/buffer", 1, RANGE), ("bufferViews/0/buffer", 0.5, TYPE), ("bufferViews/0/byteOffset", GONE, MISSING),
    ("bufferViews/0/byteOffset", "0", TYPE), ("bufferViews/0/byteOffset", 0.5, TYPE), ("bufferViews/0/byteOffset", -1, RANGE),
    ("bufferViews/0/byteLength", GONE, MISSING), ("bufferViews/0/byteLength", "8", TYPE), ("bufferViews/0/byteLength", 0, RANGE),
    ("bufferViews/0/name", 1, TYPE), ("bufferViews/0/name", "", "STRING_LENGTH_MISMATCH"), ("bufferViews", GONE, "BUFFERS_WITHOUT_BUFFER_VIEWS"),
    ("buffers", 1, TYPE), ("buffers", [], LENGTH), ("buffers/0", 1, ELEMENT), ("buffers/0/uri", 1, TYPE), ("buffers/0/uri", GONE, NEEDED),
    ("buffers/0/uri", "gone.bin", "IO_ERROR"), ("buffers/0/byteLength", GONE, MISSING), ("buffers/0/byteLength", "8", TYPE),
    ("buffers/0/byteLength", 0.5, TYPE), ("buffers/0/byteLength", 0, RANGE), ("buffers/0/byteLength", 9000, "BUFFERS_INCONSISTENT"),
    ("buffers/0/name", 1, TYPE), ("buffers/0/name", "", "STRING_LENGTH_MISMATCH"), ("buffers", GONE, "BUFFER_VIEWS_WITHOUT_BUFFERS"),
    ("tileAvailability", GONE, MISSING), ("tileAvailability", 1, TYPE), ("tileAvailability", {}, ANY_OF),
    ("tileAvailability/constant", 1, ONE_OF), ("tileAvailability", {"constant": 2}, LIST), ("tileAvailability", {"constant": "1"}, LIST),
    ("tileAvailability", {"constant": True}, LIST), ("tileAvailability/bitstream", "0", TYPE), ("tileAvailability/bitstream", -1, RANGE),
    ("tileAvailability/bitstream", 0.5, TYPE), ("tileAvailability/bitstream", 99, RANGE), ("tileAvailability/bitstream", 0, LIES),
    ("tileAvailability/availableCount", 3, LIES), ("tileAvailability/availableCount", -1, RANGE), ("tileAvailability/availableCount", "2", TYPE),
    ("tileAvailability", {"constant": 0}, LIES), ("contentAvailability", 1, TYPE), ("contentAvailability", [], LENGTH),
    ("contentAvailability/0", 1, ELEMENT), ("contentAvailability/0", {"constant": 1}, LIES), ("contentAvailability", [{"constant": 0}], ""),
    ("childSubtreeAvailability", GONE, MISSING), ("childSubtreeAvailability", 1, TYPE), ("childSubtreeAvailability", {"constant": 1}, LIES),
    ("tileMetadata", "0", TYPE), ("tileMetadata", -1, RANGE), ("tileMetadata", 0.5, TYPE), ("tileMetadata", 1, RANGE),
    ("contentMetadata", 1, TYPE), ("contentMetadata", [], LENGTH), ("contentMetadata/0", "0", ELEMENT), ("contentMetadata/0", 0.5, TYPE),
    ("contentMetadata/0", -1, RANGE), ("contentMetadata/0", 1, RANGE), ("propertyTables", GONE, NEEDED),
    ("subtreeMetadata", 1, TYPE), ("subtreeMetadata/class", "barn", UNKNOWN), ("subtreeMetadata/class", GONE, MISSING),
    ("subtreeMetadata/properties/high", 10, "METADATA_VALUE_NOT_IN_RANGE"), ("subtreeMetadata/properties/colour", 1, UNKNOWN),
]  # fmt: skip


@named(SUBTREES)
def test_a_subtree_and_its_table(path: str, value: Any, name: str) -> None:
    schema, document, body = table_files()
    report, tiling = Report(), Tiling(branches=4, subtree_levels=2, levels=2)
    source = Archive({"a.bin": body})
    document = put(document, path, value)
    check_subtree(document, None, "a.json", tiling, schema, source, report)
    assert (name in said(report)) if name else said(report) == []


def test_a_subtree_with_metadata_needs_a_schema() -> None:
    _, document, body = table_files()
    report, tiling = Report(), Tiling(branches=4, subtree_levels=2, levels=2)
    check_subtree(document, None, "a", tiling, None, Archive({"a.bin": body}), report)
    assert NEEDED in said(report)


@pytest.mark.parametrize(
    ("column", "numbers", "name"),
    [
        ("stringOffsets", [0, 2, 1], "METADATA_INVALID_OFFSETS"),
        ("stringOffsets", [0, 1, 9], AWRY),
        ("arrayOffsets", [1, 1, 3], "METADATA_INVALID_OFFSETS"),
        ("arrayOffsets", [0, 3, 2], "METADATA_INVALID_OFFSETS"),
        ("arrayOffsets", [0, 1, 2], AWRY),
    ],
)
def test_offsets_never_fall_and_end_at_the_end(column: str, numbers: list[int], name: str) -> None:
    schema, document, body = table_files()
    told = document["propertyTables"][0]["properties"]
    view = document["bufferViews"][told["said" if column[0] == "s" else "many"][column]]
    start = view["byteOffset"]
    body = body[:start] + np.array(numbers, "<u4").tobytes() + body[start + 12 :]
    report = Report()
    views = load_views(document, None, Archive({"a.bin": body}), "a", report)
    check_table(document["propertyTables"][0], schema, views, "", report)
    assert name in said(report)


BOX = [0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2]
TILESET: dict[str, Any] = {
    "asset": {"version": "1.1", "tilesetVersion": "a"},
    "geometricError": 20,
    "schema": SCHEMA,
    "groups": [{"class": "house"}],
    "metadata": {"class": "house", "properties": {"high": 9}},
    "statistics": {"classes": {"house": {"count": 4, "properties": {"high": {"max": 9}}}}},
    "properties": {"high": {"minimum": 1, "maximum": 9}},
    "root": {
        "refine": "REPLACE",
        "geometricError": 10,
        "boundingVolume": {"box": BOX},
        "viewerRequestVolume": {"sphere": [0, 0, 0, 9]},
        "transform": [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 5, 5, 5, 1],
        "metadata": {"class": "house", "properties": {"high": 9}},
        "content": {"uri": "a.json", "group": 0, "metadata": {"class": "house"}, "boundingVolume": {"box": BOX}},
        "children": [{"geometricError": 5, "boundingVolume": {"sphere": [0, 0, 0, 1]}}],
    },
}  # fmt: skip
S2 = "3DTILES_bounding_volume_S2"
CELL = {"extensions": {S2: {"token": "89c6c7", "minimumHeight": 0, "maximumHeight": 9}}}
USES = {"extensionsUsed": [S2], "extensionsRequired": [S2]}
KIND = "STRING_LENGTH_MISMATCH"
TILESETS: list[Case] = [
    ("asset", GONE, MISSING), ("asset", 1, TYPE), ("asset/version", GONE, MISSING), ("asset/version", 1.1, TYPE),
    ("asset/version", "1.2", "ASSET_VERSION_UNKNOWN"), ("asset/tilesetVersion", 1, TYPE), ("asset/version", "1.0", ""),
    ("properties", 1, TYPE), ("properties/high", 1, TYPE), ("properties/high/minimum", GONE, MISSING), ("properties/high/maximum", GONE, MISSING),
    ("properties/high/minimum", "1", TYPE), ("properties/high/maximum", [], TYPE), ("schema", 1, TYPE), ("schema", GONE, NEEDED),
    ("schemaUri", 1, TYPE), ("schemaUri", "s.json", ONE_OF), ("groups", 1, TYPE), ("groups", [], LENGTH), ("groups/0", 1, ELEMENT),
    ("groups/0/class", 1, TYPE), ("groups/0/class", GONE, MISSING), ("groups/0/class", "barn", UNKNOWN), ("groups", GONE, UNKNOWN),
    ("metadata", 1, TYPE), ("metadata/class", GONE, MISSING), ("metadata/class", 1, TYPE), ("metadata/class", "barn", UNKNOWN),
    ("metadata/properties", 1, TYPE), ("metadata/properties/colour", 1, UNKNOWN), ("metadata/properties/high", "9", TYPE),
    ("metadata/properties/wide", [[1, 2], [1, 40000]], RANGE), ("metadata/properties/wide", [[1, 2]], LENGTH),
    ("metadata/properties/use", "barn", "CLASS_PROPERTY_ENUM_VALUE_NAME_NOT_FOUND"), ("metadata/properties/uses", ["home", "none"], ""),
    ("statistics", 1, TYPE), ("statistics/classes", 1, TYPE), ("statistics/classes", {}, FEW), ("statistics/classes/house", 1, TYPE),
    ("statistics/classes/barn", {}, UNKNOWN), ("statistics/classes/house/count", "4", TYPE), ("statistics/classes/house/count", -1, RANGE),
    ("statistics/classes/house/properties", 1, TYPE), ("statistics/classes/house/properties", {}, FEW),
    ("statistics/classes/house/properties/colour", {}, UNKNOWN), ("statistics/classes/house/properties/high", 1, TYPE),
    ("geometricError", GONE, MISSING), ("geometricError", "20", TYPE), ("geometricError", -1, RANGE),
    ("root", GONE, MISSING), ("root", 1, TYPE), ("root/geometricError", GONE, MISSING), ("root/geometricError", "10", TYPE),
    ("root/geometricError", -1, RANGE), ("root/children/0/geometricError", 11, "TILE_GEOMETRIC_ERRORS_INCONSISTENT"),
    ("root/refine", 1, TYPE), ("root/refine", "MORE", LIST), ("root/refine", "replace", "TILE_REFINE_WRONG_CASE"),
    ("root/transform", 1, TYPE), ("root/transform", [1] * 15, LENGTH), ("root/transform/3", "0", ELEMENT), ("root/transform/7", 1, "TRANSFORM_INVALID"),
    ("root/boundingVolume", GONE, MISSING), ("root/boundingVolume", 1, TYPE), ("root/boundingVolume/box", 1, TYPE), ("root/boundingVolume/box", [*BOX, 1], LENGTH),
    ("root/boundingVolume/box/3", "2", ELEMENT), ("root/boundingVolume", {"region": 1}, TYPE), ("root/boundingVolume", {"region": [0] * 5}, LENGTH),
    ("root/boundingVolume", {"region": [-4, 0, 1, 1, 0, 1]}, "BOUNDING_VOLUME_INVALID"), ("root/boundingVolume", {"region": [0, -2, 1, 1, 0, 1]}, "BOUNDING_VOLUME_INVALID"),
    ("root/boundingVolume", {"sphere": 1}, TYPE), ("root/boundingVolume", {"sphere": [0, 0, 0]}, LENGTH), ("root/boundingVolume", {"sphere": [0, 0, 0, "1"]}, ELEMENT),
    ("root/viewerRequestVolume", 1, TYPE), ("root/viewerRequestVolume", {}, ANY_OF), ("root/viewerRequestVolume", {"sphere": [0, 0, 0, -9]}, "BOUNDING_VOLUME_INVALID"),
    ("root/metadata", 1, TYPE), ("root/metadata/class", GONE, MISSING), ("root/metadata/properties/high", 900, "METADATA_VALUE_NOT_IN_RANGE"),
    ("root/content", 1, TYPE), ("root/content/uri", GONE, MISSING), ("root/content/uri", 1, TYPE), ("root/content/group", "0", TYPE),
    ("root/content/group", -1, RANGE), ("root/content/group", 0.5, TYPE), ("root/content/group", 1, UNKNOWN), ("root/content/metadata/class", "barn", UNKNOWN),
    ("root/content/boundingVolume", 1, TYPE), ("root/content/boundingVolume", {}, ANY_OF),
    ("root/content/boundingVolume", {"box": [9, *BOX[1:]]}, "BOUNDING_VOLUMES_INCONSISTENT"), ("root/contents", [{"uri": "a.json"}], ONE_OF),
    ("root/children", 1, TYPE), ("root/children", [], LENGTH), ("root/children/0", 1, ELEMENT), ("root/children/0", {}, MISSING),
    ("root/children/0/boundingVolume", {"sphere": "a"}, TYPE), ("root/children/0/refine", "add", "TILE_REFINE_WRONG_CASE"),
    ("extensions", 1, TYPE), ("extensions", {"A": 1}, TYPE), ("extensionsUsed", 1, TYPE), ("extensionsUsed", [], LENGTH), ("extensionsUsed", [1], ELEMENT),
    ("extensionsUsed", ["A", "A"], "ARRAY_ELEMENT_NOT_UNIQUE"), ("extensionsRequired", 1, TYPE), ("extensionsRequired", [], LENGTH),
    ("extensionsRequired", [1], ELEMENT), ("extensionsRequired", ["A"], "EXTENSION_REQUIRED_BUT_NOT_USED"),
    ("root/extras", {"any": 1}, ""), ("extras", "x", "TYPE_UNEXPECTED"), ("root/boundingVolume/extensions", CELL["extensions"], "EXTENSION_FOUND_BUT_NOT_USED"),
]  # fmt: skip


def write(folder: Path, document: Any) -> list[str]:
    (folder / "a.json").write_text('{"type": "FeatureCollection"}', "utf-8")
    path = folder / "tileset.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document), "utf-8")
    return [one.name for one in check_path(path).issues]


@named(TILESETS)
def test_a_tileset(tmp_path: Path, path: str, value: Any, name: str) -> None:
    found = write(tmp_path, put(TILESET, path, value))
    assert (name in found) if name else found == []


@named([
    ("token", GONE, MISSING), ("token", 1, TYPE), ("token", "89C6C7", ""), ("token", "x", "S2_TOKEN_INVALID"), ("token", "", "S2_TOKEN_INVALID"),
    ("token", "f", "S2_TOKEN_INVALID"), ("token", "89c6c700000000000", "S2_TOKEN_INVALID"), ("minimumHeight", "0", TYPE), ("minimumHeight", GONE, MISSING),
    ("maximumHeight", "9", TYPE), ("maximumHeight", GONE, MISSING), ("maximumHeight", -1, "BOUNDING_VOLUME_INVALID"),
])  # fmt: skip
def test_a_cell_of_s2(tmp_path: Path, path: str, value: Any, name: str) -> None:
    document = put(
        TILESET | USES, "root/boundingVolume", put(CELL, f"extensions/{S2}/{path}", value)
    )
    found = write(tmp_path, document)
    assert (name in found) if name else found == []


GLTF = "3DTILES_content_gltf"
LISTS = {"extensionsUsed": ["EXT_mesh_features"], "extensionsRequired": ["EXT_mesh_features"]}


@named([
    ("extensions", {}, "EXTENSION_USED_BUT_NOT_FOUND"), ("extensionsUsed", [], LENGTH), ("extensionsUsed", 1, TYPE),
    ("extensionsUsed", [1], ELEMENT), ("extensionsUsed", ["A", "A"], "ARRAY_ELEMENT_NOT_UNIQUE"), ("extensionsRequired", [], LENGTH),
    ("extensionsRequired", 1, TYPE), ("extensionsRequired", [1], ELEMENT), ("extensionsRequired", ["B"], "EXTENSION_REQUIRED_BUT_NOT_USED"),
    ("extensionsRequired", ["EXT_mesh_features"] * 2, "ARRAY_ELEMENT_NOT_UNIQUE"), ("extensionsUsed", ["A", "EXT_mesh_features"], ""),
])  # fmt: skip
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_what_a_tileset_announces_of_its_gltf(
    tmp_path: Path, version: str, path: str, value: Any, name: str
) -> None:
    told = {GLTF: LISTS} if path != "extensions" else {}
    document = TILESET | {
        "extensionsUsed": [GLTF],
        "extensionsRequired": [GLTF],
        "extensions": told,
    }
    document = put(document, "asset/version", version)
    if told:
        document = put(document, f"extensions/{GLTF}/{path}", value)
    found = write(tmp_path, document)
    assert (name in found) if name else found == []


def test_before_1_1_a_tile_is_gltf_only_by_the_extension(tmp_path: Path) -> None:
    model = {"asset": {"version": "2.0"}}
    (tmp_path / "m.gltf").write_text(json.dumps(model), "utf-8")
    old = put(put(TILESET, "asset/version", "1.0"), "root/content/uri", "m.gltf")
    assert write(tmp_path, old) == ["EXTENSION_FOUND_BUT_NOT_USED"]
    used = old | {"extensionsUsed": [GLTF]}
    assert write(tmp_path, used) == ["EXTENSION_REQUIRED_BUT_NOT_DECLARED"]
    assert write(tmp_path, old | {"extensionsRequired": [GLTF]}) == [
        "EXTENSION_REQUIRED_BUT_NOT_USED"
    ]
    assert write(tmp_path, used | {"extensionsRequired": [GLTF]}) == []
    assert write(tmp_path, put(TILESET, "root/content/uri", "m.gltf")) == []


IMPLICIT: dict[str, Any] = {
    "asset": {"version": "1.1"},
    "geometricError": 20,
    "schema": SCHEMA,
    "root": {
        "refine": "ADD",
        "geometricError": 10,
        "boundingVolume": {"box": BOX},
        "content": {"uri": "c-{level}-{x}-{y}.json"},
        "implicitTiling": {
            "subdivisionScheme": "QUADTREE", "availableLevels": 1, "subtreeLevels": 1, "subtrees": {"uri": "s-{level}-{x}-{y}.json"},
        },
    },
}  # fmt: skip
ROOT, CUT, NAMES = (
    "TILE_IMPLICIT_ROOT_INVALID",
    "root/implicitTiling",
    "TEMPLATE_URI_INVALID_VARIABLE_NAME",
)


@named([
    ("extras", {}, ""), (CUT, 1, TYPE), (f"{CUT}/subdivisionScheme", GONE, MISSING), (f"{CUT}/subdivisionScheme", 1, LIST),
    (f"{CUT}/subdivisionScheme", "BINARY", LIST), (f"{CUT}/availableLevels", GONE, MISSING), (f"{CUT}/availableLevels", "1", TYPE),
    (f"{CUT}/availableLevels", 1.5, TYPE), (f"{CUT}/availableLevels", 0, RANGE), (f"{CUT}/subtreeLevels", GONE, MISSING),
    (f"{CUT}/subtreeLevels", "1", TYPE), (f"{CUT}/subtreeLevels", 0, RANGE), (f"{CUT}/subtrees", GONE, MISSING), (f"{CUT}/subtrees", 1, TYPE),
    (f"{CUT}/subtrees/uri", GONE, MISSING), (f"{CUT}/subtrees/uri", 1, TYPE), (f"{CUT}/subtrees/uri", "s-{level}-{x}-{z}.json", NAMES),
    (f"{CUT}/subtrees/uri", "s-{level}-{x}.json", "TEMPLATE_URI_MISSING_VARIABLE_NAME"), ("root/content/uri", "c-{level}-{x}-{w}", NAMES),
    ("root/content/uri", 1, TYPE), ("root/children", [{}], ROOT), ("root/metadata", {"class": "house"}, ROOT),
    ("root/content/boundingVolume", {"box": BOX}, ROOT), ("root/boundingVolume", {"sphere": [0, 0, 0, 1]}, ROOT),
    (f"{CUT}/subtrees/uri", "gone-{level}-{x}-{y}.json", ROOT), ("root/contents", [{"uri": "c-{level}-{x}-{y}"}], ONE_OF),
])  # fmt: skip
def test_an_implicit_root(tmp_path: Path, path: str, value: Any, name: str) -> None:
    (tmp_path / "s-0-0-0.json").write_text(json.dumps({
        "tileAvailability": {"constant": 1}, "contentAvailability": [{"constant": 0}], "childSubtreeAvailability": {"constant": 0},
    }), "utf-8")  # fmt: skip
    found = write(tmp_path, put(IMPLICIT, path, value))
    assert (name in found) if name else found == []


@pytest.mark.parametrize(
    "text", ["{", "\ufeff{}", '{"asset": NaN}', '{"a": Infinity}', '{"a": ' + "9" * 5000 + "}", "[" * 9000]
)  # fmt: skip
def test_what_is_no_json_is_said_to_be_none(tmp_path: Path, text: str) -> None:
    assert write(tmp_path, text) == ["JSON_PARSE_ERROR"]


def test_bytes_that_are_no_text_are_no_json(tmp_path: Path) -> None:
    (tmp_path / "tileset.json").write_bytes(b'{"asset": "\xff\xfe"}')
    assert [one.name for one in check_path(tmp_path).issues] == ["JSON_PARSE_ERROR"]


def test_buffers_alone() -> None:
    _, document, _ = table_files()
    for path, value, name in SUBTREES:
        if path.startswith("buffer") and name and not name.startswith(("METADATA", "IO", "SUB")):
            report, beyond = Report(), value == 9000  # how many bytes there are is not looked at
            check_buffers(put(document, path, value), "", report)
            assert (name in said(report)) != beyond, (path, value)
