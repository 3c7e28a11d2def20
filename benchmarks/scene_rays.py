"""Rays through the pixels of a picture of a scene, reckoned from its tiles and the camera alone: what a click must find."""

from __future__ import annotations

import itertools
import json
import struct
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pyproj
from numpy.typing import NDArray

FOV = 0.6435011087932844  # of MapLibre, in radians
ROUND_M = 2 * np.pi * 6_371_008.8  # by which MapLibre turns metres into heights
REACH = 12  # how far a ray goes, in distances from the camera to the middle of the picture


class Solids:
    """Every triangle of a scene in the square of the map (x, y from 0 to 1, metres up), and whose it is."""

    def __init__(self, scene: Path) -> None:
        tiles = list(leaves(json.loads((scene / "tileset.json").read_text("utf-8"))["root"]))
        parts = [read_tile(scene / uri, transform) for uri, transform in tiles]
        self.corners = np.concatenate([part for part, _ in parts if len(part)])
        names = np.concatenate([names for part, names in parts if len(part)])
        self.names, self.owner = np.unique(names, return_inverse=True)
        self.middle = self.corners[:, :, :2].mean(axis=1)

    def hit(self, camera: dict[str, float], x: float, y: float, *, slowly: bool = False) -> str:
        """The nearest object on the ray through a pixel; empty where it meets the ground first."""
        eye, scale, way = ray_of(camera, x, y)
        away = camera["high"] / 2 / np.tan(FOV / 2)
        if slowly:
            near = np.abs(self.middle * scale[0] - eye[:2]).max(axis=1) < away * REACH
            met = meet(self.corners[near] * scale - eye, way)
            found = -1 if met is None else int(np.flatnonzero(near)[met])
        else:
            found = meet_all(self.corners, self.middle, eye, scale, way, away * REACH)
        return str(self.names[self.owner[found]]) if found >= 0 else ""

    def aim(self, camera: dict[str, float], random: Any) -> tuple[int, int] | None:
        """A random pixel of a random building near the middle of a picture, whatever stands before it."""
        eye, scale, _ = ray_of(camera, 0, 0)
        off = np.abs(self.middle * scale[0] - to_world(camera)).max(axis=1)
        near = np.flatnonzero(off < camera["high"])
        if not len(near):
            return None
        owners = np.unique(self.owner[near])
        own = near[self.owner[near] == owners[random.integers(len(owners))]]
        u, v = sorted(random.uniform(0, 1, 2))
        place = np.array([u, v - u, 1 - v]) @ self.corners[own[random.integers(len(own))]]
        ahead, right, up = axes_of(camera)
        away = camera["high"] / 2 / np.tan(FOV / 2)
        seen = place * scale - eye
        deep = seen @ ahead
        if deep <= 0:
            return None
        x = int(camera["wide"] / 2 + seen @ right / deep * away)
        y = int(camera["high"] / 2 - seen @ up / deep * away)
        return (x, y) if 0 <= x < camera["wide"] and 0 <= y < camera["high"] else None


def to_degrees(square: NDArray[Any]) -> NDArray[Any]:
    """lon, lat float64[n, 2] of places in the square of the map."""
    lat = np.degrees(2 * np.arctan(np.exp((0.5 - square[:, 1]) * 2 * np.pi)) - np.pi / 2)
    return np.column_stack([(square[:, 0] - 0.5) * 360, lat])


