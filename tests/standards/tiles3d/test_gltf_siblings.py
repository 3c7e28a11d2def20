"""Faults of a glTF file and of its extensions, each made by changing one value of a sound one, and
what must not be taken for a fault: packed faces and pictures, lamps, vendors' extensions, extras.
"""

from __future__ import annotations

import base64
import copy
import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from standards.tiles3d.changes import GONE, put
from twinward.standards.tiles3d.contents import checked_gltf
from twinward.standards.tiles3d.sources import Archive

FEATURES, METADATA = "EXT_mesh_features", "EXT_structural_metadata"
INSTANCES, MANY = "EXT_instance_features", "EXT_mesh_gpu_instancing"


def uri(data: bytes, kind: str = "application/octet-stream") -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def make() -> dict[str, Any]:
    """Two features on a triangle by attribute and by picture, metadata of all three sorts, and a
    node with two instances.
    """
    columns = [
        (np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], "<f4"), 5126, "VEC3"),
        (np.array([0, 1, 1], "<f4"), 5126, "SCALAR"),
        (np.array([[0, 0], [1, 0], [0, 1]], "<f4"), 5126, "VEC2"),
        (np.array([2.5, 3.5, 4.5], "<f4"), 5126, "SCALAR"),
        (np.array([[0, 0, 1]] * 3, "<f4"), 5126, "VEC3"),
        (np.array([0, 1, 2, 0], "<u2"), 5123, "SCALAR"),
        (np.array([[0, 0, 0], [5, 0, 0]], "<f4"), 5126, "VEC3"),
        (np.array([0, 1], "<f4"), 5126, "SCALAR"),
        (np.array([3, 9], "<f4"), 5126, "SCALAR"),
    ]
    body, views, accessors = b"", list[Any](), list[Any]()
    for n, (numbers, component, kind) in enumerate(columns):
        data = numbers.tobytes()
        views.append({"buffer": 0, "byteOffset": len(body), "byteLength": len(data)})
        one = {"bufferView": n, "componentType": component, "count": len(numbers), "type": kind}
        accessors.append(one)
        body += data + bytes(-len(data) % 8)
    accessors[5]["count"] = 3
    accessors[0] |= {"min": [0, 0, 0], "max": [1, 1, 0]}
    accessors.pop()  # a column of the table, no accessor
    picture = io.BytesIO()
    Image.fromarray(np.array([[[0, 9], [1, 9]], [[1, 9], [0, 9]]], np.uint8), "LA").save(
        picture, "PNG"
    )
    byte = {"type": "SCALAR", "componentType": "UINT8"}
    real = {"type": "SCALAR", "componentType": "FLOAT32"}
    return {
        "asset": {"version": "2.0"},
        "extensionsUsed": [FEATURES, METADATA, INSTANCES, MANY],
        "scene": 0,
        "scenes": [{"nodes": [0, 1]}],
        "nodes": [{"mesh": 0}, {"mesh": 0, "extensions": {
            MANY: {"attributes": {"TRANSLATION": 6, "_FEATURE_ID_0": 7}},
            INSTANCES: {"featureIds": [{"featureCount": 2, "attribute": 0, "propertyTable": 0}]},
        }}],
        "buffers": [{"byteLength": len(body), "uri": uri(body)}],
        "bufferViews": views,
        "accessors": accessors,
        "images": [{"uri": uri(picture.getvalue(), "image/png")}],
        "samplers": [{"minFilter": 9728, "magFilter": 9728}],
        "textures": [{"source": 0, "sampler": 0}, {"source": 0}],
        "meshes": [{"primitives": [{
            "attributes": {"POSITION": 0, "NORMAL": 4, "_FEATURE_ID_0": 1, "TEXCOORD_0": 2, "_WARMTH": 3},
            "indices": 5,
            "extensions": {
                FEATURES: {"featureIds": [
                    {"featureCount": 2, "attribute": 0, "propertyTable": 0, "label": "houses", "nullFeatureId": 7},
                    {"featureCount": 2, "texture": {"index": 0, "texCoord": 0, "channels": [0]}},
                ]},
                METADATA: {"propertyTextures": [0], "propertyAttributes": [0]},
            },
        }]}],
        "extensions": {METADATA: {
            "schema": {"id": "s", "classes": {
                "house": {"properties": {"high": real | {"max": 9}}},
                "wall": {"properties": {"level": byte | {"max": 5}, "flags": {"type": "BOOLEAN", "array": True, "count": 9}}},
                "corner": {"properties": {"warmth": real | {"min": 2, "max": 5}}},
            }},
            "propertyTables": [{"class": "house", "count": 2, "properties": {"high": {"values": 8}}}],
            "propertyTextures": [{"class": "wall", "properties": {
                "level": {"index": 1, "channels": [0]}, "flags": {"index": 1, "texCoord": 0, "channels": [0, 1]},
            }}],
            "propertyAttributes": [{"class": "corner", "properties": {"warmth": {"attribute": "_WARMTH"}}}],
        }},
    }  # fmt: skip


