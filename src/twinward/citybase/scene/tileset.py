"""Cuts a scene into 3D Tiles 1.1: a tree of quarters, each with its true bounds; the same solids
give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from twinward.citybase.scene.gltf import write_glb
from twinward.citybase.scene.prisms import Faces, raise_footprints
from twinward.citybase.scene.things import Footprint, Solid, Thing
from twinward.core.errors import InputError

MOST_IN_A_TILE = 600
DEEPEST = 12
EMPTY_AT = (0.0, 0.0, 0.0)
SLACK_RAD = 1e-9  # 6 mm: a box is never cut inside its corners by rounding
SLACK_M = 0.01
TILESET = "tileset.json"


def write_tileset(things: Sequence[Thing], out: Path) -> dict[str, int]:
    """`tileset.json` and `tiles/*.glb`; objects, triangles, tiles and bytes that were written."""
    if not things:
        raise InputError(
            "the source has no object to draw", "name another file", code="empty_scene"
        )
    order = sorted(things, key=lambda one: one.id)
    places = [middle_of(one) for one in order]
    drawn = [one for one, place in zip(order, places, strict=True) if place is not None]
    bare = [one for one, place in zip(order, places, strict=True) if place is None]
    middles = np.array([place for place in places if place is not None]).reshape(-1, 2)
    maker = TileMaker(drawn, bare, out)
    try:
        (out / "tiles").mkdir(parents=True, exist_ok=True)
        for old in (out / "tiles").glob("*.glb"):
            old.unlink()
        root = maker.make(np.arange(len(drawn)), middles, 0)
        root["refine"] = "ADD"
        document = {
            "asset": {"version": "1.1"},
            "geometricError": max(root["geometricError"] * 2, 1.0),
            "root": root,
        }
        text = json.dumps(document, separators=(",", ":"))
        (out / TILESET).write_text(text, "utf-8")
    except OSError as error:
        raise InputError(
            f"{out} cannot be written: {error.strerror}", "name another folder", code="bad_path"
        ) from error
    return {
        "objects_out": len(order),
        "triangles": maker.triangles,
        "tiles": maker.tiles,
        "bytes": maker.bytes + len(text),
    }


def middle_of(thing: Thing) -> tuple[float, float] | None:
    """Lon and lat about which a thing lies; None where there is nothing to draw of it."""
    if isinstance(thing, Footprint):
        return thing.middle
    if isinstance(thing, Solid) and len(thing.triangles):
        lon, lat = thing.corners[:, :2].mean(axis=0).tolist()
        return lon, lat
    return None


def faces_of(things: list[Thing]) -> tuple[Faces, NDArray[np.int64]]:
    """Triangles as lon, lat and metres up, and the number of the thing that each is of."""
    outlined = [(n, one) for n, one in enumerate(things) if isinstance(one, Footprint)]
    faces, of = raise_footprints([one for _, one in outlined])
    owner = np.array([n for n, _ in outlined], np.int64)[of]
    solids = [(n, one) for n, one in enumerate(things) if isinstance(one, Solid)]
    pieces = [faces, *(one.corners[one.triangles] for _, one in solids)]
    numbers = [owner, *(np.full(len(one.triangles), n) for n, one in solids)]
    return np.concatenate(pieces), np.concatenate(numbers)


class Volume(TypedDict):
    """West, south, east, north in radians; lowest and highest in metres."""

    region: list[float]


class Tile(TypedDict):
    """A tile of 3D Tiles 1.1, with its content or with its children."""

    boundingVolume: Volume
    geometricError: float
    refine: NotRequired[str]
    transform: NotRequired[list[float]]
    content: NotRequired[dict[str, str]]
    children: NotRequired[list[Tile]]


class TileMaker:
    """Makes tiles from the top down; objects without geometry go with the first tile."""

    def __init__(self, drawn: list[Thing], bare: list[Thing], out: Path) -> None:
        self.drawn, self.bare, self.out = drawn, bare, out
        self.tiles = self.bytes = self.triangles = 0
        self.to_ecef = Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)

    def make(self, rows: NDArray[Any], middles: NDArray[Any], depth: int) -> Tile:
        if len(rows) <= MOST_IN_A_TILE or depth == DEEPEST:
            return self.write([self.drawn[row] for row in rows.tolist()])
        low, high = middles[rows].min(axis=0), middles[rows].max(axis=0)
        half = (low + high) / 2
        quarter = (middles[rows] > half) @ np.array([1, 2])
        children = [
            self.make(rows[quarter == n], middles, depth + 1)
            for n in range(4)
            if (quarter == n).any()
        ]
        regions = np.array([child["boundingVolume"]["region"] for child in children])
        region = [*regions[:, :2].min(axis=0), *regions[:, 2:4].max(axis=0)]
        region += [regions[:, 4].min(), regions[:, 5].max()]
        wide = float(np.hypot(*((high - low) * 111_194.93 * [np.cos(np.radians(half[1])), 1])))
        return {
            "boundingVolume": {"region": [float(value) for value in region]},
            "geometricError": round(max(wide / 16, 1.0), 3),
            "children": children,
        }

    def write(self, things: list[Thing]) -> Tile:
        bare, self.bare = self.bare, []
        faces, owner = faces_of(things)
        points = faces.reshape(-1, 3) if len(faces) else np.array([EMPTY_AT])
        low, high = points.min(axis=0), points.max(axis=0)
        frame = self.frame_at((low + high) / 2)
        local = self.to_local(faces.reshape(-1, 3), frame).reshape(-1, 3, 3)
        body = write_glb(things + bare, local, owner)
        self.triangles += len(faces)
        name = f"tiles/{self.tiles:05d}.glb"
        (self.out / name).write_bytes(body)
        self.tiles, self.bytes = self.tiles + 1, self.bytes + len(body)
        west, south, east, north = np.radians([low[0], low[1], high[0], high[1]]).tolist()
        region = [west - SLACK_RAD, south - SLACK_RAD, east + SLACK_RAD, north + SLACK_RAD]
        return {
            "boundingVolume": {"region": [*region, low[2] - SLACK_M, high[2] + SLACK_M]},
            "geometricError": 0.0,
            "transform": frame.T.ravel().tolist(),
            "content": {"uri": name},
        }

    def frame_at(self, origin: NDArray[Any]) -> NDArray[np.float64]:
        """East, north, up at a place to the earth's own axes."""
        lon, lat = np.radians(origin[:2])
        east = [-np.sin(lon), np.cos(lon), 0]
        north = [-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)]
        up = [np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)]
        frame = np.eye(4)
        frame[:3, :3] = np.column_stack([east, north, up])
        frame[:3, 3] = self.to_ecef.transform(*origin)
        return frame

    def to_local(self, corners: NDArray[Any], frame: NDArray[Any]) -> NDArray[np.float64]:
        xyz = np.column_stack(self.to_ecef.transform(*corners.T))
        return np.asarray((xyz - frame[:3, 3]) @ frame[:3, :3])
