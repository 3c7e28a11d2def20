"""Builds a city from its file: read the sources, make the residents, measure them, write the
directory whole.
"""

from __future__ import annotations

import resource
import shutil
import time
from pathlib import Path

from twinward.citybase.areas.hierarchy import AreaNode, Hierarchy
from twinward.citybase.basemap.city_map import MapSources, write_city_map
from twinward.citybase.city_tables import write_areas, write_boundaries, write_places
from twinward.citybase.columns import (
    COLUMNS,
    CityManifest,
    base_of,
    hash_columns,
    write_columns,
    write_manifest,
)
from twinward.citybase.config import CityConfig, load_config
from twinward.citybase.directory import REJECTED, locked, storage_error, whole_city
from twinward.citybase.fidelity import measure
from twinward.citybase.people.losses import people_left_out
from twinward.citybase.people.synthesis import Columns, Progress, synthesise
from twinward.citybase.places.buildings import write_buildings
from twinward.citybase.places.gazetteer import list_named, write_gazetteer
from twinward.citybase.places.roads import write_roads
from twinward.citybase.reading import Sources
from twinward.citybase.schema import SCHEMA_VERSION, SITE_KINDS, WORKPLACE, Area, CityBase
from twinward.citybase.terrain.elevation import keep_elevation


def build(
    config_path: Path,
    workspace: Path,
    *,
    seed: int = 0,
    threads: int = 0,
    accept_losses: bool = False,
    progress: Progress = lambda stage, share: None,
) -> dict[str, object]:
    """Builds the city of a city file into `workspace/city` and returns its report.

    The older city stays until the new one is whole. Rejected rows are in `workspace/city-rejected`,
    also when the build fails. InputError names the source, column and line at fault, and asks when
    most residents of the sources would be left out, unless `accept_losses`.
    """
    began = time.perf_counter()
    config = load_config(config_path)
    with locked(workspace):
        progress("sources", 0.0)
        rejected = workspace / REJECTED
        shutil.rmtree(rejected, ignore_errors=True)
        sources = Sources(config, config_path.resolve().parent, seed, accept_losses)
        try:
            sources.read()
        finally:
            write_rejected(sources, rejected)
        progress("sources", 0.15)
        columns = synthesise(
            sources.frame, threads, lambda stage, share: progress(stage, 0.15 + 0.6 * share)
        )
        return write_city(workspace, config, sources, columns, began, progress)


def write_rejected(sources: Sources, directory: Path) -> None:
    try:
        for ledger in sources.ledgers:
            ledger.write(directory)
    except OSError as error:
        raise storage_error(error, f"rejected rows could not be written to {directory}") from error


def write_city(
    workspace: Path,
    config: CityConfig,
    sources: Sources,
    columns: Columns,
    began: float,
    progress: Progress,
) -> dict[str, object]:
    hierarchy = sources.hierarchy
    base = base_of(
        columns,
        sources.frame.lonlat,
        [leaf.code for leaf in hierarchy.leaves],
        list_areas(hierarchy),
        name=config.city.name,
        timezone=config.city.timezone,
        sha256="",
    )
    with whole_city(workspace) as directory:
        progress("writing", 0.78)
        bytes_written = write_columns(base, directory)
        digest = hash_columns(base)
        progress("measuring", 0.9)
        fidelity = measure(base, sources.frame, columns.notes)
        write_areas(base, hierarchy, directory)
        write_places(base, sources.places, sources.hierarchy, directory)
        write_boundaries(hierarchy, directory)
        if len(sources.roads.way):
            write_roads(sources.roads, directory)
        if sources.buildings is not None:
            codes = [
                "" if leaf < 0 else base.leaf_codes[leaf] for leaf in sources.building_leaf.tolist()
            ]
            write_buildings(sources.buildings, codes, directory)
        elevation = sources.elevation
        if elevation is not None:
            keep_elevation(elevation, box_of(base), directory)
        progress("map", 0.92)
        drawn = write_city_map(map_sources(config, sources), directory)
        write_gazetteer(list_named(sources.map_shapes.rows), directory)
        report = report_of(config, sources, base, digest, began, bytes_written) | {"basemap": drawn}
        manifest = CityManifest(
            schema_version=SCHEMA_VERSION,
            name=base.name,
            timezone=base.timezone,
            sha256=digest,
            lengths={name: len(getattr(base, name)) for name in COLUMNS},
            leaf_codes=base.leaf_codes,
            areas=base.areas,
            report=report,
            fidelity=fidelity,
        )
        write_manifest(manifest, directory)
        progress("syncing", 0.95)
    progress("done", 1.0)
    return report | {"seconds": round(time.perf_counter() - began, 3)}