SOUND = make()
P = "meshes/0/primitives/0"
F, G = f"{P}/extensions/{FEATURES}/featureIds", f"nodes/1/extensions/{INSTANCES}/featureIds"
M = f"extensions/{METADATA}"
S, T, X, A = (
    f"{M}/schema/classes",
    f"{M}/propertyTables/0",
    f"{M}/propertyTextures/0",
    f"{M}/propertyAttributes/0",
)
LEVEL, WARMTH = f"{X}/properties/level", f"{A}/properties/warmth"
TYPE, LIST, RANGE = "TYPE_MISMATCH", "VALUE_NOT_IN_LIST", "VALUE_NOT_IN_RANGE"
LENGTH, ELEMENT, MISSING = (
    "ARRAY_LENGTH_MISMATCH",
    "ARRAY_ELEMENT_TYPE_MISMATCH",
    "PROPERTY_MISSING",
)
UNKNOWN, GLTF, BEYOND = (
    "IDENTIFIER_NOT_FOUND",
    "INVALID_GLTF_STRUCTURE",
    "METADATA_VALUE_NOT_IN_RANGE",
)
CANNOT, GAP = "INVALID_METADATA_PROPERTY_TYPE", "METADATA_VALUE_REQUIRED_BUT_MISSING"
Case = tuple[str, Any, str]
IDS: list[Case] = [
    ("", GONE, MISSING), ("", 1, TYPE), ("", [], LENGTH), ("0", 1, ELEMENT), ("0/featureCount", GONE, MISSING), ("0/featureCount", "2", TYPE),
    ("0/featureCount", 1.5, TYPE), ("0/featureCount", 0, RANGE), ("0/featureCount", 1, "FEATURE_COUNT_MISMATCH"), ("0/featureCount", 9, ""),
    ("0/label", 1, TYPE), ("0/label", "a label", "STRING_PATTERN_MISMATCH"), ("0/label", "", "STRING_PATTERN_MISMATCH"),
    ("0/nullFeatureId", "0", TYPE), ("0/nullFeatureId", -1, RANGE), ("0/nullFeatureId", 0.5, TYPE), ("0/nullFeatureId", 1, ""),
    ("0/attribute", "0", TYPE), ("0/attribute", -1, RANGE), ("0/attribute", 0.5, TYPE), ("0/attribute", 5, UNKNOWN), ("0/attribute", GONE, ""),
    ("0/propertyTable", "0", TYPE), ("0/propertyTable", -1, RANGE), ("0/propertyTable", 1, RANGE), ("0/extras", {"a": 1}, ""),
]  # fmt: skip
PICTURES: list[Case] = [
    ("", 1, TYPE), ("index", GONE, MISSING), ("index", "0", TYPE), ("index", -1, RANGE), ("index", 9, RANGE), ("texCoord", "0", TYPE),
    ("texCoord", -1, RANGE), ("texCoord", 0.5, TYPE), ("texCoord", 3, UNKNOWN), ("channels", 1, TYPE), ("channels", [], LENGTH),
    ("channels", ["0"], ELEMENT), ("channels", [-1], RANGE), ("channels", [0.5], TYPE), ("channels", [2], "TEXTURE_CHANNELS_OUT_OF_RANGE"),
    ("channels", [0, 1, 0], "TEXTURE_CHANNELS_OUT_OF_RANGE"), ("channels", GONE, ""), ("texCoord", 0, ""),
]  # fmt: skip
CASES: list[Case] = [
    *((f"{F}/{path}".rstrip("/"), value, name) for path, value, name in IDS),
    *((f"{G}/{path}".rstrip("/"), value, name) for path, value, name in IDS),
    *((f"{F}/1/texture/{path}".rstrip("/"), value, name) for path, value, name in PICTURES),
    *((f"{LEVEL}/{path}".rstrip("/"), value, name) for path, value, name in PICTURES),
    ("accessors/1/normalized", True, GLTF), ("accessors/7/normalized", True, GLTF), (f"nodes/1/extensions/{MANY}", GONE, GLTF),
    (f"{P}/extensions/{FEATURES}", 1, TYPE), (f"nodes/1/extensions/{INSTANCES}", 1, TYPE), (f"{M}/propertyTables", GONE, GLTF),
    ("samplers/0/minFilter", 9729, LIST), ("textures/1/sampler", 0, ""), ("textures/0/source", 4, "UNRESOLVED_REFERENCE"),
    ("images/0/uri", uri(b"no picture"), "IMAGE_DATA_INVALID"), ("images/0/uri", "gone.png", "IO_ERROR"),
    (f"{T}/count", 1, RANGE), (f"{T}/count", 3, "METADATA_INVALID_LENGTH"), (f"{T}/class", "barn", UNKNOWN), (f"{T}/properties/high/values", 99, RANGE),
    (f"{S}/house/properties/high/max", 8, BEYOND), (f"{T}/properties/high/max", 8, BEYOND),
    (M, {}, "ANY_OF_ERROR"), ("extensions", GONE, GLTF), (f"{M}/schema", GONE, "ANY_OF_ERROR"), (f"{M}/schema", 1, TYPE),
    (f"{M}/schemaUri", "s.json", "ONE_OF_ERROR"), (f"{M}/schema/id", GONE, MISSING), (f"{M}/propertyTextures", 1, TYPE),
    (f"{M}/propertyTextures", [], LENGTH), (X, 1, ELEMENT), (f"{X}/class", GONE, MISSING), (f"{X}/class", 1, TYPE), (f"{X}/class", "barn", UNKNOWN),
    (f"{X}/name", 1, TYPE), (f"{X}/properties", 1, TYPE), (f"{X}/properties", {}, "NUMBER_OF_PROPERTIES_MISMATCH"),
    (f"{X}/properties/colour", {"index": 0}, UNKNOWN), (f"{S}/wall/properties/flags/required", True, ""), (f"{S}/wall/properties/more", {"type": "BOOLEAN", "required": True}, GAP),
    (f"{S}/wall/properties/level", {"type": "VEC2", "componentType": "UINT8"}, "TEXTURE_CHANNELS_SIZE_MISMATCH"), (f"{S}/wall/properties/level/componentType", "UINT16", "TEXTURE_CHANNELS_SIZE_MISMATCH"),
    (f"{S}/wall/properties/flags/count", 17, "TEXTURE_CHANNELS_SIZE_MISMATCH"), (f"{S}/wall/properties/level", {"type": "STRING"}, CANNOT),
    (f"{S}/wall/properties/flags/count", GONE, CANNOT), (f"{S}/wall/properties/level/max", 0, BEYOND), (f"{S}/wall/properties/level/min", 1, BEYOND),
    (f"{LEVEL}/max", 0, BEYOND), (f"{LEVEL}/min", 1, BEYOND), (f"{LEVEL}/min", "1", TYPE), (f"{LEVEL}/offset", 1, "METADATA_OFFSET_SCALE_FOR_NON_FLOATING_POINT_TYPE"),
    (f"{M}/propertyAttributes", 1, TYPE), (f"{M}/propertyAttributes", [], LENGTH), (A, 1, ELEMENT), (f"{A}/class", GONE, MISSING), (f"{A}/class", 1, TYPE),
    (f"{A}/class", "barn", UNKNOWN), (f"{A}/properties", {}, "NUMBER_OF_PROPERTIES_MISMATCH"), (WARMTH, 1, TYPE), (f"{WARMTH}/attribute", GONE, MISSING),
    (f"{WARMTH}/attribute", 1, TYPE), (f"{WARMTH}/attribute", "_COLD", UNKNOWN), (f"{WARMTH}/max", 4, BEYOND), (f"{WARMTH}/min", 3, BEYOND), (f"{WARMTH}/scale", 9, BEYOND),
    (f"{WARMTH}/offset", 9, BEYOND), (f"{A}/properties/colour", {"attribute": "_WARMTH"}, UNKNOWN), (f"{S}/corner/properties/warmth/min", 3, BEYOND),
    (f"{S}/corner/properties/warmth/noData", 2.5, ""), (f"{S}/corner/properties/warmth", {"type": "SCALAR", "componentType": "FLOAT32", "min": 3, "noData": 2.5}, ""),
    (f"{S}/corner/properties/warmth/componentType", "FLOAT64", CANNOT), (f"{S}/corner/properties/warmth", {"type": "STRING"}, CANNOT),
    (f"{S}/corner/properties/warmth", {"type": "BOOLEAN"}, CANNOT), (f"{S}/corner/properties/warmth/array", True, "METADATA_PROPERTY_INVALID_FOR_VARIABLE_LENGTH_ARRAY"),
    (f"{P}/extensions/{METADATA}", 1, TYPE), (f"{P}/extensions/{METADATA}/propertyTextures", 1, TYPE), (f"{P}/extensions/{METADATA}/propertyTextures", [], LENGTH),
    (f"{P}/extensions/{METADATA}/propertyTextures", ["0"], ELEMENT), (f"{P}/extensions/{METADATA}/propertyTextures", [0.5], TYPE),
    (f"{P}/extensions/{METADATA}/propertyTextures", [-1], RANGE), (f"{P}/extensions/{METADATA}/propertyTextures", [3], RANGE),
    (f"{P}/extensions/{METADATA}/propertyAttributes", 1, TYPE), (f"{P}/extensions/{METADATA}/propertyAttributes", [], LENGTH),
    (f"{P}/extensions/{METADATA}/propertyAttributes", ["0"], ELEMENT), (f"{P}/extensions/{METADATA}/propertyAttributes", [3], RANGE),
    (f"{P}/attributes/_WARMTH", GONE, UNKNOWN), (f"{P}/attributes/TEXCOORD_0", GONE, UNKNOWN),
    ("extensionsUsed", [FEATURES, METADATA, INSTANCES], "UNDECLARED_EXTENSION"), ("extensionsUsed", [FEATURES, METADATA, INSTANCES, MANY, "VENDOR_x"], ""),
    ("extensionsRequired", ["VENDOR_x"], "UNUSED_EXTENSION_REQUIRED"), ("extras", [1], "TYPE_UNEXPECTED"), ("nodes/0/extras", {"a": 1}, ""),
    ("accessors/0/max", [1, 1, 1], "ACCESSOR_MAX_MISMATCH"), ("accessors/0/min", [0, 0, -1], "ACCESSOR_MIN_MISMATCH"), ("accessors/0/min", [0, 0], LENGTH),
    ("accessors/5/max", [2], ""), ("accessors/5/max", [1e300], "ACCESSOR_MAX_MISMATCH"), ("accessors/5/max", [2.5], "ACCESSOR_MAX_MISMATCH"),
    ("accessors/0/max", GONE, "MESH_PRIMITIVE_POSITION_ACCESSOR_WITHOUT_BOUNDS"), ("accessors/0/componentType", 5127, LIST), ("accessors/0/type", "VEC9", LIST),
    ("accessors/0/count", 0, RANGE), ("accessors/0/count", GONE, MISSING), ("accessors/5/count", 4, ""), ("accessors/5/componentType", 5122, "MESH_PRIMITIVE_INDICES_ACCESSOR_INVALID_FORMAT"),
    (f"{P}/indices", 1, "MESH_PRIMITIVE_INDICES_ACCESSOR_INVALID_FORMAT"), (f"{P}/mode", 9, LIST), (f"{P}/mode", 0, ""), (f"{P}/attributes", {}, "NUMBER_OF_PROPERTIES_MISMATCH"),
    (f"{P}/attributes/NORMAL", 0, "ACCESSOR_VECTOR3_NON_UNIT"), (f"{P}/attributes/POSITION", 2, "MESH_PRIMITIVE_ATTRIBUTES_ACCESSOR_INVALID_FORMAT"),
    ("nodes/0/rotation", [0, 0, 0, 2], "ROTATION_NON_UNIT"), ("nodes/0/rotation", [0, 0, 0, 1], ""), ("nodes/0/rotation", [0, 0, 1], LENGTH),
    ("nodes/0/children", [1], ""), ("nodes/0/children", [0], "NODE_LOOP"), ("nodes/0/children", [9], "UNRESOLVED_REFERENCE"),
    ("nodes/2", {"matrix": [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], "scale": [1, 1, 1]}, "NODE_MATRIX_TRS"),
    ("scenes/0/nodes", [0, 0], "ARRAY_ELEMENT_NOT_UNIQUE"), ("scene", 4, "UNRESOLVED_REFERENCE"), ("asset/version", GONE, "GLTF_INVALID"), ("asset/version", "3.0", "GLTF_INVALID"),
    ("buffers/0/byteLength", 9999, "BUFFER_BYTE_LENGTH_MISMATCH"), ("buffers/0/byteLength", GONE, MISSING), ("bufferViews/0/byteLength", 99999, "BUFFER_VIEW_TOO_LONG"),
    ("bufferViews/0/byteOffset", -4, RANGE), ("bufferViews/0/buffer", 3, "UNRESOLVED_REFERENCE"), ("materials", [{"alphaMode": "SOLID"}], LIST), ("meshes/0/primitives", [], LENGTH),
]  # fmt: skip


