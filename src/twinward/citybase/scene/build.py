"""Builds a scene: reads the sources, writes the tiles, says what is in it and what is guessed."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from twinward.citybase.scene.cityjson import read_cityjson
from twinward.citybase.scene.counts import SceneCount
from twinward.citybase.scene.ground import Ground
from twinward.citybase.scene.osm_buildings import read_buildings, read_built_city
from twinward.citybase.scene.things import HEIGHT_FROM, Thing
from twinward.citybase.scene.tileset import middle_of, write_tileset
from twinward.citybase.terrain.elevation import open_elevation, read_elevation
from twinward.core.errors import InputError

REPORT = "scene.json"  # what is in the scene, beside it


def build_scene(
    out: Path,
    *,
    osm: Path | None = None,
    cityjson: list[Path] | None = None,
    city: Path | None = None,
    crs: str = "",
    terrain: Path | None = None,
) -> dict[str, Any]:
    """Writes `out/tileset.json` and its tiles from the sources that are named; the report.
    `terrain`: a grid of heights under the buildings; else that of the city, where it has one.
    """
    began, count, things = time.perf_counter(), SceneCount(), list[Thing]()
    for path in [one for one in (osm, terrain, *(cityjson or [])) if one]:
        if not path.is_file():
            raise InputError(f"{path} is no file", "name an existing file", code="bad_file")
    ground = find_ground(terrain, city)
    if osm:
        things += read_buildings(osm, count, ground)
    for path in cityjson or []:
        things += read_cityjson(path, crs, count)
    if city:
        things += read_built_city(city / "buildings.parquet", count, ground)
    if ground and (osm or city):
        ground.check_met()
    things = drop_doubles(things, count)
    written = write_tileset(things, out)
    report = {
        "objects_in": count.read,
        **written,
        **describe(things),
        "terrain": ground is not None,
        "of_city": city is not None,
        "faults": count.faults.told(),
        "notes": {what: n for what, n in sorted(count.notes.items()) if n},
        "rejected": dict(sorted(count.rejected.items())),
        "tileset": str(out / "tileset.json"),
        "seconds": round(time.perf_counter() - began, 3),
    }
    kept = {name: value for name, value in report.items() if name not in {"tileset", "seconds"}}
    (out / REPORT).write_bytes(msgspec.json.encode(kept))
    return report


def find_ground(terrain: Path | None, city: Path | None) -> Ground | None:
    if terrain:
        return Ground(read_elevation(terrain, terrain.name))
    elevation = open_elevation(city) if city else None
    return Ground(elevation) if elevation else None


def describe(things: list[Thing]) -> dict[str, Any]:
    """What there is: kinds, whence heights and storeys come, the lowest and highest ground."""
    drawn = [one for one in things if middle_of(one) is not None]
    heights = Counter(one.height_from for one in drawn)
    floors = Counter(one.floors_from for one in drawn if one.floors)
    stands = [one.ground_m for one in drawn]
    return {
        "without_geometry": len(things) - len(drawn),
        "heights": {name: heights[n] for n, name in enumerate(HEIGHT_FROM)},
        "floors": {name: floors[n] for n, name in enumerate(HEIGHT_FROM) if name != "levels"},
        "kinds": dict(sorted(Counter(one.kind for one in things).items())),
        "ground_m": [min(stands), max(stands)] if stands else [],
    }


def drop_doubles(things: list[Thing], count: SceneCount) -> list[Thing]:
    """One object an id: the first that is drawn; the others are counted."""
    kept: dict[str, Thing] = {}
    for thing in things:
        if thing.id in kept:
            count.rejected["id given twice, the first is kept"] += 1
        else:
            kept[thing.id] = thing
    return list(kept.values())
