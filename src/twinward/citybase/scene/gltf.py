"""Writes one glTF 2.0 binary (GLB) of things: EXT_mesh_features says which object a corner is of,
EXT_structural_metadata its id in the twin, its ground, its storeys and whence its height comes.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.citybase.scene.things import HEIGHT_FROM, Thing

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
                "ground_m": {"type": "SCALAR", "componentType": "FLOAT32", "required": True},
                "floors": {"type": "SCALAR", "componentType": "UINT16", "required": True},
                "floors_from": {"type": "ENUM", "enumType": "height_source", "required": True},
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


def write_glb(things: Sequence[Thing], faces: NDArray[Any], owner: NDArray[Any]) -> bytes:
    """The file of things; `faces` float64[n, 3, 3] are their triangles as metres east, north, up
    of the tile, `owner` the number of the thing that each is of.
    """
    blob = Blob()
    drawn = len(faces) > 0
    mesh = add_mesh(things, faces, owner, blob) if drawn else {}
    metadata = {"schema": SCHEMA, "propertyTables": [table_of(things, blob)]}
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


def add_mesh(
    things: Sequence[Thing], corners: NDArray[Any], owner: NDArray[Any], blob: Blob
) -> dict[str, object]:
    """Triangles over shared corners and without normals: who draws them shades each face flat
    (glTF 2.0, section 3.7.2.1), and the file is a fifth of what it would be.
    """
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    keep = np.linalg.norm(normal, axis=1) > LEAST_M2
    points = to_gltf(corners[keep].reshape(-1, 3))
    rows = np.column_stack([np.repeat(owner[keep], 3).astype(np.float32), points])
    shared, index = share(rows)
    position, of = np.ascontiguousarray(shared[:, 1:]), shared[:, 0].astype(np.int64)
    source = np.array([one.height_from for one in things])
    short = len(position) < MOST_SHORT
    low, high = position.min(axis=0).tolist(), position.max(axis=0).tolist()
    attributes = {
        "POSITION": blob.attribute(position, FLOAT, "VEC3", min=low, max=high),
        "COLOR_0": blob.attribute(COLOURS[source[of]], UBYTE, "VEC4", normalized=True),
        "_FEATURE_ID_0": blob.attribute(of.astype(np.float32), FLOAT, "SCALAR"),
    }
    features = {"featureCount": len(things), "attribute": 0, "propertyTable": 0}
    packed = index.astype(np.uint16 if short else np.uint32)
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


def share(rows: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Rows each once, in order, and for each of the given ones which it is."""
    order = np.lexsort(rows.T[::-1])
    ranked = rows[order]
    new = np.append(True, (ranked[1:] != ranked[:-1]).any(axis=1))
    index = np.empty(len(rows), np.int64)
    index[order] = np.cumsum(new) - 1
    return ranked[new], index


def to_gltf(enu: NDArray[Any]) -> NDArray[np.float32]:
    """East, north, up to the axes of glTF, where y is up."""
    return np.ascontiguousarray(
        np.column_stack([enu[:, 0], enu[:, 2], -enu[:, 1]]).astype(np.float32)
    )


def table_of(things: Sequence[Thing], blob: Blob) -> dict[str, object]:
    def strings(values: list[str]) -> dict[str, object]:
        packed = [value.encode() for value in values]
        ends = np.cumsum([0, *map(len, packed)]).astype(np.uint32)
        told = {"values": blob.add(b"".join(packed) or b"\0")}
        return told | {"stringOffsets": blob.add(ends.tobytes()), "stringOffsetType": "UINT32"}

    def numbers(values: list[float] | list[int], kind: type) -> dict[str, object]:
        return {"values": blob.add(np.array(values, kind).tobytes())}

    return {
        "class": "entity",
        "count": len(things),
        "properties": {
            "id": strings([one.id for one in things]),
            "kind": strings([one.kind for one in things]),
            "height_m": numbers([one.height_m for one in things], np.float32),
            "height_from": numbers([one.height_from for one in things], np.uint8),
            "ground_m": numbers([one.ground_m for one in things], np.float32),
            "floors": numbers([one.floors for one in things], np.uint16),
            "floors_from": numbers([one.floors_from for one in things], np.uint8),
        },
    }
