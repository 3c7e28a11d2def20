"""Builds a scene: reads the sources, writes the tiles, says what is in it and what is guessed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import msgspec

from twinward.citybase.scene.cityjson import read_cityjson
from twinward.citybase.scene.osm_buildings import SceneCount, read_buildings, read_built_city
from twinward.citybase.scene.solids import HEIGHT_FROM, Solid
from twinward.citybase.scene.tileset import write_tileset
from twinward.core.errors import InputError

REPORT = "scene.json"  # what is in the scene, beside it


def build_scene(
    out: Path,
    *,
    osm: Path | None = None,
    cityjson: list[Path] | None = None,
    city: Path | None = None,
    crs: str = "",
) -> dict[str, Any]:
    """Writes `out/tileset.json` and its tiles from the sources that are named; the report."""
    began, count, solids = time.perf_counter(), SceneCount(), list[Solid]()
    for path in ([osm] if osm else []) + (cityjson or []):
        if not path.is_file():
            raise InputError(f"{path} is no file", "name an existing file", code="bad_file")
    if osm:
        solids += read_buildings(osm, count)
    for path in cityjson or []:
        solids += read_cityjson(path, crs, count)
    if city:
        solids += read_built_city(city / "buildings.parquet", count)
    solids = drop_doubles(solids, count)
    written = write_tileset(solids, out)
    drawn = [one for one in solids if len(one.triangles)]
    heights = [one.height_from for one in drawn]
    kinds = sorted({one.kind for one in solids})
    report = {
        "objects_in": count.read,
        **written,
        "without_geometry": len(solids) - len(drawn),
        "triangles": sum(len(one.triangles) for one in solids),
        "heights": {name: heights.count(n) for n, name in enumerate(HEIGHT_FROM)},
        "kinds": {kind: sum(one.kind == kind for one in solids) for kind in kinds},
        "notes": dict(sorted(count.notes.items())),
        "rejected": dict(sorted(count.rejected.items())),
        "tileset": str(out / "tileset.json"),
        "seconds": round(time.perf_counter() - began, 3),
    }
    kept = {name: value for name, value in report.items() if name not in {"tileset", "seconds"}}
    (out / REPORT).write_bytes(msgspec.json.encode(kept))
    return report


def drop_doubles(solids: list[Solid], count: SceneCount) -> list[Solid]:
    """One object an id: the first that is drawn; the others are counted."""
    kept: dict[str, Solid] = {}
    for solid in solids:
        if solid.id in kept:
            count.rejected["id given twice, the first is kept"] += 1
        else:
            kept[solid.id] = solid
    return list(kept.values())
