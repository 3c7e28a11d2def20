"""The tables of a city directory that are no columns of residents: areas, places, outlines."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np

from twinward.citybase.areas.hierarchy import Hierarchy
from twinward.citybase.places.named_places import SITE_OF_KIND, PlaceTable
from twinward.citybase.schema import SITE_KINDS, WORKPLACE, CityBase

AREAS, PLACES, BOUNDARIES = "areas.parquet", "places.parquet", "boundaries.geojson"


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