def axes_of(camera: dict[str, float]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Ahead, right and up of a camera: x east, y south, z up."""
    p, b = np.radians([camera["pitch"], camera["bearing"]])
    return (
        np.array([np.sin(b) * np.sin(p), -np.cos(b) * np.sin(p), -np.cos(p)]),
        np.array([np.cos(b), np.sin(b), 0.0]),
        np.array([np.sin(b) * np.cos(p), -np.cos(b) * np.cos(p), np.sin(p)]),
    )


def to_world(camera: dict[str, float]) -> NDArray[Any]:
    """The middle of the picture in pixels of the world at its zoom."""
    return np.array(to_square(camera["lon"], camera["lat"])) * 512 * 2 ** camera["zoom"]


def ray_of(
    camera: dict[str, float], x: float, y: float
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Where the eye is (pixels of the world), what the square is scaled by, and the way through the middle of a pixel."""
    world = 512 * 2 ** camera["zoom"]
    metre = world / (ROUND_M * np.cos(np.radians(camera["lat"])))
    ahead, right, up = axes_of(camera)
    away = camera["high"] / 2 / np.tan(FOV / 2)
    across, down = x + 0.5 - camera["wide"] / 2, camera["high"] / 2 - y - 0.5
    way = away * ahead + across * right + down * up
    eye = np.array([*to_world(camera), 0.0]) - ahead * away
    return eye, np.array([world, world, metre]), way


def meet(corners: NDArray[Any], way: NDArray[Any]) -> int | None:
    """The triangle that a ray from the origin meets first (Moeller and Trumbore 1997): slow and plain, what the other is held against."""
    a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    across = np.cross(way, b)
    flat = (a * across).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        turn = 1 / flat
        u = -(corners[:, 0] * across).sum(axis=1) * turn
        over = np.cross(-corners[:, 0], a)
        v = (over @ way) * turn
        far = (b * over).sum(axis=1) * turn
        inside = (u >= 0) & (v >= 0) & (u + v <= 1) & (far > 1e-6) & (np.abs(flat) > 1e-12)
    if not inside.any():
        return None
    return int(np.flatnonzero(inside)[np.argmin(far[inside])])


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def meet_all(
    corners: NDArray[Any],
    middle: NDArray[Any],
    eye: NDArray[Any],
    scale: NDArray[Any],
    way: NDArray[Any],
    reach: float,
) -> int:
    """The same of every triangle of a scene, one after the other; -1 where the ray meets none."""
    found, nearest = -1, np.inf
    wx, wy, wz = way[0], way[1], way[2]
    for n in range(len(corners)):
        if (
            abs(middle[n, 0] * scale[0] - eye[0]) >= reach
            or abs(middle[n, 1] * scale[1] - eye[1]) >= reach
        ):
            continue
        px = corners[n, 0, 0] * scale[0] - eye[0]
        py = corners[n, 0, 1] * scale[1] - eye[1]
        pz = corners[n, 0, 2] * scale[2] - eye[2]
        ax = corners[n, 1, 0] * scale[0] - eye[0] - px
        ay = corners[n, 1, 1] * scale[1] - eye[1] - py
        az = corners[n, 1, 2] * scale[2] - eye[2] - pz
        bx = corners[n, 2, 0] * scale[0] - eye[0] - px
        by = corners[n, 2, 1] * scale[1] - eye[1] - py
        bz = corners[n, 2, 2] * scale[2] - eye[2] - pz
        hx, hy, hz = wy * bz - wz * by, wz * bx - wx * bz, wx * by - wy * bx
        flat = ax * hx + ay * hy + az * hz
        if abs(flat) <= 1e-12:
            continue
        u = -(px * hx + py * hy + pz * hz) / flat
        if u < 0 or u > 1:
            continue
        qx, qy, qz = ay * pz - az * py, az * px - ax * pz, ax * py - ay * px
        v = (qx * wx + qy * wy + qz * wz) / flat
        if v < 0 or u + v > 1:
            continue
        far = (bx * qx + by * qy + bz * qz) / flat
        if 1e-6 < far < nearest:
            found, nearest = n, far
    return found


def to_square(lon: Any, lat: Any) -> tuple[Any, Any]:
    return lon / 360 + 0.5, 0.5 - np.log(np.tan(np.pi / 4 + np.radians(lat) / 2)) / (2 * np.pi)


def leaves(node: dict[str, Any]) -> Any:
    if "content" in node:
        yield node["content"]["uri"], np.array(node["transform"]).reshape(4, 4).T
    for child in node.get("children", []):
        yield from leaves(child)


def read_tile(path: Path, transform: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Triangles float64[n, 3, 3] and the id of each; read by the letter of the glTF."""
    body = path.read_bytes()
    size = struct.unpack_from("<I", body, 12)[0]
    told = json.loads(body[20 : 20 + size])
    start = 28 + size
    kinds = {5126: np.float32, 5125: np.uint32, 5123: np.uint16, 5121: np.uint8}

    def column(number: int, wide: int) -> NDArray[Any]:
        accessor = told["accessors"][number]
        view = told["bufferViews"][accessor["bufferView"]]
        at = start + view["byteOffset"] + accessor.get("byteOffset", 0)
        kind = kinds[accessor["componentType"]]
        return np.frombuffer(body, kind, accessor["count"] * wide, at).reshape(-1, wide)

    if not told.get("meshes"):
        return np.empty((0, 3, 3)), np.empty(0, object)
    table = told["extensions"]["EXT_structural_metadata"]["propertyTables"][0]
    ids = table["properties"]["id"]
    views = told["bufferViews"]
    ends = np.frombuffer(
        body, np.uint32, table["count"] + 1, start + views[ids["stringOffsets"]]["byteOffset"]
    )
    text = start + views[ids["values"]]["byteOffset"]
    names = np.array(
        [body[text + a : text + b].decode() for a, b in itertools.pairwise(ends)], object
    )
    ground = np.zeros(table["count"])
    if (
        "ground_m" in table["properties"]
    ):  # the map is flat: the console lets buildings down onto it
        at = start + views[table["properties"]["ground_m"]["values"]]["byteOffset"]
        ground = np.frombuffer(body, np.float32, table["count"], at).astype(np.float64)
    parts, owners = [], []
    for primitive in told["meshes"][0]["primitives"]:
        place = column(primitive["attributes"]["POSITION"], 3).astype(np.float64)
        owner = column(primitive["attributes"]["_FEATURE_ID_0"], 1)[:, 0].astype(np.int64)
        index = column(primitive["indices"], 1)[:, 0].astype(np.int64).reshape(-1, 3)
        up = place[:, 1] - ground[owner]
        local = np.column_stack([place[:, 0], -place[:, 2], up, np.ones(len(place))])
        earth = local @ transform.T
        to_degrees = pyproj.Transformer.from_crs("EPSG:4978", "EPSG:4979", always_xy=True)
        lon, lat, high = to_degrees.transform(earth[:, 0], earth[:, 1], earth[:, 2])
        square = np.column_stack([*to_square(lon, lat), high])
        parts.append(square[index])
        owners.append(names[owner[index[:, 0]]])
    return np.concatenate(parts), np.concatenate(owners)