def box_of(base: CityBase) -> tuple[float, float, float, float]:
    """West, south, east, north of the leaf areas."""
    points = base.leaf_lonlat
    low, high = points.min(axis=0), points.max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def map_sources(config: CityConfig, sources: Sources) -> MapSources:
    return MapSources(
        hierarchy=sources.hierarchy,
        places=sources.places,
        buildings=sources.buildings,
        drawn=sources.map_shapes,
        names_en=sources.hierarchy.names_en,
        credits=config.city.credits,
    )


def report_of(
    config: CityConfig, sources: Sources, base: CityBase, digest: str, began: float, size: int
) -> dict[str, object]:
    hierarchy = sources.hierarchy
    given = {facilities.kind for facilities in sources.frame.facilities}
    stand_ins = sum(
        int((base.site_kind == i).sum())
        for i in range(len(SITE_KINDS))
        if i not in {*given, WORKPLACE}
    )
    return {
        "name": config.city.name,
        "residents": base.residents,
        "households": base.households,
        "places": stand_ins + len(sources.places.kind),
        "places_published": len(sources.places.kind),
        "areas": {
            level: len(nodes)
            for level, nodes in zip(hierarchy.levels, hierarchy.nodes, strict=True)
        },
        "road_nodes": len(sources.roads.node_lonlat),
        "road_edges": len(sources.roads.way),
        "buildings": len(sources.buildings.kind) if sources.buildings is not None else 0,
        "sites": {kind: int((base.site_kind == i).sum()) for i, kind in enumerate(SITE_KINDS)},
        "sources": [ledger.report() for ledger in sources.ledgers],
        "people_left_out": people_left_out(sources.ledgers, base.residents),
        "questions": [text for ledger in sources.ledgers for text in ledger.questions],
        "synthetic": synthetic_notes(sources),
        "seed": sources.seed,
        "seconds": round(time.perf_counter() - began, 3),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6, 1),
        "bytes_per_resident": round(size / base.residents, 2),
        "sha256": digest,
    }


def synthetic_notes(sources: Sources) -> list[str]:
    """What of this city nobody published, in words for the report and the page."""
    hierarchy, notes = sources.hierarchy, list(sources.notes)
    for level, nodes in zip(hierarchy.levels, hierarchy.nodes, strict=True):
        seeded = sum(not node.published for node in nodes)
        if seeded and not (level in {"zone", "cell"} and sources.config.areas is None):
            where = (
                "inside the outline above"
                if outlined_above(nodes)
                else ("about the areas whose position is given: there are no outlines")
            )
            notes.append(
                f"positions of {seeded} of {len(nodes)} {level} areas are seeded cells {where}"
            )
    given = {facilities.kind for facilities in sources.frame.facilities}
    seeded_kinds = [kind for i, kind in enumerate(SITE_KINDS) if i not in given and i != WORKPLACE]
    if seeded_kinds:
        notes.append(f"seeded stand-ins, no published places: {', '.join(seeded_kinds)}")
    for facilities in sources.frame.facilities:
        unknown = int((facilities.capacity == 0).sum())
        if unknown:
            kind = SITE_KINDS[facilities.kind]
            notes.append(
                f"capacity of {unknown} of {len(facilities.leaf)} {kind} sites is estimated"
            )
    notes.append(
        "workplaces are seeded: sizes by a truncated Pareto law, positions by the weight of jobs"
    )
    notes.append("residents are synthetic: no row is a real person")
    return notes


def outlined_above(nodes: list[AreaNode]) -> bool:
    """True where an area above any of these has an outline."""
    for node in nodes:
        above = node.parent
        while above is not None:
            if above.shape is not None:
                return True
            above = above.parent
    return False


def list_areas(hierarchy: Hierarchy) -> list[Area]:
    areas = []
    for level, nodes in zip(hierarchy.levels, hierarchy.nodes, strict=True):
        for node in nodes:
            x, y = node.point or (0.0, 0.0)
            parent = node.parent.code if node.parent else None
            areas.append(
                Area(
                    code=node.code,
                    name=node.name,
                    level=level,
                    parent=parent,
                    lon=round(x, 6),
                    lat=round(y, 6),
                    synthetic_point=not node.published,
                )
            )
    return areas
