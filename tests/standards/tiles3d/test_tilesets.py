"""A tileset is held against 3D Tiles 1.1: each fault is found under the name that the public
validator has for it, and what is sound is not refused.
"""

from __future__ import annotations

import gzip
import io
import json
import random
import sqlite3
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest

from standards.tiles3d.changes import GONE, put
from twinward.core.errors import InputError
from twinward.standards.tiles3d.buffers import check_buffers
from twinward.standards.tiles3d.check import check_path
from twinward.standards.tiles3d.issues import Report
from twinward.standards.tiles3d.metadata.schema import check_schema
from twinward.standards.tiles3d.sources import (
    Archive,
    Folder,
    open_database,
    open_zip,
    resolve,
    unpack,
)
from twinward.standards.tiles3d.subtrees import Tiling, read_subtree

BOX = [0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2]
REGION = [0.1, 0.2, 0.3, 0.4, 0, 50]
SCHEMA: dict[str, Any] = {
    "id": "town",
    "classes": {
        "house": {
            "properties": {
                "height": {
                    "type": "SCALAR",
                    "componentType": "FLOAT32",
                    "max": 100,
                    "required": True,
                },
                "use": {"type": "ENUM", "enumType": "uses"},
                "size": {"type": "VEC3", "componentType": "INT16"},
                "names": {"type": "STRING", "array": True, "count": 2},
                "share": {
                    "type": "SCALAR",
                    "componentType": "UINT8",
                    "normalized": True,
                    "max": 0.5,
                },
            }
        }
    },
    "enums": {"uses": {"values": [{"name": "home", "value": 0}, {"name": "shop", "value": 1}]}},
}
SOUND: dict[str, Any] = {
    "asset": {"version": "1.1"},
    "geometricError": 20,
    "schema": SCHEMA,
    "groups": [{"class": "house", "properties": {"height": 3}}],
    "metadata": {"class": "house", "properties": {"height": 9, "use": "home", "size": [1, 2, 3]}},
    "statistics": {"classes": {"house": {"count": 4, "properties": {"height": {"max": 9}}}}},
    "properties": {"height": {"minimum": 1, "maximum": 9}},
    "root": {
        "refine": "ADD",
        "geometricError": 10,
        "boundingVolume": {"box": BOX},
        "transform": [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 5, 5, 5, 1],
        "metadata": {"class": "house", "properties": {"height": 9}},
        "children": [{"geometricError": 0, "boundingVolume": {"region": REGION}}],
    },
}


def changed(path: str, value: Any, base: dict[str, Any] = SOUND) -> Any:
    """A copy in which one value is another, or is gone."""
    return put(base, path, value)


def names(folder: Path, document: Any) -> list[str]:
    path = folder / "tileset.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document), "utf-8")
    return [one.name for one in check_path(path).issues]


def test_a_sound_tileset_has_no_issue(tmp_path: Path) -> None:
    assert names(tmp_path, SOUND) == []


