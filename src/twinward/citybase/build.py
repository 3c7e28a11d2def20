"""Builds a city from its file: read the sources, make the residents, measure them, write the
directory whole.
"""

from __future__ import annotations

import resource
import shutil
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from twinward.citybase.areas.hierarchy import AreaNode, Hierarchy
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
from twinward.citybase.places.named_places import SITE_OF_KIND, PlaceTable
from twinward.citybase.places.roads import write_roads
from twinward.citybase.reading import Sources
from twinward.citybase.schema import SCHEMA_VERSION, SITE_KINDS, WORKPLACE, Area, CityBase

AREAS, PLACES, BOUNDARIES = "areas.parquet", "places.parquet", "boundaries.geojson"


def build(
    config_path: Path,
    workspace: Path,
    *,
    seed: int = 0,
    threads: int = 0,
    accept_losses: bool = False,
    progress: Progress = lambda stage, share: None,
) -> dict[str, Any]:
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
        report = report_of(config, sources, base, digest, began, bytes_written)
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


def write_areas(base: CityBase, hierarchy: Hierarchy, directory: Path) -> None:
    """`areas.parquet`: every area with its residents."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    residents = dict(
        zip(base.leaf_codes, np.diff(base.leaf_start.astype(np.int64)).tolist(), strict=True)
    )
    for nodes in reversed(hierarchy.nodes):
        for node in nodes:
            if node.children:
                residents[node.code] = sum(residents[child.code] for child in node.children)
    rows = [
        msgspec.structs.asdict(area) | {"residents": residents[area.code]} for area in base.areas
    ]
    pq.write_table(pa.Table.from_pylist(rows), directory / AREAS)


def write_places(base: CityBase, places: PlaceTable, hierarchy: Hierarchy, directory: Path) -> None:
    """`places.parquet`: published places and seeded stand-ins, the site each one is, and how it
    came to its area.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [
        {
            "kind": kind,
            "name": places.name[i],
            "lon": float(places.lonlat[i, 0]),
            "lat": float(places.lonlat[i, 1]),
            "area": base.leaf_codes[int(places.leaf[i])],
            "area_by": places.area_by[i],
            "capacity": int(places.capacity[i]),
            "stated": bool(places.capacity[i] > 0),  # by a source, and not seeded
            "site": -1,
            "synthetic": False,
            "source": places.source[i],
        }
        for i, kind in enumerate(places.kind)
    ]
    for kind, word in enumerate(SITE_KINDS):
        sites = np.flatnonzero(base.site_kind == kind).tolist() if kind != WORKPLACE else []
        mine = [i for i, name in enumerate(places.kind) if kind in SITE_OF_KIND.get(name, ())]
        for i, site in zip(mine, sites, strict=False):
            rows[i] |= {
                "site": site,
                "capacity": rows[i]["capacity"] or int(base.site_capacity[site]),
            }
        if not mine:
            rows += [
                {
                    "kind": word,
                    "name": f"{word} {n} (synthetic)",
                    "lon": float(base.site_lonlat[site, 0]),
                    "lat": float(base.site_lonlat[site, 1]),
                    "area": base.leaf_codes[int(base.site_leaf[site])],
                    "area_by": "seeded",
                    "capacity": int(base.site_capacity[site]),
                    "stated": False,
                    "site": site,
                    "synthetic": True,
                    "source": "synthesis",
                }
                for n, site in enumerate(sites, 1)
            ]
    schema = pa.schema(
        [
            ("kind", pa.string()),
            ("name", pa.string()),
            ("lon", pa.float64()),
            ("lat", pa.float64()),
            ("area", pa.string()),
            ("area_by", pa.string()),
            ("capacity", pa.int64()),
            ("stated", pa.bool_()),
            ("site", pa.int64()),
            ("synthetic", pa.bool_()),
            ("source", pa.string()),
        ]
    )
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), directory / PLACES)


def write_boundaries(hierarchy: Hierarchy, directory: Path) -> None:
    """`boundaries.geojson`: the outlines given, else those drawn for maps, in WGS 84, with code,
    name and level.
    """
    import shapely

    shapes = [
        (node, level, node.shape if node.shape is not None else hierarchy.drawn.get(node.code))
        for level, nodes in zip(hierarchy.levels, hierarchy.nodes, strict=True)
        for node in nodes
    ]
    features = [
        {
            "type": "Feature",
            "properties": {"code": node.code, "name": node.name, "level": level},
            "geometry": msgspec.Raw(
                shapely.to_geojson(shapely.set_precision(shape, 1e-6)).encode()
            ),
        }
        for node, level, shape in shapes
        if shape is not None
    ]
    if features:
        document = {"type": "FeatureCollection", "features": features}
        (directory / BOUNDARIES).write_bytes(msgspec.json.encode(document))