def said(document: Any) -> list[str]:
    report = checked_gltf(json.dumps(document).encode(), "a.gltf", Archive({}))
    return [one.name for one in report.issues]


def test_the_sound_file_has_no_issue() -> None:
    assert said(SOUND) == []


@pytest.mark.parametrize(
    ("path", "value", "name"), CASES, ids=[f"{p[-60:]} {n or 'sound'}" for p, _, n in CASES]
)
def test_a_fault_is_found_by_its_name(path: str, value: Any, name: str) -> None:
    found = said(put(SOUND, path, value))
    assert (name in found) if name else not found


def test_faces_of_draco_have_no_view_of_their_own() -> None:
    packed = copy.deepcopy(SOUND)
    packed["extensionsUsed"].append("KHR_draco_mesh_compression")
    for n in (0, 1, 2, 3, 4, 5):
        del packed["accessors"][n]["bufferView"]
    draco = {"bufferView": 0, "attributes": {"POSITION": 0, "_FEATURE_ID_0": 1}}
    packed["bufferViews"] = [packed["bufferViews"][n] for n in (0, 6, 7, 8)]
    packed["accessors"][6]["bufferView"], packed["accessors"][7]["bufferView"] = 1, 2
    packed[M.split("/")[0]][METADATA]["propertyTables"][0]["properties"]["high"]["values"] = 3
    packed = put(packed, f"{P}/extensions/KHR_draco_mesh_compression", draco)
    assert said(packed) == []
    gone = put(packed, f"{P}/extensions/KHR_draco_mesh_compression/bufferView", 9)
    assert said(gone) == ["UNRESOLVED_REFERENCE"]