TOKEN = {"3DTILES_bounding_volume_S2": {"token": "89c", "minimumHeight": 0, "maximumHeight": 9}}
FAULTS: list[tuple[str, Any, str]] = [
    ("asset", GONE, "PROPERTY_MISSING"),
    ("asset/version", 1.1, "TYPE_MISMATCH"),
    ("asset/version", "7", "ASSET_VERSION_UNKNOWN"),
    ("geometricError", -1, "VALUE_NOT_IN_RANGE"),
    ("geometricError", None, "TYPE_MISMATCH"),
    ("properties/height/minimum", 10, "PROPERTIES_MINIMUM_LARGER_THAN_MAXIMUM"),
    ("schemaUri", "schema.json", "ONE_OF_ERROR"),
    ("schema/classes/house/properties/use/enumType", "x", "CLASS_PROPERTY_ENUMTYPE_NOT_FOUND"),
    ("groups/0/class", "barn", "IDENTIFIER_NOT_FOUND"),
    ("metadata/properties/height", 101, "METADATA_VALUE_NOT_IN_RANGE"),
    ("metadata/properties/height", GONE, "METADATA_VALUE_REQUIRED_BUT_MISSING"),
    ("metadata/properties/height", "tall", "TYPE_MISMATCH"),
    ("metadata/properties/size", [1, 2], "ARRAY_LENGTH_MISMATCH"),
    ("metadata/properties/size", [1, 2, "3"], "ARRAY_ELEMENT_TYPE_MISMATCH"),
    ("metadata/properties/size", [1, 2, 40000], "VALUE_NOT_IN_RANGE"),
    ("metadata/properties/use", "mill", "CLASS_PROPERTY_ENUM_VALUE_NAME_NOT_FOUND"),
    ("metadata/properties/share", 200, "METADATA_VALUE_NOT_IN_RANGE"),
    ("metadata/properties/storeys", 2, "IDENTIFIER_NOT_FOUND"),
    ("statistics/classes/barn", {"count": 1}, "IDENTIFIER_NOT_FOUND"),
    ("statistics/classes/house/count", 1.5, "TYPE_MISMATCH"),
    ("statistics/classes/house/properties/use", {"occurrences": {"home": [1]}}, "TYPE_MISMATCH"),
    ("statistics/classes/house/properties/use", {"occurrences": {"home": 0}}, "VALUE_NOT_IN_RANGE"),
    ("root", GONE, "PROPERTY_MISSING"),
    ("root/refine", "add", "TILE_REFINE_WRONG_CASE"),
    ("root/refine", 3, "TYPE_MISMATCH"),
    ("root/refine", ["ADD"], "TYPE_MISMATCH"),
    ("root/refine", {"ADD": 1}, "TYPE_MISMATCH"),
    ("root/refine", "MORE", "VALUE_NOT_IN_LIST"),
    ("root/refine", GONE, "TILE_REFINE_MISSING_IN_ROOT"),
    ("root/boundingVolume", GONE, "PROPERTY_MISSING"),
    ("root/boundingVolume", {}, "ANY_OF_ERROR"),
    ("root/boundingVolume/box", BOX[:5], "ARRAY_LENGTH_MISMATCH"),
    ("root/boundingVolume/sphere", [0, 0, 0, -1], "BOUNDING_VOLUME_INVALID"),
    ("root/boundingVolume/region", [0, 1, 1, 0.5, 0, 1], "BOUNDING_VOLUME_INVALID"),
    ("root/boundingVolume/region", [0, 0, 4, 1, 0, 1], "BOUNDING_VOLUME_INVALID"),
    ("root/boundingVolume/region", [0, 0, 1, 1, 2, 1], "BOUNDING_VOLUME_INVALID"),
    ("root/boundingVolume/extensions", TOKEN, "EXTENSION_FOUND_BUT_NOT_USED"),
    ("root/transform/15", 0, "TRANSFORM_INVALID"),
    ("root/transform", [1], "ARRAY_LENGTH_MISMATCH"),
    ("root/children/0/geometricError", 11, "TILE_GEOMETRIC_ERRORS_INCONSISTENT"),
    ("root/children", [], "ARRAY_LENGTH_MISMATCH"),
    ("root/children/0", 7, "ARRAY_ELEMENT_TYPE_MISMATCH"),
    ("root/content", {"uri": "gone.glb"}, "IO_ERROR"),
    ("root/content", {"url": "a.glb"}, "PROPERTY_MISSING"),
    ("root/content", {"uri": "a.glb", "group": 3}, "IDENTIFIER_NOT_FOUND"),
    ("root/content", {"uri": "tileset.json"}, "EXTERNAL_TILESET_VALIDATION_ERROR"),
    ("root/content", {"uri": "../../etc/passwd"}, "IO_ERROR"),
    ("root/content", {"uri": "https://example.org/a.glb"}, "IO_WARNING"),
    ("root/content", {"uri": "a", "boundingVolume": {"box": [5, *BOX[1:]]}}, "BOUNDING_VOLUMES_INCONSISTENT"),
    ("root/contents", [], "ARRAY_LENGTH_MISMATCH"),
    ("extensionsUsed", ["X"], "EXTENSION_USED_BUT_NOT_FOUND"),
    ("extensionsRequired", ["X"], "EXTENSION_REQUIRED_BUT_NOT_USED"),
    ("extensionsUsed", ["X", "X"], "ARRAY_ELEMENT_NOT_UNIQUE"),
    ("extensions", {"X": {}}, "EXTENSION_NOT_SUPPORTED"),
    ("extensions", [], "TYPE_MISMATCH"),
    ("extras", 5, "TYPE_UNEXPECTED"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "name"), FAULTS, ids=[f"{p} {n}" for p, _, n in FAULTS])
def test_a_fault_is_found_by_its_name(tmp_path: Path, path: str, value: Any, name: str) -> None:
    assert name in names(tmp_path, changed(path, value))


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '"x"', "null", '{"root": 5}'])
def test_what_is_no_tileset_is_refused_without_a_crash(tmp_path: Path, text: str) -> None:
    assert names(tmp_path, text)


