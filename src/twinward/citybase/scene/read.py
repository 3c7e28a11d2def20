"""Reads back which entities the tiles of a scene name."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

from twinward.core.errors import InputError


def read_entities(folder: Path) -> Iterator[str]:
    """The ids of all entities of a scene that `build_scene` wrote, tile by tile."""
    for path in sorted((folder / "tiles").glob("*.glb")):
        try:
            yield from entities_of(path.read_bytes())
        except (ValueError, KeyError, IndexError, struct.error) as error:
            raise InputError(
                f"{path.name} is no tile of a scene", "build the scene again", code="bad_scene"
            ) from error


def entities_of(data: bytes) -> list[str]:
    """The ids in the property table of one tile."""
    (size,) = struct.unpack_from("<I", data, 12)
    document = json.loads(data[20 : 20 + size])
    table = document["extensions"]["EXT_structural_metadata"]["propertyTables"][0]
    column, views = table["properties"]["id"], document["bufferViews"]

    def view(number: int) -> bytes:
        start = 28 + size + views[number]["byteOffset"]
        return data[start : start + views[number]["byteLength"]]

    text, ends = view(column["values"]), np.frombuffer(view(column["stringOffsets"]), np.uint32)
    return [text[a:b].decode() for a, b in pairwise(ends.tolist())]