def test_views_of_meshopt_come_unpacked_from_another_buffer() -> None:
    name = "EXT_meshopt_compression"
    packed = copy.deepcopy(SOUND)
    packed["extensionsUsed"].append(name)
    packed["buffers"].append({"byteLength": 36, "extensions": {name: {"fallback": True}}})
    told = {
        "buffer": 0,
        "byteOffset": 0,
        "byteLength": 30,
        "byteStride": 12,
        "count": 3,
        "mode": "ATTRIBUTES",
    }
    packed["bufferViews"][0] = {"buffer": 1, "byteLength": 36, "byteStride": 12, "extensions": {name: told}}  # fmt: skip
    assert said(packed) == []
    assert said(put(packed, "buffers/1/extensions", {name: {}})) == ["IO_ERROR"]


@pytest.mark.parametrize("name", ["KHR_texture_basisu", "EXT_texture_webp", "EXT_texture_avif"])
def test_a_picture_in_another_form_is_used(name: str) -> None:
    packed = put(
        SOUND, "images/1", {"uri": uri(b"\xabKTX 20\xbb", "image/ktx2"), "mimeType": "image/ktx2"}
    )
    packed = put(packed, "textures/2", {"extensions": {name: {"source": 1}}})
    packed = put(
        packed, "materials", [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 2}}}]
    )
    packed = put(packed, f"{P}/material", 0)
    packed["extensionsUsed"].append(name)
    assert said(packed) == []
    assert said(put(packed, f"textures/2/extensions/{name}/source", 5)) == ["UNRESOLVED_REFERENCE"]