def test_any_value_in_any_place_is_an_issue_or_none_and_never_a_crash(tmp_path: Path) -> None:
    dice = random.Random(5)
    junk: list[Any] = [
        None,
        [],
        {},
        "x",
        -1,
        1e308,
        1.5,
        True,
        [[]],
        [{}],
        {"x": None},
        [None],
        "{x}",
    ]
    ways: list[str] = []

    def walk(value: Any, at: str) -> None:
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            ways.append(f"{at}{key}")
            if isinstance(inner, (dict, list)):
                walk(inner, f"{at}{key}/")

    walk(SOUND, "")
    for _ in range(200):
        names(tmp_path, changed(dice.choice(ways), dice.choice(junk)))


IMPLICIT: dict[str, Any] = {
    "asset": {"version": "1.1"},
    "geometricError": 20,
    "root": {
        "refine": "ADD",
        "geometricError": 10,
        "boundingVolume": {"region": REGION},
        "content": {"uri": "c-{level}-{x}-{y}.json"},
        "implicitTiling": {
            "subdivisionScheme": "QUADTREE",
            "availableLevels": 2,
            "subtreeLevels": 1,
            "subtrees": {"uri": "s-{level}-{x}-{y}.json"},
        },
    },
}
SUBTREE: dict[str, Any] = {
    "tileAvailability": {"constant": 1},
    "contentAvailability": [{"constant": 0}],
    "childSubtreeAvailability": {"constant": 0},
}


@pytest.mark.parametrize(
    ("path", "value", "name"),
    [
        ("root/refine", "ADD", ""),
        ("root/children", [{}], "TILE_IMPLICIT_ROOT_INVALID"),
        ("root/content/boundingVolume", {"region": REGION}, "TILE_IMPLICIT_ROOT_INVALID"),
        ("root/boundingVolume", {"sphere": [0, 0, 0, 1]}, "TILE_IMPLICIT_ROOT_INVALID"),
        ("root/implicitTiling/subdivisionScheme", "OCTREE", "TEMPLATE_URI_MISSING_VARIABLE_NAME"),
        ("root/implicitTiling/subtrees/uri", "s-{level}-{x}-{w}", "TEMPLATE_URI_INVALID_VARIABLE_NAME"),
        ("root/implicitTiling/subtrees/uri", "t-{level}-{x}-{y}", "TILE_IMPLICIT_ROOT_INVALID"),
        ("root/implicitTiling/availableLevels", 0, "VALUE_NOT_IN_RANGE"),
    ],
)  # fmt: skip
def test_an_implicit_tree_is_walked(tmp_path: Path, path: str, value: Any, name: str) -> None:
    (tmp_path / "s-0-0-0.json").write_text(json.dumps(SUBTREE), "utf-8")
    found = names(tmp_path, changed(path, value, IMPLICIT))
    assert name in found if name else found == []


def test_a_content_of_an_implicit_tree_is_looked_for_where_the_tree_says_it_is(
    tmp_path: Path,
) -> None:
    subtree = changed("contentAvailability/0/constant", 1, SUBTREE)
    subtree = changed("childSubtreeAvailability/constant", 1, subtree)
    (tmp_path / "s-0-0-0.json").write_text(json.dumps(subtree), "utf-8")
    for n in range(4):
        leaf = changed("contentAvailability/0/constant", int(n == 2), SUBTREE)
        (tmp_path / f"s-1-{n & 1}-{n >> 1}.json").write_text(json.dumps(leaf), "utf-8")
    (tmp_path / "c-0-0-0.json").write_text('{"type": "FeatureCollection"}', "utf-8")
    assert names(tmp_path, IMPLICIT) == ["IO_ERROR"]
    (tmp_path / "c-1-0-1.json").write_text('{"type": "FeatureCollection"}', "utf-8")
    assert names(tmp_path, IMPLICIT) == []


BITS: dict[str, Any] = {
    "buffers": [{"byteLength": 2}],
    "bufferViews": [
        {"buffer": 0, "byteOffset": 0, "byteLength": 1}, {"buffer": 0, "byteOffset": 1, "byteLength": 1}
    ],
    "tileAvailability": {"bitstream": 0, "availableCount": 2},
    "contentAvailability": [{"bitstream": 1}],
    "childSubtreeAvailability": {"constant": 0},
}  # fmt: skip


