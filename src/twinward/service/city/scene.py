"""Use cases of the scene: build it as 3D Tiles from a city's buildings, an extract or CityJSON,
and check one, ours or another's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from twinward.citybase.directory import CITY
from twinward.citybase.scene.build import REPORT
from twinward.citybase.scene.build import build_scene as build
from twinward.citybase.scene.cityjson import check_cityjson
from twinward.citybase.scene.osm_buildings import read_ids
from twinward.citybase.scene.read import read_entities
from twinward.citybase.scene.validity.faults import Fault
from twinward.standards.tiles3d.check import Checked, check_path
from twinward.standards.tiles3d.issues import flatten

SCENE = "scene"
MOST_NAMED = 20


class CheckedScene(msgspec.Struct, frozen=True, kw_only=True):
    """What a check found; `gone`: entities that tiles name and the city has no more, `named`: the
    first of them.
    """

    checked: Checked
    entities: int = 0
    gone: int = 0
    named: list[str] = []


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


def check_scene(workspace: Path, path: Path | None, root: Path | None) -> CheckedScene:
    """A tileset held against 3D Tiles 1.1, and a scene of the workspace's city against the city."""
    place = path or workspace / SCENE
    checked = check_path(place, root)
    folder = place if place.is_dir() else place.parent
    buildings = workspace / CITY / "buildings.parquet"
    if not (checked.sound and buildings.is_file() and is_of_city(folder)):
        return CheckedScene(checked=checked)
    there, told = read_ids(buildings), list(read_entities(folder))
    gone = sorted(set(told) - there)
    return CheckedScene(
        checked=checked, entities=len(told), gone=len(gone), named=gone[:MOST_NAMED]
    )


def check_city_model(path: Path) -> list[Fault]:
    """The faults of the geometry in a CityJSON file, under the numbers of val3dity."""
    return check_cityjson(path)


def list_faults(checked: Checked) -> list[str]:
    """A line for each fault: how bad, its name, where, and what."""
    return [
        f"{one.severity} {one.name} {one.path}: {one.message}" for one in flatten(checked.issues)
    ]


def is_of_city(folder: Path) -> bool:
    """Whether a scene was built from the buildings of a city, whose ids may go."""
    path = folder / REPORT
    return path.is_file() and bool(msgspec.json.decode(path.read_bytes()).get("of_city"))