FLASH = {"waveform": "square", "frequency": 2, "duty": 0.5, "phaseOffset": 0}


@pytest.mark.parametrize(
    ("path", "value", "name"),
    [
        ("duty", GONE, ""), ("waveform", "sine", GLTF), ("waveform", "triangle", GLTF), ("waveform", GONE, GLTF), ("waveform", "saw", GLTF),
        ("waveform", 1, GLTF), ("frequency", GONE, GLTF), ("frequency", 0, GLTF), ("frequency", "2", GLTF), ("duty", 1.5, GLTF), ("duty", "1", GLTF),
        ("amplitudeScale", "1", GLTF), ("amplitudeOffset", 0.5, ""),
    ],
)  # fmt: skip
def test_a_lamp_flashes_in_a_way_that_there_is(path: str, value: Any, name: str) -> None:
    lights, traits = "KHR_lights_punctual", "MAXAR_temporal_light_traits"
    lamp = {"type": "point", "extensions": {traits: {"flashing": put(FLASH, path, value)}}}
    document = put(SOUND, f"extensions/{lights}", {"lights": [lamp]})
    document = put(document, f"nodes/0/extensions/{lights}", {"light": 0})
    document["extensionsUsed"] += [lights, traits]
    assert said(document) == ([name] if name else [])
    assert (
        said(put(document, f"nodes/0/extensions/{lights}/light", 1))[-1] == "UNRESOLVED_REFERENCE"
    )
    document["extensionsUsed"].remove(traits)
    assert "UNDECLARED_EXTENSION" in said(document)