def pack(document: Any, body: bytes = bytes([0b11, 0b10]), version: int = 1) -> bytes:
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 8)
    body += b"\0" * (-len(body) % 8)
    return struct.pack("<4sIQQ", b"subt", version, len(text), len(body)) + text + body


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (pack(BITS), ""),
        (pack(BITS)[:-1], "BINARY_INVALID_LENGTH"),
        (pack(BITS)[:9], "BINARY_INVALID_LENGTH"),
        (pack(BITS, version=2), "BINARY_INVALID_VALUE"),
        (b"what" + pack(BITS)[4:], "IO_ERROR"),
        (pack(changed("tileAvailability/availableCount", 3, BITS)), "SUBTREE_AVAILABILITY_INCONSISTENT"),
        (pack(changed("tileAvailability/bitstream", 9, BITS)), "VALUE_NOT_IN_RANGE"),
        (pack(changed("tileAvailability/constant", 1, BITS)), "ONE_OF_ERROR"),
        (pack(changed("tileAvailability", {}, BITS)), "ANY_OF_ERROR"),
        (pack(BITS, bytes([0b11, 0b100])), "SUBTREE_AVAILABILITY_INCONSISTENT"),  # no such tile
        (pack(BITS, bytes([0b10, 0b10])), "SUBTREE_AVAILABILITY_INCONSISTENT"),
        (pack(changed("childSubtreeAvailability/constant", 1, BITS)), "SUBTREE_AVAILABILITY_INCONSISTENT"),
        (pack(changed("bufferViews/0/byteLength", 9, BITS)), "BUFFERS_INCONSISTENT"),
        (pack(changed("tileMetadata", 0, BITS)), "REQUIRED_VALUE_NOT_FOUND"),
    ],
)  # fmt: skip
def test_a_subtree_says_what_can_be(data: bytes, name: str) -> None:
    report, tiling = Report(), Tiling(branches=4, subtree_levels=2, levels=2)
    found = read_subtree(data, "a.subtree", tiling, None, Archive({}), report)
    assert [one.name for one in report.issues][:1] == ([name] if name else [])
    assert (found is None) == bool(name)


@pytest.mark.parametrize(
    ("prop", "name"),
    [
        ({"type": "SCALAR"}, "CLASS_PROPERTY_COMPONENT_TYPE_MISSING"),
        ({"type": "STRING", "componentType": "INT8"}, "CLASS_PROPERTY_COMPONENT_TYPE_FOR_NON_NUMERIC_TYPE"),
        ({"type": "ENUM"}, "CLASS_PROPERTY_ENUM_TYPE_WITHOUT_ENUMTYPE"),
        ({"type": "STRING", "enumType": "uses"}, "CLASS_PROPERTY_ENUMTYPE_WITH_NON_ENUM_TYPE"),
        ({"type": "STRING", "count": 3}, "CLASS_PROPERTY_COUNT_FOR_NON_ARRAY"),
        ({"type": "STRING", "array": True, "count": 1}, "VALUE_NOT_IN_RANGE"),
        ({"type": "SCALAR", "componentType": "FLOAT32", "normalized": True}, "CLASS_PROPERTY_NORMALIZED_FOR_NON_INTEGER_COMPONENT_TYPE"),
        ({"type": "STRING", "normalized": True}, "CLASS_PROPERTY_NORMALIZED_FOR_NON_NORMALIZABLE_TYPE"),
        ({"type": "SCALAR", "componentType": "INT8", "scale": 2}, "METADATA_OFFSET_SCALE_FOR_NON_FLOATING_POINT_TYPE"),
        ({"type": "SCALAR", "componentType": "INT8", "max": 200}, "VALUE_NOT_IN_RANGE"),
        ({"type": "SCALAR", "componentType": "INT8", "max": 1.5}, "TYPE_MISMATCH"),
        ({"type": "STRING", "min": 1}, "METADATA_MIN_MAX_FOR_NON_NUMERIC_TYPE"),
        ({"type": "SCALAR", "componentType": "INT8", "array": True, "max": 2}, "METADATA_PROPERTY_INVALID_FOR_VARIABLE_LENGTH_ARRAY"),
        ({"type": "BOOLEAN", "noData": False}, "CLASS_PROPERTY_INCONSISTENT"),
        ({"type": "STRING", "required": True, "default": "x"}, "CLASS_PROPERTY_INCONSISTENT"),
        ({"type": "ENUM", "enumType": "uses", "default": "mill"}, "CLASS_PROPERTY_ENUM_VALUE_NAME_NOT_FOUND"),
        ({"type": "STRING", "semantic": "TILE_REFINE"}, "METADATA_SEMANTIC_INVALID"),
        ({"type": "STRING", "semantic": "MOOD"}, "METADATA_SEMANTIC_UNKNOWN"),
        ({"type": "VEC9"}, "VALUE_NOT_IN_LIST"),
    ],
)  # fmt: skip
def test_a_property_agrees_with_its_type(prop: dict[str, Any], name: str) -> None:
    report = Report()
    check_schema(changed("classes/house/properties/more", prop, SCHEMA), "", report)
    assert [one.name for one in report.issues] == [name]


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ([], "ARRAY_LENGTH_MISMATCH"),
        ([{"name": "a", "value": 1}, {"name": "a", "value": 2}], "ENUM_VALUE_DUPLICATE_NAME"),
        ([{"name": "a", "value": 1}, {"name": "b", "value": 1}], "ENUM_VALUE_DUPLICATE_VALUE"),
        ([{"name": "a", "value": 70000}], "VALUE_NOT_IN_RANGE"),
    ],
)
def test_values_of_an_enumeration_are_told_apart(values: list[Any], name: str) -> None:
    report = Report()
    check_schema({"id": "a", "enums": {"e": {"values": values}}}, "", report)
    assert [one.name for one in report.issues] == [name]


