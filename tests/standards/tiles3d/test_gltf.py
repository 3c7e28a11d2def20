"""A glTF file of a tile: broken containers, data that are not there, ids and metadata that lie."""

from __future__ import annotations

import base64
import io
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from PIL import Image

from twinward.citybase.scene.buildings import Outline, make_buildings
from twinward.citybase.scene.counts import SceneCount
from twinward.citybase.scene.tileset import write_tileset
from twinward.standards.tiles3d.check import check_path
from twinward.standards.tiles3d.contents import checked_gltf
from twinward.standards.tiles3d.issues import flatten
from twinward.standards.tiles3d.sources import Archive

IDS = {"attribute": 0, "featureCount": 2}


def text_of(values: Any, kind: str) -> bytes:
    return np.array(values, kind).tobytes()


def model() -> dict[str, Any]:
    """A triangle whose corners are of two features, with a table and a texture of metadata."""
    body = text_of([[0, 0, 0], [1, 0, 0], [0, 1, 0]], "<f4") + text_of([0, 1, 1], "<f4")
    body += text_of([[0, 0], [1, 0], [0, 1]], "<f4") + text_of([3, 9], "<f4")
    picture = io.BytesIO()
    Image.fromarray(np.array([[0, 1], [1, 0]], np.uint8), "L").save(picture, "PNG")
    told = "data:image/png;base64," + base64.b64encode(picture.getvalue()).decode()
    prop = {"type": "SCALAR", "componentType": "FLOAT32", "max": 10}
    level = {"type": "SCALAR", "componentType": "UINT8", "max": 5}
    return {
        "asset": {"version": "2.0"},
        "extensionsUsed": ["EXT_mesh_features", "EXT_structural_metadata"],
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "buffers": [{"byteLength": len(body), "uri": "data:x;base64," + base64.b64encode(body).decode()}],
        "bufferViews": [
            {"buffer": 0, "byteOffset": 0, "byteLength": 36}, {"buffer": 0, "byteOffset": 36, "byteLength": 12},
            {"buffer": 0, "byteOffset": 48, "byteLength": 24}, {"buffer": 0, "byteOffset": 72, "byteLength": 8},
        ],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3", "min": [0, 0, 0], "max": [1, 1, 0]},
            {"bufferView": 1, "componentType": 5126, "count": 3, "type": "SCALAR"},
            {"bufferView": 2, "componentType": 5126, "count": 3, "type": "VEC2"},
        ],
        "images": [{"uri": told}],
        "textures": [{"source": 0, "sampler": 0}],
        "samplers": [{"minFilter": 9728, "magFilter": 9728}],
        "meshes": [{"primitives": [{
            "attributes": {"POSITION": 0, "_FEATURE_ID_0": 1, "TEXCOORD_0": 2},
            "extensions": {
                "EXT_mesh_features": {"featureIds": [IDS | {"propertyTable": 0}, {"featureCount": 2, "texture": {"index": 0}}]},
                "EXT_structural_metadata": {"propertyTextures": [0]},
            },
        }]}],
        "extensions": {"EXT_structural_metadata": {
            "schema": {"id": "s", "classes": {"house": {"properties": {"height": prop, "level": level}}}},
            "propertyTables": [{"class": "house", "count": 2, "properties": {"height": {"values": 3}}}],
            "propertyTextures": [{"class": "house", "properties": {"level": {"index": 0, "channels": [0]}}}],
        }},
    }  # fmt: skip


def names(document: Any) -> list[str]:
    report = checked_gltf(json.dumps(document).encode(), "a.gltf", Archive({}))
    return [one.name for one in report.issues]


def test_a_sound_file_has_no_issue() -> None:
    assert names(model()) == []


FEATURES = "meshes/0/primitives/0/extensions/EXT_mesh_features/featureIds"
METADATA = "extensions/EXT_structural_metadata"
CLASS = f"{METADATA}/schema/classes/house/properties"


