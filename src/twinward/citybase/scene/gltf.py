"""Writes one glTF 2.0 binary (GLB) of solids: EXT_mesh_features says which object a corner is of,
EXT_structural_metadata which id of the twin that is and where its height comes from.
"""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.citybase.scene.solids import HEIGHT_FROM, Solid

FLOAT, UINT, USHORT, UBYTE = 5126, 5125, 5123, 5121
MOST_SHORT = 65_535  # corners that a short index can name
LEAST_M2 = 1e-9  # a triangle smaller than this is a line
ARRAY, ELEMENTS = 34962, 34963
JSON_CHUNK, BIN_CHUNK = 0x4E4F534A, 0x004E4942
# given, from levels, estimated: drawn differently, so that a guess is never taken for a measure
COLOURS = np.array([[196, 178, 148, 255], [150, 176, 200, 255], [214, 214, 214, 255]], np.uint8)
SCHEMA = {
    "id": "twinward",
    "classes": {
        "entity": {
            "name": "entity of the twin",
            "properties": {
                "id": {"type": "STRING", "required": True},
                "kind": {"type": "STRING", "required": True},
                "height_m": {"type": "SCALAR", "componentType": "FLOAT32", "required": True},
                "height_from": {"type": "ENUM", "enumType": "height_source", "required": True},
            },
        }
    },
    "enums": {
        "height_source": {
            "valueType": "UINT8",
            "values": [{"name": name, "value": n} for n, name in enumerate(HEIGHT_FROM)],
        }
    },
}


class Blob:
    """The binary part of a file and the views of it, each aligned to eight bytes."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.views: list[dict[str, int]] = []
        self.accessors: list[dict[str, object]] = []

    def add(self, body: bytes, target: int = 0, stride: int = 0) -> int:
        self.data += b"\0" * (-len(self.data) % 8)
        view = {"buffer": 0, "byteOffset": len(self.data), "byteLength": len(body)}
        if target:
            view["target"] = target
        if stride:
            view["byteStride"] = stride
        self.data += body
        self.views.append(view)
        return len(self.views) - 1

    def attribute(
        self, values: NDArray[Any], kind: int, shape: str, target: int = ARRAY, **more: object
    ) -> int:
        wide = values.itemsize * (values.shape[1] if values.ndim > 1 else 1)
        view = self.add(values.tobytes(), target, wide if target == ARRAY else 0)
        accessor: dict[str, object] = {
            "bufferView": view,
            "componentType": kind,
            "count": len(values),
            "type": shape,
        }
        self.accessors.append(accessor | more)
        return len(self.accessors) - 1


def write_glb(solids: list[Solid], local: list[NDArray[Any]]) -> bytes:
    """The file of objects; `local` are their corners as metres east, north, up of the tile."""
    blob = Blob()
    drawn = any(len(solid.triangles) for solid in solids)
    mesh = add_mesh(solids, local, blob) if drawn else {}
    metadata = {"schema": SCHEMA, "propertyTables": [table_of(solids, blob)]}
    document: dict[str, object] = {
        "asset": {"version": "2.0", "generator": "twinward scene"},
        "extensionsUsed": ["EXT_structural_metadata", *(["EXT_mesh_features"] if drawn else [])],
        "extensions": {"EXT_structural_metadata": metadata},
        **mesh,
    }
    if blob.accessors:
        document["accessors"] = blob.accessors
    document["bufferViews"] = blob.views
    blob.data += b"\0" * (-len(blob.data) % 8)
    document["buffers"] = [{"byteLength": len(blob.data)}]
    text = json.dumps(document, separators=(",", ":")).encode()
    text += b" " * (-(len(text) + 20) % 8)
    length = 12 + 8 + len(text) + 8 + len(blob.data)
    head = struct.pack("<4sII", b"glTF", 2, length) + struct.pack("<II", len(text), JSON_CHUNK)
    return head + text + struct.pack("<II", len(blob.data), BIN_CHUNK) + bytes(blob.data)


def add_mesh(solids: list[Solid], local: list[NDArray[Any]], blob: Blob) -> dict[str, object]:
    """Triangles over shared corners and without normals: who draws them shades each face flat
    (glTF 2.0, section 3.7.2.1), and the file is a fifth of what it would be.
    """
    faces, numbers = [], []
    for number, (solid, enu) in enumerate(zip(solids, local, strict=True)):
        if len(solid.triangles):
            faces.append(enu[solid.triangles])
            numbers.append(np.full(len(solid.triangles), number))
    corners, owner = np.concatenate(faces), np.concatenate(numbers)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    keep = np.linalg.norm(normal, axis=1) > LEAST_M2
    points = to_gltf(corners[keep].reshape(-1, 3))
    rows = np.column_stack([np.repeat(owner[keep], 3).astype(np.float32), points])
    shared, index = np.unique(rows, axis=0, return_inverse=True)
    position, of = np.ascontiguousarray(shared[:, 1:]), shared[:, 0].astype(np.int64)
    source = np.array([solid.height_from for solid in solids])
    short = len(position) < MOST_SHORT
    low, high = position.min(axis=0).tolist(), position.max(axis=0).tolist()
    attributes = {
        "POSITION": blob.attribute(position, FLOAT, "VEC3", min=low, max=high),
        "COLOR_0": blob.attribute(COLOURS[source[of]], UBYTE, "VEC4", normalized=True),
        "_FEATURE_ID_0": blob.attribute(of.astype(np.float32), FLOAT, "SCALAR"),
    }
    features = {"featureCount": len(solids), "attribute": 0, "propertyTable": 0}
    packed = index.ravel().astype(np.uint16 if short else np.uint32)
    primitive = {
        "attributes": attributes,
        "indices": blob.attribute(packed, USHORT if short else UINT, "SCALAR", ELEMENTS),
        "material": 0,
        "extensions": {"EXT_mesh_features": {"featureIds": [features]}},
    }
    rough = {"metallicFactor": 0.0, "roughnessFactor": 0.9}
    return {
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [primitive]}],
        "materials": [{"pbrMetallicRoughness": rough, "doubleSided": True}],
    }


def to_gltf(enu: NDArray[Any]) -> NDArray[np.float32]:
    """East, north, up to the axes of glTF, where y is up."""
    return np.ascontiguousarray(
        np.column_stack([enu[:, 0], enu[:, 2], -enu[:, 1]]).astype(np.float32)
    )


def table_of(solids: list[Solid], blob: Blob) -> dict[str, object]:
    def strings(values: list[str]) -> dict[str, object]:
        packed = [value.encode() for value in values]
        ends = np.cumsum([0, *map(len, packed)]).astype(np.uint32)
        told = {"values": blob.add(b"".join(packed) or b"\0")}
        return told | {"stringOffsets": blob.add(ends.tobytes()), "stringOffsetType": "UINT32"}

    heights = np.array([solid.height_m for solid in solids], np.float32)
    sources = np.array([solid.height_from for solid in solids], np.uint8)
    return {
        "class": "entity",
        "count": len(solids),
        "properties": {
            "id": strings([solid.id for solid in solids]),
            "kind": strings([solid.kind for solid in solids]),
            "height_m": {"values": blob.add(heights.tobytes())},
            "height_from": {"values": blob.add(sources.tobytes())},
        },
    }
