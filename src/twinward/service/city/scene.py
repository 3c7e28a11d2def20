"""Use case of the scene: build it as 3D Tiles from a city's buildings, an extract or CityJSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twinward.citybase.directory import CITY
from twinward.citybase.scene.build import build_scene as build

SCENE = "scene"


def build_scene(
    workspace: Path,
    out: Path | None,
    osm: Path | None,
    cityjson: list[Path],
    crs: str,
    terrain: Path | None = None,
) -> dict[str, Any]:
    """The scene of the sources that are named, else of the workspace's city, on `terrain`."""
    own = workspace / CITY if osm is None and not cityjson else None
    return build(
        out or workspace / SCENE, osm=osm, cityjson=cityjson, city=own, crs=crs, terrain=terrain
    )