@pytest.mark.parametrize(
    ("path", "value", "name"),
    [
        ("asset/version", "1.0", "GLTF_INVALID"),
        ("nodes/0/mesh", 4, "UNRESOLVED_REFERENCE"),
        ("accessors/0/count", 9, "ACCESSOR_TOO_LONG"),
        ("accessors/1/count", 2, "MESH_PRIMITIVE_UNEQUAL_ACCESSOR_COUNT"),
        ("bufferViews/3/byteLength", 99, "BUFFER_VIEW_TOO_LONG"),
        ("buffers/0/uri", "gone.bin", "IO_ERROR"),
        ("images/0/uri", "gone.png", "IO_ERROR"),
        ("extensionsUsed", ["EXT_mesh_features"], "UNDECLARED_EXTENSION"),
        (f"{FEATURES}/0/featureCount", 1, "FEATURE_COUNT_MISMATCH"),
        (f"{FEATURES}/0/attribute", 3, "IDENTIFIER_NOT_FOUND"),
        (f"{FEATURES}/0/propertyTable", 3, "VALUE_NOT_IN_RANGE"),
        (f"{FEATURES}/0/label", "no label", "STRING_PATTERN_MISMATCH"),
        (f"{FEATURES}", [], "ARRAY_LENGTH_MISMATCH"),
        (f"{FEATURES}/1/texture/index", 7, "VALUE_NOT_IN_RANGE"),
        (f"{FEATURES}/1/texture/texCoord", 7, "IDENTIFIER_NOT_FOUND"),
        (f"{FEATURES}/1/texture/channels", [1], "TEXTURE_CHANNELS_OUT_OF_RANGE"),
        ("accessors/1/normalized", True, "INVALID_GLTF_STRUCTURE"),
        ("samplers/0/magFilter", 9729, "VALUE_NOT_IN_LIST"),
        (f"{METADATA}/schemaUri", "s.json", "ONE_OF_ERROR"),
        (METADATA, {"propertyTables": [{"class": "a", "count": 1}]}, "ANY_OF_ERROR"),
        (f"{METADATA}/propertyTables/0/count", 3, "METADATA_INVALID_LENGTH"),
        (f"{METADATA}/propertyTables/0/class", "barn", "IDENTIFIER_NOT_FOUND"),
        (f"{METADATA}/propertyTables/0/properties/height/values", 9, "VALUE_NOT_IN_RANGE"),
        (f"{METADATA}/propertyTextures/0/properties/level/channels", [], "ARRAY_LENGTH_MISMATCH"),
        (f"{METADATA}/propertyTables/0/properties/height/max", 9, ""),
        (f"{METADATA}/propertyTables/0/properties/height/max", 8, "METADATA_VALUE_NOT_IN_RANGE"),
        (f"{METADATA}/propertyTables/0/properties/height/min", 2, "METADATA_VALUE_MISMATCH"),
        (f"{CLASS}/height/max", 5, "METADATA_VALUE_NOT_IN_RANGE"),
        (f"{CLASS}/height/required", True, "METADATA_VALUE_REQUIRED_BUT_MISSING"),
        (f"{CLASS}/level/max", 0, "METADATA_VALUE_NOT_IN_RANGE"),
        (f"{CLASS}/level/componentType", "UINT16", "TEXTURE_CHANNELS_SIZE_MISMATCH"),
        (f"{CLASS}/level/array", True, "METADATA_PROPERTY_INVALID_FOR_VARIABLE_LENGTH_ARRAY"),
    ],
)  # fmt: skip
def test_a_fault_is_found_by_its_name(path: str, value: Any, name: str) -> None:
    document = model()
    *way, last = [int(one) if one.isdigit() else one for one in path.split("/")]
    at: Any = document
    for one in way:
        at = at[one]
    at[last] = value
    assert names(document)[:1] == ([name] if name else [])


@pytest.mark.parametrize(
    "data",
    [b"", b"glTF", b"glTF" + bytes(30), struct.pack("<4sIIII", b"glTF", 2, 99, 4, 0x4E4F534A), b"[]", b'{"asset": 3}'],
)  # fmt: skip
def test_a_broken_container_is_refused(data: bytes) -> None:
    assert not checked_gltf(data, "a.glb", Archive({})).sound


def tile(magic: bytes, table: bytes, body: bytes, header: bytes = b"") -> bytes:
    table += b" " * (-(28 + len(header) + len(table)) % 8)
    length = 28 + len(header) + len(table) + len(body)
    return struct.pack("<4s6I", magic, 1, length, len(table), 0, 0, 0) + header + table + body


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (tile(b"b3dm", b'{"BATCH_LENGTH":0}', b"not a model.."), "GLTF_INVALID"),
        (tile(b"b3dm", b"{}", b""), "CONTENT_JSON_INVALID"),
        (tile(b"b3dm", b'{"BATCH', b""), "CONTENT_JSON_INVALID"),
        (tile(b"b3dm", b'{"BATCH_LENGTH":0}', b"x"), "BINARY_INVALID_ALIGNMENT"),
        (tile(b"pnts", b'{"POINTS_LENGTH":1}', b""), "CONTENT_JSON_INVALID"),
        (tile(b"i3dm", b'{"INSTANCES_LENGTH":1,"POSITION":[0,0,0]}', b"a.glb", bytes(4)), "IO_WARNING"),
        (tile(b"b3dm", b"{}", b"")[:-1], "BINARY_INVALID_LENGTH"),
        (b"b3dm", "BINARY_INVALID"),
        (struct.pack("<4sIII", b"cmpt", 1, 16, 1), "BINARY_INVALID_VALUE"),
    ],
)  # fmt: skip
def test_an_old_tile_is_looked_into(tmp_path: Path, data: bytes, name: str) -> None:
    (tmp_path / "a.b3dm").write_bytes(data)
    root = {
        "refine": "ADD",
        "geometricError": 0,
        "boundingVolume": {"sphere": [0, 0, 0, 1]},
        "content": {"uri": "a.b3dm"},
    }
    document = {"asset": {"version": "1.0"}, "geometricError": 1, "root": root}
    (tmp_path / "tileset.json").write_text(json.dumps(document), "utf-8")
    found = check_path(tmp_path).issues
    assert name in [one.name for one in flatten(found)]


def test_what_we_write_is_sound_and_its_bounds_are_true(tmp_path: Path) -> None:
    count = SceneCount()
    outlines = [
        Outline(id=f"way/{n}", kind="yes", shape=shapely.to_wkb(shapely.box(x, y, x + 1e-4, y + 1e-4)), tags={"height": str(5 + n % 40)})
        for n, (x, y) in enumerate((7.4 + n % 40 * 2e-4, 43.7 + n // 40 * 2e-4) for n in range(1300))
    ]  # fmt: skip
    write_tileset(make_buildings(outlines, count), tmp_path)
    found = check_path(tmp_path)
    assert (found.issues, found.contents) == ([], found.tiles - 1)
    root = json.loads((tmp_path / "tileset.json").read_text("utf-8"))["root"]
    inner = np.array([one["boundingVolume"]["region"] for one in root["children"]])
    outer = root["boundingVolume"]["region"]
    assert outer[:2] == inner[:, :2].min(axis=0).tolist() and outer[5] == inner[:, 5].max()
    assert all(one["geometricError"] < root["geometricError"] for one in root["children"])
