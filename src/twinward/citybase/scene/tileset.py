"""Cuts a scene into 3D Tiles 1.1: a tree of quarters, each with its true bounds; the same solids
give the same bytes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from twinward.citybase.scene.gltf import write_glb
from twinward.citybase.scene.solids import Solid
from twinward.core.errors import InputError

MOST_IN_A_TILE = 600
DEEPEST = 12
EMPTY_AT = (0.0, 0.0, 0.0)
SLACK_RAD = 1e-9  # 6 mm: a box is never cut inside its corners by rounding
SLACK_M = 0.01
TILESET = "tileset.json"


def write_tileset(solids: list[Solid], out: Path) -> dict[str, int]:
    """`tileset.json` and `tiles/*.glb`; objects, tiles and bytes that were written."""
    if not solids:
        raise InputError(
            "the source has no object to draw", "name another file", code="empty_scene"
        )
    order = sorted(solids, key=lambda one: one.id)
    drawn = [one for one in order if len(one.corners)]
    bare = [one for one in order if not len(one.corners)]
    middles = np.array([one.corners[:, :2].mean(axis=0) for one in drawn]).reshape(-1, 2)
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
    return {"objects_out": len(order), "tiles": maker.tiles, "bytes": maker.bytes + len(text)}


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

    def __init__(self, drawn: list[Solid], bare: list[Solid], out: Path) -> None:
        self.drawn, self.bare, self.out = drawn, bare, out
        self.tiles = self.bytes = 0
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

    def write(self, solids: list[Solid]) -> Tile:
        bare, self.bare = self.bare, []
        points = np.concatenate([one.corners for one in solids]) if solids else np.array([EMPTY_AT])
        low, high = points.min(axis=0), points.max(axis=0)
        origin = (low + high) / 2
        frame = self.frame_at(origin)
        local = [self.to_local(one.corners, frame) for one in solids]
        nothing = [np.empty((0, 3))] * len(bare)
        body = write_glb(solids + bare, local + nothing)
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