@pytest.mark.parametrize(
    ("document", "name"),
    [
        ({"buffers": [{"byteLength": 1}]}, "BUFFERS_WITHOUT_BUFFER_VIEWS"),
        ({"bufferViews": BITS["bufferViews"]}, "BUFFER_VIEWS_WITHOUT_BUFFERS"),
        (changed("bufferViews/0/buffer", 1, BITS), "VALUE_NOT_IN_RANGE"),
        (changed("buffers/0/byteLength", 0, BITS), "VALUE_NOT_IN_RANGE"),
        (changed("buffers/0/name", "", BITS), "STRING_LENGTH_MISMATCH"),
    ],
)
def test_views_lie_in_their_buffers(document: dict[str, Any], name: str) -> None:
    report = Report()
    check_buffers(document, "", report, packed=True)
    assert [one.name for one in report.issues] == [name]


def test_a_buffer_without_an_address_is_only_the_first_of_a_file_that_brings_bytes() -> None:
    for packed, many, found in ((True, 1, 0), (True, 2, 1), (False, 1, 1)):
        report, view = Report(), {"buffer": 0, "byteOffset": 0, "byteLength": 1}
        buffers = [{"byteLength": 1}] * many
        check_buffers({"buffers": buffers, "bufferViews": [view]}, "", report, packed=packed)
        assert [one.name for one in report.issues] == ["REQUIRED_VALUE_NOT_FOUND"] * found


def test_a_path_that_is_no_tileset_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        check_path(tmp_path)


def test_what_no_file_can_be_called_is_a_fault_and_no_end(tmp_path: Path) -> None:
    (tmp_path / "a.b3dm").write_bytes(b"x")
    folder = Folder(tmp_path)
    assert folder.read("a.b3dm") == b"x"
    for name in ("a\0b", "a" * 5000, "../" * 400 + "etc/hostname", "a.b3dm/x"):
        assert folder.read(name) is None
    assert resolve("tileset.json", "http://[::1") is None


def test_broken_packing_is_a_fault_and_no_end(tmp_path: Path) -> None:
    broken = gzip.compress(b"tile" * 500)[:20] + b"\xff" * 40
    assert unpack(broken) == broken
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tileset.json", "{}" * 500)
    data = bytearray(packed.getvalue())
    data[42:48] = b"\xff" * 6
    assert open_zip(bytes(data)) is None
    with sqlite3.connect(tmp_path / "a.3dtiles") as base:
        base.execute("CREATE TABLE media (key TEXT, content BLOB)")
        base.execute("INSERT INTO media VALUES ('tileset.json', ?)", (gzip.compress(b"{}"),))
        base.execute("INSERT INTO media VALUES ('number', 7)")
    found = open_database(tmp_path / "a.3dtiles")
    assert found is not None and found.read("tileset.json") == b"{}"
    assert found.read("number") is None


def test_a_database_whose_bytes_are_turned_is_no_package(tmp_path: Path) -> None:
    path, dice = tmp_path / "a.3dtiles", random.Random(3)
    with sqlite3.connect(path) as base:
        base.execute("CREATE TABLE media (key TEXT PRIMARY KEY, content BLOB)")
        base.execute("INSERT INTO media VALUES ('tileset.json', ?)", (gzip.compress(b"{}"),))
    base.close()
    whole = path.read_bytes()
    schema = whole.index(b"CREATE TABLE")
    for _ in range(150):
        broken = bytearray(whole)
        for _ in range(dice.choice([1, 3])):
            broken[schema + dice.randrange(70)] = dice.randrange(128, 256)
        path.write_bytes(broken)
        assert check_path(path).names  # a fault, and no end
