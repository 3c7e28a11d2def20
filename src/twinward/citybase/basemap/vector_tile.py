"""Encodes one vector tile (Mapbox Vector Tile Specification 2.1): layers, keys and values once,
geometry as commands.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from twinward.citybase.basemap.tile_archive import write_varint

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

EXTENT = 4096
POINT, LINE, POLYGON = 1, 2, 3
MOVE_TO, LINE_TO, CLOSE = 1, 2, 7
Value = str | int | float | bool


def encode_tile(
    layers: Iterable[tuple[str, list[tuple[BaseGeometry, dict[str, Value], int]]]],
) -> bytes:
    """A tile of layers of (shape in tile units, properties, id); empty layers are left out."""
    out = bytearray()
    for name, features in layers:
        body = encode_layer(name, features)
        if body:
            put_bytes(3, body, out)
    return bytes(out)


def encode_layer(name: str, features: list[tuple[BaseGeometry, dict[str, Value], int]]) -> bytes:
    keys: dict[str, int] = {}
    values: dict[tuple[type, Value], int] = {}
    rows = []
    for shape, properties, number in features:
        kind, commands = encode_shape(shape)
        if not commands:
            continue
        tags: list[int] = []
        for key, value in properties.items():
            tags += [
                keys.setdefault(key, len(keys)),
                values.setdefault((type(value), value), len(values)),
            ]
        rows.append((number, tags, kind, commands))
    if not rows:
        return b""
    out = bytearray()
    put_number(15, 2, out)
    put_bytes(1, name.encode(), out)
    for number, tags, kind, commands in rows:
        feature = bytearray()
        put_number(1, number, feature)
        put_packed(2, tags, feature)
        put_number(3, kind, feature)
        put_packed(4, commands, feature)
        put_bytes(2, bytes(feature), out)
    for key in keys:
        put_bytes(3, key.encode(), out)
    for _, value in values:
        put_bytes(4, encode_value(value), out)
    put_number(5, EXTENT, out)
    return bytes(out)


def encode_value(value: Value) -> bytes:
    out = bytearray()
    if isinstance(value, bool):
        put_number(7, int(value), out)
    elif isinstance(value, int):
        put_number(6, (value << 1) ^ (value >> 63), out)
    elif isinstance(value, float):
        out += bytes([3 << 3 | 1]) + struct.pack("<d", value)
    else:
        put_bytes(1, value.encode(), out)
    return bytes(out)


def encode_shape(shape: BaseGeometry) -> tuple[int, list[int]]:
    """(kind, commands) of a shape; no commands where nothing is left of it on the tile's grid."""
    kind = {0: POINT, 4: POINT, 1: LINE, 5: LINE, 3: POLYGON, 6: POLYGON}.get(
        shapely.get_type_id(shape), 0
    )
    if not kind:
        return 0, []
    pen, commands = [0, 0], list[int]()
    for part in getattr(shape, "geoms", [shape]):
        if kind == POLYGON:
            add_ring(part.exterior, False, pen, commands)
            for hole in part.interiors:
                add_ring(hole, True, pen, commands)
        else:
            points = whole(part.coords)
            if kind == POINT or len(points) > 1:
                add_run(points, pen, commands)
    return kind, commands


def whole(coords: Any) -> NDArray[np.int64]:
    """The points on the grid of the tile, without repeats."""
    points = np.rint(np.asarray(coords, dtype=np.float64)[:, :2]).astype(np.int64)
    fresh = np.ones(len(points), bool)
    fresh[1:] = (points[1:] != points[:-1]).any(axis=1)
    return np.asarray(points[fresh])


def add_ring(ring: Any, hole: bool, pen: list[int], out: list[int]) -> None:
    """Outer rings turn so that their area is positive where y goes down, holes the other way."""
    points = whole(ring.coords)[:-1]
    if len(points) < 3:
        return
    x, y = points[:, 0], points[:, 1]
    area = int((x * np.roll(y, -1) - np.roll(x, -1) * y).sum())
    if area == 0:
        return
    if (area < 0) != hole:
        points = points[::-1]
    add_run(points, pen, out)
    out.append(CLOSE | 1 << 3)


def add_run(points: NDArray[Any], pen: list[int], out: list[int]) -> None:
    steps = np.diff(points, axis=0, prepend=np.array([pen], dtype=np.int64))
    folded = ((steps << 1) ^ (steps >> 63)).ravel().tolist()
    out.append(MOVE_TO | 1 << 3)
    out += folded[:2]
    if len(points) > 1:
        out.append(LINE_TO | (len(points) - 1) << 3)
        out += folded[2:]
    pen[0], pen[1] = int(points[-1, 0]), int(points[-1, 1])


def put_number(field: int, value: int, out: bytearray) -> None:
    write_varint(field << 3, out)
    write_varint(value, out)


def put_bytes(field: int, body: bytes, out: bytearray) -> None:
    write_varint(field << 3 | 2, out)
    write_varint(len(body), out)
    out += body


def put_packed(field: int, numbers: list[int], out: bytearray) -> None:
    body = bytearray()
    for number in numbers:
        write_varint(number, body)
    put_bytes(field, bytes(body), out)
